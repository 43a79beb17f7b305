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
    assert sum(len(one["hashes"]) for one in components) == LOCK.count("--hash=sha256:")
    for one in components:
        assert one["hashes"] and one["purl"] == f"pkg:pypi/{one['name'].lower()}@{one['version']}", one
    assert len({one["bom-ref"] for one in components}) == len(components)


def test_what_is_installed_is_what_is_listed_and_most_of_it_says_its_licence() -> None:
    components = bill(LOCK)["components"]
    here = {dist.name.lower().replace("_", "-"): dist.version for dist in metadata.distributions()}
    installed = [one for one in components if one["name"].lower() in here]
    assert len(installed) > 30
    assert all(here[one["name"].lower()] == one["version"] for one in installed)
    assert sum("licenses" in one for one in installed) > 0.9 * len(installed)
