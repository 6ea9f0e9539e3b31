"""A voter's result card, for pages and API alike: read it, share it, take it back."""

import json
import secrets
from contextlib import suppress
from dataclasses import asdict
from typing import Any

from sqlalchemy.orm import Session

from app.arena import errors
from app.arena.people import shared_tastes
from app.arena.people.shared_tastes import SharedCard
from app.edge.context import now, parts
from app.edge.identity import TOKEN_BYTES, decode_id, voter
from app.leaderboards.views import taste
from app.leaderboards.views.taste import ResultCard, Taste


def read_card() -> ResultCard:
    """Read the card of this browser's last votes. Raises TasteNotFound before the first vote."""
    who = voter()
    if who is not None:
        with suppress(errors.NotVoted), parts().database.reading() as session:
            return taste.read_card(session, who)
    raise errors.TasteNotFound("You have judged no pair yet: the card tells of your last ten votes.")


def share_taste(mode: str | None = None, question: str | None = None) -> SharedCard:
    """
    Share this browser's taste as it is now, at an address nobody can guess; without a mode, the newest vote's.

    It is about `better` unless another question is named. Raises NotVoted, UnknownMode, UnknownQuestion and
    ShareLimit.
    """
    who, moment, token = _voter(), now(), secrets.token_bytes(TOKEN_BYTES)

    def work(session: Session) -> SharedCard:
        wanted = taste.read_newest_mode(session, who) if mode is None else errors.read_mode(mode)
        shown = taste.read_taste(session, who, wanted, question)
        if not shown.votes:
            raise errors.NotVoted("You have not judged a pair of this mode and question yet.")
        return shared_tastes.share(session, who, encode_taste(shown), token=token, now=moment)

    return parts().database.write(work)


def read_shared(token: str) -> SharedCard:
    """Read a shared card by its public token. Raises TasteNotFound."""
    raw = _decode(token)
    with parts().database.reading() as session:
        return shared_tastes.read_shared(session, raw)


def revoke_card(token: str) -> None:
    """Take back a card that this browser shared. Raises TasteNotFound for any other."""
    who, raw = voter(), _decode(token)
    if who is None:
        raise errors.TasteNotFound("You share no such card.")
    parts().database.write(lambda session: shared_tastes.revoke(session, who, raw))


def is_own(token: str) -> bool:
    """Tell whether this browser shares the card at an address."""
    who = voter()
    if who is None:
        return False
    with parts().database.reading() as session:
        return any(card.token == decode_id(token) for card in shared_tastes.list_shared(session, who))


def encode_taste(shown: Taste) -> dict[str, Any]:
    """Write a taste as JSON does, lists in the place of tuples, so that it equals what was stored."""
    content: dict[str, Any] = json.loads(json.dumps(asdict(shown)))
    return content


def _voter() -> bytes:
    who = voter()
    if who is None:
        raise errors.NotVoted("You have not judged a pair yet.")
    return who


def _decode(token: str) -> bytes:
    raw = decode_id(token)
    if raw is None:
        raise errors.TasteNotFound("Nobody shares a card here, or it was taken back.")
    return raw
