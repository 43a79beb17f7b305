"""Runs under CPython and MicroPython: flash, pages, a board on a desk, traces, days of a log."""
