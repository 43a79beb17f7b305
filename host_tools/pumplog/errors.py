"""What can go wrong, each with the exit code of the command-line contract.

Every error says two things to the person at the keyboard: what happened and where, and what to do.
Neither ends with a period. Printed they are `what: do.`, and `do` may hold a second sentence. Both are
text in one line, whatever name, board or library they repeat.
"""

from .plain import in_a_line


class PumplogError(Exception):
    """Base of all: `what` happened, what to `do`; `exit_code` is what the command ends with."""

    exit_code = 2

    def __init__(self, what: str, do: str) -> None:
        self.what, self.do = in_a_line(what), in_a_line(do)
        super().__init__(self.what, self.do)

    def __str__(self) -> str:
        return f"{self.what}: {self.do}."


class PartlyError(PumplogError):
    """Some of it was done; the message says which was not."""

    exit_code = 1


class UsageError(PumplogError):
    """What was asked for, or an input, cannot be used."""

    exit_code = 2


class NotFoundError(PumplogError):
    """There is nothing of that name."""

    exit_code = 3


class UnreachableError(PumplogError):
    """The board does not answer, or went away."""

    exit_code = 3


class AbsentError(UnreachableError):
    """The board was not heard at all."""


class NotPairedError(PumplogError):
    """This computer and the board do not know each other, or the board does not let it in."""

    exit_code = 4


class RefusedError(UnreachableError):
    """The board wants an encrypted and authenticated link for that."""


class IntegrityError(PumplogError):
    """Bytes are not what was written, or not from whom they should be."""

    exit_code = 4


def unforeseen(error: Exception) -> IntegrityError:
    """Returns the sentence for an error that nothing here foresees: a damaged store, a board that sends
    what no board should, or a mistake of ours."""
    trace = error.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    place = ""
    if trace:
        code = trace.tb_frame.f_code
        folder, _, file = code.co_filename.replace("\\", "/").rpartition("/")
        place = f" in {folder.rpartition('/')[2]}/{file}, line {trace.tb_lineno}"
    return IntegrityError(f"pumplog met what it does not understand ({type(error).__name__}{place})",
                          "what was complete is kept. Run `pumplog verify`, and report this sentence")
