"""Search as people type: case, accents, spaces, dots and hyphens make no difference."""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Protocol, TypeVar

_BREAK = re.compile(r"[\W_]+")
_BRACKETS = re.compile(r"\(.*?\)|\[.*?\]")


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

    The creator may stand before the name. None where the model does not answer; an empty query fits everything.
    """
    wanted = compact(query)
    bare = wanted.removeprefix(compact(model.creator or "")) or wanted
    ranks = [rank for rank in (_name_rank(model, wanted), _name_rank(model, bare)) if rank is not None]
    if ranks:
        return min(ranks)
    everything, words = searched_text(model), _words(query)
    return 3 if words and all(word in everything for word in words) else None


def _name_rank(model: Named, wanted: str) -> int | None:
    if wanted in model.spellings:
        return 0
    if any(spelling.startswith(wanted) for spelling in model.spellings):
        return 1
    return 2 if any(wanted in spelling for spelling in model.spellings) else None


def searched_text(model: Named) -> str:
    """Join what the words of a query are looked for in: every spelling, the creator, the family."""
    return " ".join((*model.spellings, compact(model.creator or ""), compact(model.family or "")))


def search(models: Sequence[Model], query: str) -> list[Model]:
    """
    Find the models that answer a query, the best first; of equal ones those still served, then the newest.

    Where only words are met, the shorter name goes first. What stands in brackets counts only if anything has it:
    boards write `gpt-image-2 (medium)`.
    """
    ranked = [(rank, model) for model in models if (rank := match_rank(model, query)) is not None]
    if not ranked and (plain := _BRACKETS.sub(" ", query)) != query:
        return search(models, plain)
    newest = sorted(ranked, key=lambda one: one[1].released or "", reverse=True)
    return [model for _, model in sorted(newest, key=lambda one: _order(one[0], one[1], _words(query)))]


def _order(rank: int, model: Named, words: Sequence[str]) -> tuple[int, bool, int]:
    spread = [len(spelling) for spelling in model.spellings if all(word in spelling for word in words)]
    return rank, model.status == "retired", min(spread, default=999) if rank == 3 else 0


def _words(text: str) -> list[str]:
    plain = unicodedata.normalize("NFKD", text).casefold().replace("\N{MIDDLE DOT}", "")
    bare = "".join(sign for sign in plain if not unicodedata.combining(sign))
    return [word for word in _BREAK.split(bare) if word]
