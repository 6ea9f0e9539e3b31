"""The OpenAI-compatible image API under /openai/v1, and the links it hands out."""

from flask import Blueprint, Response, abort, g, jsonify, request

from app.api import openai_bodies as bodies
from app.api import openai_errors, openai_models
from app.edge import request_log
from app.edge.context import now, parts
from app.gateway import files, keys
from app.gateway.generate import Generation, Means, estimate, generate, means
from app.gateway.keys import Caller
from app.gateway.request import ImageRequest, Operation
from app.gateway.routing import find, servable
from app.gateway.wire import Client

blueprint = Blueprint("openai", __name__, url_prefix="/openai/v1")
links = Blueprint("links", __name__)


@blueprint.before_request
def authenticate() -> None:
    """Whoever has no key learns nothing, not even what is wrong with the request."""
    request.max_content_length = bodies.JSON_BYTES
    scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
    with parts().database.reading() as session:
        g.caller = keys.authenticate(session, secret.strip() if scheme.lower() == "bearer" else None, now=now())


@blueprint.after_request
def name_request(response: Response) -> Response:
    """For the logs of both sides."""
    response.headers.setdefault("x-request-id", openai_errors.request_id())
    return response


@blueprint.errorhandler(Exception)
def failed(error: Exception) -> Response:
    """In OpenAI's shape."""
    request_log.name_refusal(error)
    return openai_errors.answer(error)


@blueprint.post("/images/generations")
def generations() -> Response:
    """Images from a prompt."""
    _caller().check("generate")
    return _images("generation")


@blueprint.post("/images/edits")
def edits() -> Response:
    """Images from images and a prompt, inside a mask where one is given."""
    _caller().check("edit")
    request.max_content_length = bodies.FILES_BYTES
    return _images("edit")


@blueprint.post("/images/variations")
def variations() -> Response:
    """Images like an image."""
    _caller().check("edit")
    request.max_content_length = bodies.FILES_BYTES
    return _images("variation")


@blueprint.get("/models")
def models() -> Response:
    """What this server can make images with."""
    _caller().check("models")
    with parts().database.reading() as session:
        found = servable(session, _means().providers, now())
    return jsonify(object="list", data=[openai_models.model_body(model) for model in found])


@blueprint.get("/models/<path:model_id>")
def model(model_id: str) -> Response:
    """Any model of the catalogue, retired ones too; with `schema=true` its parameters."""
    _caller().check("models")
    with parts().database.reading() as session:
        found = find(session, model_id, now()).model
    answer = openai_models.model_body(found, found.aliases) | {"id": model_id}
    if request.args.get("schema") == "true":
        answer["parameters"] = openai_models.schema_body(found)
    return jsonify(answer)


@links.get("/files/<name>")
def file(name: str) -> Response:
    """A generated image, as long as its link works."""
    with parts().database.reading() as session:
        found = files.linked(session, name, now=now())
    if found is None:
        abort(404)
    headers = {"Cache-Control": "private, no-store", "Cross-Origin-Resource-Policy": "cross-origin"}
    return Response(parts().storage.get(found.key), mimetype=found.media_type, headers=headers)


def _images(operation: Operation) -> Response:
    asked = bodies.read_body(operation)
    if request.args.get("dryRun") == "true":
        return jsonify(bodies.estimate_body(estimate(parts().database, asked, _means(), now=now())))
    made = generate(
        parts().database,
        parts().storage,
        asked,
        _means(),
        now=now(),
        client=Client(),
        payer=_caller().payer,
    )
    return _named(_answer(made, asked), made)


def _answer(made: Generation, asked: ImageRequest) -> Response:
    if asked.stream:
        return Response(bodies.events(made, asked, now()), mimetype="text/event-stream")
    root = (parts().settings.public_url or request.host_url).rstrip("/")
    return jsonify(bodies.body(made, asked, root, now()))


def _named(response: Response, made: Generation) -> Response:
    response.headers["X-Blindvote-Provider"] = made.provider
    response.headers["X-Blindvote-Model"] = made.model
    response.headers["X-Blindvote-Request-Id"] = made.request_id
    response.headers["x-request-id"] = made.request_id
    return response


def _caller() -> Caller:
    caller: Caller = g.caller
    return caller


def _means() -> Means:
    return means(parts().settings)
