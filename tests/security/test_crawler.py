"""
One voter with one open matchup reads everything there is. Before the vote nothing tells who made the two pictures:

- an answer that names the matchup (its page, pictures, JSON) names no model, creator or provider of the pair;
- no answer at all has an entry's id, a content hash, a perceptual hash or a storage key of an open competition;
- no picture anywhere but the matchup's own two looks like one of the two.
"""

import base64
import hashlib
import re
import shutil
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from app.arena.entries import entries, renditions
from app.arena.tables import Competition, Entry, Matchup
from app.catalog import lookup
from app.edge.identity import decode_id
from app.gateway.storage import Storage
from tests.security.crawling import Got, crawl, got, links
from tests.security.routes import ROUTES, address
from tests.web.catalogue import PRICED, folder_of, load_folder
from tests.web.conftest import running
from tests.web.factories import FRAME, OURS, competition, drawing, moment, parts_of, start, votes

FAR = 734_619_000
"""Added to ids, so that an id can be told from any other number."""
LOOK_ALIKE_BITS = 8
PRYING = ("include=model", "fields=*", "expand=entries", "debug=1", "format=csv", "reveal=true")


@dataclass(frozen=True)
class Crawled:
    """What one voter was told, about which pair."""

    app: Flask
    matchup: str
    answers: dict[str, Got]
    pair: tuple[Entry, Entry]
    hidden: tuple[Entry, ...]
    """Contestants of every open competition, the pair among them."""

    @property
    def own(self) -> list[Got]:
        return [one for one in self.answers.values() if self.matchup in one.told]


@pytest.fixture(scope="module")
def crawled(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Crawled]:
    folder = tmp_path_factory.mktemp("crawled")
    shutil.copy(sqlite_template, folder / "crawled.sqlite3")
    for app in running(f"sqlite:///{folder / 'crawled.sqlite3'}", folder):
        furnish(app, folder)
        yield read_everything(app)


def furnish(app: Flask, folder: Path) -> None:
    """Open, closed and edit competitions of models with makers and providers, showcases, votes."""
    slugs = [model.slug for model in PRICED]
    load_folder(app, folder_of(folder / "catalog", *slugs, "demo-pixel-mini"), moment())
    competition(app, "a-red-cube", models=PRICED, categories=("portrait",))
    competition(app, "a-lost-cube", models=PRICED, status="closed")
    competition(app, "an-edited-cube", models=PRICED, mode="image-edit")
    for number, slug in enumerate(slugs):
        stored = entries.store(parts_of(app).storage, renditions.picture(drawing(7000 + number), FRAME))
        place, facts = (
            entries.EntryKey("a-lost-cube", slug, role="showcase"),
            entries.EntryDetails(prompt=f"show {number}"),
        )
        parts_of(app).database.write(partial(entries.add, place=place, stored=stored, facts=facts, now=moment()))
    parts_of(app).database.write(lambda s: s.execute(text(f"UPDATE entries SET id = id + {FAR}")) and None)
    votes(app, 12)


def read_everything(app: Flask) -> Crawled:
    client = app.test_client()
    path = start(client, competition="a-red-cube").split("?")[0]
    matchup = path.split("/")[2]
    issued = client.post("/api/v1/matchups", json={"competition": "a-red-cube"}, headers=OURS)
    assert issued.status_code in {200, 201}
    own = [path, "/arena", f"/api/v1/matchups/{matchup}", *(f"/m/{matchup}/{side}.webp" for side in "ab")]
    listed = [address(route.split(" ", 1)[1], matchup) for route in ROUTES if route.startswith("GET ")]
    pried = [f"{one}?{words}" for one in own for words in PRYING]
    answers = crawl(client, [*own, *listed, *pried, "/api/v1/votes?format=jsonl"])
    answers["POST /api/v1/matchups"] = got("POST /api/v1/matchups", issued)
    with parts_of(app).database.reading() as session:
        return Crawled(app, matchup, answers, *_behind(session, matchup))


def _behind(session: Session, matchup: str) -> tuple[tuple[Entry, Entry], tuple[Entry, ...]]:
    row = session.scalars(select(Matchup).where(Matchup.public_id == decode_id(matchup))).one()
    pair = session.get_one(Entry, row.left_entry_id), session.get_one(Entry, row.right_entry_id)
    is_open = Competition.status == "open"
    return pair, tuple(session.scalars(select(Entry).join(Entry.competition).where(is_open)))


def names(crawled: Crawled) -> set[str]:
    """Every word that stands for the makers of the pair."""
    found: set[str] = set()
    with parts_of(crawled.app).database.reading() as session:
        for slug in (model.slug for model in PRICED):
            page = lookup.model(session, slug, moment().date())
            found |= {page.slug, page.name, page.creator or page.name, page.family or page.name, *page.aliases}
            for offering in page.offerings:
                found |= {offering.key, offering.provider, offering.provider_model_id or offering.key}
    return {word.lower() for word in found}


