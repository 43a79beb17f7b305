"""Boards on a virtual USB cable, from a blank chip on."""
