"""`python -m pumplog.cli.board`: what `make firmware`, `make deploy` and `make flash` call."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from ..deploy import firmware_build, flash, image, two_firmwares
from ..deploy.mpremote import PATIENCE_S, Mpremote
from ..errors import PumplogError, unforeseen
from .options import Parser
from .screen import print_as_is, print_text, say


def _build(options: argparse.Namespace) -> None:
    print_as_is(str(firmware_build.build(options.build, "esp32")))


def _deploy(options: argparse.Namespace) -> None:
    firmware = firmware_build.build(options.build, "esp32")
    loader = firmware_build.build_loader(options.build)
    board = Mpremote(options.port, options.patience_s)
    deployed = two_firmwares.deploy(board, options.firmware or firmware, loader, say, options.force)
    print_text(deployed.to_text())


def _image(options: argparse.Namespace) -> image.Image:
    made = image.make(options.image, options.sha256 or None, options.build / "image")
    say(f"image: MicroPython {made.version} ({made.build}), sha256 {made.sha256}, with partitions "
        + ", ".join(f"{name} at {at:#x}, {size >> 10} KiB"
                    for name, (at, size) in image.PARTITIONS.items()))
    reference = image.pin().build
    if made.build != reference:
        say(f"image: {made.build} uses no PSRAM. A board without PSRAM is for the cable only, unless its"
            f" memory report passes. For a module with PSRAM take {reference}")
    return made


def _make_image(options: argparse.Namespace) -> None:
    for at, path in _image(options).parts.items():
        print_as_is(f"{at:#08x} {path}")


def _flash(options: argparse.Namespace) -> None:
    print_text(flash.flash(options.port, _image(options)).to_text())


def main(argv: list[str] | None = None) -> int:
    """Runs one command; returns the exit code: 0 done, else that of pumplog.errors."""
    parser = Parser(prog="python -m pumplog.cli.board")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    made = commands.add_parser("build", help="compile the firmware of these sources")
    made.set_defaults(run=_build)
    sent = commands.add_parser("deploy", help="write the firmware beside the running firmware, then"
                                              " switch")
    sent.add_argument("--port", required=True)
    sent.add_argument("--firmware", type=Path, help="a built firmware's folder (default: of these"
                                                    " sources)")
    sent.add_argument("--force", action="store_true", help="even if the board has it already")
    sent.add_argument("--patience-s", type=float, default=PATIENCE_S)
    sent.set_defaults(run=_deploy)
    whole = commands.add_parser("image", help="make the board's image of a stock MicroPython")
    whole.set_defaults(run=_make_image)
    written = commands.add_parser("flash", help="make the board's image, and write it")
    written.add_argument("--port", required=True)
    written.set_defaults(run=_flash)
    for command in (whole, written):
        command.add_argument("--image", type=Path, required=True,
                             help="the stock image, ESP32_GENERIC-SPIRAM")
        command.add_argument("--sha256", help="its sum, if the sources do not pin it")
    for command in (made, sent, whole, written):
        command.add_argument("--build", type=Path, default=Path("build/firmware"))
    options = parser.parse_args(argv)
    try:
        options.run(options)
    except PumplogError as error:
        say(f"deploy: {error}")
        return error.exit_code
    except KeyboardInterrupt:
        say("deploy: stopped; what was copied is kept, the same command goes on from there.")
        return 1
    except Exception as error:  # the last resort: what no library promised, or a mistake of ours
        found = unforeseen(error)
        say(f"deploy: {found}")
        return found.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
