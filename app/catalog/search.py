"""Search as people type: case, accents, spaces, dots and hyphens make no difference."""

import re
from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from functools import lru_cache
from itertools import product

from app.catalog.lookup import ModelSummary
from app.catalog.spellings import compact, reduce_query, split_words

_BRACKETS = re.compile(r"\(.*?\)|\[.*?\]")
_VERSION = re.compile(r"\bv(?=\d)")
OWN_NAME, OTHER_NAME, BEGINNING, PART, ALL_WORDS = range(5)
"""How a model answers a query, the best first; the other names are aliases and the ids of providers."""
FILLERS = frozenset({"a", "ai", "api", "by", "from", "model", "the", "version"})
"""Words that people add to a model's name."""
NUMBER_WORDS = "one two three four five six seven eight"
NUMBERS = {word: str(number) for number, word in enumerate(NUMBER_WORDS.split(), 1)} | {
    "ii": "2",
    "iii": "3",
    "iv": "4",
}
"""Numbers of versions as people write them."""
NEAR = 0.84
"""Share of letters in common, as difflib counts it, from which a name is taken for a slip of the fingers."""
NEAR_WORD = 0.8
"""The same for a word of a name; those of three letters are too short for it."""
LONGEST_QUERY = 200
"""Letters of a query that are read: no name is as long, and each is compared with every model."""
LONGEST_SLIP = 60
"""Letters of a query that are compared with names: each costs time."""


def match_rank(model: ModelSummary, query: str) -> int | None:
    """
    Rank how a model answers a query: by a name, by the beginning or a part of one, or by all words.

    The creator may stand before or after the name. None where the model does not answer; an empty query fits
    everything.
    """
    ranks = [rank for name in _names(query, model.creator or "") if (rank := _name_rank(model, name)) is not None]
    if ranks:
        return min(ranks)
    everything, words = searched_text(model), split_words(query)
    return ALL_WORDS if words and all(word in everything for word in words) else None


# One search asks for each creator many times; a longer memory would hold what strangers typed for hours.
@lru_cache(maxsize=128)
def _names(query: str, creator: str) -> frozenset[str]:
    """Return the names that a query may mean, with and without its creator, who may lack an `AI` at the end."""
    wanted, whole = reduce_query(query), compact(creator)
    bare = compact(" ".join(word for word in split_words(creator) if word not in FILLERS))
    names = {wanted}
    for told in filter(None, (whole, bare)):
        names |= {wanted.removeprefix(told), wanted.removesuffix(told)}
    return frozenset(filter(None, names)) or frozenset({wanted})


def _name_rank(model: ModelSummary, wanted: str) -> int | None:
    if wanted in {compact(model.name), compact(model.slug)}:
        return OWN_NAME
    if wanted in model.spellings:
        return OTHER_NAME
    if any(spelling.startswith(wanted) for spelling in model.spellings):
        return BEGINNING
    return PART if any(wanted in spelling for spelling in model.spellings) else None


def searched_text(model: ModelSummary) -> str:
    """Join what the words of a query are looked for in: every spelling, the creator, the family."""
    return " ".join((*model.spellings, compact(model.creator or ""), compact(model.family or "")))


def search(models: Sequence[ModelSummary], query: str) -> list[ModelSummary]:
    """
    Find the models that answer a query, the best first; of equal ones those still served, then the newest.

    Where only words are met, the shorter name goes first. Where nothing answers, the query is read with less in
    it, then the models are found whose names are spelled nearly so, and at last those with nearly such words.
    """
    query = query[:LONGEST_QUERY]
    found = _answer(models, query) or _nearly_spelled(models, query)
    corrected = "" if found else _correct(models, query)
    return _answer(models, corrected) if corrected else found


def _answer(models: Sequence[ModelSummary], query: str) -> list[ModelSummary]:
    """Find the models that answer the query as it stands, or with less in it."""
    texts = (query, _BRACKETS.sub(" ", query))  # boards write `gpt-image-2 (medium)`
    for text, worst_rank in product(texts, (BEGINNING, ALL_WORDS)):
        for wording in _wordings(text):
            found = _rank(models, wording)
            if found and found[0][0] <= worst_rank:
                return [model for _, model in found]
    return []


def _wordings(text: str) -> Iterator[str]:
    """
    Yield a query as it stands, then without what people add to a name: `the DALL-E v2 model`.

    A number that is written as a word is a number too: `dall e two`.
    """
    yield text
    words = [word for word in split_words(text) if word not in FILLERS]
    numbered = [NUMBERS.get(word, word) for word in words]
    for bare in dict.fromkeys(" ".join(one) for one in (words, numbered) if one):
        yield bare
        yield _VERSION.sub("", bare)


def _rank(models: Sequence[ModelSummary], query: str) -> list[tuple[int, ModelSummary]]:
    """Rank the models that answer one wording, the best first."""
    words = split_words(query)
    ranked = [(rank, model) for model in models if (rank := match_rank(model, query)) is not None]
    newest = sorted(ranked, key=lambda one: one[1].released or "", reverse=True)
    return sorted(newest, key=lambda one: _order(one[0], one[1], words))


def _nearly_spelled(models: Sequence[ModelSummary], query: str) -> list[ModelSummary]:
    """Find the models whose names differ from the query by a slip of the fingers, the nearest first."""
    by_spelling: dict[str, list[ModelSummary]] = {}
    for model in models:
        for spelling in model.spellings:
            by_spelling.setdefault(spelling, []).append(model)
    near = get_close_matches(reduce_query(query)[:LONGEST_SLIP], by_spelling, n=5, cutoff=NEAR)
    return list({model.slug: model for spelling in near for model in by_spelling[spelling]}.values())


def _correct(models: Sequence[ModelSummary], query: str) -> str:
    """Replace each word by the nearest one of names, families and creators; by nothing where a word has none."""
    known = {
        word
        for model in models
        for word in split_words(f"{model.name} {model.family or ''} {model.creator or ''}")
        if len(word) > 3
    }
    words = split_words(query[:LONGEST_SLIP])
    near = [
        [word] if word in known or len(word) < 4 else get_close_matches(word, known, n=1, cutoff=NEAR_WORD)
        for word in words
    ]
    return " ".join(one[0] for one in near) if all(near) else ""


def _order(rank: int, model: ModelSummary, words: Sequence[str]) -> tuple[int, bool, int]:
    spread = [len(spelling) for spelling in model.spellings if all(word in spelling for word in words)]
    return rank, model.status == "retired", min(spread, default=999) if rank == ALL_WORDS else 0
