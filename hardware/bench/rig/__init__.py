"""The firmware of the bench rig: a Raspberry Pi Pico that plays the pump. See ../README.md."""
