"""A small catalogue, providers on loopback, and one way to ask for images."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from app.catalog.loading import load
from app.database.doors import Database
from app.gateway.generate import GatewayConfig, Generation, generate
from app.gateway.money import HOUSE, Payer
from app.gateway.providers.base import ImageProvider
from app.gateway.providers.fal import Fal
from app.gateway.providers.gemini import Gemini
from app.gateway.providers.openai import OpenAI
from app.gateway.providers.painter import LocalPainter
from app.gateway.providers.replicate import Replicate
from app.gateway.request import Operation, read_request
from app.gateway.storage import Storage
from app.gateway.transport import Client
from tests.factories import read_catalogue
from tests.snapshots import make_once

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
CANARY = "sk-canary-0123456789abcdef"
"""The key of every provider: it must never come out anywhere."""

SOURCES = '[page]\ntitle = "A page"\n'
PROVIDERS = """
openai = "OpenAI"
replicate = "Replicate"
fal = "fal"
gemini = "Google Gemini API"
painter = "Blindvote painter"
nobody = "Nobody"
"""
SHARED = """
[[parameters]]
group = "core"
name = "prompt"
type = "string"
description = "What to show."
behaviour = "renamed"
modes = { text-to-image = "required", image-edit = "required" }
"""
FACTS = """
[sources]
modes = "page"
limits.sizes = "page"
limits.aspect_ratios = "page"
limits.resolutions = "page"
limits.max_images = "page"
limits.side_px = "page"
limits.max_resolution = "page"
limits.mask = "page"
limits.max_input_images = "page"
limits.prompt_max_chars = "page"
"""
MODELS = {
    "brush-1": """
creator = "Acme"
modes = ["text-to-image", "image-edit"]
limits = { sizes = ["256x256", "512x512"], max_images = 4, mask = true, prompt_max_chars = 500 }
[[offerings]]
provider = "openai"
provider_model_id = "brush-1"
modes = ["text-to-image", "image-edit"]
variations = true
source = "page"
prices = [
    { usd = 0.020, conditions = { size = "512x512" } },
    { usd = 0.010, conditions = { size = "256x256" } },
]
[[offerings]]
provider = "replicate"
provider_model_id = "acme/brush-1"
modes = ["text-to-image"]
source = "page"
prices = [{ usd = 0.015 }]
[[offerings]]
provider = "nobody"
modes = ["text-to-image"]
source = "page"
prices = [{ usd = 0.001 }]
[[parameters]]
group = "core"
name = "quality"
type = "string"
description = "How well."
behaviour = "passthrough"
[[parameters]]
provider = "openai"
group = "additional"
name = "user"
type = "string"
description = "Who asks."
behaviour = "passthrough"
""",
    "strip-1": """
modes = ["text-to-image"]
limits = { aspect_ratios = ["4:1", "8:1"], resolutions = { "1K" = [], "2K" = [] } }
[[offerings]]
provider = "fal"
provider_model_id = "acme/strip"
modes = ["text-to-image"]
source = "page"
prices = [{ usd = 0.025, metric = "megapixel", conditions = { rounding = "up" } }]
[[offerings]]
provider = "gemini"
provider_model_id = "strip-1"
modes = ["text-to-image"]
source = "page"
prices = [{ usd = 0.04, conditions = { resolution = "1K" } }, { usd = 0.08, conditions = { resolution = "2K" } }]
""",
    "imagen-1": """
modes = ["text-to-image"]
limits = { aspect_ratios = ["1:1", "16:9"], max_images = 4 }
[[offerings]]
provider = "gemini"
provider_model_id = "imagen-1"
modes = ["text-to-image"]
source = "page"
""",
    "gpt-image-9": """
modes = ["text-to-image", "image-edit"]
limits = { side_px = { step = 16 }, max_resolution = "3840x2160", max_images = 10, max_input_images = 4 }
[[offerings]]
provider = "openai"
provider_model_id = "gpt-image-9"
modes = ["text-to-image", "image-edit"]
source = "page"
prices = [
    { usd = 40.0, metric = "image_token", per = 1_000_000, direction = "output" },
    { usd = 5.0, metric = "text_token", per = 1_000_000, direction = "input" },
    { usd = 10.0, metric = "image_token", per = 1_000_000, direction = "input" },
]
""",
    "twin-1": """
modes = ["text-to-image"]
[[offerings]]
provider = "openai"
provider_model_id = "twin-1"
modes = ["text-to-image"]
source = "page"
prices = [{ usd = 0.02 }]
[[offerings]]
provider = "replicate"
provider_model_id = "acme/twin-1"
modes = ["text-to-image"]
source = "page"
prices = [{ usd = 0.02 }]
""",
    "poster-pro": """
