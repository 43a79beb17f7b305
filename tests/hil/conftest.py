"""One suite, two targets: the virtual board with a simulated rig, or `--port DEV --rig DEV --db STORE`.

Tests run in the order of their files: cables first. Marks: `real_only`, `virtual_only`.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Generator, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from helpers.hil import acceptance
from helpers.hil.bed import Bed, of_kind
from helpers.hil.board_report import Report
from helpers.hil.rig_client import Rig
from helpers.hil.simulated_rig import SimulatedRig
from helpers.hil.untested import UNTESTED
from helpers.hil.virtual_air import ADDRESS, VirtualAir
from helpers.hil.virtual_cables import HOLD_UP_S, Cables
from pumpbench.board import UsbBoard, fresh_flash
from pumplog.links.serial_link import SerialLink
from pumplog.sync.client import Client
from pumpwire import names

RESULTS = pytest.StashKey[dict[str, str]]()
REPORT = pytest.StashKey[Report]()
AIR = pytest.StashKey[str]()
SPEED = 4  # of the virtual board's time
ERASE_MS = 200  # of it: W25Q32JV 45 typically, 400 at most
SOAK_HOURS = 40 / 3600
REAL_HOLD_UP_S = 25.0  # light load, new capacitors and their tolerance, by ngspice: 20 s


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("hardware in the loop")
    group.addoption("--target", choices=("virtual", "real"), default="virtual")
    group.addoption("--port", help="the board's serial port; with it the target is real")
    group.addoption("--rig", help="the rig's serial port")
    group.addoption("--acceptance", type=Path, help="write the page for the board's file here")
    group.addoption("--db", help="the store that provisioned the board")
    group.addoption("--soak-hours", type=float, default=SOAK_HOURS, help="24 with a real board")
    group.addoption("--soak-seed", type=int, default=1)


def _real(config: pytest.Config) -> bool:
    return bool(config.getoption("--port")) or config.getoption("--target") == "real"


def _target(config: pytest.Config) -> str:
    return f"A real board on {config.getoption('--port')}" if _real(config) else "The virtual board"


def pytest_configure(config: pytest.Config) -> None:
    config.stash[RESULTS] = {}
    config.addinivalue_line("markers", "real_only: needs a real board and rig")
    config.addinivalue_line("markers", "virtual_only: needs the virtual board and the simulated rig")
    if _real(config):
        for name in ("--port", "--rig", "--db"):
            if not config.getoption(name):
                raise pytest.UsageError(f"a real board needs --port, --rig and --db: {name} is missing")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    real = _real(config)
    for item in items:
        if item.get_closest_marker("virtual_only" if real else "real_only"):
            why = "only on the virtual board" if real else "needs a real board: --port DEV --rig DEV"
            item.add_marker(pytest.mark.skip(reason=why))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None],
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Keeps a test's result for the page: what failed before or after it is an error."""
    report = yield
    if report.when == "call" or report.outcome != "passed":
        result = "error" if report.failed and report.when != "call" else str(report.outcome)
        item.config.stash[RESULTS][item.nodeid.split("::")[-1].replace("_", " ")] = result
    return report


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Writes the page, and beside it what the board told of itself."""
    path = session.config.getoption("--acceptance")
    if path:
        report = session.config.stash.get(REPORT, Report("not reached", _target(session.config)))
        acceptance.write(path, report.board, report.target, list(session.config.stash[RESULTS].items()))
        report.write(path.with_name("board.json"))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    if not _real(config):
        terminalreporter.section("what remains untested without a real board and rig")
        for line in UNTESTED:
            terminalreporter.write_line("- " + line)


@pytest.fixture(scope="session")
def virtual(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory,
            ) -> Iterator[UsbBoard | None]:
    """The virtual board with its firmware deployed as `make deploy` does; None with a real one."""
    if _real(request.config):
        yield None
        return
    folder = tmp_path_factory.mktemp("hil")
    with VirtualAir() as air, UsbBoard(folder / "board", fresh_flash(), speed=SPEED, erase_ms=ERASE_MS,
                                       air=(air.for_boards, ADDRESS)) as board:
        request.config.stash[AIR] = air.for_hosts
        done = subprocess.run(
            [sys.executable, "-m", "pumplog.cli.board", "deploy", "--port", board.port,
             "--build", str(folder / "build")], capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
        yield board


@pytest.fixture(scope="session")
def bed(request: pytest.FixtureRequest, virtual: UsbBoard | None,
        tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bed]:
    """The board on its desk."""
    config = request.config
    with ExitStack() as stack:
        if virtual is None:
            rig = Rig(config.getoption("--rig"))
            port, db = config.getoption("--port"), tmp_path_factory.mktemp("hil") / "hil.db"
            shutil.copy(config.getoption("--db"), db)  # what the tests enter stays out of it
            link = SerialLink(port)
            name = Client(link).info().name
            link.close()
        else:
            cables = Cables(virtual)
            simulated = stack.enter_context(SimulatedRig(cables.heard, looked=cables.looked))
            rig = Rig(simulated.port)
            port, db, name = virtual.port, virtual.folder.parent / "hil.db", "B01"
        stack.callback(rig.close)
        report = config.stash[REPORT] = Report(name, _target(config))
        hold_up_s = REAL_HOLD_UP_S if virtual is None else HOLD_UP_S
        os.environ["XDG_STATE_HOME"] = str(db.parent / "state")  # of every tool that is started here
        bed = Bed(port, rig, db, name, hold_up_s, 1 if virtual is None else SPEED, virtual is not None,
                  report, config.stash.get(AIR, None))
        if virtual is not None:
            bed.pumplog("provision", "--name", name, "--ul-per-count", "1 uL").good()
        rig.ask("rest")
        before = bed.head()
        yield bed
        rig.ask("rest")
        boots = [boot for boot in of_kind(bed.pull(), "boot") if boot["seq"] > before]
        report.resets = dict(Counter(names.BOOT_REASONS[boot["reason"]] for boot in boots))


@pytest.fixture(autouse=True)
def at_rest(bed: Bed) -> None:
    """Ends what a test that failed may have left going."""
    bed.rig.ask("rest")


@pytest.fixture(scope="module")
def service(bed: Bed) -> Iterator[Bed]:
    """The board in service mode."""
    bed.to_service()
    yield bed
    bed.leave_service()
