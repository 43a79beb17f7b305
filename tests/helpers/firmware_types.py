"""Checks the firmware's hardware side against MicroPython's stubs for the ESP32: `make lint` runs it.

A name that MicroPython's machine, esp32, bluetooth, time ... do not have is found here, since no
test on a computer can find it. The stubs lie in site-packages, where mypy takes none that are not
packages: they are laid out in a folder of their own first.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from importlib.metadata import files
from pathlib import Path

FIRMWARE = Path(__file__).resolve().parents[2] / "firmware"
CHECKED = [FIRMWARE / "drivers", FIRMWARE / "boards" / "esp32",
           FIRMWARE / "boards" / "loader" / "loader.py",
           *sorted((FIRMWARE / "boards").glob("*.py"))]
STUBS = ("micropython-esp32-stubs", "micropython-stdlib-stubs")
CONFIG = """[mypy]
mypy_path = {path}
check_untyped_defs = true
follow_imports = silent
strict_optional = false
"""


def complaints(paths: list[Path], firmware: Path = FIRMWARE) -> str:
    """Returns what mypy has against these files, one complaint a line; empty when it has nothing."""
    with tempfile.TemporaryDirectory() as name:
        typeshed = Path(name)
        for stubs in STUBS:
            for stub in files(stubs) or []:
                if stub.suffix == ".pyi" or stub.name == "VERSIONS":
                    target = typeshed / stub
                    target.parent.mkdir(parents=True, exist_ok=True)
                    shutil.copyfile(str(stub.locate()), target)
        places = [typeshed, firmware, firmware / "boards" / "loader", firmware / "boards",
                  firmware / "boards" / "esp32"]
        config = typeshed / "mypy.ini"
        config.write_text(CONFIG.format(path=":".join(map(str, places))))
        done = subprocess.run(
            [sys.executable, "-m", "mypy", "--config-file", str(config), "--no-error-summary",
             "--custom-typeshed-dir", name, "--cache-dir", str(typeshed / "cache"),
             *map(str, paths)],
            capture_output=True, text=True, cwd=firmware,
        )
    said = (done.stdout + done.stderr).splitlines(keepends=True)
    return "".join(line for line in said if not line.startswith(name))  # the stubs' own faults


if __name__ == "__main__":
    found = complaints(CHECKED)
    print(found, end="")
    sys.exit(1 if found else 0)
