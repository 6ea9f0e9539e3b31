"""Competitions: read from TOML files, saved, opened, closed and listed."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator
from sqlalchemy import exists, func, select, update
from sqlalchemy.orm import Session

from app.arena import errors, ledger
from app.arena.entries.showcases import arena_state
from app.arena.ledger import COMMAND_LINE
from app.arena.questions import QuestionShares, check_named
from app.arena.tables import Category, Competition, Entry, Matchup, Tally, competition_categories
from app.arena.tally_tables import VOTES
from app.catalog.loading import SeedChange
from app.catalog.lookup import recall_equal
from app.database.doors import execute
from app.database.statements import PreparedStatement
from app.files.text import InvalidFile, find_unstorable
from app.files.toml import read_shape, suggest
from app.words import Mode

_VOTES = select(func.sum(VOTES)).where(Tally.competition_id == Competition.id).scalar_subquery()
_LISTED = PreparedStatement(
    lambda _: select(*Competition.__table__.c, func.coalesce(_VOTES, 0).label("votes")).order_by(
        Competition.id.desc()
    )
)
_COUNTED = (func.count(Entry.model_id.distinct()).label("models"), func.count().label("entries"))
_SIZES = PreparedStatement(
    lambda _: (
        select(Entry.competition_id, *_COUNTED)
        .where(Entry.role == "contestant", Entry.withdrawn_at.is_(None))
        .group_by(Entry.competition_id)
    )
)
_FILED = PreparedStatement(
    lambda _: (
        select(competition_categories.c.competition_id, Category.slug, Category.title)
        .join(Category, Category.id == competition_categories.c.category_id)
        .order_by(Category.position, Category.slug)
    )
)

Slug = Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=80)]


def _refuse_blank(text: str) -> str:
    if not text.strip():
        raise ValueError("the text is empty")
    return text


Title = Annotated[str, Field(min_length=1, max_length=120), AfterValidator(_refuse_blank)]
Prompt = Annotated[str, Field(min_length=1, max_length=32_000), AfterValidator(_refuse_blank)]
Side = Annotated[int, Field(ge=64, le=2048)]
Parsed = TypeVar("Parsed", bound=BaseModel)
LARGEST_TARGET = 1_000_000_000
STATUSES = ("draft", "open", "closed")
"""In the order in which a file moves a competition, never back."""


class CategoryFile(BaseModel):
    """One line of categories.toml."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    slug: Slug
    title: str = Field(min_length=1, max_length=80)
    position: int = Field(default=0, ge=-1_000_000, le=1_000_000)


