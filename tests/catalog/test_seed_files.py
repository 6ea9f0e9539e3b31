"""The files that come with the product: all valid, DALL-E 2 and the demo painters complete."""

import shutil
import tomllib
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path

import pytest

from app.catalog import lookup
from app.catalog.limits import Limits, SideRange
from app.catalog.loading import load
from app.catalog.lookup import ModelOffering, ModelPage
from app.catalog.seeds import Seeds
from app.database.doors import Database
from app.painter.painters import PAINTERS
from tests.factories import read_catalogue

SEEDS = Path(__file__).resolve().parents[2] / "scripts" / "seeds"
NOW = datetime(2026, 4, 1, tzinfo=UTC)
DEMO_PRICES = {
    "studio-xl": 30_000,
    "poster-pro": 24_000,
    "aquarelle-2": 18_000,
    "lowpoly-3": 10_000,
    "neon-turbo": 8_000,
    "halftone-1": 12_000,
    "pixel-mini": 4_000,
    "legacy-2": 16_000,
}
CATEGORIES = {
    "modern-clean-menu": ["text-rendering"],
    "vintage-cafe-logo": ["text-rendering", "product-branding-commercial"],
    "apollo-11": ["text-rendering"],
    "capybara-taxi-driver": ["photorealism"],
    "fantasy-warrior": ["portrait"],
    "baby-animals": [],
    "geometric-composition": [],
}


@cache
def seeds() -> Seeds:
    return read_catalogue()


