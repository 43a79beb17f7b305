"""Runs main.py on the stand-in board for two simulated seconds, on this process's own console."""

import boots

boots.power_on()
boots.run(2)
