"""One picture in two competitions never tells who made it: not when it enters, not when either changes."""

import shutil
import threading
from collections.abc import Callable, Iterator
from functools import partial
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from app.arena import errors
from app.arena.entries import competitions, entries, near_duplicates, renditions
from app.arena.entries.entries import EntryDetails, EntryKey
from app.arena.entries.pack_import import import_pack
from app.arena.tables import Competition, Entry, LedgerLine
from app.arena.voting import replacement
from app.database.doors import Database
from app.gateway.storage import Storage
from tests.arena.test_packs import Pack
from tests.factories import FRAME, NOW, make_competition, make_entry, picture_bytes

BLIND, DRAFT, CLOSED, GALLERY = ("open", False), ("draft", False), ("closed", False), ("open", True)
CONTESTANT, SHOWCASE = "contestant", "showcase"
REFUSED = (
    ((BLIND, CONTESTANT), (BLIND, CONTESTANT)),
    ((DRAFT, CONTESTANT), (BLIND, CONTESTANT)),
    ((DRAFT, CONTESTANT), (DRAFT, CONTESTANT)),
    ((BLIND, CONTESTANT), (CLOSED, CONTESTANT)),
    ((CLOSED, CONTESTANT), (BLIND, CONTESTANT)),
    ((GALLERY, CONTESTANT), (DRAFT, CONTESTANT)),
    ((BLIND, CONTESTANT), (GALLERY, CONTESTANT)),
    ((CLOSED, SHOWCASE), (BLIND, CONTESTANT)),
    ((DRAFT, SHOWCASE), (BLIND, CONTESTANT)),
    ((DRAFT, CONTESTANT), (CLOSED, SHOWCASE)),
    ((BLIND, CONTESTANT), (DRAFT, SHOWCASE)),
)
TAKEN = (
    ((CLOSED, CONTESTANT), (CLOSED, CONTESTANT)),
    ((CLOSED, CONTESTANT), (GALLERY, CONTESTANT)),
    ((GALLERY, CONTESTANT), (CLOSED, SHOWCASE)),
    ((BLIND, SHOWCASE), (BLIND, SHOWCASE)),
    ((BLIND, SHOWCASE), (GALLERY, CONTESTANT)),
)


def recoded(seed: int) -> bytes:
    """The picture of this seed, enlarged and encoded badly: other bytes, another size, the same to the eye."""
    buffer = BytesIO()
    image = Image.open(BytesIO(picture_bytes(seed))).resize((96, 96), Image.Resampling.NEAREST)
    image.save(buffer, "JPEG", quality=60)
    return buffer.getvalue()


def enter(
    database: Database, storage: Storage, competition: str, model: str, data: bytes, role: str = CONTESTANT
) -> bool:
    stored = entries.store(storage, renditions.picture(data, FRAME))
    place = EntryKey(competition, model, 0, "showcase" if role == SHOWCASE else "contestant")
    facts = EntryDetails(prompt=f"{role} {model} {competition}")
    return database.write(lambda session: entries.add(session, place, stored, facts, now=NOW))


def withdraw(database: Database, competition: str, model: str) -> None:
    place = EntryKey(competition, model)
    assert database.write(lambda session: entries.withdraw(session, place, reason="twice", now=NOW))


def make(database: Database, slug: str, of: tuple[str, bool] = BLIND) -> None:
    status, gallery = of
    database.write(lambda session: make_competition(session, slug, status=status, open_gallery=gallery))


def save(database: Database, slug: str, **more: object) -> None:
    database.write(lambda session: make_competition(session, slug, **more))  # type: ignore[arg-type]


def move(database: Database, slug: str, status: str) -> bool:
    return database.write(lambda session: competitions.set_status(session, slug, status, now=NOW))


def standing(database: Database, slug: str) -> tuple[str, bool]:
    with database.reading() as session:
        row = session.scalars(select(Competition).where(Competition.slug == slug)).one()
        return row.status, row.open_gallery


def an_older_arena(
    database: Database, storage: Storage, one: tuple[str, bool], other: tuple[str, bool], role: str = CONTESTANT
) -> None:
    """Models `m` of `one` and `n` of `other` have the same picture, as nothing forbade once."""
    make(database, "one", one)
    make(database, "other", other)
    enter(database, storage, "one", "m", picture_bytes(1))
    enter(database, storage, "other", "n", picture_bytes(2), role)

    def work(session: Session) -> None:
        session.execute(update(Entry).values(perceptual_hash=5))

    database.write(work)


