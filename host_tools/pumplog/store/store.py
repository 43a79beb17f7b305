"""The store: its parts over one database, and what joins them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Self

from .boards import Begun, Board, Boards, Logs
from .database import Database, Waiting
from .entries import Entries
from .holes import Holes
from .keys import Attestation, Attestations, Key, Keys
from .pages import Pages
from .pulls import Pulls
from .records import Records

if TYPE_CHECKING:
    from .intake import Intake
    from .vouching import Vouching


class Store:
    """All that this computer keeps. Use `with Store.open(path) as store:`; `store.commit()` makes it
    durable.

    Each part reads and writes tables of its own: boards, logs, keys, attestations, pages, records,
    entries, pulls. What a part cannot do alone stands here, or in `holes`.
    """

    def __init__(self, database: Database) -> None:
        self.database = database
        self.boards, self.logs = Boards(database), Logs(database)
        self.keys, self.attestations = Keys(database), Attestations(database)
        self.pages, self.records = Pages(database), Records(database)
        self.entries, self.pulls = Entries(database), Pulls(database)
        self.holes = Holes(self.pages, self.records, self.pulls)

    @classmethod
    def open(cls, path: str | Path, waiting: Waiting = lambda _: None) -> Self:
        """Opens or makes the store at `path`; UsageError if it is no store, or from the future.

        waiting: told in a sentence if another program has it.
        """
        return cls(Database.open(path, waiting))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.database.close()

    def commit(self) -> None:
        """Makes everything so far durable."""
        self.database.commit()

    def add_board(self, board: Board) -> None:
        """Keeps a board, in place of an earlier one of its name; its earlier keys stay."""
        self.boards.put(board)
        self.take_keys(board.name, (Key(board.device_key, board.provisioned_at_ms),))

    def finish(self, begun: Begun, log_id: int) -> None:
        """Keeps a board that turned out to have what it was given, durably."""
        if begun.was and self.boards.named(begun.was) and not self.boards.named(begun.board.name):
            self.rename_board(begun.was, begun.board.name)
        self.add_board(begun.board)
        self.logs.add(log_id, begun.board.name)
        self.boards.forget_begun(begun.board)
        self.commit()

    def take_keys(self, board: str, keys: tuple[Key, ...]) -> None:
        """Keeps keys of a board, and judges by them what is here of its logs."""
        for key in keys:
            self.keys.add(board, key)
        for log in self.logs.of(board):
            self.judge_again(log.log_id)

    def rename_board(self, was: str, now: str) -> None:
        """Keeps all that is known of a board under another name. A board is its key and its logs, and
        a name is the label on it: stays, entries, pulls and logs from before go with it."""
        for key in self.keys.of(was):
            self.keys.add(now, key)
        for table in ("logs", "pulls", "entries"):
            self.database.run(f"UPDATE {table} SET board=:now WHERE board=:was", now=now, was=was)
        self.database.run("DELETE FROM keys WHERE board=:was", was=was)
        self.boards.rename(was, now)

    def claim_log(self, log_id: int, board: str) -> bool:
        """Notes that a log is a board's; returns False, and changes nothing, if it is another's.

        A log is a board's by a seal or by the board's word. A name alone claims it until somebody
        proves otherwise, or claims it by another name.
        """
        owner = self.logs.board_of(log_id)
        if owner in (None, board):
            self.logs.add(log_id, board)
            return True
        if self.pages.proves_some(log_id):
            return False
        self.logs.give(log_id, board)
        self._intake().judge_again(log_id, every=True)
        self._vouching().judge_again(log_id)
        return True

    def add_page_bytes(
        self, log_id: int, first_seq: int, offset: int, data: bytes, from_file: bool = False,
        broken: bool = False,
    ) -> int:
        """Extends a page by bytes that the board sent, or that a file says; returns how many records
        that gave.

        The same bytes again change nothing. broken: the link broke within the page. IntegrityError:
        bytes differ from known bytes, or the page does not verify; what came is in quarantine, and every
        good record is kept.
        """
        return self._intake().add_page_bytes(log_id, first_seq, offset, data, from_file, broken)

    def take_word(self, log_id: int, attestation: Attestation) -> str | None:
        """Keeps what a board attested, and lets it vouch for the records that it covers.

        Returns what is wrong with it (WRONG_KEY, CHANGED), None if nothing is.
        """
        return self._vouching().take(log_id, attestation)

    def words_again(self, log_id: int) -> None:
        """Lets the board's earlier words vouch for pages that came by another way since."""
        self._vouching().judge_again(log_id)

    def judge_again(self, log_id: int) -> None:
        """Takes in the pages of a log that were kept under a key not known before."""
        self._intake().judge_again(log_id)
        self._vouching().judge_again(log_id)

    def _intake(self) -> Intake:
        """Returns what takes pages in; only a command that does so loads the formats."""
        from .intake import Intake

        return Intake(self.pages, self.records, self.entries, self.keys, self.logs)

    def _vouching(self) -> Vouching:
        """Returns what takes a board's word in; only a command that does so loads the formats."""
        from .vouching import Vouching

        return Vouching(self.pages, self.records, self.entries, self.keys, self.logs, self.attestations)
