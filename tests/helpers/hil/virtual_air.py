"""The virtual board's air, in a thread of its own: Bluetooth between it and pumplog, without a radio."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import Future

from pumpbench.air import Air

ADDRESS = "F0:F0:48:49:4C:01"


class VirtualAir:
    """From `with` on, `for_boards` and `for_hosts` are where the air takes each of them."""

    def __enter__(self) -> VirtualAir:
        self._ready: Future[tuple[int, int]] = Future()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._live()), daemon=True)
        self._thread.start()
        self.for_boards, self.for_hosts = (f"127.0.0.1:{port}" for port in self._ready.result())
        return self

    async def _live(self) -> None:
        self._loop, self._over = asyncio.get_running_loop(), asyncio.Event()
        self.air = Air()
        self._ready.set_result(await self.air.start())
        await self._over.wait()

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._over.set)
        self._thread.join()
