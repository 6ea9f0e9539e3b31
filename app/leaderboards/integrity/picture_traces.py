"""Tells what the files of a mode's pictures say of their makers, read from the traits of their renditions."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, ClassVar

import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.arena.entries.named_pictures import IS_NAMED_FIELD
from app.arena.entries.traits import TRAITS, Kind, read_source
from app.arena.tables import Competition, Entry
from app.catalog.tables import ImageModel
from app.leaderboards.integrity.maker_guess import GuessShare, TraitTable, guess_makers, sum_up
from app.ratings.tallies import Array

MOST_PICTURES = 20_000
"""Pictures that are looked at: the newest."""
ALONE = 3.0
"""Usual spreads between a picture and all others of its field from which it stands out."""
USUAL = np.array([trait.usual for trait in TRAITS])
KINDS = tuple(dict.fromkeys(trait.kind for trait in TRAITS))
KIND_OF = np.array([trait.kind for trait in TRAITS])


@dataclass(frozen=True)
class OutstandingPicture:
    """Name a picture that none of another model in its competition comes near to, by kinds of traits."""

    model: str
    sample: int
    kinds: tuple[Kind, ...]


@dataclass(frozen=True)
class CompetitionTraces:
    """
    Tell what one competition's files say of their makers.

    `guess` is None while too little is known: fewer than two makers with pictures in other competitions, or fewer
    than three competitions. `unmeasured` pictures were entered by older versions; `arena renditions` measures
    them.
    """

    slug: str
    mode: str
    status: str
    pictures: int
    unmeasured: int
    guess: GuessShare | None
    outstanding: tuple[OutstandingPicture, ...]

    @property
    def is_telling(self) -> bool:
        """Tell whether a picture stands out, or makers are told more often than chance explains."""
        return bool(self.outstanding) or (self.guess is not None and self.guess.low > self.guess.chance)


@dataclass(frozen=True)
class ModeTraces:
    """Tell what a mode's files say in all, and by each kind of trait alone; None while too little is known."""

    mode: str
    guess: GuessShare | None
    by_kind: Mapping[str, float]
    competitions: tuple[CompetitionTraces, ...]


@dataclass(frozen=True)
class PublicTraces:
    """Hold what of them may be published: numbers without names, by competition what a guess has there."""

    # The API's documents describe the fields by the docstrings under them.
    __pydantic_config__: ClassVar[dict[str, bool]] = {"use_attribute_docstrings": True}

    guess: GuessShare
    by_kind: Mapping[str, float]
    competitions: Mapping[str, GuessShare]
    outstanding: int
    """Pictures that stand out in their competition, of all."""


@dataclass(frozen=True)
class _Row:
    """Describe a picture: where it stands, who made it, and its traits; None where these were not measured."""

    competition: str
    status: str
    showcase: bool
    model: str
    sample: int
    traits: tuple[float, ...] | None


def read_traces(session: Session, mode: str, *, named_only: bool = False) -> ModeTraces:
    """
    Judge a mode's pictures as they are now: by competition, showcases left out, which only teach.

    With `named_only`, closed competitions and open galleries alone are judged and learnt from.
    """
    rows = _read_rows(session, mode, named_only=named_only)
    measured = [row for row in rows if row.traits is not None]
    if not measured:
        return ModeTraces(mode, None, {}, tuple(_judge_each(mode, rows, {})))
    table = _tabulate(measured)
    slugs = sorted({row.competition for row in measured})
    judged = {row.competition for row in rows if not row.showcase}
    guesses = [one for one in guess_makers(table) if slugs[one.competition] in judged]
    by_competition = {slugs[one.competition]: one.share() for one in guesses}
    whole = sum_up(guesses)
    by_kind: dict[str, float] = {kind: _share_by(table, kind) for kind in KINDS} if whole else {}
    return ModeTraces(mode, whole, by_kind, tuple(_judge_each(mode, rows, by_competition)))