creator = "Blindvote demo"
demo = true
modes = ["text-to-image"]
limits = { max_resolution = "2048x2048", side_px = { min = 256, max = 2048 }, max_images = 4 }
[[offerings]]
provider = "painter"
provider_model_id = "poster-pro"
modes = ["text-to-image"]
source = "page"
prices = [{ usd = 0.024 }]
""",
    "old-1": """
creator = "Acme"
sunset = 2026-05-12
aliases = ["old"]
modes = ["text-to-image"]
[[offerings]]
provider = "openai"
provider_model_id = "old-1"
modes = ["text-to-image"]
source = "page"
""",
}


HEAD = '[defaults]\nsources = ["page"]\nchecked = 2026-11-20\n'
CONTRACTS = {
    "openai": """
[defaults.fixed]
model = "{model}"
[defaults.replies]
moderation_codes = ["moderation_blocked", "content_policy_violation", "content_filter"]
account_codes = ["insufficient_quota", "billing_hard_limit_reached"]
[[contracts]]
model = "brush-1"
operation = "generation"
fixed = { response_format = "b64_json" }
path = "images/generations"
size = { fields = ["size"], words = { "256x256" = "256x256", "512x512" = "512x512" } }
n = { field = "n", max = 4 }
open = true
[[contracts]]
model = "brush-1"
operation = "edit"
fixed = { response_format = "b64_json" }
path = "images/edits"
encoding = "form"
image = { field = "image", several = "image[]", transport = "file" }
mask = { field = "mask", edit = "transparent", transport = "file" }
size = { fields = ["size"], words = { "256x256" = "256x256", "512x512" = "512x512" } }
n = { field = "n", max = 4 }
open = true
[[contracts]]
model = "brush-1"
operation = "variation"
fixed = { response_format = "b64_json" }
path = "images/variations"
encoding = "form"
image = { field = "image", transport = "file" }
n = { field = "n", max = 4 }
[[contracts]]
model = ["twin-1", "old-1"]
operation = "generation"
fixed = { response_format = "b64_json" }
path = "images/generations"
size = { fields = ["size"], free = true }
n = { field = "n", max = 1 }
[[contracts]]
model = "gpt-image-9"
operation = "generation"
path = "images/generations"
size = { fields = ["size"], free = true, step = 16, max = 3840 }
n = { field = "n", max = 10 }
output_format = { field = "output_format", words = ["png", "jpeg", "webp"] }
accepts.quality = { type = "string", words = { low = "low", medium = "medium", high = "high" } }
accepts.background = { type = "string" }
[[contracts]]
model = "gpt-image-9"
operation = "edit"
path = "images/edits"
encoding = "form"
image = { field = "image", several = "image[]", transport = "file" }
mask = { field = "mask", edit = "transparent", transport = "file" }
size = { fields = ["size"], free = true, step = 16, max = 3840 }
n = { field = "n", max = 10 }
accepts.background = { type = "string" }
""",
    "replicate": """
path = "{model}"
[defaults.replies]
done = ["succeeded"]
failed = ["failed", "canceled", "aborted"]
moderation_texts = ["nsfw", "safety", "sensitive", "flagged"]
[[contracts]]
model = ["acme/brush-1", "acme/twin-1"]
operation = "generation"
size = { fields = ["width", "height"], form = "sides", free = true }
n = { field = "num_outputs", max = 4 }
accepts.seed = { type = "integer" }
""",
    "fal": """
path = "{model}"
[defaults.replies]
done = ["COMPLETED"]
moderation_codes = ["content_policy_violation"]
[[contracts]]
model = "acme/strip"
operation = "generation"
ratio = { field = "aspect_ratio", words = ["4:1", "8:1"] }
tier = { field = "resolution", words = ["1K", "2K"] }
""",
    "gemini": """
[defaults.replies]
moderated = ["PROHIBITED_CONTENT", "SAFETY"]
account_codes = ["API_KEY_INVALID"]
[[contracts]]
model = "strip-1"
operation = "generation"
path = "models/{model}:generateContent"
prompt = { field = "contents.0.parts.0.text" }
ratio = { field = "generationConfig.imageConfig.aspectRatio", words = ["4:1", "8:1"] }
tier = { field = "generationConfig.imageConfig.imageSize", words = ["1K", "2K"] }
fixed = { "contents.0.role" = "user", "generationConfig.responseModalities" = ["IMAGE", "TEXT"] }
[[contracts]]
model = "imagen-1"
operation = "generation"
path = "models/{model}:predict"
prompt = { field = "instances.0.prompt" }
ratio = { field = "parameters.aspectRatio", words = ["1:1", "16:9"] }
n = { field = "parameters.sampleCount", max = 4, default = 4 }
""",
    "painter": """
