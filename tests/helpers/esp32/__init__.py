"""Runs under MicroPython only: the ESP32's own board, booted on the modules of stand_ins/esp32."""
