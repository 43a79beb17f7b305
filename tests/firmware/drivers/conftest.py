"""These run under MicroPython on helpers/stand_ins/esp32, by ../test_drivers.py: not under CPython."""

collect_ignore_glob = ["test_*.py"]
