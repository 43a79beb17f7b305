"""Builds the virtual machine out of Debian's packages, unpacked into build/bluez, nothing installed.

One folder holds qemu with all its libraries and the guest's whole system. It is built once for each
content of this file and each set of pinned wheels; build/bluez/*/manifest.txt names the versions in it.
`rm -r build/bluez` makes the next run take the newest.
"""

from __future__ import annotations

import hashlib
import platform
import re
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from helpers.bluez import kernel_modules
from helpers.paths import ROOT

CACHE = ROOT / "build" / "bluez"
INIT = Path(__file__).with_name("guest") / "init"
PACKAGES = ("qemu-system-x86", "bluez", "dbus", "busybox-static", "python3")
KERNEL = "linux-image-amd64"
UNUSED = re.compile(r"(perl|libperl|iso-codes|udev_|qemu-block)")
WHEELS = ("adafruit-blinka", "adafruit-blinka-bleio", "adafruit-circuitpython-ble", "bleak",
          "dbus-fast", "pyserial", "typing-extensions")
LIBRARIES = "usr/lib/x86_64-linux-gnu"
MERGED = ("bin", "sbin", "lib", "lib64")
PLACES = ("dev", "proc", "sys", "run", "tmp", "home", "checkout", "ward", "etc", "var/lib/bluetooth")
FILES = {
    "etc/passwd": "root:x:0:0:root:/root:/bin/sh\n"
                  "messagebus:x:100:107::/nonexistent:/usr/sbin/nologin\n"
                  "nurse:x:1000:1000::/home/nurse:/bin/sh\n",
    "etc/group": "root:x:0:\nmessagebus:x:107:\nbluetooth:x:111:nurse\nnurse:x:1000:\n",
    "etc/nsswitch.conf": "passwd: files\ngroup: files\nhosts: files\n",
    "etc/machine-id": "b1eab1eab1eab1eab1eab1eab1eab1ea\n",
}


class UnavailableError(Exception):
    """This machine cannot have the packages; the text says why."""


@dataclass(frozen=True)
class Image:
    """A built machine: `system` is its root folder, `manifest` its packages, one a line."""

    folder: Path

    @property
    def system(self) -> Path:
        return self.folder / "system"

    @property
    def manifest(self) -> list[str]:
        return (self.folder / "manifest.txt").read_text().splitlines()

    def version(self, package: str) -> str:
        """Returns the version of a package, as Debian writes it."""
        (found,) = (line.split("_")[1] for line in self.manifest if line.startswith(f"{package}_"))
        return found.replace("%3a", ":")


def image() -> Image:
    """Returns the machine, built now if need be; raises UnavailableError without apt-get."""
    folder = CACHE / _key()
    if not folder.exists():
        making = folder.with_suffix(".making")
        shutil.rmtree(making, ignore_errors=True)
        making.mkdir(parents=True)
        _build(making)
        making.rename(folder)
    return Image(folder)


def _pins() -> str:
    """Returns the wheels' part of requirements.lock, hashes and all."""
    blocks = re.split(r"\n(?=[a-z0-9])", (ROOT / "requirements.lock").read_text())
    pins = [block for block in blocks if block.split("==")[0] in WHEELS]
    assert len(pins) == len(WHEELS), "a wheel that the guest needs is not in requirements.lock"
    return "\n".join(pins) + "\n"


def _key() -> str:
    inputs = (Path(__file__).read_text(), Path(kernel_modules.__file__).read_text(), INIT.read_text(),
              _pins())
    return hashlib.sha256("\0".join(inputs).encode()).hexdigest()[:12]


def _build(folder: Path) -> None:
    debs = _download(folder / "apt")
    system = folder / "system"
    for name in MERGED:
        (system / "usr" / name).mkdir(parents=True)
        (system / name).symlink_to(f"usr/{name}")
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda deb: _unpack(deb, system), debs))
    for name in PLACES:
        (system / name).mkdir(parents=True, exist_ok=True)
    for name, text in FILES.items():
        (system / name).write_text(text)
    (system / "var" / "run").unlink(missing_ok=True)
    (system / "var" / "run").symlink_to("/run")
    _install_wheels(folder, system)
    _make_first_files(folder, system)
    (folder / "manifest.txt").write_text("".join(f"{deb.stem}\n" for deb in debs))
    shutil.rmtree(folder / "apt")


