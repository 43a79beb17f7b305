"""`pumplog`: the nurse's and researcher's command line. One file a group of commands.

Results go to standard output, progress and advice to standard error. Exit codes: 0 done, 1 partly
done (said which), 2 usage, 3 nothing found or unreachable, 4 integrity or authentication failure.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib import import_module

from .. import __version__
from ..errors import PumplogError, unforeseen
from .options import Parser, common_options, path
from .screen import drop, open_closed_streams, prepare, say, say_error

TYPE_CHECKING = False  # as typing has it, which takes longer to load than all the rest here
if TYPE_CHECKING:
    import argparse

# command: (module with add(parser) and run(options), help)
COMMANDS = {
    "scan": ("scan", "boards in radio range: patient, bed, signal, news"),
    "pull": ("pull", "copy boards' logs into the store"),
    "status": ("status", "what each patient's board last told"),
    "events": ("events", "the records of a patient, or of everybody"),
    "doses": ("doses", "volumes and milligrams of a patient's window"),
    "table": ("table", "the pump-data table of the cohort"),
    "verify": ("verify", "whether what the store holds is all there and as the boards wrote it"),
    "patient": ("patient", "start, move, withdraw, end or list patients"),
    "bag": ("bag", "hang a bag, or list bags"),
    "regimen": ("regimen", "set or show what is prescribed"),
    "pair": ("pair", "pair this computer with a board whose service button was just pressed"),
    "unpair": ("unpair", "this computer and a board forget each other"),
    "keys": ("keys", "list boards' keys, or take them to another computer's store"),
    "provision": ("provision", "give a board its name, keys and calibration"),
    "label": ("label", "a board's check code and label again"),
    "doctor": ("doctor", "what is on a board, what its sensors read, and what to do about it"),
}
EXAMPLES = {
    "scan": "pumplog scan",
    "pull": "pumplog pull P03",
    "status": "pumplog status P03",
    "events": "pumplog events P03",
    "doses": "pumplog doses P03 --window 28+7",
    "table": "pumplog table --baseline 0+3 --followup 28+7",
    "verify": "pumplog verify P03",
    "patient": "pumplog patient start P03 --board B03 --bed 3 --initials AB",
    "bag": "pumplog bag hang P03 --morphine '110 mg' --bupivacaine '55 mg' --volume '250 mL'"
           " --initials AB",
    "regimen": "pumplog regimen set P03 --rate '0.4 mL/h' --bolus '0.4 mL' --lockout '15 min'"
               " --initials AB",
    "pair": "pumplog pair B03",
    "unpair": "pumplog unpair B03",
    "keys": "pumplog keys list",
    "provision": "pumplog provision --name B03 --ul-per-count '1 uL' --link serial:/dev/ttyUSB0",
    "label": "pumplog label B03 --output B03.svg",
    "doctor": "pumplog doctor --port /dev/ttyUSB0",
}

_WRITES = ("pull", "patient", "bag", "regimen")
USED_BY = {  # an option that each command takes: the commands that it means something to
    "link": (*_WRITES, "unpair", "provision", "doctor"), "check": (*_WRITES, "unpair", "provision"),
    "initials": ("patient", "bag", "regimen"),
}


def default_db() -> str:
    """Returns where the store is when nobody says."""
    from ..host import state_folder

    return os.environ.get("PUMPLOG_DB") or str(state_folder() / "pumplog.db")


def build_parser(argv: Sequence[str] | None = None) -> Parser:
    """Returns the parser of what was typed; argv None: of anything.

    Only the code of a command that was typed is loaded, so a pull needs nothing that only flashing a
    board does. Where the command comes first, no other command is known to the parser.
    """
    parser = Parser(
        prog="pumplog", parents=[common_options(True)],
        description="Pulls the log of the gateway beside a drug-infusion pump. It only monitors, and it"
                    " is no alarm system.",
    )
    parser.add_argument("--version", action="version", version=f"pumplog {__version__}")
    commands = parser.add_subparsers(prog="pumplog", dest="command", required=True, metavar="COMMAND")
    for name in argv[:1] if argv and argv[0] in COMMANDS else COMMANDS:
        module, help_text = COMMANDS[name]
        typed = argv is None or name in argv
        sub = commands.add_parser(name, help=help_text,
                                  parents=[common_options(False)] if typed else [])
        if typed:
            sub.epilog = f"example: {EXAMPLES[name]}"
            import_module(f"{__name__}.{module}").add(sub)
    return parser


def _options(argv: Sequence[str]) -> argparse.Namespace:
    """Returns what was typed, and what the environment adds to it."""
    options = build_parser(argv).parse_args(argv)
    for option, commands in USED_BY.items():
        if getattr(options, option) is not None and options.command not in commands:
            say(f"--{option} means nothing to `pumplog {options.command}`, so it was not used")
    options.db = options.db or path(default_db())
    options.initials = options.initials or os.environ.get("PUMPLOG_INITIALS")
    return options


def _end_at_once_if_asked_again() -> None:
    """Lets another Ctrl-C end the process without a word: visits that are under way may take seconds to
    end, and the interpreter waits for them."""
    import signal
    import threading

    if threading.active_count() > 1 and threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, signal.SIG_DFL)


def main(argv: list[str] | None = None) -> int:
    """Runs one command; returns the exit code of the contract."""
    try:
        open_closed_streams()
        prepare()
        options = _options(sys.argv[1:] if argv is None else argv)
        code: int = import_module(f"{__name__}.{COMMANDS[options.command][0]}").run(options)
        sys.stdout.flush()
        return code
    except PumplogError as error:
        say_error(f"pumplog: {error}")
        return error.exit_code
    except BrokenPipeError:
        drop(sys.stdout)
        return 0
    except OSError as error:
        which = f" {error.filename}" if error.filename else ""
        say_error(f"pumplog:{which or ' the output'} cannot be {'read or ' if which else ''}written"
                  f" ({error.strerror or error}): make room or choose another place, then do it again.")
        drop(sys.stdout)
        return 2
    except KeyboardInterrupt:
        _end_at_once_if_asked_again()
        say("pumplog: stopped; what came is kept, the same command goes on from there.")
        return 1
    except EOFError:
        say("pumplog: nothing was typed, so nothing was done: do it again, and answer.")
        return 2
    except Exception as error:  # the last resort: a damaged store, a hostile board, a mistake of ours
        found = unforeseen(error)
        say_error(f"pumplog: {found}")
        return found.exit_code
