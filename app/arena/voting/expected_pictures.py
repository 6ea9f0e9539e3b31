"""Pictures that voters are expected to fetch, since this process has just issued their pairs."""

from typing import NamedTuple

from app.arena.entries import renditions

MOST_EXPECTED = 4096
"""Pictures that are remembered; of the oldest beyond them the ordinary look-up is made."""


class PaddedPicture(NamedTuple):
    """Describe how a side of a matchup is stored, and the lengths that its competition's files are sent with."""

    key: str
    file_bytes: int
    small_file_bytes: int

    def name_file(self, *, small: bool) -> tuple[str, int]:
        """Name the key and the length of what is sent; the large one stands in where there is no small one."""
        if small and self.small_file_bytes:
            return renditions.small_key(self.key), self.small_file_bytes
        return self.key, self.file_bytes


class ExpectedPictures:
    """
    The pictures of the pairs that this process issued last, by matchup and side, until they are fetched.

    With what is remembered here, one statement finds and marks a picture's first serving. The statement says
    whether all of it still holds: where it does not, or another process issued the pair, the look-up comes first.
    """

    def __init__(self) -> None:
        self._pictures: dict[tuple[bytes, str], PaddedPicture] = {}

    def expect(self, matchup: bytes, a: PaddedPicture, b: PaddedPicture) -> None:
        """Remember both sides of a matchup, in the place of the oldest ones."""
        pictures = self._pictures
        pictures[matchup, "a"], pictures[matchup, "b"] = a, b
        for old in list(pictures)[:2] if len(pictures) > MOST_EXPECTED else ():
            pictures.pop(old, None)

    def take(self, matchup: bytes, side: str) -> PaddedPicture | None:
        """Return what is remembered of a side, once."""
        return self._pictures.pop((matchup, side), None)