class CompetitionFile(BaseModel):
    """
    A competition file. `frame` is in pixels; `input` is the path of the image to edit, relative to the file.

    `mask` is the path of an image of the input's size that is transparent, or white, where the input may change.
    A `showcase` is held back: its images are shown with names and never judged; without a status it is closed.
    `questions` are what its pairs ask, by slug, with their shares; without them, what the arena asks.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    slug: Slug
    title: Title
    mode: Mode = Mode.TEXT_TO_IMAGE
    categories: tuple[Slug, ...] = ()
    prompt: Prompt
    frame: tuple[Side, Side] = (1024, 1024)
    status: Literal["draft", "open", "closed"] = "draft"
    open_gallery: bool = False
    retired: bool = True
    showcase: bool = False
    input: str | None = None
    mask: str | None = None
    questions: QuestionShares | None = None

    @model_validator(mode="after")
    def _input_where_edited(self) -> "CompetitionFile":
        if (self.mode == Mode.IMAGE_EDIT) != (self.input is not None):
            raise ValueError("an image-edit competition has an input image, a text-to-image one has none")
        if self.mask is not None and self.input is None:
            raise ValueError("a mask needs the input image whose parts it names")
        if self.showcase and self.status == "open":
            raise ValueError("a showcase is shown with names and never judged: leave its status out")
        return self

    @property
    def first_status(self) -> str:
        """Return the status that the file asks for; a showcase is closed from the start."""
        return "closed" if self.showcase else self.status


@dataclass(frozen=True)
class CompetitionSummary:
    """A competition as lists show it, with the number of its models, entries and counted votes."""

    slug: str
    title: str
    mode: str
    status: str
    categories: tuple[tuple[str, str], ...]
    """(slug, title)"""
    prompt: str
    models: int
    entries: int
    votes: int
    open_gallery: bool
    target: int | None
    """Counted votes the admin wants before closing it."""
    showcase: bool = False
    """Held back: shown with names, never judged."""

    @property
    def is_named(self) -> bool:
        """Tell whether readers see its images with names."""
        return self.status == "closed" or self.open_gallery


def read(path: Path) -> CompetitionFile:
    """Read a competition file. Raises InvalidCompetition naming the file and the key."""
    return _parse(path, CompetitionFile)


def read_categories(path: Path) -> list[CategoryFile]:
    """Read the `[[categories]]` tables of a file. Raises InvalidCompetition."""
    return list(_parse(path, _CategoriesFile).categories)


def save_category(session: Session, spec: CategoryFile) -> SeedChange:
    """Create or change a category."""
    row = session.scalars(select(Category).where(Category.slug == spec.slug)).one_or_none()
    if row is None:
        session.add(Category(**spec.model_dump()))
        session.flush()
        return SeedChange("created", "categories", spec.slug)
    return _apply(row, "categories", spec.slug, {"title": spec.title, "position": spec.position})


def save(session: Session, spec: CompetitionFile, *, now: datetime, input_key: str | None = None) -> SeedChange:
    """
    Create or change a competition.

    What votes were cast on cannot change: mode, prompt, frame and input of a competition that has entries, and
    whether it is a showcase. Names that readers have seen are not hidden again: an open gallery stays open, and
    only set_status reopens a closed competition. Raises InvalidCompetition for that and for an unknown category,
    StandsElsewhere.
    """
    row = session.scalars(select(Competition).where(Competition.slug == spec.slug)).one_or_none()
    judged = {
        "mode": spec.mode,
        "prompt": spec.prompt,
        "frame_width": spec.frame[0],
        "frame_height": spec.frame[1],
        "input_key": input_key,
        "showcase": spec.showcase,
    }
    free: dict[str, Any] = {"title": spec.title, "open_gallery": spec.open_gallery, "retired_models": spec.retired}
    named_before = row.questions if row is not None else None
    free["questions"] = check_named(session, spec.slug, spec.questions, named_before)
    categories = [_category(session, slug, spec.slug) for slug in dict.fromkeys(spec.categories)]
    if row is None:
        row = Competition(slug=spec.slug, status="draft", created_at=now, **judged, **free)
        row.categories = categories
        session.add(row)
        session.flush()
        set_status(session, spec.slug, spec.first_status, now=now)
        return SeedChange("created", "competitions", spec.slug)
    shown = {"open_gallery": spec.open_gallery} if row.open_gallery and row.status != "draft" else {}
    _refuse_changed_task(session, row, judged | shown)
    refiled = {c.slug for c in row.categories} != set(spec.categories)
    if refiled:
        row.categories = categories
    is_turned = spec.open_gallery != row.open_gallery
    change = _apply(row, "competitions", spec.slug, judged | free)
    if is_turned:
        _record_gallery_change(session, row, now)
    is_ahead = STATUSES.index(spec.first_status) > STATUSES.index(row.status)
    moved = is_ahead and set_status(session, spec.slug, spec.first_status, now=now)
    return SeedChange("changed", change.table, change.key) if refiled or moved else change


def find_competition(session: Session, slug: str, *, locks: bool = False) -> Competition:
    """
    Find a competition, draft or not; `locks` its row, so that no vote on it is cast until the transaction ends.

    Raises UnknownCompetition.
    """
    query = select(Competition).where(Competition.slug == slug)
    if locks:
        query = query.with_for_update().execution_options(populate_existing=True)
    row = session.scalars(query).one_or_none()
    if row is None:
        raise errors.UnknownCompetition(f"There is no competition {slug!r}.")
    return row


def set_status(
    session: Session,
    slug: str,
    status: str,
    *,
    now: datetime,
    actor: str = COMMAND_LINE,
    reason: str | None = None,
) -> bool:
    """
    Open or close a competition; returns whether that changed anything. Closing it closes its open matchups.

    A closed competition may be opened again; the ledger then says that its pictures had been shown by name.
    Raises UnknownCompetition, StandsElsewhere, and InvalidCompetition for a showcase to be opened.
    """
    row = find_competition(session, slug, locks=True)
    if row.status == status:
        return False
    if row.showcase and status == "open":
        raise errors.InvalidCompetition(
            f"{slug} is a showcase: its images are shown with names and never judged; start a new competition"
        )
    deed = "showcase" if row.showcase and status == "closed" else _name_deed(row.status, status)
    row.status = status
    row.closed_at = now if status == "closed" else None
    session.flush()
    _refuse_twins(session, row)
    if status == "closed":
        waiting = update(Matchup).where(Matchup.competition_id == row.id, Matchup.closed_at.is_(None))
        execute(session, waiting.values(closed_at=now))
    ledger.note(session, f"competition.{deed}", f"competition:{slug}", now=now, actor=actor, reason=reason)
    return True


def set_target(
    session: Session,
    slug: str,
    target: int | None,
    *,
    now: datetime,
    actor: str = COMMAND_LINE,
    reason: str | None = None,
) -> bool:
    """
    Set how many counted votes are wanted before closing, None for no target; return whether that changed.

    Raises UnknownCompetition, InvalidCompetition.
    """
    if target is not None and not 1 <= target <= LARGEST_TARGET:
        raise errors.InvalidCompetition(f"A target is a number of votes from 1 to {LARGEST_TARGET:,}.")
    row = find_competition(session, slug, locks=True)
    if row.target == target:
        return False
    row.target = target
    name = f"competition:{slug}"
    ledger.note(session, "competition.target", name, now=now, actor=actor, reason=reason, target=target)
    return True


def list_competitions(session: Session, *, drafts: bool = False) -> list[CompetitionSummary]:
    """List competitions, newest first, drafts only where asked; three queries for any number of them."""
    sizes, categories = _sizes(session), _categories(session)
    return [
        _summary(row, categories.get(row.id, ()), *sizes.get(row.id, (0, 0)))
        for row in _LISTED.all(session)
        if drafts or row.status != "draft"
    ]


def read_summary(session: Session, slug: str) -> CompetitionSummary:
    """Read one competition that is or was open. Raises UnknownCompetition."""
    summary = next((one for one in list_competitions(session) if one.slug == slug), None)
    if summary is None:
        raise errors.UnknownCompetition(f"There is no competition {slug!r}.")
    return summary


def read_frame(session: Session, slug: str) -> tuple[tuple[int, int], bool]:
    """Read a competition's frame in pixels and whether it is of edits. Raises UnknownCompetition."""
    row = find_competition(session, slug)
    return (row.frame_width, row.frame_height), row.input_key is not None


