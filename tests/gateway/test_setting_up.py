"""Which providers an installation has, by its settings alone."""

from pathlib import Path

import pytest

from app.gateway.errors import ModelUnavailable
from app.gateway.providers import ADDRESS, KEY_NAMES, KEYLESS, OWN, PROVIDERS, set_up, setting_stem
from app.gateway.providers.http import HttpProvider
from app.gateway.routing import servable
from app.settings import Settings
from tests.factories import picture_bytes
from tests.gateway.upstream import Upstream, coded, says
from tests.gateway.world import CANARY, World

PNG = picture_bytes(1)


def settings(folder: Path, **values: object) -> Settings:
    return Settings.model_validate({"data_dir": folder, **values})


def connected(folder: Path, slug: str, **values: object) -> HttpProvider:
    provider = set_up(settings(folder, **values))[slug]
    assert isinstance(provider, HttpProvider)
    return provider


def test_without_a_key_there_is_the_painter_alone(tmp_path: Path) -> None:
    assert list(set_up(settings(tmp_path))) == ["painter"]


@pytest.mark.parametrize("slug", ADDRESS)
def test_a_provider_takes_its_settings_by_rule(tmp_path: Path, slug: str) -> None:
    stem = setting_stem(slug).lower()
    given: dict[str, object] = {f"{stem}_upstream_url": "https://elsewhere.example/v1"}
    if slug not in KEYLESS:
        given[KEY_NAMES[slug].lower()] = CANARY
    provider = connected(tmp_path, slug, **given)
    assert (provider.slug, provider.base_url) == (slug, "https://elsewhere.example/v1")
    assert CANARY not in repr(settings(tmp_path, **given))


def test_an_address_alone_turns_no_vendor_on(tmp_path: Path) -> None:
    made = set_up(settings(tmp_path, openai_upstream_url="http://127.0.0.1:8080/v1"))
    assert "openai" not in made, "a local server would answer for OpenAI's models at OpenAI's prices"


def test_any_number_of_servers_are_named(tmp_path: Path) -> None:
    given = {
        "openai_compatible": ["attic", "proxy"],
        "attic_upstream_url": "http://127.0.0.1:1/v1",
        "proxy_upstream_url": "https://proxy.example/v1",
        "proxy_api_key": CANARY,
        "attic_offerings": "flux.1-dev=flux-dev-q8, z-image-turbo",
    }
    made = set_up(settings(tmp_path, **given))
    assert {"attic", "proxy"} <= set(made)
    assert connected(tmp_path, "attic", **given).offerings == {
        "flux.1-dev": "flux-dev-q8",
        "z-image-turbo": "z-image-turbo",
    }


def test_every_provider_has_a_name_of_its_own() -> None:
    assert len({one.slug for one in OWN}) == len(OWN)
    assert set(KEY_NAMES) | {"painter"} == set(PROVIDERS)


def test_a_named_server_serves_under_its_own_name_and_price(seeded_world: World, upstream: Upstream) -> None:
    given = {
        "openai_compatible": ["attic"],
        "attic_upstream_url": f"{upstream.base}/v1",
        "attic_offerings": "flux.1-dev=flux-dev-q8",
    }
    seeded_world.providers = set_up(settings(seeded_world.storage.folder.parent, **given))  # type: ignore[attr-defined]
    upstream.on("POST", "/v1/images/generations", says(200, {"data": [{"b64_json": coded(PNG)}]}))
    made = seeded_world.ask(model="attic/flux.1-dev", size="512x512", steps=4)
    assert upstream.calls()[0].json() == {
        "model": "flux-dev-q8",
        "prompt": "a red cube",
        "size": "512x512",
        "steps": 4,
        "response_format": "b64_json",
    }
    assert (made.provider, made.attempts[0].offering, made.cost_micros) == ("attic", "attic/flux.1-dev", None)
    with seeded_world.database.reading() as session:
        listed = {model.slug for model in servable(session, seeded_world.providers, seeded_world.now)}
    assert "flux.1-dev" in listed
    assert "gpt-image-2" not in listed
    with pytest.raises(ModelUnavailable):
        seeded_world.ask(model="flux.1-pro")
