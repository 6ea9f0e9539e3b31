"""Names as they are compared: case, accents, spaces, dots and hyphens make no difference."""

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache

_BREAK = re.compile(r"[\W_]+")


def reduce_query(text: str) -> str:
    """Reduce what somebody types, which nobody may type again, as `compact` reduces a name."""
    return "".join(split_words(text))


# Names alone, of all models: whatever else came in would be remembered until it is full.
@lru_cache(maxsize=4096)
def compact(name: str) -> str:
    """Reduce a name to letters and digits in lower case: `DALL·E 2` is `dalle2`, `FLUX.2 [pro]` is `flux2pro`."""
    return reduce_query(name)


def list_spellings(names: Iterable[str | None]) -> tuple[str, ...]:
    """Reduce each name to its compact form; a provider's model id also without the part before its last slash."""
    forms = [form for name in names if name for form in (name, name.rpartition("/")[2])]
    return tuple(dict.fromkeys(compact(form) for form in forms if compact(form)))


def split_words(text: str) -> list[str]:
    """Split a text into words in lower case, without accents."""
    plain = unicodedata.normalize("NFKD", text).casefold().replace("\N{MIDDLE DOT}", "")
    bare = "".join(sign for sign in plain if not unicodedata.combining(sign))
    return [word for word in _BREAK.split(bare) if word]