def read_competition_traces(session: Session, slug: str) -> CompetitionTraces | None:
    """Judge one competition's pictures; None where there is no such competition, no picture, or a showcase."""
    mode = session.scalar(select(Competition.mode).where(Competition.slug == slug))
    if mode is None:
        return None
    return next((one for one in read_traces(session, mode).competitions if one.slug == slug), None)


def publish_traces(traces: ModeTraces) -> dict[str, Any]:
    """
    Describe for an audit, ready for JSON, what may be published of traces that were read with `named_only`.

    How often guesses at an open field are right depends on who made which picture, so that share would tell.
    """
    if traces.guess is None:
        return {}
    shares = {one.slug: asdict(one.guess) for one in traces.competitions if one.guess}
    count = sum(len(one.outstanding) for one in traces.competitions)
    return {
        "guess": asdict(traces.guess),
        "by_kind": dict(traces.by_kind),
        "competitions": shares,
        "outstanding": count,
    }


def read_public_traces(numbers: Mapping[str, Any]) -> PublicTraces | None:
    """Read them from an audit's numbers; None from audits before there were any."""
    stored = numbers.get("traces")
    if not stored:
        return None
    shares = {slug: GuessShare(**one) for slug, one in stored["competitions"].items()}
    return PublicTraces(GuessShare(**stored["guess"]), stored["by_kind"], shares, stored["outstanding"])


def _read_rows(session: Session, mode: str, *, named_only: bool) -> list[_Row]:
    query = (
        select(
            Competition.slug, Competition.status, Competition.showcase, ImageModel.slug, Entry.sample, Entry.source
        )
        .select_from(Entry)
        .join(Competition, Competition.id == Entry.competition_id)
        .join(ImageModel, ImageModel.id == Entry.model_id)
        .where(Competition.mode == mode, Entry.role == "contestant", Entry.withdrawn_at.is_(None))
        .order_by(Entry.id.desc())
        .limit(MOST_PICTURES)
    )
    if named_only:
        query = query.where(IS_NAMED_FIELD)
    return [
        _Row(slug, status, showcase, model, sample, read_source(source))
        for slug, status, showcase, model, sample, source in session.execute(query)
    ]


def _tabulate(rows: list[_Row]) -> TraitTable:
    competition = np.unique([row.competition for row in rows], return_inverse=True)[1]
    maker = np.unique([row.model for row in rows], return_inverse=True)[1]
    return TraitTable(competition, maker, np.array([row.traits for row in rows]) / USUAL)


def _share_by(table: TraitTable, kind: str) -> float:
    """Return how often the maker is told by one kind of traits alone."""
    part = TraitTable(table.competition, table.maker, table.traits[:, kind == KIND_OF])
    whole = sum_up(guess_makers(part))
    return whole.share if whole else 0.0


def _judge_each(mode: str, rows: list[_Row], shares: Mapping[str, GuessShare]) -> Iterable[CompetitionTraces]:
    fields: dict[str, list[_Row]] = {}
    for row in rows:
        if not row.showcase:
            fields.setdefault(row.competition, []).append(row)
    for slug, field in sorted(fields.items()):
        measured = [row for row in field if row.traits is not None]
        unmeasured = len(field) - len(measured)
        guess, alone = shares.get(slug), tuple(_find_outstanding(measured))
        yield CompetitionTraces(slug, mode, field[0].status, len(field), unmeasured, guess, alone)


def _find_outstanding(rows: list[_Row]) -> Iterable[OutstandingPicture]:
    """Find the pictures that are far from every picture of the other models in some trait, fields of three on."""
    if len({row.model for row in rows}) <= 2:
        return
    traits: Array = np.array([row.traits for row in rows]) / USUAL
    for row, own in zip(rows, traits, strict=True):
        others = traits[[other.model != row.model for other in rows]]
        far = np.abs(others - own).min(axis=0) >= ALONE
        if far.any():
            yield OutstandingPicture(row.model, row.sample, tuple(dict.fromkeys(KIND_OF[far].tolist())))
