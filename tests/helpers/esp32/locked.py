"""Runs a call with MicroPython's heap locked: it fails where it would allocate."""

import micropython


def allocates(call):
    """Returns whether call() allocates."""
    micropython.heap_lock()
    try:
        call()
        return False
    except MemoryError:
        return True
    finally:
        micropython.heap_unlock()
