"""Copied to the Pico's root: starts the rig when it has power."""

import machine
from rig import serve

machine.freq(125000000)  # what the state machines' times are made from
serve.run()
