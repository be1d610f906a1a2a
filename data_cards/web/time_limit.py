"""An end to a request that would never end by itself.

    with TimeLimit(60) as limit:
        client.send(request)          with request.extensions["trace"] = limit.follow

A read timeout begins anew with each byte, so a server that sends one now and then, as its headers
or within TLS, would hold us for days. When the time is over, the connection is shut down.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Mapping
from contextlib import suppress
from types import TracebackType
from typing import Any

CONNECTED = "connection.connect_tcp.complete"


class TimeLimit:
    """`is_over`: whether the connections of this block were shut down."""

    def __init__(self, seconds: float) -> None:
        self.is_over = False
        self._connections: list[socket.socket] = []
        self._timer = threading.Timer(seconds, self._shut_down)
        self._timer.daemon = True

    def __enter__(self) -> TimeLimit:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._timer.cancel()
        for connection in self._connections:
            connection.close()

    def follow(self, event: str, told: Mapping[str, Any]) -> None:
        """What httpcore tells of a request: the time begins when it is connected."""
        if event == CONNECTED:
            # A copy, since TLS takes the socket itself away.
            self._connections.append(told["return_value"].get_extra_info("socket").dup())
            if len(self._connections) == 1:
                self._timer.start()

    def _shut_down(self) -> None:
        self.is_over = True
        for connection in self._connections:
            with suppress(OSError):  # closed by the other side, or by us a moment ago
                connection.shutdown(socket.SHUT_RDWR)
