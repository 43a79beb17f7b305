"""Bumble's link between controllers, repaired: data come from the address that connected.

Bumble 0.0.236 takes the sender's random address instead. That address is another where a host scans
under a random address and connects under its public address, as Linux does.
"""

from __future__ import annotations

import asyncio
from typing import Any

from bumble.link import LocalLink


class AirLink(LocalLink):
    """LocalLink for controllers with more than one address."""

    def send_acl_data(
        self, sender_controller: Any, destination_address: Any, transport: Any, data: bytes
    ) -> None:
        connection = sender_controller.le_connections.get(destination_address)
        other = self.find_le_controller(destination_address)
        if connection is None or other is None:
            super().send_acl_data(sender_controller, destination_address, transport, data)
        else:
            asyncio.get_running_loop().call_soon(
                other.on_link_acl_data, connection.self_address, transport, data)
