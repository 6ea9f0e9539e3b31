"""Work that every application of a test process would do again, done once: none of it depends on the test."""

from typing import Any

import pytest
from flask import Flask
from jinja2.bccache import Bucket, BytecodeCache
from werkzeug.routing import Rule


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


def share(patch: pytest.MonkeyPatch) -> None:
    """Share templates' code, and leave out what three quarters of `create_app` go into: builders nobody asks."""
    patch.setitem(Flask.jinja_options, "bytecode_cache", CompiledTemplates())
    patch.setattr(Rule, "_compile_builder", _compile_builder_when_asked)
