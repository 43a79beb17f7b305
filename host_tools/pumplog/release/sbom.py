"""Writes the software bill of materials: every pinned package, with its hashes, as CycloneDX 1.5 JSON.

`python -m pumplog.release.sbom requirements.lock OUT.json` (`make sbom`) says what the lock file
says and, of each package that is installed here, its licence; it asks no network.
"""

from __future__ import annotations

import json
import re
import sys
from importlib import metadata
from pathlib import Path
from typing import Any

from .. import __version__

_PIN = re.compile(r"^([A-Za-z0-9][\w.-]*)==([^\s;\\]+)")
_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")


def pinned(lock: str) -> list[tuple[str, str, list[str]]]:
    """Returns (name, version, SHA-256 of its files) of each package that a lock file pins."""
    found: list[tuple[str, str, list[str]]] = []
    for line in lock.splitlines():
        pin = _PIN.match(line)
        if pin:
            found.append((pin[1], pin[2], []))
        for digest in _HASH.findall(line):
            found[-1][2].append(digest)
    return found


def bill(lock: str) -> dict[str, Any]:
    """Returns the bill of materials."""
    return {
        "bomFormat": "CycloneDX", "specVersion": "1.5", "version": 1,
        "metadata": {"component": {"type": "application", "name": "pumplog", "version": __version__}},
        "components": [_component(*package) for package in pinned(lock)],
    }


def _component(name: str, version: str, digests: list[str]) -> dict[str, Any]:
    purl = f"pkg:pypi/{re.sub(r'[-_.]+', '-', name).lower()}@{version}"
    component: dict[str, Any] = {
        "type": "library", "bom-ref": purl, "name": name, "version": version, "purl": purl,
        "hashes": [{"alg": "SHA-256", "content": digest} for digest in digests],
    }
    licence = _licence(name)
    if licence:
        component["licenses"] = [{"license": {"name": licence}}]
    return component


def _licence(name: str) -> str | None:
    """Returns what an installed package says of its licence, in its shortest form."""
    try:
        told = metadata.metadata(name)
    except metadata.PackageNotFoundError:
        return None
    kinds = [line.rpartition(" :: ")[2] for line in told.get_all("Classifier") or []
             if line.startswith("License :: ")]
    words = [told["License-Expression"], *kinds, told["License"]]
    return next((word.splitlines()[0][:80] for word in words if word and word.strip()), None)


if __name__ == "__main__":
    source, target = map(Path, sys.argv[1:3])
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(json.dumps(bill(source.read_text()), indent=1) + "\n")
    print(target)
