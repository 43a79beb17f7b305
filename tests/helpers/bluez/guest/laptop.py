"""The virtual machine's only service: starts D-Bus and bluetoothd, then runs the steps it is sent.

A step is a line of JSON, {"argv": [...], "user": true}, on the port named "steps"; its answer a line,
{"returncode", "stdout", "stderr", "ms"}. The first line sent says which versions run, once the adapter
is on. Steps with user run as an ordinary user of the group bluetooth, as a nurse does; others as root.
"""

import asyncio
import json
import os
import platform
import subprocess
import time
from pathlib import Path

from dbus_fast import BusType, Message, MessageType
from dbus_fast.aio import MessageBus

GUEST = Path(__file__).parent
LOGS = Path("/ward/logs")
BLUETOOTHD = "/usr/libexec/bluetooth/bluetoothd"
HOME = Path("/home/nurse")
NURSE, BLUETOOTH = 1000, 111  # as in /etc/passwd and /etc/group (bluez_image.py)
USER = {"user": NURSE, "group": NURSE, "extra_groups": [BLUETOOTH]}
ENVIRONMENT = {
    "PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": str(HOME), "LANG": "C.UTF-8",
    "PYTHONPATH": "/checkout/host_tools:/checkout/firmware", "PYTHONPYCACHEPREFIX": "/tmp/pyc",
}


def port(name: str) -> str:
    """Returns the device of a port of the machine's virtual console."""
    for told in Path("/sys/class/virtio-ports").glob("*/name"):
        if told.read_text().strip() == name:
            return f"/dev/{told.parent.name}"
    raise FileNotFoundError(f"no virtio port named {name}")


def background(name: str, *argv: str) -> None:
    """Starts a program that stays, its output in the logs."""
    with (LOGS / f"{name}.log").open("w") as log:
        subprocess.Popen(argv, stdout=log, stderr=log, stdin=subprocess.DEVNULL, env=ENVIRONMENT)


async def adapter_on() -> None:
    """Returns once BlueZ has an adapter and has switched it on."""
    bus = await MessageBus(bus_type=BusType.SYSTEM).connect()
    changed = asyncio.Event()
    bus.add_message_handler(lambda _: changed.set())
    await bus.call(Message(
        destination="org.freedesktop.DBus", path="/org/freedesktop/DBus",
        interface="org.freedesktop.DBus", member="AddMatch", signature="s",
        body=["type='signal',path_namespace='/org/bluez'"]))
    await bus.call(Message(
        destination="org.freedesktop.DBus", path="/org/freedesktop/DBus",
        interface="org.freedesktop.DBus", member="AddMatch", signature="s",
        body=["type='signal',interface='org.freedesktop.DBus.ObjectManager'"]))
    while True:
        changed.clear()
        powered = await bus.call(Message(
            destination="org.bluez", path="/org/bluez/hci0",
            interface="org.freedesktop.DBus.Properties", member="Get", signature="ss",
            body=["org.bluez.Adapter1", "Powered"]))
        if powered.message_type is MessageType.METHOD_RETURN and powered.body[0].value:
            bus.disconnect()
            return
        await changed.wait()


def run(step: dict) -> dict:
    """Runs a step to its end."""
    started_s = time.monotonic()
    done = subprocess.run(
        step["argv"], capture_output=True, text=True, stdin=subprocess.DEVNULL, cwd=HOME,
        env=ENVIRONMENT, **(USER if step["user"] else {}))
    return {"returncode": done.returncode, "stdout": done.stdout, "stderr": done.stderr,
            "ms": round((time.monotonic() - started_s) * 1000)}


def main() -> None:
    """Serves the steps until the host switches the machine off."""
    HOME.mkdir()
    os.chown(HOME, NURSE, NURSE)
    os.chmod("/tmp", 0o1777)
    os.mkdir("/run/dbus")
    subprocess.run(["/usr/bin/dbus-daemon", "--system", "--fork", "--nopidfile"], check=True)
    background("bluetoothd", BLUETOOTHD, "-n")
    background("bridge", "/usr/bin/python3", str(GUEST / "hci_bridge.py"), port("hci"))
    asyncio.run(adapter_on())
    bluez = subprocess.run([BLUETOOTHD, "--version"], capture_output=True, text=True).stdout.strip()
    with open(port("steps"), "r+b", buffering=0) as steps:
        def say(told: dict) -> None:
            steps.write(json.dumps(told).encode() + b"\n")

        say({"linux": platform.version(), "bluez": bluez, "python": platform.python_version()})
        arrived = b""
        while True:
            arrived += steps.read(65536)
            *lines, arrived = arrived.split(b"\n")
            for line in lines:
                say(run(json.loads(line)))


main()
