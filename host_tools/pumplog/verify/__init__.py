"""The verification: is a stored log whole, and as its board wrote it?

In: the pages, keys and attestations of one log. Out: what was found, what it weighs, and what to do.
"""

from .answer import Answer, Span, answer
from .evidence import Evidence
from .findings import BROKEN, KINDS, PARTLY, PROVEN, Finding, merged
from .verify import Report, verify_log

__all__ = ["BROKEN", "KINDS", "PARTLY", "PROVEN", "Answer", "Evidence", "Finding", "Report", "Span",
           "answer", "merged", "verify_log"]