@pytest.fixture(scope="module")
def seeded(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """The product's catalogue on SQLite, to be read: what its files say is the same on any database."""
    path = tmp_path_factory.mktemp("catalogue") / "catalogue.sqlite3"
    shutil.copy(sqlite_template, path)
    with closing(Database(f"sqlite:///{path}")) as database:
        database.write(lambda session: load(session, seeds(), now=NOW))
        yield database


@pytest.fixture
def page(seeded: Database) -> Callable[[str], ModelPage]:
    """The page of a model in the seeded catalogue."""

    def of(slug: str) -> ModelPage:
        with seeded.reading() as session:
            return lookup.model(session, slug, NOW.date())

    return of


def test_the_catalogue_loads_twice_without_a_change(database: Database) -> None:
    database.write(lambda session: load(session, seeds(), now=NOW))
    again = database.write(lambda session: load(session, seeds(), now=NOW))
    assert {change.kind for change in again} == {"unchanged"}


def test_every_fact_names_a_source_and_every_source_is_used() -> None:
    used = {source for model in seeds().models for source in model.facts().values()}
    used |= {key for model in seeds().models for offering in model.offerings for key in offering.sources()}
    assert None not in used
    assert used == set(seeds().sources)


def test_a_file_is_named_after_its_model() -> None:
    shared = {"sources", "providers", "parameters"}
    names = {file.stem.removeprefix("demo-") for file in (SEEDS / "catalog").glob("*.toml")} - shared
    assert names == {model.slug for model in seeds().models}


def test_dall_e_2_details(page: Callable[[str], ModelPage]) -> None:
    model = page("dall-e-2")
    assert (model.name, model.creator, model.family, model.released) == (
        "DALL-E 2",
        "OpenAI",
        "dall-e",
        "2022-04",
    )
    assert (model.sunset, model.status) == (date(2026, 5, 12), "deprecated")
    assert model.tags == ("image-generation", "text-to-image", "image-editing", "inpainting")
    assert model.modes == ("text-to-image", "image-edit")
    assert (model.max_resolution, model.max_images) == ("1024x1024", 10)
    assert (model.demo, model.stub) == (False, False)
    assert model.limits == Limits(
        max_resolution="1024x1024",
        sizes=("256x256", "512x512", "1024x1024"),
        aspect_ratios=("1:1",),
        resolutions={"0.5K": ("512x512", "256x256"), "1K": ("1024x1024",)},
        side_px=SideRange(min=256, max=1024),
        max_images=10,
        max_input_images=1,
        prompt_max_chars=1000,
        mask=True,
    )


def offered(offering: ModelOffering) -> tuple[str, str | None, tuple[str, ...], bool]:
    return offering.key, offering.provider_model_id, offering.modes, offering.variations


def test_dall_e_2_prices(page: Callable[[str], ModelPage]) -> None:
    model = page("dall-e-2")
    openai, replicate = model.offerings
    assert offered(openai) == ("openai/dall-e-2", "dall-e-2", ("text-to-image", "image-edit"), True)
    assert offered(replicate) == ("replicate/dall-e-2", "openai/dall-e-2", ("text-to-image",), False)
    assert {price.conditions["size"]: price.micros for price in openai.prices} == {
        "1024x1024": 20_000,
        "256x256": 16_000,
        "512x512": 18_000,
    }
    assert [(price.metric, price.micros, price.conditions) for price in replicate.prices] == [
        ("image", 20_000, {})
    ]
    assert len(openai.notes) >= 3
    assert model.price_from is not None
    assert (model.price_from.usd, model.price_from.provider_name) == (0.016, "OpenAI")
    assert model.price_tier == "$$"


def test_dall_e_2_parameters(page: Callable[[str], ModelPage]) -> None:
    rows = {row.name: row for row in page("dall-e-2").parameters}
    both = {"text-to-image": "supported", "image-edit": "supported"}
    assert rows["prompt"].modes == {"text-to-image": "required", "image-edit": "required"}
    assert rows["image"].modes == {"text-to-image": "unavailable", "image-edit": "required"}
    for name in (
        "quality",
        "size",
        "aspect_ratio",
        "resolution",
        "response_format",
        "output_format",
        "n",
        "user",
    ):
        assert rows[name].modes == both
    assert {name: rows[name].values for name in ("quality", "size", "aspect_ratio", "resolution")} == {
        "quality": ("standard",),
        "size": ("256x256", "512x512", "1024x1024"),
        "aspect_ratio": ("1:1",),
        "resolution": ("0.5K", "1K"),
    }
    assert (rows["response_format"].default, rows["n"].default) == ("url", 1)
    assert set(rows["response_format"].values) == {"b64_json", "url"}
    assert rows["output_format"].values == ("png", "jpeg", "gif", "webp", "avif")
    assert {name for name, row in rows.items() if row.provider} == {"user"}
    assert rows["user"].provider == "openai"
    behaviours = {"quality": "passthrough", "prompt": "renamed", "size": "converted", "n": "emulated"}
    assert {name: rows[name].behaviour for name in behaviours} == behaviours


def test_dall_e_2_has_its_prose(page: Callable[[str], ModelPage]) -> None:
    prose = page("dall-e-2").prose
    assert prose.overview
    assert prose.technical_background
    assert prose.best_for
    assert (len(prose.strengths), len(prose.limitations)) == (4, 3)


def test_the_demo_models_are_the_painters(page: Callable[[str], ModelPage]) -> None:
    assert {model.slug for model in seeds().models if model.demo} == set(PAINTERS) == set(DEMO_PRICES)
    for slug, micros in DEMO_PRICES.items():
        model = page(slug)
        assert (model.creator, model.demo) == ("Blindvote demo", True)
        (offering,) = model.offerings
        assert (offering.key, offering.provider) == (f"painter/{slug}", "painter")
        assert [(price.micros, price.source) for price in offering.prices] == [(micros, "demo")]


def test_the_demo_models_differ_in_their_limits() -> None:
    limits = {model.slug: model.limits for model in seeds().models if model.demo}
    assert limits["legacy-2"].sizes == ("256x256", "512x512", "1024x1024")
    assert (limits["legacy-2"].max_images, limits["studio-xl"].max_images) == (10, 1)
    assert limits["halftone-1"].output_formats == ("jpeg",)
    assert (limits["aquarelle-2"].sizes, limits["aquarelle-2"].side_px) == ((), None)
    assert limits["aquarelle-2"].aspect_ratios
    assert limits["aquarelle-2"].resolutions
    assert limits["neon-turbo"].side_px == SideRange(min=256, max=2048)


def test_models_of_image_packs_are_known_by_their_names(database: Database) -> None:
    database.write(lambda session: load(session, seeds(), now=NOW))
    pack = ["flux-1-schnell", "flux-1-dev", "sdxl-base-1.0", "flux-2-klein-4b", "sd3-medium", "sd-3.5-large"]
    with database.reading() as session:
        assert set(lookup.ids(session, pack)) == set(pack)


def test_the_seven_competitions() -> None:
    folder = SEEDS / "competitions"
    titles = tomllib.loads((folder / "categories.toml").read_text("utf-8"))["categories"]
    assert [row["slug"] for row in sorted(titles, key=lambda row: row["position"])] == [
        "text-rendering",
        "photorealism",
        "product-branding-commercial",
        "portrait",
    ]
    for slug, categories in CATEGORIES.items():
        stated = tomllib.loads((folder / f"{slug}.toml").read_text("utf-8"))
        assert (stated["slug"], stated["categories"]) == (slug, categories)
        assert (stated["mode"], stated["frame"], stated["status"]) == ("text-to-image", [1024, 1024], "open")
        assert len(stated["prompt"]) > 200
        assert stated["title"]
    assert {file.stem for file in folder.glob("*.toml")} == {*CATEGORIES, "categories"}
