"""The playground: pictures from a reader's own prompt or image, by one model or two; without key or script."""

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from threading import BoundedSemaphore
from urllib.parse import urlencode

from flask import Blueprint, Response, request
from werkzeug.datastructures import MultiDict

from app.arena.people import networks
from app.catalog.lookup import ModelSummary
from app.database.doors import DatabaseBusy
from app.edge.body_reader import WHOLE_BYTES
from app.edge.context import now, parts
from app.edge.headers import nonce
from app.edge.identity import voter_or_new
from app.edge.threads import PLAYGROUND_PATH, PLAYGROUND_THREADS
from app.gateway import errors as gateway
from app.gateway.generate import Generation
from app.gateway.playground import MOST_IMAGES, Visitor, make_for_visitor
from app.gateway.request import MAX_PROMPT, OUTPUT_FORMATS, ImageRequest, Operation, read_request
from app.gateway.transport import Client
from app.gateway.visitor_limits import WAIT_SECONDS
from app.web.addresses import base_url
from app.web.playground_models import Absence, PlaygroundModels, find_or_explain, read_playground_models
from app.web.responses import private_page
from app.web.snippets import Example, ExampleCall, example
from app.web.structured import page_data

blueprint = Blueprint("playground", __name__)

BODY_BYTES = 400 * 1024
"""A form spends twelve bytes on a character outside of the basic plane, and a prompt may have 32,000."""
UPLOAD_BYTES = 24 * 2**20
"""Of a form with an image and a mask; one image may have 20 MiB anywhere."""
OPERATIONS: dict[str, tuple[Operation, str, str]] = {
    "generation": ("generation", "Text to image", "generations"),
    "edit": ("edit", "Edit an image", "edits"),
    "variation": ("variation", "Variations", "variations"),
}
"""What a form may ask for: the gateway's operation, its label, and the last part of the API's address."""
LINK_CHARACTERS = 1500
"""Of a prompt: longer ones make addresses that not everything carries."""
SHAPING = ("size", "aspect_ratio", "resolution", "output_format")
SUGGESTED = {
    "size": ("512x512", "1024x1024", "1024x1536", "1536x1024", "1920x1080"),
    "aspect_ratio": ("1:1", "3:2", "2:3", "4:3", "3:4", "16:9", "9:16", "21:9", "4:1"),
    "resolution": ("0.5K", "1K", "2K", "4K"),
    "output_format": OUTPUT_FORMATS,
}
STARTERS = (
    "Two kittens and a puppy in a meadow full of flowers",
    'A poster for a jazz night with the words "BLUE HOUR" in tall letters',
    'A menu for a small bakery called "Morning Bread"',
)
places = BoundedSemaphore(PLAYGROUND_THREADS)
"""For forms that are drawn, or wait to be, in this process."""
Trouble = gateway.GatewayError | DatabaseBusy


@dataclass(frozen=True)
class PlaygroundForm:
    """Hold what the form says, as it was written; `models` are at most two names."""

    prompt: str
    models: tuple[str, ...]
    values: Mapping[str, str]
    operation: Operation = "generation"
    images: tuple[bytes, ...] = ()
    mask: bytes | None = None

    def request(self, model: str | None) -> ImageRequest:
        """Make the gateway's request for a model. Raises InvalidParameter."""
        given = {"prompt": self.prompt, "model": model, "response_format": "url", **self.values}
        return read_request(self.operation, given, images=self.images, mask=self.mask)

    def link(self, *models: str) -> str:
        """Link to the same form for these models, not sent yet."""
        prompt = [("prompt", self.prompt)] if 0 < len(self.prompt) <= LINK_CHARACTERS else []
        named = [("model", model) for model in models]
        operation = [("operation", self.operation)] if self.operation != "generation" else []
        return "/playground?" + urlencode([*named, *operation, *prompt, *self.values.items()])

    def example(self, model: str) -> Example:
        """Write the same request for the API."""
        prompt = {} if self.operation == "variation" else {"prompt": self.prompt}
        fields: dict[str, str | int] = {**prompt, **self.values}
        if "n" in fields:
            fields["n"] = int(fields["n"])
        sent = ("image", "mask") if self.mask is not None else ("image",)
        files = sent if self.operation != "generation" else ()
        call = ExampleCall(OPERATIONS[self.operation][2], model, fields, files)
        return example("This request", call, base_url())


