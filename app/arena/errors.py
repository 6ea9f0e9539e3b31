"""The refusals of the arena: each names what is wrong, with a stable code."""

from app.errors import Refusal
from app.words import MODES, Mode


class ArenaError(Refusal):
    """Base of the arena's refusals."""


class UnknownMode(ArenaError, code="unknown_mode"):
    """There is no such mode."""


class UnknownCategory(ArenaError, code="unknown_category"):
    """There is no such category."""


class UnknownCompetition(ArenaError, code="unknown_competition"):
    """There is no such competition, or it is a draft."""


class InvalidCompetition(ArenaError, code="invalid_competition"):
    """A competition's definition is wrong, or contradicts what people already voted on."""


class UnknownQuestion(ArenaError, code="unknown_question"):
    """There is no such question."""


class InvalidQuestion(ArenaError, code="invalid_question"):
    """A question's definition is wrong, or it can't be retired."""


class InvalidPack(ArenaError, code="invalid_pack"):
    """A pack can't be read at all."""


class EntryRefused(ArenaError, code="entry_refused"):
    """One image does not become an entry."""


class StandsElsewhere(ArenaError, code="stands_elsewhere"):
    """A competition would show, or hide, a picture that another one hides or shows."""


class UnknownEntry(ArenaError, code="unknown_entry"):
    """There is no such entry."""


class NothingLeft(ArenaError, code="nothing_left"):
    """This voter has seen every pair there is here."""


class NothingOpen(NothingLeft, code="nothing_left"):
    """Nobody can judge anything here now."""


class JudgedEnough(NothingLeft, code="nothing_left"):
    """This voter has seen so many names here that the next pair could be guessed."""


class MatchupNotFound(ArenaError, code="matchup_not_found"):
    """There is no such matchup, or it is somebody else's: the two are not told apart."""

    def __init__(self, message: str = "There is no such pair of yours.") -> None:
        super().__init__(message)


class MatchupExpired(ArenaError, code="matchup_expired"):
    """The matchup was issued too long ago."""


class MatchupClosed(ArenaError, code="matchup_closed"):
    """The matchup's competition closed, or one of its entries was withdrawn."""


class OutcomeStands(ArenaError, code="already_voted"):
    """A vote with another outcome was cast on this matchup before."""


class VoteUndone(ArenaError, code="undone"):
    """An undone matchup can't be voted on again."""


class UndoTooLate(ArenaError, code="too_late"):
    """The time to undo a vote has passed."""


class NotVoted(ArenaError, code="not_voted"):
    """There is no vote to undo on this matchup."""


class TasteNotFound(ArenaError, code="taste_not_found"):
    """Nobody shares a card at this address, or who shared it took it back: the two are not told apart."""


class ShareLimit(ArenaError, code="share_limit"):
    """This voter shares as many cards as one may."""


class TooMany(ArenaError, code="rate_limited"):
    """Somebody asked too often; `retry_after` seconds later it is allowed again."""


class UndoLimit(ArenaError, code="undo_limit"):
    """This voter has undone too many votes today."""


def read_mode(name: str) -> Mode:
    """Return the mode of that name. Raises UnknownMode."""
    if name not in MODES:
        raise UnknownMode(f"The modes are {' and '.join(MODES)}.")
    return Mode(name)
