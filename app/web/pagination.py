"""Page numbers in addresses."""

from flask import request

LAST_PAGE = 10_000


def page_number() -> int:
    """Read the page that the address asks for, 1 to `LAST_PAGE`; 1 for what is no number."""
    given = request.args.get("page", "")
    return min(max(int(given), 1), LAST_PAGE) if given.isascii() and given.isdigit() and len(given) < 6 else 1
