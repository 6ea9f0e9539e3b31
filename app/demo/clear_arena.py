"""Takes the demo out of the arena, at most 500 rows a write. Each step finds what is left and can be repeated."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import ColumnElement, delete, exists, or_, select
from sqlalchemy.orm import Session

from app.arena.entries import entries
from app.arena.entries.entries import Place
from app.arena.tables import Competition, Entry, Matchup, Vote, Voter
from app.arena.voting import vote_casting
from app.catalog.tables import ImageModel
from app.database.doors import execute

REASON = "demo"
MATCHUPS = 250
"""Of one write: each goes with its vote."""
VOTES = 100
"""Of one write: each changes its own row, a tally, its competition and the ledger."""
ENTRIES = 100


def demo_models(session: Session) -> list[int]:
    """Ids."""
    return list(session.scalars(select(ImageModel.id).where(ImageModel.demo)))


def withdraw(session: Session, *, now: datetime) -> int:
    """Some of the demo models' standing pictures; returns how many. Nobody is shown them, nobody votes on them."""
    rows = session.execute(
        select(Competition.slug, ImageModel.slug, Entry.sample, Entry.role)
        .select_from(Entry)
        .join(Competition, Competition.id == Entry.competition_id)
        .join(ImageModel, ImageModel.id == Entry.model_id)
        .where(ImageModel.demo, Entry.withdrawn_at.is_(None))
        .order_by(Entry.competition_id, Entry.id)
        .limit(ENTRIES)
    ).all()
    for competition, model, sample, role in rows:
        place = Place(competition, model, sample, "showcase" if role == "showcase" else "contestant")
        entries.withdraw(session, place, reason=REASON, now=now)
    return len(rows)


def simulated_competitions(session: Session) -> list[int]:
    """Ids of those that still have simulated matchups."""
    query = select(Matchup.competition_id).where(Matchup.simulated).distinct()
    return sorted(session.scalars(query))


def delete_simulated(session: Session, competition_id: int) -> int:
    """
    Some of a competition's simulated matchups with their votes; returns how many matchups.

    The tallies are the caller's to rebuild, in the same transaction. The competition is locked first, as whoever
    closes it does.
    """
    session.execute(select(Competition.id).where(Competition.id == competition_id).with_for_update())
    of_here = select(Matchup.id, Matchup.voter_id).where(
        Matchup.simulated, Matchup.competition_id == competition_id
    )
    rows = session.execute(of_here.order_by(Matchup.id).limit(MATCHUPS)).all()
    ids = [row.id for row in rows]
    session.execute(delete(Vote).where(Vote.matchup_id.in_(ids)))
    session.execute(delete(Matchup).where(Matchup.id.in_(ids)))
    _delete_voters(session, {row.voter_id for row in rows})
    return len(rows)


def exclude(session: Session, *, now: datetime) -> int:
    """Some of people's counted votes on pictures of demo models; returns how many."""
    of_demo = select(Entry.id).join(ImageModel, ImageModel.id == Entry.model_id).where(ImageModel.demo)
    votes = session.scalars(
        select(Vote.id)
        .join(Matchup, Matchup.id == Vote.matchup_id)
        .where(Vote.counted, ~Matchup.simulated, Vote.undone_at.is_(None))
        .where(or_(Matchup.left_entry_id.in_(of_demo), Matchup.right_entry_id.in_(of_demo)))
        .order_by(Matchup.competition_id, Vote.id)
        .limit(VOTES)
    ).all()
    for vote in votes:
        vote_casting.annotate(session, vote, now=now, reason=REASON, actor="command line")
    return len(votes)


def delete_entries(session: Session) -> list[str]:
    """Some of the demo models' pictures that no matchup shows; returns the keys of their files, to be deleted."""
    rows = session.execute(
        select(Entry.id, Entry.rendition_key, Entry.original_key)
        .join(ImageModel, ImageModel.id == Entry.model_id)
        .where(ImageModel.demo, Entry.withdrawn_at.is_not(None), ~_shown())
        .limit(ENTRIES)
    ).all()
    execute(session, delete(Entry).where(Entry.id.in_([row.id for row in rows])))
    return [key for row in rows for key in (row.rendition_key, row.original_key)]


def _shown() -> ColumnElement[bool]:
    sides = or_(Matchup.left_entry_id == Entry.id, Matchup.right_entry_id == Entry.id)
    return exists(select(Matchup.id).where(sides))


def _delete_voters(session: Session, ids: Iterable[int]) -> None:
    """Those of them who have no matchup left."""
    left = exists(select(Matchup.id).where(Matchup.voter_id == Voter.id))
    session.execute(delete(Voter).where(Voter.id.in_(ids), ~left).execution_options(synchronize_session=False))
