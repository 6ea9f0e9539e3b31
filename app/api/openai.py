"""The OpenAI-compatible image API, by OpenAI's paths and Azure's, and the links it hands out."""

from collections.abc import Callable
from datetime import UTC, datetime
from threading import BoundedSemaphore

from flask import Blueprint, Response, abort, g, jsonify, request

from app.api import openai_answers as answers
from app.api import openai_bodies as bodies
from app.api import openai_cors, openai_errors, openai_models
from app.catalog.pricing import MICROS
from app.edge import request_log
from app.edge.context import now, parts
from app.edge.threads import GATEWAY_THREADS
from app.gateway import files, keys, replay
from app.gateway.background import Gateway, PendingGeneration, submit
from app.gateway.errors import InvalidParameter, RateLimited
from app.gateway.generate import QUEUE, GatewayConfig, Generation, estimate, read_config
from app.gateway.keys import Caller
from app.gateway.offers import read_served
from app.gateway.reference import refer
from app.gateway.replay import Repetition
from app.gateway.request import ImageRequest, Operation
from app.gateway.routing import find, servable
from app.gateway.transport import Client

BASES = ("/openai/v1", "/v1", "/openai")
"""The last is that of Azure's clients where they name no deployment."""
DEPLOYMENT = "/openai/deployments/<path:deployment>"
"""Azure's clients name the model in the path."""
KEY_CHARACTERS = 255
LITELLM_COST = "x-litellm-response-cost"
"""US dollars, where LiteLLM reads what a request cost instead of looking for our models in its own price list."""

_threads = BoundedSemaphore(GATEWAY_THREADS)

blueprint = Blueprint("openai", __name__)
links = Blueprint("links", __name__)
View = Callable[..., Response]


def _route(path: str, method: str, *, by_deployment: bool = False) -> Callable[[View], View]:
    """Answer a path under every base, with or without a slash at its end."""

    def decorate(view: View) -> View:
        for base in BASES:
            blueprint.add_url_rule(base + path, None, view, methods=[method], strict_slashes=False)
        # Beside a name that may hold slashes, the router takes the last one literally.
        for end in ("", "/") if by_deployment else ():
            blueprint.add_url_rule(DEPLOYMENT + path + end, None, view, methods=[method])
        return view

    return decorate


@blueprint.before_request
def authenticate() -> Response | None:
    """Let in whoever has a key; whoever has none learns nothing, not even what is wrong with the request."""
    if openai_cors.is_preflight():
        return openai_cors.answer_preflight()
    request.max_content_length = bodies.JSON_BYTES
    with parts().database.reading() as session:
        g.caller = keys.authenticate(session, _secret(), now=now())
    _take_thread()
    return None


@blueprint.after_request
def name_request(response: Response) -> Response:
    """Name the request for the logs of both sides, and let permitted pages read the answer."""
    response.headers.setdefault("x-request-id", openai_errors.request_id())
    return openai_cors.allow(response)


@blueprint.teardown_request
def free_thread(_error: BaseException | None) -> None:
    """Count the thread as free again; a stream's is when the stream ends."""
    if g.pop("has_thread", False):
        _threads.release()


@blueprint.errorhandler(Exception)
def answer_error(error: Exception) -> Response:
    """Answer an error in OpenAI's shape."""
    request_log.name_refusal(error)
    return openai_errors.answer(error)


@_route("/images/generations", "POST", by_deployment=True)
def generations(deployment: str | None = None) -> Response:
    """Make images from a prompt."""
    _caller().check("generate")
    return _images("generation", deployment)


@_route("/images/edits", "POST", by_deployment=True)
def edits(deployment: str | None = None) -> Response:
    """Make images from images and a prompt, inside a mask where one is given."""
    return _images_of_files("edit", deployment)


@_route("/images/variations", "POST", by_deployment=True)
def variations(deployment: str | None = None) -> Response:
    """Make images like an image."""
    return _images_of_files("variation", deployment)


@_route("/models", "GET")
def models() -> Response:
    """List what this server can make images with."""
    _caller().check("models")
    providers = _config().providers
    with parts().database.reading() as session:
        listed = servable(session, providers, now())
        served = read_served(session, listed, providers)
    data = [openai_models.model_body(model, served[model.slug], providers) for model in listed]
    return jsonify(object="list", data=data)


