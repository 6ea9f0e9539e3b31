"""Work that every application of a test process would do again, done once: none of it depends on the test."""

from contextlib import closing
from functools import cache
from typing import Any

import httpx
import pytest
from flask import Flask
from jinja2.bccache import Bucket, BytecodeCache
from sqlalchemy import Engine
from sqlalchemy.engine.default import DefaultDialect
from sqlalchemy.util import LRUCache
from werkzeug.routing import Rule

from app.database.doors import Database


class CompiledTemplates(BytecodeCache):
    """The code of templates by their source: compiling them took half of the time of a first page."""

    def __init__(self) -> None:
        self._code: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if code := self._code.get(bucket.key):
            bucket.bytecode_from_string(code)

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._code[bucket.key] = bucket.bytecode_to_string()


def _compile_builder_when_asked(self: Rule, append_unknown: bool = True) -> Any:
    """Give a function that builds addresses, and that is only compiled when an address is built."""
    compiled: list[Any] = []

    def build(rule: Rule, **values: Any) -> Any:
        if not compiled:
            compiled.append(_COMPILE_BUILDER(self, append_unknown))
        return compiled[0](rule, **values)

    return build


_COMPILE_BUILDER = Rule._compile_builder


PARSED_RULES: dict[str, tuple[list[Any], list[Any], dict[str, Any]]] = {}


def _parse_rule_once(self: Rule, rule: str) -> list[Any]:
    """Parse what an address of the application looks like when its first one starts, for all that follow."""
    if rule not in PARSED_RULES:
        start = len(self._trace)
        parts = list(_PARSE_RULE(self, rule))
        PARSED_RULES[rule] = parts, self._trace[start:], dict(self._converters)
        return parts
    parts, trace, converters = PARSED_RULES[rule]
    self._trace += trace
    self._converters |= converters
    self.arguments |= converters.keys()
    return parts


_PARSE_RULE = Rule._parse_rule


STATEMENTS: LRUCache[Any, Any] = LRUCache(4000)


def _init_with_shared_statements(self: Engine, *given: Any, **more: Any) -> None:
    _INIT_ENGINE(self, *given, **more)
    if self._compiled_cache is not None:
        self._compiled_cache = STATEMENTS


def _is_same_dialect(self: DefaultDialect, other: object) -> bool:
    """Tell whether two engines write every statement alike: each has a dialect of its own, by which it is kept."""
    return type(self) is type(other) and self.server_version_info == other.server_version_info  # type: ignore[attr-defined]


_INIT_ENGINE = Engine.__init__


MIGRATED: list[Any] = []
"""A connection to a copy in memory of the first SQLite database that was migrated from nothing."""


def _migrate_once(self: Database, revision: str = "head") -> None:
    """Copy what the first migration of an empty SQLite database made, for all that follow."""
    engine = self._write_engine
    if revision != "head" or engine.dialect.name != "sqlite":
        _MIGRATE(self, revision)
        return
    with closing(engine.raw_connection()) as pooled:
        is_empty = pooled.driver_connection.execute("SELECT 1 FROM sqlite_master").fetchone() is None  # type: ignore[union-attr]
        if is_empty and MIGRATED:
            MIGRATED[0].backup(pooled.driver_connection)
            return
    _MIGRATE(self, revision)
    if is_empty:
        MIGRATED.append(engine.dialect.dbapi.connect(":memory:", check_same_thread=False))
        with closing(engine.raw_connection()) as pooled:
            pooled.driver_connection.backup(MIGRATED[0])  # type: ignore[union-attr]


_MIGRATE = Database.migrate


def share(patch: pytest.MonkeyPatch) -> None:
    """
    Share compiled templates and statements, parsed addresses, the tables of a new SQLite database, and the
    certificates that HTTP clients trust.

    Builders of addresses are compiled when somebody asks them. Every `httpx.Client` would read the certificates of
    the whole world for 40 ms, and every engine compile the same statements for as long as they take to run.
    """
    patch.setitem(Flask.jinja_options, "bytecode_cache", CompiledTemplates())
    patch.setattr(Rule, "_compile_builder", _compile_builder_when_asked)
    patch.setattr(Rule, "_parse_rule", _parse_rule_once)
    patch.setattr(DefaultDialect, "__eq__", _is_same_dialect)
    patch.setattr(DefaultDialect, "__hash__", lambda self: hash(type(self)))
    patch.setattr(Engine, "__init__", _init_with_shared_statements)
    patch.setattr(Database, "migrate", _migrate_once)
    patch.setattr("httpx._transports.default.create_ssl_context", cache(httpx.create_ssl_context))
