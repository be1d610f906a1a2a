"""How much one client may ask: an allowance that fills up again with time.

allowance = Allowance(per_minute=60)
wait = allowance.take("198.51.100.7")      0.0: go ahead, else seconds to wait
"""

from __future__ import annotations

import ipaddress
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

    def give_back(self, client: str) -> None:
        """What was taken did not count after all."""
        with self._lock:
            if client in self._left:
                left, at = self._left[client]
                self._left[client] = (min(self._most, left + 1), at)

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


def is_https(scheme: str, headers: Mapping[str, str]) -> bool:
    """Whether the browser came by https, itself or to a proxy before us. Somebody who lies about it
    only keeps their own cookie from coming back."""
    told = headers.get("x-forwarded-proto", "").split(",")[0].strip().lower()
    return scheme == "https" or told == "https"


def client_of(headers: Mapping[str, str], peer: str, behind_proxy: bool) -> str:
    """Who asks: the peer's address, or behind one proxy what that proxy saw (the last entry,
    which it wrote itself).

    What stands before the last comma was sent by the client and may be invented.
    """
    forwarded = (
        headers.get("x-forwarded-for", "").rsplit(",", 1)[-1].strip() if behind_proxy else ""
    )
    return _place_of(forwarded or peer) or "unknown"


def _place_of(address: str) -> str:
    """One key for all addresses that a client can choose from: in IPv6 a provider gives out 2^64 of
    them."""
    try:
        found = ipaddress.ip_address(address.strip("[]").partition("%")[0])
    except ValueError:
        return address
    if found.version == 6 and not found.ipv4_mapped:
        return str(ipaddress.ip_network((found, 64), strict=False))
    return str(found.ipv4_mapped if found.version == 6 else found)
