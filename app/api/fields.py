"""Fields of bodies, taken from the rooms' own dataclasses and named tuples, so that no type is written twice."""

from collections.abc import Callable
from typing import Any, get_type_hints

from pydantic import BaseModel, create_model


def with_fields(kind: type, *names: str, **first: Any) -> Callable[[type[BaseModel]], type[BaseModel]]:
    """
    Give a body these fields of a dataclass or named tuple, all of them required, before its own.

    `first` are the types of fields that stand before them.
    """
    hints = get_type_hints(kind)
    types = first | {name: hints[name] for name in names}
    fields: dict[str, Any] = {name: (hint, ...) for name, hint in types.items()}

    def add(body: type[BaseModel]) -> type[BaseModel]:
        every = fields | {name: (field.annotation, field) for name, field in body.model_fields.items()}
        return create_model(
            body.__name__, __base__=BaseModel, __doc__=body.__doc__, __module__=body.__module__, **every
        )

    return add
