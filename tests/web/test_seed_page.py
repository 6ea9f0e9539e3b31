"""The checklist: every fact of the page that started the project stands on ours, section by section."""

import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import pytest
from flask import Flask

from tests.web.catalogue import section, seed_world, words

FACTS = {
    "top": (
        *("DALL-E 2", "AI image generation and editing model", "$$ · 1.6¢", "Deprecated", "Sunset May 12, 2026"),
        *("OpenAI", "edits inside a mask", "variations", "1024 x 1024", "max resolution"),
        *("10", "max images per request", "Supported modes", "Text to image", "Image edit"),
    ),
    "benchmarks": (
        *(
            "DALL-E 2 is ranked #",
            "of 3 in Text to image with an Elo of",
            "95 % interval",
            "blind votes in 7 competitions",
        ),
        *("Elo against price", "Elo against speed"),
        "3 models waiting for enough speed data",
    ),
    "results": (
        *("Text Rendering", "Photorealism", "Product, Branding & Commercial", "Portrait", "Uncategorized"),
        *("View leaderboard", "Modern Clean Menu", "Vintage Cafe Logo", "The Capybara Taxi Driver"),
        *("Fantasy Warrior", "Geometric Composition", "Modern minimalist restaurant menu design"),
        *("landing site marker", "A glass cube on a wooden table", "Help rank DALL-E 2", "Start voting"),
        "Results update the rankings in real time",
    ),
    "providers": (
        *("Prices (2)", "2 providers, with per-image pricing starting at $0.016 through OpenAI (256 x 256)"),
        *("Popular formats", "256x256 ~$0.016", "512x512 ~$0.018", "1024x1024 ~$0.020"),
        *("Prices shown are in USD", "without markup", "the quartile of a model's lowest price"),
        *("openai/dall-e-2", "Provider model ID: dall-e-2", "Text to image, Image edit, Variations"),
        "Retired, served until May 12, 2026",
        *("Image 1024x1024 $0.020 per image", "Image 256x256 $0.016 per image", "Image 512x512 $0.018 per image"),
        *("Notes (4)", "no longer supported from May 12, 2026", "The price is per image and depends on its size"),
        *("Generations, edits with a mask (inpainting) and variations", "Replicate", "replicate/dall-e-2"),
        *("Provider model ID: openai/dall-e-2", "Image $0.020 per image"),
    ),
    "api": (
        *("API OpenAI-compatible", "Base URL http://localhost/openai/v1", "Model dall-e-2"),
        *("No provider serves DALL-E 2 any more", "since May 12, 2026", "model_retired", "instead"),
        *("POST /openai/v1/images/generations", "POST /openai/v1/images/edits", "cURL", "Python", "JavaScript"),
        *('"size": "1024x1024"', "from openai import OpenAI", 'import OpenAI from "openai"', "image=@image.png"),
    ),
    "start": (*("API key", "arena keys create", "cannot be tried in the playground any more"),),
    "parameters": (
        *("Required Supported Not available", "Core parameters", "Size and layout", "Media inputs"),
        *("Output and format", "Additional parameters", "prompt string Required.", "quality string", "standard"),
        *(
            "256x256 512x512 1024x1024",
            "size string",
            "aspect_ratio string",
            "1:1",
            "resolution string",
            "0.5K 1K",
        ),
        *("Flexible", "Custom 256-1024 px per side", '"WxH" Any pixel dimensions', "0.5K 2 sizes", "1K 1 size"),
        *('512 x 512 "512x512" "1:1" + "0.5K"', '256 x 256 "256x256" "1:1" + "0.5K"'),
        '1024 x 1024 "1024x1024" "1:1" + "1K"',
        *("How these parameters work together", '"1920x1080"', '"16:9"', "A size is the most specific"),
        *("How matching works", "asked for 7:1, a model with 4:1 and 8:1 makes 8:1", "0.25", "Clamping"),
        *("image file Required.", "PNG, JPEG or WebP", "Not available Required", "response_format string"),
        *("url b64_json", 'Default: "url"', "60 minutes", "png jpeg gif webp avif", "output_compression integer"),
        *("n integer", "Default: 1", "user openai only string", "abuse"),
    ),
    "normalization": (
        *("passthrough Sent to the provider as it is quality", "renamed The same value", "prompt"),
        *("converted", "size", "emulated", "response_format", "go straight through"),
    ),
    "overview": (
        *("Overview", "diffusion", "Strengths", "Inpainting:", "Blending:", "Composition:", "Variations:"),
        *("Limitations", "Resolution:", "Text:", "Photorealism:", "Technical background", "unCLIP", "CLIP"),
        *("Best for", "stylised illustrations", "outpainting"),
    ),
    "details": (
        *("Model ID dall-e-2", "Creator OpenAI", "Family dall-e", "Released April 2022", "Sunset May 12, 2026"),
        *("Status Retired", "Licence proprietary", "Weights Closed"),
        *(
            "Paper cdn.openai.com",
            "Home page openai.com",
            "Maximum resolution 1024 x 1024",
            "Images per request 10",
        ),
        *("Pixels per side 256-1024 px", "Input images 1", "Characters of a prompt 1,000", "Masks Yes"),
        "Tags image-generation text-to-image image-editing inpainting",
    ),
    "faq": (
        *("How much does DALL-E 2 cost?", "$0.016 per image", "no markup", "How do I use DALL-E 2"),
        *("Which providers offer DALL-E 2?", "OpenAI and Replicate", "maximum resolution of DALL-E 2?"),
        "up to 1024 x 1024",
    ),
    "sources": (
        *(
            "DALL-E 2 model page that started this project",
            "openai Python package",
            "OpenAI API, model page of DALL-E 2",
        ),
        *("Replicate model page of openai/dall-e-2", "checked on November 22, 2026", "Apache-2.0"),
    ),
}