def _download(place: Path) -> list[Path]:
    """Fetches the packages with all they depend on, checked by apt, into a folder of their own."""
    if platform.machine() != "x86_64" or not shutil.which("apt-get"):
        raise UnavailableError("qemu and a kernel come from Debian's amd64 packages: there is none here")
    for name in ("lists/partial", "archives/partial"):
        (place / name).mkdir(parents=True)
    (place / "status").touch()  # as if nothing were installed: all of it is fetched
    settings = {
        "Dir::State::lists": place / "lists", "Dir::State::status": place / "status",
        "Dir::State::extended_states": place / "extended", "Dir::Cache::archives": place / "archives",
        "Dir::Cache::pkgcache": "", "Dir::Cache::srcpkgcache": "", "Debug::NoLocking": "true",
        "APT::Install-Recommends": "false", "APT::Sandbox::User": "", "Acquire::Retries": "3",
    }
    options = [word for name, value in settings.items() for word in ("-o", f"{name}={value}")]
    _apt(place, "apt-get", *options, "-o", "APT::Update::Error-Mode=any", "update")
    told = _apt(place, "apt-cache", *options, "depends", "--important", KERNEL)
    (kernel,) = re.findall(r"Depends: (linux-image-\S+)", told)
    _apt(place, "apt-get", *options, "install", "--yes", "--download-only", *PACKAGES)
    _apt(place / "archives", "apt-get", *options, "download", kernel)
    return sorted(deb for deb in (place / "archives").glob("*.deb") if not UNUSED.match(deb.name))


def _apt(place: Path, *argv: str) -> str:
    done = subprocess.run(argv, cwd=place, capture_output=True, text=True)
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise UnavailableError(f"Debian's packages for qemu and the guest cannot be had: {last}")
    return done.stdout


def _unpack(deb: Path, system: Path) -> None:
    """Unpacks a package; folders that are links here (bin to usr/bin) stay links."""
    content = subprocess.Popen(["dpkg-deb", "--fsys-tarfile", deb], stdout=subprocess.PIPE)
    subprocess.run(
        ["tar", "-x", "--keep-directory-symlink", "--no-same-owner", "--exclude=./usr/share/doc",
         "--exclude=./usr/share/man", "--exclude=./usr/share/locale", "-C", system],
        stdin=content.stdout, check=True)
    assert content.wait() == 0, f"{deb.name} cannot be unpacked"


def _install_wheels(folder: Path, system: Path) -> None:
    """Installs the guest's Python packages: the versions and hashes that this checkout pins."""
    (python,) = (system / "usr/bin").glob("python3.[0-9]*[0-9]")
    pins = folder / "wheels.txt"
    pins.write_text(_pins())
    target = system / "usr/local/lib" / python.name / "dist-packages"
    subprocess.run(
        [ROOT / ".venv/bin/pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps",
         "--require-hashes", "--only-binary=:all:",
         "--python-version", python.name.removeprefix("python"), "--target", target, "-r", pins],
        check=True, capture_output=True)
    subprocess.run([*on_this_machine(system, python), "-m", "compileall", "-q", target,
                    system / "usr/lib" / python.name], check=False)  # only saves time in the guest


def on_this_machine(system: Path, program: Path) -> list[str]:
    """Returns the start of a command line for a program of the system."""
    return [str(system / LIBRARIES / "ld-linux-x86-64.so.2"), "--library-path",
            str(system / LIBRARIES), str(program)]


def _make_first_files(folder: Path, system: Path) -> None:
    """Makes the kernel and its first file system: busybox, drivers, guest/init."""
    (kernel,) = (system / "boot").glob("vmlinuz-*")
    shutil.copy(kernel, folder / "vmlinuz")
    first = folder / "first"
    for name in ("bin", "lib", "dev", "root"):
        (first / name).mkdir(parents=True)
    shutil.copy(system / "bin/busybox", first / "bin/busybox")
    shutil.copy(INIT, first / "init")
    (first / "init").chmod(0o755)
    release = kernel.name.removeprefix("vmlinuz-")
    names = kernel_modules.collect(system / "lib/modules" / release, first / "lib")
    (first / "modules").write_text("".join(f"{name}\n" for name in names))
    paths = "".join(f"{path.relative_to(first)}\n" for path in sorted(first.rglob("*")))
    with (folder / "first.cpio").open("wb") as packed:
        subprocess.run([first / "bin/busybox", "cpio", "-o", "-H", "newc"], cwd=first, check=True,
                       input=paths.encode(), stdout=packed, stderr=subprocess.DEVNULL)
