"""Many small matrices after each other: one core is done with them before two have agreed on who
does what, and two that wait for each other keep both cores busy.

    with ONE_CORE:
        a @ b
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from threadpoolctl import ThreadpoolController


class OneCore:
    """While somebody is inside, BLAS computes in one thread. It is one switch for the whole
    process: the first to come in turns it, the last to leave turns it back."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._inside = 0
        self._libraries: ThreadpoolController | None = None
        self._limit: Any = None

    def __enter__(self) -> None:
        from threadpoolctl import ThreadpoolController

        with self._lock:
            # To look for the libraries takes longer than a photo's matrices.
            self._libraries = self._libraries or ThreadpoolController()
            if not self._inside:
                self._limit = self._libraries.limit(limits=1, user_api="blas")
            self._inside += 1

    def __exit__(self, *trouble: object) -> None:
        with self._lock:
            self._inside -= 1
            if not self._inside:
                self._limit.restore_original_limits()


ONE_CORE = OneCore()