@dataclass(frozen=True)
class Result:
    """Hold what one model made of the request: pictures, or the trouble it ran into."""

    asked: str
    found: ModelSummary | Absence
    ended: Generation | Trouble

    @property
    def made(self) -> Generation | None:
        return self.ended if isinstance(self.ended, Generation) else None

    @property
    def absence(self) -> Absence | None:
        return self.found if isinstance(self.found, Absence) else None

    @property
    def is_free(self) -> bool:
        return isinstance(self.found, ModelSummary) and self.found.demo

    @property
    def status(self) -> int:
        """Return the HTTP status, if this were the whole answer."""
        return 200 if isinstance(self.ended, Generation) else self.ended.status

    @property
    def seconds(self) -> float:
        """Return how many seconds everything took that was tried."""
        return sum(attempt.seconds for attempt in self.made.attempts) if self.made else 0.0


@blueprint.get(PLAYGROUND_PATH)
def form() -> Response:
    """Show the form, filled in as the query says; draws nothing."""
    return _page(_parse_form(request.args), _read_models(), ())


@blueprint.post(PLAYGROUND_PATH)
def draw() -> Response:
    """Draw, and show the pictures beside the form; in threads that no voter needs."""
    if _is_full():
        return _turn_away(_read_form() if _is_here() else PlaygroundForm("", (), {}))
    wanted = _read_form()  # an upload is waited for here, and holds no place meanwhile
    if not places.acquire(blocking=False):
        return _turn_away(wanted)
    try:
        return _draw(wanted)
    finally:
        places.release()


def _is_full() -> bool:
    """Tell whether every place is taken just now."""
    is_free = places.acquire(blocking=False)
    if is_free:
        places.release()
    return not is_free


def _is_here() -> bool:
    """Tell whether the form has come already; a large upload may be on its way, and is not waited for in vain."""
    return request.content_length is not None and request.content_length <= WHOLE_BYTES


def _read_form() -> PlaygroundForm:
    """Read the form, and its files where it has any. Raises RequestEntityTooLarge."""
    has_files = request.mimetype == "multipart/form-data"
    request.max_content_length = UPLOAD_BYTES if has_files else BODY_BYTES
    return _parse_form(request.form)


def _draw(wanted: PlaygroundForm) -> Response:
    among = _read_models()
    try:
        wanted.request(None)
    except gateway.InvalidParameter as mistake:
        return _page(wanted, among, (), mistake)
    return _page(wanted, among, _results(wanted, among))


def _turn_away(wanted: PlaygroundForm) -> Response:
    """Show the form with the time to come back."""
    among = _read_models()
    full = gateway.RateLimited(
        "Others are drawing just now; a place will be free in a moment.", retry_after=WAIT_SECONDS
    )
    names = _names(wanted, among)
    return _page(wanted, among, _tell_results(names, among, [full] * len(names)))


def _parse_form(given: MultiDict[str, str]) -> PlaygroundForm:
    """Read the form, with line ends as everybody but forms writes them."""
    texts = {name: given.get(name, "").strip() for name in (*SHAPING, "n")}
    models = dict.fromkeys(name.strip() for name in given.getlist("model")[:2] if name.strip())
    prompt = given.get("prompt", "").replace("\r\n", "\n").strip()
    operation = OPERATIONS.get(given.get("operation", ""), OPERATIONS["generation"])[0]
    values = {name: text for name, text in texts.items() if text}
    if operation == "generation":
        return PlaygroundForm(prompt, tuple(models), values)
    masks = _files("mask") if operation == "edit" else ()
    return PlaygroundForm(prompt, tuple(models), values, operation, _files("image"), next(iter(masks), None))


