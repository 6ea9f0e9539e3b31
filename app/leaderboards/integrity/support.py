"""Says in words what a board rests on, and what would make it surer first: more voters, prompts or votes."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from app.database.statements import PreparedStatement, read_json
from app.elo_scale import FEW_PROMPTS, FEW_VOTERS, PARTS
from app.leaderboards.integrity.certificates import Certificate
from app.leaderboards.tables import Board, RatingRun
from app.leaderboards.views.boards import Run

THREAD = 3
"""Votes: a first place that so few votes, cast otherwise, would change hangs by a thread."""
MOST_CHANGED = 0.1
"""The part of its votes by which a board may have grown or shrunk for a certificate still to tell of it."""
_CURRENT_RUN = PreparedStatement(
    lambda _: (
        select(RatingRun.parts, RatingRun.votes, RatingRun.versions)
        .join(Board, Board.current_run_id == RatingRun.id)
        .where(Board.key == bindparam("board"))
    )
)
Remedy = Literal["voters", "prompts", "votes"]


@dataclass(frozen=True)
class Support:
    """
    Describe what a board rests on; `voters` is None where nobody is known.

    `prompts` is None on a board of one prompt, which is about that prompt. `flips` is the fewest votes that change
    the first place if they are cast otherwise, None where none do or nobody counted. `remedy` is what would narrow
    the intervals most, None where that is unknown.
    """

    votes: int
    voters: int | None
    prompts: int | None
    flips: int | None
    remedy: Remedy | None

    @property
    def is_thin(self) -> bool:
        """Tell whether readers must be warned: few voters, few prompts, or a first place by a thread."""
        few = (self.voters, FEW_VOTERS), (self.prompts, FEW_PROMPTS), (self.flips, THREAD)
        return any(count is not None and count <= most for count, most in few)


def read_support(session: Session, key: str, certificate: Certificate | None) -> Support | None:
    """Read what a board's current run rests on; None before the first."""
    row = _CURRENT_RUN.first(session, board=key)
    if row is None:
        return None
    prompts = None if key.startswith("competition:") else len(read_json(row.versions))
    return judge_support(read_json(row.parts), row.votes, prompts, certificate)


def read_thin_support(session: Session, key: str, run: Run, certificate: Certificate | None) -> Support | None:
    """Read what a board of several prompts rests on if its run has few people or prompts, or hangs by a thread."""
    flips = _count_flips(certificate, run.votes)
    is_thin = Support(run.votes, run.voters, len(run.competition_ids), flips, None).is_thin
    return read_support(session, key, certificate) if is_thin else None


def judge_support(
    parts: Mapping[str, Any] | None, votes: int, prompts: int | None, certificate: Certificate | None
) -> Support:
    """Judge a run by its parts (None for a run of method version 1), its prompts, and its certificate."""
    voters = ((parts or {}).get("voters") or {}).get("count")
    return Support(votes, voters, prompts, _count_flips(certificate, votes), _remedy(parts, prompts))


def _count_flips(certificate: Certificate | None, votes: int) -> int | None:
    """Return the fewest votes that change the first place; None where a board has changed much since the sweep."""
    if certificate is None or abs(votes - certificate.votes) > MOST_CHANGED * certificate.votes:
        return None
    flipped = certificate.by_kind.get("flipped")
    return flipped["votes"] if flipped else None


def describe_support(support: Support) -> Iterator[str]:
    """Say in sentences on what little a board rests, and what would help most; nothing where it is much."""
    if support.voters is not None and support.voters <= FEW_VOTERS:
        whose = "that person's" if support.voters == 1 else "their"
        yield f"It rests on {_count(support.voters, 'voter')}: it is {whose} taste."
    if support.prompts is not None and support.prompts <= FEW_PROMPTS:
        yield f"It rests on {_count(support.prompts, 'prompt')}: another prompt may turn it."
    if support.flips is not None and support.flips <= THREAD:
        yield f"Its first place hangs by a thread: {_count(support.flips, 'vote')} cast otherwise would change it."
    if support.is_thin and support.remedy:
        yield f"More {support.remedy} would help most."


def add_up_parts(parts: Mapping[str, Any] | None) -> dict[str, float]:
    """Add up the squares of all models' half-widths by what makes them; empty where a run does not know that."""
    rows = ((parts or {}).get("models") or {}).values()
    return {name: sum(row[at] ** 2 for row in rows) for at, name in enumerate(PARTS)} if rows else {}


def _remedy(parts: Mapping[str, Any] | None, prompts: int | None) -> Remedy | None:
    """Name the largest part of the models' intervals; a pair's own effect fades with more votes of all pairs."""
    sums = add_up_parts(parts)
    if not sums:
        return None
    if prompts is not None and prompts <= FEW_PROMPTS:
        # What prompts add is known from three on; until then nothing can tell how little they add.
        return "prompts"
    remedies: tuple[Remedy, ...] = ("voters", "prompts", "votes")
    return max(remedies, key=(sums | {"votes": sums["votes"] + sums["pairs"]}).__getitem__)


def _count(number: int, what: str) -> str:
    return f"{('no', 'one', 'two', 'three', 'four', 'five')[number]} {what}{'' if number == 1 else 's'}"