[[contracts]]
model = "*"
operation = "generation"
size = { fields = ["width", "height"], form = "sides", free = true }
n = { field = "n" }
output_format = { field = "output_format", words = ["png", "jpeg", "webp"] }
accepts.seed = { type = "integer", min = 0, max = 2147483647 }
[[contracts]]
model = "*"
operation = "edit"
image = { field = "image", transport = "file", list = true }
mask = { field = "mask", edit = "transparent", transport = "file" }
size = { fields = ["width", "height"], form = "sides", free = true }
n = { field = "n" }
output_format = { field = "output_format", words = ["png", "jpeg", "webp"] }
accepts.seed = { type = "integer", min = 0, max = 2147483647 }
[[contracts]]
model = "*"
operation = "variation"
image = { field = "image", transport = "file" }
size = { fields = ["width", "height"], form = "sides", free = true }
n = { field = "n" }
output_format = { field = "output_format", words = ["png", "jpeg", "webp"] }
accepts.seed = { type = "integer", min = 0, max = 2147483647 }
""",
}


def load_catalogue(
    database: Database,
    folder: Path,
    extra: Mapping[str, str] | None = None,
    contracts: Mapping[str, str] | None = None,
) -> None:
    """The models and contracts above, and more where given."""
    folder.mkdir(parents=True, exist_ok=True)
    models = {slug: _complete(slug, text) for slug, text in {**MODELS, **(extra or {})}.items()}
    shared = {"sources": SOURCES, "providers": PROVIDERS, "parameters": SHARED}
    for name, text in {**models, **shared}.items():
        (folder / f"{name}.toml").write_text(text, "utf-8")
    (folder / "contracts").mkdir(exist_ok=True)
    for name, text in {**CONTRACTS, **(contracts or {})}.items():
        (folder / "contracts" / f"{name}.toml").write_text(HEAD + text, "utf-8")
    (folder / "contracts" / "sources.toml").write_text(SOURCES, "utf-8")
    seeds = read_catalogue(folder)
    make_once(
        database,
        ("catalogue", id(seeds)),
        lambda: database.write(lambda session: load(session, seeds, now=NOW)),
    )


def _complete(slug: str, text: str) -> str:
    """The file of a model, with a source for each fact it states."""
    head, _, offerings = text.partition("[[offerings]]")
    stated = [line for line in FACTS.splitlines() if line.startswith("[") or _states(head, line)]
    more = [f'{fact} = "page"' for fact in ("sunset", "parameters") if fact in text]
    facts = "\n".join([*stated[:1], *more, *stated[1:]])
    return f'slug = "{slug}"\nname = "{slug.title()}"\n{head}\n{facts}\n[[offerings]]{offerings}'


def _states(head: str, line: str) -> bool:
    fact = line.partition(" ")[0].removeprefix("limits.")
    return bool(fact) and f"{fact} =" in head


@dataclass
class World:
    """An installation; `ask` is a request without HTTP."""

    database: Database
    storage: Storage
    providers: dict[str, ImageProvider] = field(default_factory=dict)
    seconds: float = 20
    client: Client = field(default_factory=Client)
    now: datetime = NOW
    queue_seconds: float = 20

    @property
    def config(self) -> GatewayConfig:
        return GatewayConfig(self.providers, "poster-pro", self.seconds, 3600, self.queue_seconds)

    def at(self, slug: str, base: str) -> None:
        """Set a provider up on loopback."""
        key = SecretStr(CANARY)
        made: dict[str, ImageProvider] = {
            "openai": OpenAI(key, f"{base}/v1"),
            "replicate": Replicate(key, f"{base}/r"),
            "fal": Fal(key, f"{base}/q"),
            "gemini": Gemini(key, f"{base}/g"),
            "painter": LocalPainter(),
        }
        self.providers[slug] = made[slug]

    def ask(
        self,
        *,
        operation: Operation = "generation",
        images: tuple[bytes, ...] = (),
        mask: bytes | None = None,
        payer: Payer = HOUSE,
        **values: Any,
    ) -> Generation:
        request = read_request(operation, {"prompt": "a red cube", **values}, images=images, mask=mask)
        return generate(
            self.database, self.storage, request, self.config, now=self.now, client=self.client, payer=payer
        )
