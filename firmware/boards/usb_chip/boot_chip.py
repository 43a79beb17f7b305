"""Runs first in the virtual chip: mounts the `vfs` partition as MicroPython's own _boot.py on the ESP32
does, which no Ctrl-C interrupts. Then run boot.py and main.py; the console's prompt comes after.
USB_CHIP_MAIN=0: a soft reset from the raw prompt, after which main.py does not run."""

import os
import sys
import vfs

sys.path.append(os.getenv("USB_CHIP_VIRTUAL"))
from esp32 import Partition  # before that folder comes first, which has another board's

if os.getenv("PUMPBENCH_AIR"):
    sys.path.insert(0, os.getenv("USB_CHIP_VIRTUAL"))
import bench
import bluetooth  # noqa: F401 (the chip's own modules load while the computer's files are in sight)
import machine  # noqa: F401
import time  # noqa: F401


def _mount():
    vfs.umount("/")
    try:
        cells = Partition("vfs")
    except OSError:
        print("no vfs partition: this image was not made for the board")
        return
    try:
        vfs.mount(vfs.VfsLfs2(cells), "/")
    except OSError:
        print("Performing initial setup")
        vfs.VfsLfs2.mkfs(cells)
        vfs.mount(vfs.VfsLfs2(cells), "/")
        with open("/boot.py", "w") as file:
            file.write("# This file is executed on every boot (including wake-boot from deepsleep)\n")
    os.chdir("/")


def _run(name):
    try:
        with open(name) as file:
            source = file.read()
    except OSError:
        return
    try:
        exec(compile(source, name, "exec"), globals())
    except Exception as error:
        sys.print_exception(error)


_mount()
bench.tell("mounted")
sys.path[:] = ["", ".frozen", "/lib"]
_run("boot.py")
if os.getenv("USB_CHIP_MAIN") == "1":
    _run("main.py")
