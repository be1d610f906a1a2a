"""How much one client may ask: an allowance that fills up again with time.

allowance = Allowance(per_minute=60)
wait = allowance.take("198.51.100.7")      0.0: go ahead, else seconds to wait
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping

MOST_CLIENTS = 20_000


class Allowance:
    """`per_minute` questions for each client, half of them at once. Safe for threads; forgets
    idle clients."""

    def __init__(
        self,
        per_minute: float,
        burst: float | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._rate = per_minute / 60.0
        self._most = max(1.0, burst if burst is not None else per_minute / 2)
        self._clock = clock
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._lock = threading.Lock()

    def take(self, client: str, cost: float = 1.0) -> float:
        """Spend from a client's allowance; what is returned is 0, or the seconds until it would
        do."""
        with self._lock:
            now = self._clock()
            left, at = self._left.pop(client, (self._most, now))
            left = min(self._most, left + (now - at) * self._rate)
            wait = max(0.0, (cost - left) / self._rate)
            self._left[client] = (left - cost if wait == 0.0 else left, now)
            while len(self._left) > MOST_CLIENTS:
                self._left.popitem(last=False)
            return wait


def client_of(headers: Mapping[str, str], peer: str, behind_proxy: bool) -> str:
    """Who asks: the peer's address, or behind one proxy what that proxy saw (the last entry,
    which it wrote itself).

    What stands before the last comma was sent by the client and may be invented.
    """
    forwarded = (
        headers.get("x-forwarded-for", "").rsplit(",", 1)[-1].strip() if behind_proxy else ""
    )
    return forwarded or peer or "unknown"
