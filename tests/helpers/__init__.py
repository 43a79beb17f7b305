"""What tests share, by what it helps. on_board, esp32 and stand_ins run under MicroPython too."""
