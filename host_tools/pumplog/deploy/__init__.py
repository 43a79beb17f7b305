"""Firmware onto a board: images with a log partition, two firmwares side by side, and what a board
holds.

esptool writes the flash, mpremote does everything else: they are called as they come.
"""
