"""The firmware of the rig: a Raspberry Pi Pico that plays the pump. See ../README.md."""