def _files(name: str) -> tuple[bytes, ...]:
    """Read the files sent under a name; a field left empty sends one without a byte."""
    return tuple(data for part in request.files.getlist(name) if (data := part.read()))


def _read_models() -> PlaygroundModels:
    with parts().database.reading() as session:
        return read_playground_models(session, parts().settings, now())


def _results(wanted: PlaygroundForm, among: PlaygroundModels) -> tuple[Result, ...]:
    """Draw with both models at the same time."""
    database, storage, visitor = parts().database, parts().storage, _visitor()

    def one(name: str) -> Generation | Trouble:
        asked = wanted.request(name)
        try:
            return make_for_visitor(
                database, storage, asked, among.config, visitor, now=among.now, client=Client()
            )
        except (gateway.GatewayError, DatabaseBusy) as trouble:
            return trouble

    names = _names(wanted, among)
    with ThreadPoolExecutor(max_workers=len(names)) as pool:
        return _tell_results(names, among, list(pool.map(one, names)))


def _names(wanted: PlaygroundForm, among: PlaygroundModels) -> tuple[str, ...]:
    """Name the models to draw with: the form's, else the one that the page begins with."""
    return wanted.models or (among.first or among.config.default_model,)


def _tell_results(
    names: Sequence[str], among: PlaygroundModels, ended: Sequence[Generation | Trouble]
) -> tuple[Result, ...]:
    """Tell how each model's request ended."""
    with parts().database.reading() as session:
        picks = [find_or_explain(session, name, among) for name in names]
    return tuple(Result(*result) for result in zip(names, picks, ended, strict=True))


def _visitor() -> Visitor:
    """
    Identify who pays: the cookie, in the public profile the network, since a new cookie costs nothing.

    The name is another one every day, and tells nobody who it was.
    """
    settings = parts().settings
    who = networks.prefix(request.remote_addr).encode() if settings.profile == "public" else voter_or_new()
    secret = settings.secret_key.get_secret_value().encode()
    name = hmac.new(secret, f"playground {now().date()} ".encode() + who, hashlib.sha256)
    return Visitor(name.hexdigest()[:32], settings.playground_daily_usd)


def _page(
    wanted: PlaygroundForm,
    among: PlaygroundModels,
    results: Sequence[Result],
    mistake: gateway.InvalidParameter | None = None,
) -> Response:
    with parts().database.reading() as session:
        picks = [find_or_explain(session, name, among) for name in wanted.models]
    slugs = [one.slug for one in picks if isinstance(one, ModelSummary)] or [among.first or ""]
    page = private_page(
        "playground.html",
        structured=page_data("Playground", f"{base_url()}/playground", base_url(), None),
        nonce=nonce(),
        wanted=wanted,
        results=results,
        mistake=mistake,
        absences=[one for one in picks if isinstance(one, Absence)] if not results else (),
        among=among,
        free=[model for model in among.models if model.demo],
        paid=[model for model in among.models if not model.demo],
        chosen=[*slugs, ""][:2],
        daily_usd=parts().settings.playground_daily_usd,
        minutes=among.config.link_seconds // 60,
        suggested=SUGGESTED,
        starters=STARTERS,
        operations=OPERATIONS,
        most=MOST_IMAGES,
        longest=MAX_PROMPT,
    )
    return _set_status(page, results, mistake)


def _set_status(page: Response, results: Sequence[Result], mistake: gateway.InvalidParameter | None) -> Response:
    """Answer 200 when any model drew, else with the status of the first trouble and the time to come back."""
    page.status_code = 400 if mistake else min((result.status for result in results), default=200)
    pauses = [one.ended.retry_after or 1 for one in results if isinstance(one.ended, gateway.RateLimited)]
    if page.status_code == 429 and pauses:
        page.headers["Retry-After"] = str(min(pauses))
    return page
