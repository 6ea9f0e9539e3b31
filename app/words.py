"""
The words of the arena, each with the label that a person reads.

Pages, scripts, commands, JSON and documents take them from here. A new reason is a line in `Reason`.
"""

from enum import StrEnum
from typing import Self


class Word(StrEnum):
    """A value as the database and the API hold it, its `label` for tables, and its `sentence` for voters."""

    label: str
    sentence: str

    def __new__(cls, value: str, label: str = "", sentence: str = "") -> Self:
        """Make a member that equals its value."""
        member = str.__new__(cls, value)
        member._value_ = value
        member.label = label
        member.sentence = sentence
        return member


class Mode(Word):
    """The task that the models of a competition were given."""

    TEXT_TO_IMAGE = "text-to-image", "Text to image"
    IMAGE_EDIT = "image-edit", "Image edit"


MODES = tuple(Mode)


BETTER = "better"
"""The question that every arena asks and whose boards are the overall ones: which picture is better."""


class Outcome(Word):
    """The answer of a voter to a pair."""

    A = "a", "A", "You picked A."
    B = "b", "B", "You picked B."
    TIE = "tie", "tie", "You called it a tie."
    BOTH_BAD = "both_bad", "both bad", "You found both bad."
    SKIP = "skip", "skip", "You skipped this pair."


OUTCOMES = tuple(Outcome)
UNLOADABLE = "unloadable"
"""Sent in the place of an outcome: the pictures of a pair can't be loaded. It is no vote, and none is stored."""
JUDGEMENTS = OUTCOMES[:-1]
"""Outcomes that compare the two pictures; a skip says nothing about them."""


class Reason(Word):
    """The reason why a vote is stored but not counted."""

    SKIP = "skip", "Skipped", "the pair was skipped"
    UNDONE = "undone", "Taken back", "you took it back"
    VOTER_CAP = "voter_cap", "Voter over its cap", "you have judged as many pairs this month as one voter may"
    NETWORK_CAP = "network_cap", "Network over its cap", "your network has judged all the pairs of a month"
    TOO_FAST = "too_fast", "Too fast", "it came faster than anybody can look at two pictures"
    UNSEEN = "unseen", "Images not sent", "its pictures were never loaded"
    QUARANTINED = "quarantined", "Quarantined", "it is set aside until an admin has looked at it"
    ADMIN = "admin", "By an admin", "an admin set it aside"
    REPLACED = "replaced", "Image replaced", "one of its pictures was replaced"
    # Told where a pair was given back; no vote is stored with it.
    UNLOADABLE = "unloadable", "Images not loaded", "its pictures could not be loaded"
    DEMO = "demo", "On demo images", "its pictures belonged to the demo"


class ReportReason(Word):
    """The reason why a voter reports a picture."""

    OFFENSIVE = "offensive", "Offensive"
    BROKEN = "broken", "Broken"
    SHOWS_MAKER = "shows_maker", "Shows its maker"


def label_reason(reason: str) -> str:
    """Return the label of a reason; one of another arena's own is told as it is written."""
    return Reason(reason).label if reason in tuple(Reason) else reason.replace("_", " ").capitalize()


def explain_reason(reason: str) -> str:
    """Tell a voter why a vote is not counted."""
    because = Reason(reason).sentence if reason in tuple(Reason) else reason.replace("_", " ")
    return f"This vote is kept but not counted: {because}."


def plural(number: int, one: str, many: str | None = None) -> str:
    """Write a number with its noun: `1 vote`, `2 votes`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"
