"""The version of MicroPython stands once, in image.toml: pages and sources say no other."""

from __future__ import annotations

import re

from helpers.paths import ROOT
from pumplog.deploy import image

PAGES = sorted([ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "hardware").rglob("*.md"),
                *(page for page in (ROOT / "docs").glob("*.md") if page.name != "EVIDENCE.md")])
SOURCES = sorted([*(ROOT / "firmware").rglob("*.py"), *(ROOT / "hardware").glob("*.py")])
NAMED = re.compile(r"MicroPython\s+v?(\d+\.\d+(?:\.\d+)?)(?! for Unix)\b")
STOCK_FILE = re.compile(r"(ESP32_GENERIC\S*)-\d{8}-v(\d[\d.]*\d)\.bin(.*)")


def test_pages_tell_one_version_and_images_that_are_pinned_or_want_a_sum() -> None:
    wanted = image.pin()
    files = 0
    for page in PAGES:
        text = page.read_text()
        for version in NAMED.findall(text):
            assert any(each.startswith(version) for each in (wanted.version, *wanted.also)), (
                f"{page.name}: MicroPython {version}")
        for found in STOCK_FILE.finditer(text):
            build, version, rest = found.groups()
            name = found[0].removesuffix(rest)
            assert build in wanted.builds and version == wanted.version, f"{page.name}: {name}"
            assert (name in wanted.sums.values()) != ("IMAGE_SHA256=" in rest), f"{page.name}: {name}"
            files += 1
    assert files >= 2 and wanted.version in (ROOT / "docs" / "biomed.md").read_text()


def test_sources_cite_the_version_that_is_pinned() -> None:
    cited = {path: NAMED.findall(path.read_text()) for path in SOURCES}
    assert sum(map(len, cited.values())) >= 4
    for path, versions in cited.items():
        assert all(image.pin().version.startswith(version) for version in versions), path
