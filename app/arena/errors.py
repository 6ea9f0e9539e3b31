"""What the arena refuses, each with a stable code and a message safe to show."""


class ArenaError(Exception):
    """Base of the room's refusals."""

    code = "arena_error"


class UnknownMode(ArenaError):
    """No such mode."""

    code = "unknown_mode"


class UnknownCategory(ArenaError):
    """No such category."""

    code = "unknown_category"


class UnknownCompetition(ArenaError):
    """No such competition, or it is a draft."""

    code = "unknown_competition"


class InvalidCompetition(ArenaError):
    """A competition's definition is wrong, or contradicts what people already voted on."""

    code = "invalid_competition"


class InvalidPack(ArenaError):
    """A pack that cannot be read at all."""

    code = "invalid_pack"


class EntryRefused(ArenaError):
    """One image that does not become an entry."""

    code = "entry_refused"


class StandsElsewhere(ArenaError):
    """A competition would show, or hide, a picture that another one hides or shows."""

    code = "stands_elsewhere"


class UnknownEntry(ArenaError):
    """No such entry."""

    code = "unknown_entry"


class NothingLeft(ArenaError):
    """This voter has seen every pair there is here."""

    code = "nothing_left"


class MatchupNotFound(ArenaError):
    """No such matchup, or somebody else's: the two are not told apart."""

    code = "matchup_not_found"


class MatchupExpired(ArenaError):
    """Issued too long ago."""

    code = "matchup_expired"


class MatchupClosed(ArenaError):
    """Its competition closed, or one of its entries was withdrawn."""

    code = "matchup_closed"


class OutcomeStands(ArenaError):
    """A vote with another outcome stands."""

    code = "already_voted"


class VoteUndone(ArenaError):
    """An undone matchup cannot be voted on again."""

    code = "undone"


class UndoTooLate(ArenaError):
    """The time to undo has passed."""

    code = "too_late"


class NotVoted(ArenaError):
    """There is no vote to undo here."""

    code = "not_voted"


class TooMany(ArenaError):
    """Asked too often; `retry_after` seconds later it is allowed again."""

    code = "rate_limited"

    def __init__(self, message: str, retry_after: int) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class UndoLimit(ArenaError):
    """Undone too often today."""

    code = "undo_limit"
