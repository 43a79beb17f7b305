"""Starts the virtual machine under software emulation, and runs steps in it.

No KVM, no network, no privileges: qemu emulates the processor, the guest's root is a folder of this
machine, read-only, and its Bluetooth controller is at the other end of a port of its console.
"""

from __future__ import annotations

import json
import socket
import subprocess
from pathlib import Path
from typing import Any

from helpers.bluez.bluez_image import LIBRARIES, ROOT, Image, on_this_machine

BOOT_S, STEP_S = 120, 120  # far beyond what anything takes: they only end what hangs
MEMORY_MIB = 512


class Machine:
    """A running machine. `told`: the versions it runs; `ward`: the folder that both sides see."""

    def __init__(self, image: Image, ward: Path, hci: Path) -> None:
        self.ward = ward
        (ward / "logs").mkdir()
        steps = ward / "steps.socket"
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(steps))
            listener.listen(1)
            listener.settimeout(BOOT_S)
            self._qemu = _start(image, ward, hci, steps)
            self._steps, _ = listener.accept()
        self._lines = self._steps.makefile()
        self.told = self._answer(BOOT_S)

    def run(self, *argv: str, user: bool = True) -> subprocess.CompletedProcess[str]:
        """Runs a program in the machine to its end, as the nurse or as root; prints how long it took."""
        self._steps.sendall(json.dumps({"argv": argv, "user": user}).encode() + b"\n")
        told = self._answer(STEP_S)
        done = subprocess.CompletedProcess(argv, told["returncode"], told["stdout"], told["stderr"])
        print(f"  {told['ms'] / 1000:5.1f} s  {' '.join(argv)}", flush=True)
        return done

    def stop(self) -> None:
        """Switches it off."""
        self._qemu.kill()
        self._qemu.wait()
        self._lines.close()
        self._steps.close()

    def _answer(self, timeout_s: float) -> dict[str, Any]:
        self._steps.settimeout(timeout_s)
        try:
            line = self._lines.readline()
        except TimeoutError:
            line = ""
        if not line:
            said = "".join(f"\n--- {log.name}\n{log.read_text()[-3000:]}"
                           for log in sorted((self.ward / "logs").iterdir()))
            self.stop()
            raise AssertionError(f"the virtual machine stopped or did not answer{said}")
        answer: dict[str, Any] = json.loads(line)
        return answer


def _start(image: Image, ward: Path, hci: Path, steps: Path) -> subprocess.Popen[bytes]:
    system = image.system
    firmware = system / "usr/share/qemu"
    words = ["-accel", "tcg,thread=multi", "-cpu", "max", "-machine", "q35", "-smp", "1",
             "-m", str(MEMORY_MIB), "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot",
             "-nic", "none", "-L", str(firmware), "-L", str(system / "usr/share/seabios"),
             "-bios", str(firmware / "qboot.rom"),
             "-kernel", str(image.folder / "vmlinuz"), "-initrd", str(image.folder / "first.cpio"),
             "-append", "console=ttyS0 quiet panic=-1 cryptomgr.notests random.trust_cpu=on",
             "-serial", f"file:{ward / 'logs' / 'console.log'}", "-device", "virtio-serial-pci"]
    for name, path in (("hci", hci), ("steps", steps)):
        words += ["-chardev", f"socket,id={name},path={path}",
                  "-device", f"virtserialport,chardev={name},name={name}"]
    for name, path, access in (("root", system, "on"), ("checkout", ROOT, "on"), ("ward", ward, "off")):
        words += ["-fsdev", f"local,id={name},path={path},security_model=none,readonly={access}",
                  "-device", f"virtio-9p-pci,fsdev={name},mount_tag={name}"]
    with (ward / "logs" / "qemu.log").open("wb") as log:
        return subprocess.Popen(
            [*on_this_machine(system, system / "usr/bin/qemu-system-x86_64"), *words],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            env={"QEMU_MODULE_DIR": str(system / LIBRARIES / "qemu")})
