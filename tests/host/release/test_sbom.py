"""The bill of materials names every package that is installed from the lock, with its hashes."""

from __future__ import annotations

import re
from importlib import metadata

from helpers.paths import ROOT
from pumplog.release.sbom import bill

LOCK = (ROOT / "requirements.lock").read_text()


def test_every_pinned_package_is_listed_with_every_hash() -> None:
    made = bill(LOCK)
    assert (made["bomFormat"], made["specVersion"]) == ("CycloneDX", "1.5")
    components = made["components"]
    assert len(components) == len(re.findall(r"^\S+==", LOCK, re.M)) > 30
    assert sum(len(each["hashes"]) for each in components) == LOCK.count("--hash=sha256:")
    for each in components:
        purl = f"pkg:pypi/{each['name'].lower()}@{each['version']}"
        assert each["hashes"] and each["purl"] == purl, each
    assert len({each["bom-ref"] for each in components}) == len(components)


def test_what_is_installed_is_what_is_listed_and_most_of_it_says_its_licence() -> None:
    components = bill(LOCK)["components"]
    here = {dist.name.lower().replace("_", "-"): dist.version for dist in metadata.distributions()}
    installed = [each for each in components if each["name"].lower() in here]
    assert len(installed) > 30
    assert all(here[each["name"].lower()] == each["version"] for each in installed)
    assert sum("licenses" in each for each in installed) > 0.9 * len(installed)
