"""What became of the votes in the stage's database."""

from dataclasses import dataclass
from functools import partial

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.arena.tables import Vote, Voter
from app.arena.voting import vote_casting
from app.leaderboards.integrity.fraud.quarantine import QUARANTINED
from scripts.attacks.stage import Stage

AT_ONCE = 500


@dataclass(frozen=True)
class Shares:
    """Of the honest votes: excluded by the sweep, beyond the caps."""

    excluded: float
    clipped: float


def count_everything(stage: Stage) -> None:
    """Count every vote but skips, as an arena without a defence would."""
    uncounted = select(Vote.id).where(~Vote.counted, Vote.outcome != "skip").order_by(Vote.id)
    with stage.database.reading() as session:
        waiting = list(session.scalars(uncounted))
    for start in range(0, len(waiting), AT_ONCE):
        stage.database.write(partial(_count, votes=waiting[start : start + AT_ONCE], stage=stage))


def last_voter(stage: Stage) -> int:
    """Return the id of the newest voter, 0 where there is none."""
    with stage.database.reading() as session:
        return session.scalars(select(func.max(Voter.id))).one() or 0


def shares(stage: Stage, last: int) -> Shares:
    """Return the shares of the votes of the voters up to this id."""
    query = select(Vote.reason, func.count()).where(Vote.voter_id <= last, Vote.outcome != "skip")
    with stage.database.reading() as session:
        by_reason = dict(session.execute(query.group_by(Vote.reason)).all())
    total, excluded = sum(by_reason.values()), by_reason.pop(QUARANTINED, 0)
    return Shares(excluded / total, (total - excluded - by_reason.get(None, 0)) / total)


def _count(session: Session, *, votes: list[int], stage: Stage) -> None:
    for vote in votes:
        vote_casting.annotate(session, vote, now=stage.now, reason=None, actor="attack-sim")
