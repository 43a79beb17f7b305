"""Where the vectors lie, under MicroPython too."""

VECTORS = __file__.rsplit("/", 3)[0] + "/vectors"