@pytest.fixture
def lite(sqlite_template: Path, tmp_path: Path) -> Iterator[Database]:
    """For what does not depend on the kind of database."""
    shutil.copy(sqlite_template, tmp_path / "lite.sqlite3")
    database = Database(f"sqlite:///{tmp_path / 'lite.sqlite3'}")
    yield database
    database.close()


@pytest.fixture
def storage(tmp_path: Path) -> Storage:
    return Storage(tmp_path / "files")


def test_what_is_judged_blind_stands_nowhere_else(database: Database, storage: Storage) -> None:
    for number, ((first, first_role), (second, second_role)) in enumerate((*REFUSED, *TAKEN)):
        make(database, f"first-{number}", first)
        make(database, f"second-{number}", second)
        enter(database, storage, f"first-{number}", "m", picture_bytes(100 + number), first_role)
        again = partial(enter, database, storage, f"second-{number}", "n", recoded(100 + number), second_role)
        if number >= len(REFUSED):
            assert again(), number
            continue
        what = "showcase" if first_role == SHOWCASE else "sample"
        with pytest.raises(errors.EntryRefused, match=f"it looks like {what} 0 of m in first-{number}: "):
            again()


def test_within_one_competition(lite: Database, storage: Storage) -> None:
    """Two samples may be alike, and never meet; a showcase may not."""
    make(lite, "one")
    assert enter(lite, storage, "one", "m", picture_bytes(1))
    assert enter(lite, storage, "one", "n", recoded(1))
    with pytest.raises(errors.EntryRefused, match="sample 0 of m in one"):
        enter(lite, storage, "one", "m", recoded(1), SHOWCASE)


def test_what_was_withdrawn_stands_nowhere(lite: Database, storage: Storage) -> None:
    make(lite, "one")
    make(lite, "other")
    enter(lite, storage, "one", "m", picture_bytes(1))
    with pytest.raises(errors.EntryRefused):
        enter(lite, storage, "other", "m", recoded(1))
    withdraw(lite, "one", "m")
    assert enter(lite, storage, "other", "m", recoded(1))


def test_of_two_at_once_one_is_taken(database: Database, storage: Storage) -> None:
    for number in range(6):
        make(database, f"one-{number}")
        make(database, f"other-{number}")
        start, taken = threading.Barrier(2), []

        def come(slug: str, start: threading.Barrier = start, seed: int = number) -> None:
            stored = entries.store(storage, renditions.picture(picture_bytes(seed), FRAME))
            start.wait()
            try:
                database.write(lambda s: entries.add(s, EntryKey(slug, "m"), stored, EntryDetails(), now=NOW))
                taken.append(slug)  # noqa: B023
            except errors.EntryRefused:
                pass

        both = [threading.Thread(target=come, args=(f"{slug}-{number}",)) for slug in ("one", "other")]
        for thread in both:
            thread.start()
        for thread in both:
            thread.join()
        assert len(taken) == 1


MOMENTS: dict[str, tuple[tuple[str, bool], tuple[str, bool], Callable[[Database], object]]] = {
    "a draft opens, named elsewhere": (DRAFT, CLOSED, lambda database: move(database, "one", "open")),
    "a draft opens, judged elsewhere": (DRAFT, BLIND, lambda database: move(database, "one", "open")),
    "by a file": (DRAFT, GALLERY, lambda database: save(database, "one", status="open")),
    "one closes, judged elsewhere": (BLIND, BLIND, lambda database: move(database, "one", "closed")),
    "one closes, a draft elsewhere": (BLIND, DRAFT, lambda database: move(database, "one", "closed")),
    "a gallery opens": (BLIND, BLIND, lambda database: save(database, "one", open_gallery=True)),
    "one opens again": (CLOSED, GALLERY, lambda database: move(database, "one", "open")),
}


@pytest.mark.parametrize("moment", MOMENTS)
def test_no_moment_tells_a_name(lite: Database, storage: Storage, moment: str) -> None:
    one, other, change = MOMENTS[moment]
    an_older_arena(lite, storage, one, other)
    told = "sample 0 of m in one looks like sample 0 of n in other: .*withdraw one of the two"
    with pytest.raises(errors.StandsElsewhere, match=told):
        change(lite)
    assert standing(lite, "one") == one
    withdraw(lite, *(("one", "m") if len(moment) % 2 else ("other", "n")))
    change(lite)
    assert standing(lite, "one") != one


