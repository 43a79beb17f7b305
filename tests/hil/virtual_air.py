"""The virtual board's air, in a thread of its own: Bluetooth between it and pumplog, without a radio."""

from __future__ import annotations

import asyncio
import threading

from pumpbench.air.server import Air

ADDRESS = "F0:F0:48:49:4C:01"


class VirtualAir:
    """From `with` on, `for_boards` and `for_hosts` are where the air takes each of them."""

    def __enter__(self) -> VirtualAir:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        ports = asyncio.run_coroutine_threadsafe(self._start(), self._loop).result()
        self.for_boards, self.for_hosts = (f"127.0.0.1:{port}" for port in ports)
        return self

    async def _start(self) -> tuple[int, int]:
        self._air = Air()
        return await self._air.start()

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
