"""Whom a flag is about: one voter, or one network prefix by its salted key."""

from dataclasses import dataclass

from sqlalchemy import ColumnElement

from app.arena.tables import Flag, Matchup, Vote
from app.errors import Refusal

KEY_HEX = 32
LARGEST = 2**31 - 1
"""Number of a voter."""


class UnknownSubject(Refusal, code="unknown_subject"):
    """No such voter or network."""


class UnknownFlag(Refusal, code="unknown_flag"):
    """No flag has this number."""


@dataclass(frozen=True)
class Subject:
    """A voter or a network; exactly one of the two is set."""

    voter_id: int | None = None
    network_key: bytes | None = None

    @classmethod
    def named(cls, name: int | bytes) -> "Subject":
        """Make a subject of the name that a Batch gives it."""
        return cls(voter_id=name) if isinstance(name, int) else cls(network_key=bytes(name))

    @classmethod
    def parse(cls, text: str) -> "Subject":
        """Parse a voter's number, or a network key's 32 hexadecimal digits. Raises UnknownSubject."""
        if text.isascii() and text.isdigit() and len(text) < KEY_HEX and 0 < int(text) <= LARGEST:
            return cls(voter_id=int(text))
        try:
            key = bytes.fromhex(text)
        except ValueError:
            key = b""
        if len(text) != KEY_HEX or len(key) != KEY_HEX // 2:
            raise UnknownSubject("Name a voter by its number, or a network by the 32 digits of its key.")
        return cls(network_key=key)

    @property
    def name(self) -> str:
        """Return the subject's name in the public ledger, where networks have none."""
        return "network" if self.voter_id is None else f"voter:{self.voter_id}"

    @property
    def votes(self) -> ColumnElement[bool]:
        """Build the condition that a vote, joined to its matchup, is the subject's."""
        if self.voter_id is not None:
            return Vote.voter_id == self.voter_id
        return Matchup.network_key == self.network_key

    @property
    def matchups(self) -> ColumnElement[bool]:
        """Build the condition that a matchup was issued to the voter, or asked for from the network."""
        if self.voter_id is not None:
            return Matchup.voter_id == self.voter_id
        return Matchup.network_key == self.network_key

    @property
    def flags(self) -> ColumnElement[bool]:
        """Build the condition that a flag is about the subject."""
        if self.voter_id is not None:
            return Flag.voter_id == self.voter_id
        return Flag.network_key == self.network_key
