"""Blindvote: an arena where people judge, blind, images that models made from the same prompt."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from flask import Flask
    from flask.typing import ResponseReturnValue

    from app.settings import Settings

__version__ = "0.1.0"


def create_app(settings: "Settings") -> "Flask":
    """Wire the parts. Imports are inside: a command that rates a file needs no web server."""
    from flask_openapi3 import OpenAPI

    from app import api, metrics, web
    from app.database.doors import Database
    from app.database.places import PACKAGE
    from app.edge import bodies, context, logs, page_cache
    from app.gateway.picture_cache import PictureCache
    from app.gateway.storage import storage_of

    logs.configure(settings)
    if settings.metrics_token.get_secret_value():
        metrics.start()

    app = OpenAPI(
        "app",
        info=api.about.describe(__version__),
        doc_ui=False,
        validation_error_status=400,
        validation_error_model=api.errors.ErrorBody,
        validation_error_callback=api.errors.invalid_request,
        static_folder=None,
        template_folder=str(PACKAGE / "web" / "templates"),
    )
    app.request_class = bodies.StrictRequest
    app.ensure_sync = _take_as_sync  # type: ignore[method-assign]
    app.config["MAX_CONTENT_LENGTH"] = bodies.BODY_BYTES
    app.config["TRUSTED_HOSTS"] = list(settings.trusted_hosts) or None
    app.json.sort_keys = False  # type: ignore[attr-defined]
    database = Database(
        settings.database_url,
        replica_url=settings.read_database_url,
        staleness=settings.read_staleness_seconds,
    )
    storage = storage_of(settings)
    app.extensions["blindvote"] = context.Parts(
        settings=settings,
        database=database,
        storage=storage,
        pictures=PictureCache(storage, settings.picture_cache_mib * 2**20),
        pages=page_cache.PageCache(database),
    )
    _add_hooks(app)
    api.install(app)
    web.install(app)
    app.register_error_handler(Exception, _failed)
    _add_middleware(app, settings)
    return app


def _take_as_sync(func: "Callable[..., Any]") -> "Callable[..., Any]":
    """Return a view or hook as it is: none here is a coroutine, which Flask would ask nine times a request."""
    return func


def _add_hooks(app: "Flask") -> None:
    """Add what Flask calls around every view, in this order."""
    from app.edge import bodies, body_reader, headers, identity, origin, request_log, team

    app.before_request(request_log.name_rule)
    app.before_request(body_reader.check)
    app.before_request(team.check)
    app.before_request(bodies.check_address)
    app.before_request(origin.check)
    app.after_request(headers.protect)
    app.after_request(identity.send_cookie)


def _add_middleware(app: "Flask", settings: "Settings") -> None:
    """Wrap the application from the inside out: the last one added meets a request first."""
    from app.api import direct_voting
    from app.database.places import PACKAGE
    from app.edge import body_reader, page_cache, paths, proxies, request_log, static_files, team, threads
    from app.web import direct_pictures

    folder = PACKAGE / "web" / "static"
    app.wsgi_app = static_files.StaticFiles(app.wsgi_app, folder, "/static/")  # type: ignore[method-assign]
    if settings.login_header:
        app.wsgi_app = team.LoginMiddleware(app.wsgi_app, settings.login_header)  # type: ignore[method-assign]
    if settings.profile != "team":
        pages = app.extensions["blindvote"].pages
        app.wsgi_app = page_cache.PageCacheMiddleware(app.wsgi_app, pages)  # type: ignore[method-assign]
        wired = app.extensions["blindvote"]
        app.wsgi_app = direct_voting.DirectVoting(app.wsgi_app, wired)  # type: ignore[method-assign]
        app.wsgi_app = direct_pictures.DirectPictures(app.wsgi_app, wired)  # type: ignore[method-assign]
    app.wsgi_app = threads.ThreadLimit(app.wsgi_app)  # type: ignore[method-assign]
    app.wsgi_app = body_reader.BodyReader(app.wsgi_app)  # type: ignore[method-assign]
    app.wsgi_app = paths.MergedSlashes(app.wsgi_app)  # type: ignore[method-assign]
    app.wsgi_app = request_log.RequestLog(app.wsgi_app, static="/static/")  # type: ignore[method-assign]
    app.wsgi_app = proxies.ProxyMiddleware(app.wsgi_app, settings.trusted_proxies)  # type: ignore[method-assign]


def _failed(error: Exception) -> "ResponseReturnValue":
    """Answer an error as the API, the gateway or the pages do, by the path that was asked for."""
    from app import api, web
    from app.edge import after_commit, request_log

    if (answer := after_commit.stored_answer(error)) is not None:
        return answer
    request_log.name_refusal(error)
    if api.openai_errors.is_ours():
        return api.openai_errors.answer(error)
    return api.errors.answer(error) if api.errors.is_ours() else web.errors.answer(error)
