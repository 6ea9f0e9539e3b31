"""
Wire contracts: what a provider accepts for one of its models and one operation, in the provider's own words.

A contract is data. The gateway sends what it lists and nothing else, and pages print the same rows. A path such
as `generationConfig.imageConfig.aspectRatio` names a value inside of nested objects; a number in it names an item
of a list.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from datetime import date
from functools import partial
from typing import Any, Literal

from pydantic import TypeAdapter
from sqlalchemy import Text, cast, select
from sqlalchemy.orm import Session

from app.catalog.limits import Strict
from app.catalog.lookup import recall, recall_equal
from app.catalog.tables import WireContract

Operation = Literal["generation", "edit", "variation", "none"]
"""`none`: the model is known, and the gateway has no use for what it answers, such as vector drawings."""
Transport = Literal["file", "data_url", "base64"]
EditArea = Literal["transparent", "white", "black"]
ValueType = Literal["any", "string", "integer", "number", "boolean", "list", "object"]

OPERATIONS: tuple[Operation, ...] = ("generation", "edit", "variation", "none")
ANY_MODEL = "*"
"""The model of a contract that holds for every model of a provider without one of its own."""


@dataclass(frozen=True)
class PromptField(Strict):
    """
    Name the field of a request that takes the prompt; an empty field means that the operation takes none.

    `refused`: texts that a prompt may not hold, since the server would read them as commands.
    """

    field: str = "prompt"
    max_chars: int | None = None
    refused: tuple[str, ...] = ()


@dataclass(frozen=True)
class ImageField(Strict):
    """
    Name the field of a request that takes input images, and how they are written there.

    `list`: a list even of one. `several`: another field for more than one. `numbered`: the second goes to
    `field_2`. `item`: an object in which the text `$image` stands for the image and `$type` for its media type.
    `max_side`, `max_pixels` and `max_bytes` are limits of one image, `formats` the only ones taken (empty: any).
    """

    field: str
    transport: Transport = "data_url"
    list: bool = False
    several: str | None = None
    numbered: bool = False
    item: dict[str, Any] | None = None
    max: int | None = None
    max_side: int | None = None
    max_pixels: int | None = None
    max_bytes: int | None = None
    formats: tuple[str, ...] = ()


@dataclass(frozen=True)
class MaskField(Strict):
    """The field of the mask; `edit` is what marks the area to change. `grey`: half tones mean half strength."""

    field: str
    edit: EditArea
    transport: Transport = "data_url"
    grey: bool = False
    required: bool = False


@dataclass(frozen=True)
class RatioField(Strict):
    """A shape as text. `free`: any ratio up to `max_ratio` (long side over short), else one of `words`."""

    field: str
    words: tuple[str, ...] = ()
    free: bool = False
    max_ratio: float | None = None
    separator: str = ":"
    prefix: str = ""


@dataclass(frozen=True)
class SizeField(Strict):
    """
    A size in pixels.

    One field holds `WxH` text (`form` = `text`, with `separator`) or an object of width and height; two fields
    hold a side each. `words` maps the provider's word to `WxH`. `free`: any size within the bounds. `companions`
    are values that must stand beside a size. `required`: a call without a size is refused.
    """

    fields: tuple[str, ...]
    form: Literal["text", "object", "sides"] = "text"
    separator: str = "x"
    words: dict[str, str] = dataclass_field(default_factory=dict)
    free: bool = False
    min: int | None = None
    max: int | None = None
    step: int | None = None
    min_pixels: int | None = None
    max_pixels: int | None = None
    max_ratio: float | None = None
    companions: dict[str, Any] = dataclass_field(default_factory=dict)
    required: bool = False


@dataclass(frozen=True)
class TierField(Strict):
    """A scale by word: `512`, `1K`, `2k`, `1 MP`; `default` is the provider's own where it is known."""

    field: str
    words: tuple[str, ...]
    default: str | None = None


@dataclass(frozen=True)
class CountField(Strict):
    """
    The field of how many images one call may ask for; `max` None: unknown. `default`:
    what a call without it makes.
    """

    field: str
    max: int | None = None
    default: int = 1


@dataclass(frozen=True)
class FormatField(Strict):
    """The file format by the provider's word, such as `jpg` or `PNG`."""

    field: str
    words: tuple[str, ...]


@dataclass(frozen=True)
class ValueField(Strict):
    """
    One more accepted value.

    `words` maps what a caller may write to the provider's word; the provider's words are always understood.
    `default` is what the provider takes where nothing is sent.
    """

    field: str = ""
    type: ValueType = "any"
    words: dict[str, str] = dataclass_field(default_factory=dict)
    min: float | None = None
    max: float | None = None
    default: Any = None