def keys_of(entry: Entry, storage: Storage) -> set[str]:
    """Whatever would tell one entry from the others, in every way it could be written."""
    rendition = hashlib.sha256(storage.get(entry.rendition_key)).digest()
    digests = {rendition, bytes.fromhex(entry.sha256), struct.pack(">q", entry.perceptual_hash)}
    stems = {Path(key).stem for key in (entry.rendition_key, entry.original_key, entry.media_key)}
    written = {form for digest in digests for form in (digest.hex()[:16], base64.b64encode(digest).decode()[:10])}
    return stems | written | {str(entry.id), str(entry.perceptual_hash), digest_url(entry)}


def digest_url(entry: Entry) -> str:
    return base64.urlsafe_b64encode(bytes.fromhex(entry.sha256)).decode()[:10]


def test_it_went_everywhere(crawled: Crawled) -> None:
    reached = {path.split("?")[0] for path in crawled.answers}
    for part in (
        *(
            "/",
            "/models/dall-e-2",
            "/models/dall-e-2/llms.txt",
            "/models/dall-e-2/card.png",
            "/badge/dall-e-2.svg",
        ),
        *(
            "/leaderboards/text-to-image/portrait",
            "/competitions/a-lost-cube",
            "/feed.atom",
            "/sitemap.xml",
            "/me",
        ),
        *("/charts/image-edit", "/compare/dall-e-2/dall-e-3", "/api/v1/votes", "/api/v1/models/dall-e-2", "/docs"),
        *("/api/v1/integrity", "/integrity", "/playground", "/competitions/an-edited-cube/input.webp", "/arena"),
        *(f"/m/{crawled.matchup}/a.webp", f"/m/{crawled.matchup}/b.webp", f"/arena/{crawled.matchup}"),
    ):
        assert part in reached, part
    assert len(crawled.own) >= 8
    assert sum(one.path.startswith("/media/") and one.status == 200 for one in crawled.answers.values()) >= 6
    assert {one.status // 100 for one in crawled.answers.values()} <= {2, 3, 4}


def test_what_concerns_the_matchup_names_nobody(crawled: Crawled) -> None:
    words = names(crawled)
    assert {"openai", "dall-e-2", "dall-e 3"} <= words
    for one in crawled.own:
        # The filling of a picture is random: letters by chance. Its chunks are looked at below.
        told = one.told if one.picture() is None else f"{one.headers} {one.path}"
        plain = told.replace(crawled.matchup, "ID").lower()
        assert not {word for word in words if re.search(rf"(?<!\w){re.escape(word)}(?!\w)", plain)}, one.path


def test_nothing_names_an_entry_of_an_open_competition(crawled: Crawled) -> None:
    storage = parts_of(crawled.app).storage
    secret = set().union(*(keys_of(entry, storage) for entry in crawled.hidden))
    assert len(secret) > 8 * len(crawled.hidden)
    for one in crawled.answers.values():
        told = one.told
        assert not {key for key in secret if key in told}, one.path


def test_no_picture_looks_like_one_of_the_pair(crawled: Crawled) -> None:
    shown = [entry.perceptual_hash for entry in crawled.hidden]
    own = {f"/m/{crawled.matchup}/{side}{size}.webp" for side in "ab" for size in ("", "-640")}
    seen = 0
    for path, one in crawled.answers.items():
        image = one.picture()
        if image is None or path.split("?")[0] in own:
            continue
        seen += 1
        found = renditions.perceptual_hash(image.convert("RGB"))
        assert min(_distance(found, known) for known in shown) > LOOK_ALIKE_BITS, path
    assert seen >= 10


def test_the_pair_itself_is_pixels_and_filling(crawled: Crawled) -> None:
    for side in "ab":
        one = crawled.answers[f"/m/{crawled.matchup}/{side}.webp"]
        chunks = []
        place = 12
        while place < len(one.body):
            chunks.append(one.body[place : place + 4])
            size = struct.unpack("<I", one.body[place + 4 : place + 8])[0]
            place += 8 + size + size % 2
        assert chunks == [b"VP8 ", b"PADD"]
        assert place == len(one.body)
        found = renditions.perceptual_hash(one.picture().convert("RGB"))  # type: ignore[union-attr]
        expected = crawled.pair["ab".index(side)].perceptual_hash
        assert _distance(found, expected) <= LOOK_ALIKE_BITS, "the crawler looks at other pictures than it should"


def test_the_crawler_would_notice(crawled: Crawled) -> None:
    """An open gallery shows what the tests above look for."""
    app = crawled.app
    parts_of(app).database.write(
        lambda s: s.execute(text("UPDATE competitions SET open_gallery = 1 WHERE slug = 'a-red-cube'")) and None
    )
    client = app.test_client()
    page = got("/competitions/a-red-cube", client.get("/competitions/a-red-cube"))
    shown = [got(link, client.get(link)) for link in links(page) if link.startswith("/media/")]
    media = {Path(entry.media_key).stem for entry in crawled.hidden}
    assert any(key in page.told for key in media)
    hashes = [renditions.perceptual_hash(image.convert("RGB")) for one in shown if (image := one.picture())]
    known = [entry.perceptual_hash for entry in crawled.pair]
    assert min(_distance(one, other) for one in hashes for other in known) <= LOOK_ALIKE_BITS


def _distance(one: int, other: int) -> int:
    return ((one ^ other) & (2**64 - 1)).bit_count()
