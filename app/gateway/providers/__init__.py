"""
The providers: a file each, and the line in `MODULES` that names it.

A provider called `xy` takes its key from `XY_API_KEY` and another address from `XY_UPSTREAM_URL`, unless its class
names an older setting. Servers that speak OpenAI's API need no file: those of `openai.ADDRESSES` are known, and
`OPENAI_COMPATIBLE` names any number of others.
"""

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from importlib import import_module
from types import MappingProxyType

from app.gateway.providers.base import ImageProvider
from app.gateway.providers.http import HttpProvider
from app.gateway.providers.openai import ADDRESSES, OWN_SERVERS, OpenAI
from app.gateway.providers.painter import LocalPainter
from app.settings import Settings

MODULES = (
    "openai",
    "replicate",
    "fal",
    "gemini",
    "bfl",
    "stability",
    "ideogram",
    "runware",
    "luma",
    "runway",
    "comfy",
    "cloudflare",
    "muapi",
    "inference_sh",
    "leonardo",
    "piapi",
    "bedrock",
    "dashscope",
    "fireworks",
    "venice",
    "vercel",
    "wavespeed",
    "a1111",
)
"""The files of this folder that hold providers, in the order in which they are listed."""
COMPATIBLE = "openai-compatible"
"""Whose general contract holds for servers that have none."""


def read_module(name: str) -> Iterator[type[HttpProvider]]:
    """List the providers that a file of this folder defines: its classes that have a slug, in their order."""
    module = import_module(f"{__name__}.{name}")
    for one in vars(module).values():
        is_provider = isinstance(one, type) and issubclass(one, HttpProvider)
        if is_provider and one.__module__ == module.__name__ and one.slug:
            yield one


OWN: tuple[type[HttpProvider], ...] = tuple(one for name in MODULES for one in read_module(name))
"""The providers with a file of their own."""
KEYLESS = OWN_SERVERS | {one.slug for one in OWN if not one.needs_key}
"""Servers that people run themselves: an address is enough."""


ADDRESS: dict[str, str] = {one.slug: one.base_url for one in OWN} | ADDRESSES
"""The address of each provider; empty where it must be given."""


def setting_stem(slug: str) -> str:
    """Return what the names of a provider's settings begin with: `AZURE_AI` for `azure-ai`."""
    return re.sub("[^A-Z0-9]", "_", slug.upper())


def key_name(slug: str) -> str:
    """Name the setting that holds a provider's key."""
    own = {one.slug: one.key_name for one in OWN if one.key_name}
    return own.get(slug) or f"{setting_stem(slug)}_API_KEY"


PROVIDERS: tuple[str, ...] = ("painter", *ADDRESS)
"""Every provider with a name of its own; `OPENAI_COMPATIBLE` adds others."""
KEY_NAMES: dict[str, str] = {
    slug: f"{setting_stem(slug)}_UPSTREAM_URL" if slug in KEYLESS else key_name(slug) for slug in ADDRESS
}
"""What to set for a provider to be used."""


@lru_cache(maxsize=4)
def set_up(settings: Settings) -> Mapping[str, ImageProvider]:
    """Connect the providers that this installation can call, by slug; the same ones for the same settings."""
    slugs = dict.fromkeys([*ADDRESS, *settings.openai_compatible])
    made = {slug: provider for slug in slugs if (provider := connect(slug, settings))}
    return MappingProxyType({**made, "painter": LocalPainter()})


def connect(slug: str, settings: Settings) -> HttpProvider | None:
    """Connect one provider with its key and address; None where either is missing."""
    stem = setting_stem(slug)
    key = settings.of_provider(key_name(slug))
    url = settings.of_provider(f"{stem}_UPSTREAM_URL").get_secret_value() or ADDRESS.get(slug, "")
    is_own_server = slug in KEYLESS or slug not in ADDRESS
    if not url or not (key.get_secret_value() or is_own_server):
        return None
    offerings = read_offerings(settings.of_provider(f"{stem}_OFFERINGS").get_secret_value())
    kind = next((one for one in OWN if one.slug == slug), OpenAI)
    return kind(key, url, slug, offerings)


def read_offerings(text: str) -> dict[str, str]:
    """Read `model=id, model` as slug to the id at the provider, which is the slug where none is given."""
    pairs = [part.strip().partition("=") for part in text.split(",") if part.strip()]
    return {slug.strip(): own.strip() or slug.strip() for slug, _, own in pairs}