@dataclass(frozen=True)
class Replies(Strict):
    """The replies by which the provider says that a call is done, has failed, or was refused for its content."""

    done: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()
    moderated: tuple[str, ...] = ()
    moderation_codes: tuple[str, ...] = ()
    moderation_texts: tuple[str, ...] = ()
    account_codes: tuple[str, ...] = ()
    failure_codes: tuple[str, ...] = ()
    """What a refused call says where the provider failed and the request is not to blame, whatever the status."""
    status_codes: dict[str, int] = dataclass_field(default_factory=dict)
    """The status of HTTP that a code stands for, where it comes with another one."""
    moderation_phrases: tuple[str, ...] = ()
    account_phrases: tuple[str, ...] = ()
    """What a refused call says in lower case where it has no code: whole phrases, since it may quote a prompt."""
    empty_is_refusal: bool = False
    """Whether a good answer without an image means that the content was refused."""
    hosts: tuple[str, ...] = ()
    """Other hosts of the provider to which a poll or a result may lead."""


@dataclass(frozen=True)
class Contract(Strict):
    """The contract of an operation. `fixed` is always sent; `open`: unknown values are passed on unchanged."""

    provider: str
    model: str
    operation: Operation
    sources: tuple[str, ...]
    checked: date
    path: str = ""
    """Path or app after the provider's base URL; `{model}` stands for the model id."""
    encoding: Literal["json", "form"] = "json"
    prompt: PromptField = PromptField()
    image: ImageField | None = None
    mask: MaskField | None = None
    ratio: RatioField | None = None
    size: SizeField | None = None
    tier: TierField | None = None
    n: CountField | None = None
    output_format: FormatField | None = None
    accepts: dict[str, ValueField] = dataclass_field(default_factory=dict)
    fixed: dict[str, Any] = dataclass_field(default_factory=dict)
    open: bool = False
    own: bool = False
    """Whether a file of an admin's own states it: what comes with the product leaves it alone."""
    replies: Replies = Replies()
    sure: str = ""
    note: str = ""


CONTRACT = TypeAdapter(Contract)
Key = tuple[str, str, str]


def key_of(contract: Contract) -> Key:
    """Return provider, model and operation, which no two contracts share."""
    return contract.provider, contract.model, contract.operation


def read_contracts(session: Session, offers: Iterable[tuple[str, str]]) -> dict[Key, Contract]:
    """Read the contracts of (provider, model id) pairs; a model without its own gets the general one."""
    stored = recall(session, "contract terms", None, partial(_read_terms, session))
    found: dict[Key, Contract] = {}
    for provider, model in set(offers):
        name = model if (provider, model) in stored else ANY_MODEL
        for operation, terms in stored.get((provider, name), {}).items():
            if operation != "none":
                read = partial(CONTRACT.validate_json, terms)
                key = "contract", provider, name, operation
                found[provider, model, operation] = recall_equal(session, key, terms, read)
    return found


def _read_terms(session: Session) -> dict[tuple[str, str], dict[str, str]]:
    """Read the terms of every contract as JSON, which is parsed when one is asked for."""
    found: dict[tuple[str, str], dict[str, str]] = {}
    terms = cast(WireContract.terms, Text)
    columns = WireContract.provider, WireContract.model, WireContract.operation, terms
    for provider, model, operation, text in session.execute(select(*columns).order_by(WireContract.operation)):
        found.setdefault((provider, model), {})[operation] = text
    return found


def read_keys(session: Session, providers: Iterable[str]) -> frozenset[Key]:
    """Read the key of every stored contract of these providers."""
    columns = select(WireContract.provider, WireContract.model, WireContract.operation).where(
        WireContract.provider.in_(sorted(providers))
    )
    return frozenset((row.provider, row.model, row.operation) for row in session.execute(columns))


def has_contract(keys: frozenset[Key], provider: str, model: str, operation: str) -> bool:
    """Tell whether `read_contracts` would find one; a model with contracts of its own has no others."""
    own = any((provider, model, other) in keys for other in OPERATIONS)
    return (provider, model if own else ANY_MODEL, operation) in keys


def stored_terms(contract: Contract) -> dict[str, Any]:
    """Return the JSON form of a contract, without what is left at its default."""
    terms: dict[str, Any] = CONTRACT.dump_python(contract, mode="json", exclude_defaults=True)
    return terms


def in_order(contracts: Iterable[Contract]) -> dict[Key, Contract]:
    """Order contracts by key; a later one replaces an earlier one."""
    return dict(sorted({key_of(contract): contract for contract in contracts}.items()))


def with_defaults(shared: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """Merge the terms of one contract over those its file shares, table by table."""
    merged = dict(shared)
    for name, value in own.items():
        below = merged.get(name)
        merged[name] = (
            with_defaults(below, value) if isinstance(below, dict) and isinstance(value, dict) else value
        )
    return merged
