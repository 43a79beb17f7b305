"""Runs main.py on the stand-in board for two simulated seconds, on this process's own console."""

from helpers.esp32 import boots

boots.power_on()
boots.run(2)
