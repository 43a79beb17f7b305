"""Foreign images at large: no image changes a figure, an entry, or what is asked of the board next."""

from __future__ import annotations

from pathlib import Path

from helpers.host.foreign_images import hold_foreign_images
from helpers.scale import scaled


def test_five_thousand_foreign_images(tmp_path: Path) -> None:
    hold_foreign_images(tmp_path, scaled(300, 5000))