def _sizes(session: Session) -> dict[int, tuple[int, int]]:
    """Count models and entries by competition, showcases and withdrawn entries left out."""
    return recall_equal(session, "sizes of competitions", arena_state(session), lambda: _count_sizes(session))


def _count_sizes(session: Session) -> dict[int, tuple[int, int]]:
    return {competition: (models, entries) for competition, models, entries in _SIZES.all(session)}


def _categories(session: Session) -> dict[int, list[tuple[str, str]]]:
    """List (slug, title) by competition, in the categories' order."""
    categories: dict[int, list[tuple[str, str]]] = {}
    for competition, slug, title in _FILED.all(session):
        categories.setdefault(competition, []).append((slug, title))
    return categories


def _summary(row: Any, categories: Iterable[tuple[str, str]], models: int, entries: int) -> CompetitionSummary:
    return CompetitionSummary(
        slug=row.slug,
        title=row.title,
        mode=row.mode,
        status=row.status,
        categories=tuple(categories),
        prompt=row.prompt,
        models=models,
        entries=entries,
        votes=int(row.votes),
        open_gallery=bool(row.open_gallery),
        target=row.target,
        showcase=bool(row.showcase),
    )


def _name_deed(before: str, status: str) -> str:
    return "reopened" if (before, status) == ("closed", "open") else status


class _CategoriesFile(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    categories: tuple[CategoryFile, ...]


def _parse(path: Path, kind: type[Parsed]) -> Parsed:
    try:
        parsed = read_shape(path, kind)
    except (InvalidFile, OSError) as error:
        raise errors.InvalidCompetition(str(error)) from error
    problem = find_unstorable(parsed.model_dump(mode="json"))
    if problem is not None:
        raise errors.InvalidCompetition(f"{path.name}: {problem}")
    return parsed


def _category(session: Session, slug: str, competition: str) -> Category:
    row = session.scalars(select(Category).where(Category.slug == slug)).one_or_none()
    if row is None:
        known = list(session.scalars(select(Category.slug).order_by(Category.position, Category.slug)))
        there = f"there are {', '.join(known)}" if known else "there are none yet; load a categories.toml"
        raise errors.InvalidCompetition(
            f"{competition}: categories: there is no category {slug}{suggest(slug, known)}; {there}"
        )
    return row


def _refuse_changed_task(session: Session, row: Competition, judged: dict[str, object]) -> None:
    different = [name for name, value in judged.items() if getattr(row, name) != value]
    has_entries = session.scalars(select(exists().where(Entry.competition_id == row.id))).one()
    if different and has_entries:
        raise errors.InvalidCompetition(
            f"{row.slug}: {', '.join(different)}: cannot change once there are entries; start a new one"
        )


def _refuse_twins(session: Session, row: Competition) -> None:
    from app.arena.entries import near_duplicates  # noqa: PLC0415 (loads numpy, which readers of competitions do without)

    near_duplicates.refuse_twins(session, row)


def _record_gallery_change(session: Session, row: Competition, now: datetime) -> None:
    session.flush()
    _refuse_twins(session, row)
    deed = "gallery_opened" if row.open_gallery else "gallery_shut"
    ledger.note(session, f"competition.{deed}", f"competition:{row.slug}", now=now)


def _apply(row: Category | Competition, table: str, key: str, wanted: dict[str, object]) -> SeedChange:
    different = {name: value for name, value in wanted.items() if getattr(row, name) != value}
    for name, value in different.items():
        setattr(row, name, value)
    return SeedChange("changed" if different else "unchanged", table, key)
