"""How much of a radio link a pull makes use of, on a model of that link, beside plainer transfers."""

from __future__ import annotations

import sys
from dataclasses import dataclass

from benchmarks import link_model, log_size
from helpers.host.loop_link import LoopBoard
from helpers.host.made_log import store_with_board
from pumplog.store import Store
from pumplog.sync.client import Client
from pumpwire.page import FOOTER_BYTES

DAYS = 30
MTUS = (247, 498)
LEAST_PAYLOAD, LEAST_OF_LIMIT = 0.97, 0.90
DAY_KEY = b"k" * 32  # under which tests/helpers/on_board/day_log.py seals


@dataclass(frozen=True)
class Pulled:
    """A pull on the model. log_bytes: of pages; records: as they came to the store."""

    mtu: int
    log_bytes: int
    records: int
    sent: link_model.Sent

    @property
    def payload(self) -> float:
        """The log's part of all bytes of the attribute protocol that the board sent."""
        return self.log_bytes / self.sent.att_bytes

    @property
    def of_limit(self) -> float:
        """The log's bytes a second, of what the link could carry as notifications of this size."""
        limit = link_model.limit_bytes_s(self.mtu - link_model.ATT_OVERHEAD)
        return self.log_bytes / self.sent.s / limit


def board_with_days(days: int) -> LoopBoard:
    """Returns a board whose log holds so many of the reference days."""
    events = log_size.read_days()
    made = log_size.logged((events * days)[:days])
    return LoopBoard(made.flash.pages, bytes(made.flash.cells))


def log_bytes(board: LoopBoard) -> int:
    """Returns the bytes of a board's pages, unused ends left out."""
    pages = [board.log.page_at(slot) for slot in range(board.flash.pages)]
    return sum(used + (FOOTER_BYTES if closed else 0) for _, used, closed in pages)


def pull(board: LoopBoard, mtu: int) -> Pulled:
    """Pulls a whole log into a new store over the model."""
    store: Store = store_with_board(DAY_KEY)
    store.logs.add(board.log.log_id, "B01")
    link = link_model.ModelLink(board, mtu)
    result = Client(link).pull(store, board.log.log_id)
    assert result.records == board.log.next_seq and not result.repaired
    return Pulled(mtu, log_bytes(board), result.records, link.sent)


def tell() -> list[str]:
    """Prints the tables; returns the goals that were missed."""
    pulls = [pull(board_with_days(DAYS), mtu) for mtu in MTUS]
    records = pulls[0].records
    print(f"pulling {DAYS} reference days, {records} records: the board's own code and the host's on a"
          " model of the link\n(1M PHY, 15 ms interval, 251-byte PDUs; connecting left out). A model,"
          " not a measurement: what a real\nESP32 reaches is unmeasured. The board takes an MTU of 247;"
          " 498 is what the format would give.")
    print(f"{'transfer':44}{'s':>7}{'records/s':>11}{'ATT bytes':>11}{'requests':>10}{'of limit':>10}")
    for each in pulls:
        _row(f"pumplog, MTU {each.mtu}", each.records, each.sent, f"{each.of_limit:.3f}")
    _row("plain: 20-byte records, one a notification", records, link_model.plain(records), "")
    _row("paging: 10 records of 26 bytes a request", records, link_model.paged(records), "")
    return [missed for each in pulls for missed in (
        _goal(f"log bytes of the board's ATT bytes, MTU {each.mtu}", each.payload, LEAST_PAYLOAD),
        _goal(f"log bytes a second of the link's limit, MTU {each.mtu}", each.of_limit, LEAST_OF_LIMIT),
    ) if missed]


def _row(name: str, records: int, sent: link_model.Sent, of_limit: str) -> None:
    print(f"{name:44}{sent.s:7.2f}{records / sent.s:11.0f}{sent.att_bytes:11}{sent.requests:10}"
          f"{of_limit:>10}")


def _goal(name: str, found: float, least: float) -> str:
    met = found >= least
    print(f"goal: {name}: {found:.4f}, at least {least}: {'met' if met else 'NOT met'}")
    return "" if met else name


if __name__ == "__main__":
    sys.exit("goals missed: " + "; ".join(missed) if (missed := tell()) else 0)
