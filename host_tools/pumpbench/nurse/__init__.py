"""The nurse: who enters bags and prescriptions, with the host tool that nurses use.

In: a patient's regimen, the bedside's bag changes, and people's faults. Out: visits, each a time and the
pumplog commands of it, and a `Nurse` who carries them out on store and board.
"""

from .nurse import Nurse
from .script import Visit, scripted_visits

__all__ = ["Nurse", "Visit", "scripted_visits"]
