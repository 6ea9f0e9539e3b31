"""Aliases of tables that threads share."""

from typing import Any, TypeVar

from sqlalchemy import inspect
from sqlalchemy.orm import DeclarativeBase, aliased

Model = TypeVar("Model", bound=DeclarativeBase)


def alias(table: type[Model], name: str | None = None) -> type[Model]:
    """
    Make an alias of a table whose columns are all looked up already.

    SQLAlchemy looks each up when the first statement uses it. Of two threads that do so at the same time, one may
    not find it, use the table itself beside the alias, and so read every row with every other for as long as the
    process runs (https://github.com/sqlalchemy/sqlalchemy/issues/12302; seen with 2.1.9).
    """
    made: Any = aliased(table, name=name)
    for attribute in inspect(table).column_attrs:
        _ = getattr(made, attribute.key).expression
    return made  # type: ignore[no-any-return]
