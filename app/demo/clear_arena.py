"""Removes the demo from the arena in transactions of at most 500 rows, each of which can be repeated."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import ColumnElement, delete, exists, or_, select
from sqlalchemy.orm import Session

from app.arena.entries import entries
from app.arena.entries.entries import EntryKey
from app.arena.ledger import COMMAND_LINE
from app.arena.tables import Category, Competition, Entry, Matchup, Tally, Vote, Voter, competition_categories
from app.arena.voting import vote_casting
from app.catalog.tables import ImageModel
from app.database.doors import execute
from app.demo import drawing, edits
from app.words import Reason

MATCHUPS = 250
"""Of one write: each goes with its vote."""
VOTES = 100
"""Of one write: each changes its own row, a tally, its competition and the ledger."""
ENTRIES = 100


def list_demo_models(session: Session) -> list[int]:
    """List the ids of demo models."""
    return list(session.scalars(select(ImageModel.id).where(ImageModel.demo)))


def withdraw_entries(session: Session, *, now: datetime) -> int:
    """Withdraw up to ENTRIES entries of demo models, so that nobody votes on them; returns how many."""
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
        place = EntryKey(competition, model, sample, "showcase" if role == "showcase" else "contestant")
        entries.withdraw(session, place, reason=Reason.DEMO, now=now)
    return len(rows)


def list_simulated_competitions(session: Session) -> list[int]:
    """List the ids of competitions that still have simulated matchups."""
    query = select(Matchup.competition_id).where(Matchup.simulated).distinct()
    return sorted(session.scalars(query))


def delete_simulated(session: Session, competition_id: int) -> int:
    """
    Delete up to MATCHUPS of a competition's simulated matchups with their votes; returns how many matchups.

    The caller rebuilds the tallies in the same transaction. The competition is locked first, as closing it does.
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


def exclude_votes(session: Session, *, now: datetime) -> int:
    """Exclude up to VOTES of people's counted votes on pictures of demo models; returns how many."""
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
        vote_casting.annotate(session, vote, now=now, reason=Reason.DEMO, actor=COMMAND_LINE)
    return len(votes)


def delete_entries(session: Session) -> list[tuple[str, ...]]:
    """Delete up to ENTRIES of the demo models' entries that no matchup shows; returns the keys of each."""
    rows = session.execute(
        select(Entry.id, Entry.rendition_key, Entry.original_key, Entry.sheet_key)
        .join(ImageModel, ImageModel.id == Entry.model_id)
        .where(ImageModel.demo, Entry.withdrawn_at.is_not(None), ~_is_in_matchup())
        .limit(ENTRIES)
    ).all()
    execute(session, delete(Entry).where(Entry.id.in_([row.id for row in rows])))
    return [tuple(filter(None, (row.rendition_key, row.original_key, row.sheet_key))) for row in rows]


def delete_competitions(session: Session) -> list[str]:
    """
    Delete the demo's own competitions that have no entry left, and its categories that nothing is in.

    Returns the keys of their inputs. A competition whose entries people judged stays.
    """
    has_entry = exists(select(Entry.id).where(Entry.competition_id == Competition.id))
    ours = [row.id for row in (*edits.list_ours(session), *drawing.list_showcases(session))]
    rows = session.execute(
        select(Competition.id, Competition.input_key).where(Competition.id.in_(ours), ~has_entry)
    ).all()
    gone = [row.id for row in rows]
    execute(session, delete(Tally).where(Tally.competition_id.in_(gone)))
    execute(session, delete(Competition).where(Competition.id.in_(gone)))
    slugs = [category.slug for category in edits.CATEGORIES]
    is_used = exists(
        select(competition_categories.c.category_id).where(competition_categories.c.category_id == Category.id)
    )
    execute(session, delete(Category).where(Category.slug.in_(slugs), ~is_used))
    return [row.input_key for row in rows if row.input_key]


def _is_in_matchup() -> ColumnElement[bool]:
    sides = or_(Matchup.left_entry_id == Entry.id, Matchup.right_entry_id == Entry.id)
    return exists(select(Matchup.id).where(sides))


def _delete_voters(session: Session, ids: Iterable[int]) -> None:
    """Delete those of these voters who have no matchup left."""
    left = exists(select(Matchup.id).where(Matchup.voter_id == Voter.id))
    session.execute(delete(Voter).where(Voter.id.in_(ids), ~left).execution_options(synchronize_session=False))
