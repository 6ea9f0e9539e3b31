"""Search as people type: case, accents, spaces, dots and hyphens make no difference."""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Protocol, TypeVar

_BREAK = re.compile(r"[\W_]+")


class Named(Protocol):
    """A thing that is searched for by name."""

    @property
    def slug(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def creator(self) -> str | None: ...
    @property
    def family(self) -> str | None: ...
    @property
    def released(self) -> str | None: ...
    @property
    def status(self) -> str: ...
    @property
    def spellings(self) -> tuple[str, ...]: ...


Model = TypeVar("Model", bound=Named)


def compact(text: str) -> str:
    """Reduce a name to letters and digits in lower case: `DALL·E 2` is `dalle2`, `FLUX.2 [pro]` is `flux2pro`."""
    return "".join(_words(text))


def spellings(names: Iterable[str | None]) -> tuple[str, ...]:
    """Reduce each name to its compact form; a provider's model id also without the part before its last slash."""
    forms = [form for name in names if name for form in (name, name.rpartition("/")[2])]
    return tuple(dict.fromkeys(compact(form) for form in forms if compact(form)))


def match_rank(model: Named, query: str) -> int | None:
    """
    Rank how a model answers a query: 0 for its very name, 1 for a beginning, 2 for a part, 3 for all words.

    None where it does not answer. An empty query fits everything.
    """
    wanted = compact(query)
    if wanted in model.spellings:
        return 0
    if any(spelling.startswith(wanted) for spelling in model.spellings):
        return 1
    if any(wanted in spelling for spelling in model.spellings):
        return 2
    everything, words = searched_text(model), _words(query)
    return 3 if words and all(word in everything for word in words) else None


def searched_text(model: Named) -> str:
    """Join what the words of a query are looked for in: every spelling, the creator, the family."""
    return " ".join((*model.spellings, compact(model.creator or ""), compact(model.family or "")))


def search(models: Sequence[Model], query: str) -> list[Model]:
    """Find the models that answer a query, the best first; of equal ones those still served, then the newest."""
    ranked = [(rank, model) for model in models if (rank := match_rank(model, query)) is not None]
    newest = sorted(ranked, key=lambda one: one[1].released or "", reverse=True)
    return [model for _, model in sorted(newest, key=lambda one: (one[0], one[1].status == "retired"))]


def _words(text: str) -> list[str]:
    plain = unicodedata.normalize("NFKD", text).casefold().replace("\N{MIDDLE DOT}", "")
    bare = "".join(sign for sign in plain if not unicodedata.combining(sign))
    return [word for word in _BREAK.split(bare) if word]
