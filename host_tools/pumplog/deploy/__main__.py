"""`python -m pumplog.deploy`: what `make deploy` and `make flash` call."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from ..errors import PumplogError
from . import firmware_build, image
from .flash import flash
from .mpremote import PATIENCE_S, Mpremote
from .two_firmwares import deploy


def _say(text: str) -> None:
    print(text, file=sys.stderr)


def _deploy(options: argparse.Namespace) -> None:
    firmware = firmware_build.build(options.build, "esp32")
    loader = firmware_build.build_loader(options.build)
    board = Mpremote(options.port, options.patience_s)
    print(deploy(board, options.firmware or firmware, loader, _say, options.force))


def _image(options: argparse.Namespace) -> image.Image:
    made = image.make(options.image, options.sha256 or None, options.build / "image")
    _say(f"image: MicroPython {made.version}, sha256 {made.sha256}, with partitions "
         + ", ".join(f"{name} at {at:#x}, {size >> 10} KiB"
                     for name, (at, size) in image.PARTITIONS.items()))
    return made


def _make_image(options: argparse.Namespace) -> None:
    for at, path in _image(options).parts.items():
        print(f"{at:#08x} {path}")


def _flash(options: argparse.Namespace) -> None:
    print(flash(options.port, _image(options)))


def main(argv: list[str] | None = None) -> int:
    """Runs one command; returns the exit code: 0 done, else that of pumplog.errors."""
    parser = argparse.ArgumentParser(prog="python -m pumplog.deploy")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    one = commands.add_parser("deploy", help="write the firmware beside the one that runs, then switch")
    one.add_argument("--port", required=True)
    one.add_argument("--build", type=Path, default=Path("build/firmware"))
    one.add_argument("--firmware", type=Path, help="a built firmware's folder (default: of these"
                                                   " sources)")
    one.add_argument("--force", action="store_true", help="even if the board has it already")
    one.add_argument("--patience-s", type=float, default=PATIENCE_S)
    one.set_defaults(run=_deploy)
    for name, run in (("image", _make_image), ("flash", _flash)):
        one = commands.add_parser(name, help="make the board's image of a stock MicroPython"
                                  + (", and write it" if name == "flash" else ""))
        if name == "flash":
            one.add_argument("--port", required=True)
        one.add_argument("--image", type=Path, required=True, help="the stock image, ESP32_GENERIC")
        one.add_argument("--sha256", help="its sum, if the sources do not pin it")
        one.add_argument("--build", type=Path, default=Path("build/firmware"))
        one.set_defaults(run=run)
    options = parser.parse_args(argv)
    try:
        options.run(options)
    except PumplogError as error:
        print(f"deploy: {error}", file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
