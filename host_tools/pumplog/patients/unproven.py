"""What neither a seal nor the board's word covers, of the logs of a patient's boards."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..quantities import hex_id


@dataclass(frozen=True)
class Unproven:
    """Records of a board's log that neither a seal nor the board's word covers."""

    log_id: int  #: the log that they name, 32 bits
    records: int  #: how many there are
    used: bool  #: they were asked for by name, and are in the figures

    def to_json(self) -> dict[str, Any]:
        """Returns it for a program."""
        return {"log_id": hex_id(self.log_id), "records": self.records, "used": self.used}

    def to_text(self) -> str:
        """Returns how many there are, and whether they are in the figures."""
        log = hex_id(self.log_id)
        if self.used:
            return (f"UNPROVEN: these figures take in {self.records} records of log {log}, which nothing"
                    " proves to be the board's; they were asked for by name")
        return (f"{self.records} records of log {log} are in no figure: nothing proves yet that they are"
                f" the board's. Pull it, or ask for them by name: --unproven {log}")