@_route("/models/<path:model_id>", "GET")
def model(model_id: str) -> Response:
    """Show any model of the catalogue, retired ones too; with `schema=true` its parameters."""
    _caller().check("models")
    model_id = model_id.rstrip("/")
    providers = _config().providers
    with parts().database.reading() as session:
        found = find(session, model_id, now(), providers).model
        operations = read_served(session, [found], providers).get(found.slug, ())
        found = refer(session, found)
    answer = openai_models.model_body(found, operations, providers, found.aliases) | {"id": model_id}
    if bodies.read_switch("schema"):
        answer["parameters"] = openai_models.schema_body(found)
    return jsonify(answer)


@links.get("/files/<name>")
def file(name: str) -> Response:
    """Send a generated image, as long as its link works."""
    with parts().database.reading() as session:
        found = files.find_linked(session, name, now=now())
    if found is None:
        abort(404)
    headers = {"Cache-Control": "private, no-store", "Cross-Origin-Resource-Policy": "cross-origin"}
    return openai_cors.allow(Response(parts().storage.get(found.key), mimetype=found.media_type, headers=headers))


def _images_of_files(operation: Operation, deployment: str | None) -> Response:
    """Answer what may carry files, or images as text: base64 in a part of a form as in JSON."""
    _caller().check("edit")
    request.max_content_length = request.max_form_memory_size = bodies.FILES_BYTES
    return _images(operation, deployment)


def _images(operation: Operation, deployment: str | None) -> Response:
    asked = bodies.read_body(operation, deployment)
    if asked.dry_run:
        return jsonify(answers.estimate_body(estimate(parts().database, asked, _config(), now=now())))
    gateway = Gateway(parts().database, parts().storage, _config(), Client(), lambda: datetime.now(UTC))
    pending = submit(gateway, asked, _caller().payer, _repetition(asked))
    response = _stream(pending, asked) if asked.stream else _whole(pending, asked)
    if pending.is_replay:
        response.headers["Idempotent-Replayed"] = "true"
    return response


def _whole(pending: PendingGeneration, asked: ImageRequest) -> Response:
    made = pending.result()
    root = (parts().settings.public_url or request.host_url).rstrip("/")
    return _name(jsonify(answers.images_body(made, asked, root, now())), made)


def _stream(pending: PendingGeneration, asked: ImageRequest) -> Response:
    """Begin at once; proxies that would gather the answer are told not to."""
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    g.pop("has_thread")
    events = answers.EventStream(pending, asked, now(), on_close=_threads.release)
    return Response(events, mimetype="text/event-stream", headers=headers)


def _name(response: Response, made: Generation) -> Response:
    cost = {} if made.cost_micros is None else {LITELLM_COST: f"{made.cost_micros / MICROS:.6f}"}
    names = {
        "X-Blindvote-Provider": made.provider,
        "X-Blindvote-Model": made.model,
        "X-Blindvote-Request-Id": made.request_id,
    }
    response.headers.update(names | cost | {"x-request-id": made.request_id})
    return response


def _repetition(asked: ImageRequest) -> Repetition | None:
    """
    Tell how this request may come again: by its Idempotency-Key, or by the count of OpenAI's own clients.

    Raises InvalidParameter for a key that is too long.
    """
    key = request.headers.get("Idempotency-Key", "").strip()
    count = request.headers.get("X-Stainless-Retry-Count", "")
    if len(key) > KEY_CHARACTERS or not key.isprintable():
        raise InvalidParameter("Idempotency-Key", f"An Idempotency-Key has at most {KEY_CHARACTERS} characters.")
    is_count = count.isascii() and count.isdigit() and len(count) < 4
    if not key and not is_count:
        return None
    retries = int(count) if is_count else 0
    return Repetition(_caller().key_id, replay.fingerprint(asked), key or None, retries)


def _take_thread() -> None:
    """Count the thread until the answer has left: a server has more, but not for this. Raises RateLimited."""
    if not _threads.acquire(blocking=False):
        pause = QUEUE.seconds_until_room()
        raise RateLimited("As many requests for images wait here as this server can hold.", retry_after=pause)
    g.has_thread = True


def _secret() -> str | None:
    """Find the key where OpenAI's, Azure's and other clients send it."""
    sent = request.headers.get("Authorization", "").split()
    sent += [request.headers.get(name, "") for name in ("api-key", "x-api-key")]
    # Some send a placeholder in one header and the key in another.
    return next((secret for secret in sent if keys.SECRET.fullmatch(secret)), None)


def _caller() -> Caller:
    caller: Caller = g.caller
    return caller


def _config() -> GatewayConfig:
    return read_config(parts().settings)
