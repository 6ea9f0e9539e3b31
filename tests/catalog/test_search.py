"""Search as people type, in the product's own catalogue."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.catalog import lookup
from app.catalog.loading import load
from app.catalog.search import search
from app.catalog.spellings import compact
from app.database.doors import Database
from tests.catalog.test_seed_files import NOW, seeded, seeds

__all__ = ["seeded"]
QUERIES = {
    "可灵": "kling-image-3.0",
    "可灵AI": "kling-image-3.0",
    "可图": "kolors",
    "混元": "hunyuan-image-3",
    "千问图像": "qwen-image-3.0",
    "造相": "z-image",
    "即梦 AI": "dreamina-3.1",
    "豆包": "seedream-4",
    "通义万相2.5": "wan2.5-preview",
    "万相 2.6": "wan2.6-image",
    "DALL·E 2": "dall-e-2",
    "dalle 2": "dall-e-2",
    "DALLE3": "dall-e-3",
    "flux 2 pro": "flux.2-pro",
    "FLUX.2 [pro]": "flux.2-pro",
    "flux-2-pro": "flux.2-pro",
    "flux schnell": "flux.1-schnell",
    "imagen4": "imagen-4.0-generate-001",
    "Imagen 4 Ultra": "imagen-4.0-ultra-generate-001",
    "nano-banana-pro": "gemini-3-pro-image",
    "Nano Banana Pro": "gemini-3-pro-image",
    "nano banana": "gemini-2.5-flash-image",
    "midjourney v7": "midjourney-v7",
    "Midjourney V6.1": "midjourney-v6.1",
    "openai/gpt-image-2": "gpt-image-2",
    "gpt image 1.5": "gpt-image-1.5",
    "fal-ai/flux/schnell": "flux.1-schnell",
    "ideogram 3": "ideogram-v3",
    "seedream 4.5": "seedream-4.5",
    "qwen image edit 2511": "qwen-image-edit-2511",
    "pixart-\N{GREEK SMALL LETTER SIGMA}": "pixart-sigma",
    "SDXL": "stable-diffusion-xl",
    "google imagen 4": "imagen-4.0-generate-001",
    "bytedance seedream 4": "seedream-4",
    "flux klein 4b": "flux.2-klein-4b",
    "hunyuan 3": "hunyuan-image-3",
    "gpt-image-2 (medium)": "gpt-image-2",
    "gemini-3.1-flash-image (nano-banana-2) [web-search]": "gemini-3.1-flash-image",
    "gemini-3-pro-image-2k (nano-banana-pro)": "gemini-3-pro-image",
    "grok-imagine-image-2.0 (canvas)": "grok-imagine-image-2.0",
    "ideogram-4.0-quality": "ideogram-v4",
    "im\u00e1gen 4": "imagen-4.0-generate-001",
    "DALL-E v2": "dall-e-2",
    "the DALL-E 2 model by OpenAI": "dall-e-2",
    "dal-e 2": "dall-e-2",
    "midjurney 7": "midjourney-v7",
    "stable difusion xl": "stable-diffusion-xl",
    "gpt image 1 openai": "gpt-image-1",
    "krea 1": "krea-1",
    "hidream e1.1": "hidream-e1-1",
    "dall e two": "dall-e-2",
    "DALL-E three": "dall-e-3",
    "DALLE II": "dall-e-2",
    "dall e iii": "dall-e-3",
    "nano banana two": "gemini-3.1-flash-image",
    "imagen four": "imagen-4.0-generate-001",
    "imagen three": "imagen-3.0-generate-002",
    "seedream four": "seedream-4",
    "midjourney seven": "midjourney-v7",
    "flux two pro": "flux.2-pro",
    "gpt-image one": "gpt-image-1",
    "ideogram version three": "ideogram-v3",
    "red panda": "recraft-v3",
    "red_panda": "recraft-v3",
    "recraft red panda": "recraft-v3",
    "halfmoon": "reve-1",
    "half moon": "reve-1",
    "aurora": "grok-imagine-image",
    "grok aurora": "grok-imagine-image",
    "ideogram v3 turbo": "ideogram-v3",
    "ideogram 3 turbo": "ideogram-v3",
    "ideogram-v3-quality": "ideogram-v3",
    "kontxt max": "flux.1-kontext-max",
}

ADDRESSES = {
    "dall-e-2": "dall-e-2",
    "DALL-E-2": "dall-e-2",
    "dalle2": "dall-e-2",
    "nano-banana-pro": "gemini-3-pro-image",
    "FLUX 2 Pro": "flux.2-pro",
    "no-such-model": None,
    "": None,
}


@pytest.fixture(scope="module")
def models(seeded: Database) -> tuple[lookup.ModelSummary, ...]:
    with seeded.reading() as session:
        return lookup.models(session, NOW.date())


def test_what_people_type_finds_the_model_first(models: tuple[lookup.ModelSummary, ...]) -> None:
    assert {query: search(models, query)[0].slug for query in QUERIES} == QUERIES


def test_every_model_is_found_first_however_its_name_is_written(models: tuple[lookup.ModelSummary, ...]) -> None:
    typed = {model.slug: _ways_to_write(model)[number % 3 :: 3] for number, model in enumerate(models)}
    missed = {(way, slug) for slug, ways in typed.items() for way in ways if search(models, way)[0].slug != slug}
    assert missed == set()


def _ways_to_write(model: lookup.ModelSummary) -> list[str]:
    name, low = model.name, model.name.lower()
    written = [name, low, low.replace(" ", ""), low.replace(" ", "-"), low.replace(" ", "_"), model.slug]
    written += [re.sub(r"[.\-\[\]()]+", " ", name), re.sub(r" (\d)", r" v\1", name), f"the {name}"]
    written += [re.sub(r"\bv(\d)", r"\1", low), f"{name} model", f"{name} AI"]
    return [*written, f"{model.creator} {name}", f"{low} by {model.creator}"] if model.creator else written


def test_a_part_finds_the_whole_family(models: tuple[lookup.ModelSummary, ...]) -> None:
    assert {model.slug for model in search(models, "dalle")} == {"dall-e-2", "dall-e-3", "dall-e-mini"}
    assert {model.creator for model in search(models, "google imagen")} == {"Google"}


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("seedraem", "seedream"),
        ("rekraft", "recraft"),
        ("recarft vecotr", "qqzzxx"),
        ("ideogarm", "ideogram"),
        ("hunyaun", "hunyuan"),
        ("midjorney", "midjourney"),
        ("mijdourney", "midjourney"),
        ("black forrest labs", "black forest labs"),
        ("stabel difusion thre", "qqzzxx"),
    ],
)
def test_a_slip_in_a_family_s_name_finds_the_family(
    models: tuple[lookup.ModelSummary, ...], typed: str, meant: str
) -> None:
    assert [model.family for model in search(models, typed)[:1]] == [
        model.family for model in search(models, meant)[:1]
    ]


def test_nothing_answers_to_nonsense(models: tuple[lookup.ModelSummary, ...]) -> None:
    assert search(models, "qqzzxx") == []
    assert search(models, "z" * 10_000) == []


def test_other_spellings_lead_to_one_model(database: Database) -> None:
    database.write(lambda session: load(session, seeds(), now=NOW))
    with database.reading() as session:
        leads = {name: lookup.canonical_slug(session, name, NOW.date()) for name in ADDRESSES}
    assert leads == ADDRESSES


@given(st.text())
def test_a_compact_name_is_its_own(text: str) -> None:
    assert compact(compact(text)) == compact(text)
