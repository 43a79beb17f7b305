"""Changes at random to stock images, as made here and as published: each is noticed, none passes."""

from __future__ import annotations

import pytest
from helpers.cable.changed_images import FIRST_TOLD, changed, is_longer_only
from helpers.cable.published import ESP32, UnavailableError, published
from helpers.cable.stock_image import stock_image
from helpers.scale import scaled
from pumplog.deploy import stock
from pumplog.errors import IntegrityError, UsageError


@pytest.mark.parametrize("which", ["as made here", "as published"])
def test_no_changed_image_is_taken(which: str) -> None:
    try:
        whole = stock_image() if which == "as made here" else published(ESP32).read_bytes()
    except UnavailableError as why:
        pytest.skip(str(why))
    done = 0
    for seed in range(1000, 1000 + scaled(500, 20_000)):
        said, at, data = changed(whole, seed)
        if is_longer_only(whole, data):
            continue
        with pytest.raises((IntegrityError, UsageError)) as refused:
            stock.read(data, "x")
        assert isinstance(refused.value, IntegrityError) or at < FIRST_TOLD, said
        done += 1
    print(f"{done} changed images, each refused")
