"""These run under MicroPython against tests/stand_ins, by tests/test_drivers.py: not under CPython."""

collect_ignore_glob = ["test_*.py"]
