"""The board's raw prompt over a bad line: code is run as it was sent or not at all, an answer is right
or asked for again, and all that a line does ends in a sentence."""

from __future__ import annotations

import pytest
from helpers.cable.raw_prompt import RawPrompt
from pumplog.deploy import two_firmwares
from pumplog.deploy.mpremote import Mpremote
from pumplog.errors import PumplogError, UnreachableError

CODE = "mark(31415926)\nprint('first line')\nprint('second', 2718281828)"
ANSWER = "first line\nsecond 2718281828\n"


def test_code_runs_as_it_was_sent_or_not_at_all_and_answers_are_right(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answered = 0
    for seed in range(60):
        marks: list[int] = []
        RawPrompt(seed, bad=True, mark=marks.append).install(monkeypatch)
        try:
            found = Mpremote("any").execute(CODE)
        except UnreachableError as error:
            assert "damages what it carries" in str(error) or "no longer answers" in str(error)
        else:
            assert found == ANSWER and marks, seed
            answered += 1
        assert set(marks) <= {31415926}, seed
    assert 5 < answered < 60  # else the line is not bad, or nothing is tried again


@pytest.mark.parametrize("boots_s", [0, 9, 31, 60, 80])
def test_a_board_that_boots_is_asked_again_until_it_answers(
    boots_s: float, monkeypatch: pytest.MonkeyPatch,
) -> None:
    RawPrompt(boots_s=boots_s).install(monkeypatch)
    assert Mpremote("any").execute("print('up')") == "up\n"


@pytest.mark.parametrize("board, says", [
    (RawPrompt(boots_s=1e9), "no longer answers"),
    (RawPrompt(boots_s=1e9, chatter=b"rst:0x10 (RTCWDT_RTC_RESET)\r\n"), "damages"),
    (RawPrompt(chatter=b"raw REPL; CTRL-B to exit\r\n>"), "damages|no longer answers"),
    (RawPrompt(chatter=b"\x04"), "damages|no longer answers"),
], ids=["silent", "starts again and again", "prompts for ever", "ends for ever"])
def test_a_call_ends(board: RawPrompt, says: str, monkeypatch: pytest.MonkeyPatch) -> None:
    board.install(monkeypatch)
    with pytest.raises(UnreachableError, match=says):
        Mpremote("any").execute("print(1)")
    assert board.now_s < 600


def test_a_port_that_goes_is_told_within_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    board = RawPrompt()
    board.install(monkeypatch)
    board.gone = True
    with pytest.raises(UnreachableError, match="went away"):
        Mpremote("any").execute("print(1)")
    assert board.now_s < 10


def test_code_that_fails_on_the_board_is_told_and_not_tried_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    marks: list[int] = []
    RawPrompt(mark=marks.append).install(monkeypatch)
    with pytest.raises(UnreachableError, match="does not do what it is asked .*ZeroDivisionError"):
        Mpremote("any").execute("mark(1)\nprint(1 / 0)")
    assert marks == [1]


def test_a_firmware_that_fails_as_it_starts_is_started_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """More starts would use up its trial, and hide what it printed."""
    said = b"Traceback (most recent call last):\r\nImportError: no module named 'absent'\r\n"
    prompt = RawPrompt(at_start=said)
    prompt.install(monkeypatch)
    with Mpremote("any") as board:
        board.start_again()
        assert board.listen() == said and prompt.resets == 1


def test_a_board_is_started_again_over_a_bad_line(monkeypatch: pytest.MonkeyPatch) -> None:
    for seed in range(60):
        prompt = RawPrompt(seed, bad=True, at_start=b"rst:0xc (SW_CPU_RESET)\r\n")
        prompt.install(monkeypatch)
        Mpremote("any").start_again()
        assert prompt.resets, seed


def test_it_waits_without_select_which_on_windows_knows_sockets_only(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def of_windows(*_: object) -> None:
        raise OSError(10038, "An operation was attempted on something that is not a socket")

    monkeypatch.setattr("select.select", of_windows)
    monkeypatch.setattr("select.poll", of_windows)
    RawPrompt(boots_s=20).install(monkeypatch)
    assert Mpremote("any").execute("print('up')") == "up\n"


class Served:
    """A board that goes into service and counts how often it is told to leave."""

    port, heard, until_s, patience_s = "any", True, None, 90.0

    def __init__(self, fails: int = 0) -> None:
        self.left, self._fails = 0, fails

    def send(self, code: str) -> bool:
        """Takes it."""
        return True

    def answers(self, code: str, patience_s: float) -> str:
        """Is in service."""
        return "True\n"

    def start_again(self) -> None:
        """Starts again, or does not."""
        self.left += 1
        if self.left <= self._fails:
            raise UnreachableError("it stays", "tap SW3")


@pytest.fixture
def no_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    RawPrompt().install(monkeypatch)


@pytest.mark.usefixtures("no_wait")
@pytest.mark.parametrize("error", [None, UnreachableError("it broke", "do"), KeyboardInterrupt(),
                                   ValueError("of a library")])
def test_every_way_out_leaves_service(error: BaseException | None) -> None:
    board = Served()
    try:
        with two_firmwares.in_service(board, print):  # type: ignore[arg-type]
            if error:
                raise error
    except BaseException as raised:
        assert raised is error
    assert board.left == 1


@pytest.mark.usefixtures("no_wait")
def test_ctrl_c_before_the_board_said_anything_leaves_it_running_too() -> None:
    """Its firmware may have been interrupted, and its watchdog may not run yet."""
    board = Served()
    board.heard = False
    with pytest.raises(KeyboardInterrupt):
        with two_firmwares.in_service(board, print):  # type: ignore[arg-type]
            raise KeyboardInterrupt
    assert board.left == 1


@pytest.mark.usefixtures("no_wait")
def test_a_board_that_may_still_be_in_service_is_told_in_the_same_sentence() -> None:
    board = Served(fails=1)
    with pytest.raises(PumplogError) as raised:
        with two_firmwares.in_service(board, print):  # type: ignore[arg-type]
            raise UnreachableError("it broke", "do it again")
    assert str(raised.value) == "it broke: do it again. The board may not log now: tap SW3."
