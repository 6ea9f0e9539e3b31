"""What the OpenAPI document says of the API as a whole: who asks, what is promised, where limits are."""

from flask_openapi3 import Info, License

TEXT = """\
The boards, models, competitions and votes of a Blindvote arena, and the pairs that it asks people to judge.
It is JSON unless an operation says otherwise. Times are UTC in ISO 8601, money is US dollars, ratings are Elo
points, rates go from 0 to 1, and `null` means that something is not known or not there yet.

**Who asks.** Reading needs nobody's name. A voter is a signed cookie, which comes with the answer to the
first POST; keep it, for pairs, votes and cards are known by it alone. In the profile `team` every request
must have passed the login proxy.

**Errors.** Every answer from 400 up is an `ErrorBody` with a stable `code`; `x-codes` of a response lists
those that its operation answers with. An unknown query parameter is refused.

**Limits.** The profiles `local` and `team` have none. In `public`, pairs, votes taken back, reports,
suggestions and downloads are limited by voter and by network: beyond that the answer is 429, and
`Retry-After` says for how long.

**Caching.** Answers with an `ETag` can be asked for with `If-None-Match`; an unchanged one is 304 without a
body.

**What is promised.** Paths, methods, parameters, fields with their types, statuses, codes and operation ids
stay as they are. Operations, optional parameters, fields and codes may be added: skip what you do not know.
"""
VOTER_SCHEME = {
    "type": "apiKey",
    "in": "cookie",
    "description": (
        "The signed cookie of a voter, set by the first POST for a pair or a suggestion. Over https its name "
        "begins with `__Host-`; beside another arena's of the same host it is a few letters longer. Send back "
        "what was set."
    ),
}
"""The security scheme of a voter, without the cookie's name."""


def describe(version: str) -> Info:
    """Describe the API, as of this version."""
    return Info(
        title="Blindvote",
        version=version,
        summary="An arena where people judge, blind, images that models made from the same prompt.",
        description=TEXT,
        license=License(name="Apache 2.0", identifier="Apache-2.0"),
    )
