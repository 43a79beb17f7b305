"""One base install for all of these tests."""

from __future__ import annotations

from pathlib import Path

import pytest
from helpers.base_install import base_install


@pytest.fixture(scope="session")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a virtual environment with nothing but `pip install pumplog`."""
    return base_install(tmp_path_factory.mktemp("base"))