def test_a_showcase_counts_in_these_moments(database: Database, storage: Storage) -> None:
    an_older_arena(database, storage, DRAFT, DRAFT, SHOWCASE)
    for slug, first in (("one", "sample 0 of m in one"), ("other", "showcase 0 of n in other")):
        with pytest.raises(errors.StandsElsewhere, match=first):
            move(database, slug, "open")
    make(database, "empty", DRAFT)
    assert move(database, "empty", "open")


def test_a_file_hides_nothing_that_was_shown(lite: Database, storage: Storage) -> None:
    """It is read again and again: `arena seed` must not open what somebody closed."""
    for slug, of in (("one", CLOSED), ("two", GALLERY), ("three", ("draft", True))):
        make(lite, slug, of)
        enter(lite, storage, slug, "m", picture_bytes(len(slug)))
    save(lite, "one", status="open")
    assert standing(lite, "one") == CLOSED
    with pytest.raises(errors.InvalidCompetition, match="open_gallery"):
        save(lite, "two", status="open")
    save(lite, "three", status="draft")
    assert standing(lite, "three") == DRAFT


def test_opening_again_is_told_to_everybody(lite: Database, storage: Storage) -> None:
    make(lite, "one")
    make_entry_of = ("one", "m")
    lite.write(lambda session: make_entry(session, storage, *make_entry_of, seed=1))
    for status in ("closed", "open"):
        lite.write(lambda s, to=status: competitions.set_status(s, "one", to, now=NOW, reason="by mistake"))  # type: ignore[misc]
    with lite.reading() as session:
        query = select(LedgerLine.action, LedgerLine.reason).order_by(LedgerLine.id.desc()).limit(2)
        last = [tuple(line) for line in session.execute(query)]
    assert last == [("competition.reopened", "by mistake"), ("competition.closed", "by mistake")]


def test_a_replacement_passes_the_same_door(lite: Database, storage: Storage) -> None:
    for slug, seed in (("one", 1), ("other", 2)):
        make(lite, slug)
        enter(lite, storage, slug, "m", picture_bytes(seed))
    order = replacement.ReplacementOrder("one", "m", None, "better.png", "sharper")
    picture = renditions.picture(recoded(2), FRAME)
    with pytest.raises(errors.EntryRefused, match="sample 0 of m in other"):
        replacement.replace(lite, storage, order, picture, now=lambda: NOW)
    with lite.reading() as session:
        assert session.scalar(select(func.count()).where(Entry.withdrawn_at.is_not(None))) == 0


def test_a_pack_passes_the_same_door(lite: Database, storage: Storage, tmp_path: Path) -> None:
    pack = Pack(tmp_path / "pack")
    for slug in ("lamp", "teapot"):
        pack.competition(slug)
        pack.image(slug, f"model-{slug}", picture_bytes(1))
    pack.image("teapot", "another", picture_bytes(2))
    pack.write()
    report = import_pack(lite, storage, pack.folder, now=lambda: NOW)
    assert [(outcome.subject, outcome.kind) for outcome in report.outcomes] == [
        ("lamp/model-lamp.png", "taken"),
        ("teapot/model-teapot.png", "refused"),
        ("teapot/another.png", "taken"),
    ]
    assert "sample 0 of model-lamp in lamp" in str(report.refused[0].reason)


@pytest.mark.parametrize(
    ("one", "other", "role", "found"),
    [
        (BLIND, CLOSED, CONTESTANT, [True]),
        (BLIND, GALLERY, CONTESTANT, [True]),
        (BLIND, CLOSED, SHOWCASE, [True]),
        (BLIND, BLIND, CONTESTANT, [False]),
        (BLIND, DRAFT, SHOWCASE, [False]),
        (DRAFT, CLOSED, CONTESTANT, []),
        (CLOSED, CLOSED, CONTESTANT, []),
    ],
)
def test_older_pairs_are_found(
    lite: Database,
    storage: Storage,
    one: tuple[str, bool],
    other: tuple[str, bool],
    role: str,
    found: list[bool],
) -> None:
    an_older_arena(lite, storage, one, other, role)
    with lite.reading() as session:
        pairs = near_duplicates.twins(session)
    assert [pair.is_public for pair in pairs] == found
    for pair in pairs:
        assert pair.blind == "sample 0 of m in one"
        assert pair.other == ("showcase 0 of n in other" if role == SHOWCASE else "sample 0 of n in other")
