"""The board: the real firmware under the real MicroPython, on pins that the bedside drives.

In: compiled firmware, flash cells and pins. Out: a process that answers on a cable or on the air.
"""
