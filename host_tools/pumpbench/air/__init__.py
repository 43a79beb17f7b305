"""The virtual air: Bumble's HCI, L2CAP, ATT and SMP between virtual boards and laptops.

In: boards' `bluetooth` calls and laptops' HCI, each over a loopback socket. Out: what a radio would
carry to the other side. `Air` is the air; bleak_backend.py is what pumplog's process loads to be a
laptop on it; `lend` does the same for the pumplog of another environment, which has no Bumble.
"""

from .laptop import lend, pumplog_command
from .server import Air

__all__ = ["Air", "lend", "pumplog_command"]
