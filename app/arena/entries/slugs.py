"""Makes names for addresses out of titles, prompts and models."""

import re
import unicodedata

LONGEST = 80
"""Characters of any slug."""


def make_slug(text: str, *, longest: int = LONGEST, dots: bool = False) -> str:
    """
    Make a slug: letters lose their accents, and a hyphen stands for all that is no letter of a to z and no digit.

    What is too long is cut between words. `dots` keeps dots and underscores, as names of models have them; these
    are cut at `longest`. Empty where nothing is left.
    """
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9._]+" if dots else r"[^a-z0-9]+", "-", plain).strip("-._")
    if len(slug) > longest and not dots:
        slug = slug[: longest + 1].rpartition("-")[0] or slug[:longest]
    return slug[:longest].strip("-._")
