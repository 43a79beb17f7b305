"""The verification: is a stored log whole, and as its board wrote it?

In: the pages, keys and attestations of one log. Out: what was found, what it weighs, and what to do.
"""

from .answer import Answer, verify_stored
from .evidence import Evidence
from .findings import BROKEN, KINDS, PARTLY, Finding
from .verify import Report, verify_log

__all__ = ["BROKEN", "KINDS", "PARTLY", "Answer", "Evidence", "Finding", "Report", "verify_log",
           "verify_stored"]
