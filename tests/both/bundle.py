"""Mounts SOURCES, {module name: text}, as files: the 32-bit runtime comes without any."""

import io
import sys

import vfs


class Memory:
    """A read-only file system in a dict."""

    def __init__(self, sources):
        self._files = {}
        self._folders = {""}
        for name in sources:
            path = name.replace(".", "/")
            package = any(other.startswith(name + ".") for other in sources)
            if package:
                self._folders.add(path)
                path += "/__init__"
            self._files[path + ".py"] = sources[name]

    def mount(self, readonly, mkfs):
        pass

    def umount(self):
        pass

    def stat(self, path):
        path = path.strip("/")
        if path in self._folders:
            return (0x4000, 0, 0, 0, 0, 0, 0, 0, 0, 0)
        if path in self._files:
            return (0x8000, 0, 0, 0, 0, 0, len(self._files[path]), 0, 0, 0)
        raise OSError(2)

    def open(self, path, mode):
        return io.BytesIO(self._files[path.strip("/")].encode())


def run(module):
    vfs.mount(Memory(SOURCES), "/t")  # noqa: F821 (stands above this in the bundle)
    sys.path.insert(0, "/t")
    passed = failed = 0
    tests = __import__(module)
    for name in sorted(dir(tests)):
        if name.startswith("test_"):
            try:
                getattr(tests, name)()
                passed += 1
            except Exception as error:
                failed += 1
                print("FAILED", module, name)
                sys.print_exception(error)
    print("%d passed, %d failed" % (passed, failed))
