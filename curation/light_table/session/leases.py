"""Who is looking at which photos: a photo is shown to one person at a time, whatever the question.

A lease is on a question and covers every photo that it shows. Moments are seconds on any clock
that only goes forward.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

Lease = tuple[str, float]


class Leases:
    """Leases by question. Every call costs about what it touches."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._leases: dict[str, Lease] = {}
        self._photos: dict[str, tuple[str, ...]] = {}
        self._of_photo: dict[str, dict[str, Lease]] = {}

    def __iter__(self) -> Iterator[tuple[str, Lease]]:
        """(question, (who, until)) in the order in which they were first given."""
        return iter(list(self._leases.items()))

    def is_free(self, photos: Iterable[str], who: str, now: float) -> bool:
        """Whether nobody else is looking at any of these."""
        held = (lease for photo in photos for lease in self._of_photo.get(photo, {}).values())
        return all(holder == who or until <= now for holder, until in held)

    def give(self, key: str, photos: tuple[str, ...], who: str, now: float) -> None:
        """From `now` on these photos lie before this person; they were free, so what others had
        of them is over."""
        self.set(key, photos, (who, now + self._seconds))

    def set(self, key: str, photos: tuple[str, ...], lease: Lease) -> None:
        """A lease as it is."""
        held = [
            (other, who)
            for photo in photos
            for other, (who, _) in self._of_photo.get(photo, {}).items()
        ]
        for other, who in held:
            if who != lease[0]:
                self.end(other)
        self._leases[key], self._photos[key] = lease, photos
        for photo in photos:
            self._of_photo.setdefault(photo, {})[key] = lease

    def end(self, key: str, who: str | None = None) -> None:
        """Release this question; with `who`, only if this person held it."""
        if key not in self._leases or who not in (None, self._leases[key][0]):
            return
        del self._leases[key]
        for photo in self._photos.pop(key):
            left = self._of_photo.get(photo, {})
            left.pop(key, None)
            if not left:
                self._of_photo.pop(photo, None)

    def let_go(self, who: str) -> None:
        """This person left."""
        for key, (holder, _) in self:
            if holder == who:
                self.end(key)