@pytest.fixture(scope="module")
def seeded(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    yield from seed_world(sqlite_template, tmp_path_factory.mktemp("models"))


@pytest.fixture(scope="module")
def page(seeded: Flask) -> str:
    answer = seeded.test_client().get("/models/dall-e-2")
    assert answer.status_code == 200
    return answer.text


@pytest.mark.parametrize(("part", "fact"), [(part, fact) for part, said in FACTS.items() for fact in said])
def test_every_fact_of_the_seed_page_is_there(page: str, part: str, fact: str) -> None:
    said = words(page.split("<main", 1)[1].split("<nav", 1)[0]) if part == "top" else section(page, part)
    assert fact.casefold() in said.casefold()


def test_sections_come_in_the_order_of_a_reader(page: str) -> None:
    order = ("results", "providers", "api", "parameters", "about", "sources")
    places = [page.index(f'id="{part}"') for part in order]
    assert places == sorted(places)
    bar = page.partition("data-contents")[2].partition("</nav>")[0]
    assert re.findall(r'href="#([^"]+)"', bar) == list(order)


def test_an_address_within_the_page_outlives_its_order(page: str) -> None:
    for part in ("details", "start", "normalization", "benchmarks", "faq", "overview"):
        assert page.count(f'id="{part}"') == 1


def test_the_number_of_a_source_is_no_part_of_a_figure(page: str) -> None:
    """Texts that search engines and screen readers take from a page leave tags out without a space for them."""
    bare = unescape(re.sub(r"<[^>]+>", "", page)).replace("\N{NO-BREAK SPACE}", " ")
    assert re.search(r"Images per request 10 \[\d\]", bare)
    assert re.search(r"Characters of a prompt 1,000 \[\d\]", bare)
    assert re.search(r"About DALL-E 2 \[\d\]", bare)
    assert not re.search(r'role="doc-noteref"[^>]*>\d', page)


def test_a_competition_stands_under_each_of_its_categories(page: str) -> None:
    results = section(page, "results")
    assert results.count("Vintage Cafe Logo") >= 2
    assert results.index("Portrait") < results.index("Uncategorized") < results.index("Help rank")
