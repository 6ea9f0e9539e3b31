"""Writes a working example of every operation of the JSON API, in cURL and Python."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.web.snippets import Snippet
from app.words import Mode

WISH = {"mode": Mode.TEXT_TO_IMAGE}
VOTE = {"outcome": "a"}
REPORT = {"picture": "a", "reason": "broken"}
PROMPT = {"prompt": "A lighthouse in a storm, as a linocut in two colours"}


@dataclass(frozen=True)
class Samples:
    """The names that examples use: things that this arena has, if it has any."""

    mode: str
    category: str
    competition: str
    model: str


@dataclass(frozen=True)
class ExampleRequest:
    """The request that an example sends; `then` are calls on the matchup that it made first."""

    query: str = ""
    body: Mapping[str, str] | None = None
    file: str = ""
    then: tuple[str, ...] = ()
    jar: bool = False


PAIR = 'matchup = api.post("/matchups", json={"mode": "' + Mode.TEXT_TO_IMAGE + '"}).json()'
CAST = 'api.post(f"/matchups/{matchup[\'id\']}/vote", json={"outcome": "a"})'
SHARE = 'api.post("/taste", json={"mode": "' + Mode.TEXT_TO_IMAGE + '"})'
EXAMPLES: dict[str, ExampleRequest] = {
    "GET /api/v1/leaderboards/{mode}": ExampleRequest(query="?sort=votes&order=desc"),
    "GET /api/v1/competitions/{slug}/leaderboard": ExampleRequest(query="?format=csv", file="board.csv"),
    "POST /api/v1/matchups": ExampleRequest(body=WISH, jar=True),
    "POST /api/v1/matchups/{matchup_id}/vote": ExampleRequest(
        body=VOTE, jar=True, then=(PAIR, f"answer = {CAST}")
    ),
    "GET /api/v1/matchups/{matchup_id}": ExampleRequest(
        jar=True, then=(PAIR, CAST, "answer = api.get(f\"/matchups/{matchup['id']}\")")
    ),
    "POST /api/v1/matchups/{matchup_id}/report": ExampleRequest(
        body=REPORT,
        jar=True,
        then=(PAIR, f"answer = api.post(f\"/matchups/{{matchup['id']}}/report\", json={REPORT})"),
    ),
    "DELETE /api/v1/matchups/{matchup_id}/vote": ExampleRequest(
        jar=True, then=(PAIR, CAST, "answer = api.delete(f\"/matchups/{matchup['id']}/vote\")")
    ),
    "GET /api/v1/taste": ExampleRequest(jar=True, then=(PAIR, CAST, 'answer = api.get("/taste")')),
    "POST /api/v1/taste": ExampleRequest(body=WISH, jar=True, then=(PAIR, CAST, f"answer = {SHARE}")),
    "GET /api/v1/taste/{token}": ExampleRequest(
        then=(PAIR, CAST, f"shared = {SHARE}.json()", "answer = api.get(f\"/taste/{shared['token']}\")")
    ),
    "DELETE /api/v1/taste/{token}": ExampleRequest(
        jar=True,
        then=(PAIR, CAST, f"shared = {SHARE}.json()", "answer = api.delete(f\"/taste/{shared['token']}\")"),
    ),
    "POST /api/v1/suggestions": ExampleRequest(body=PROMPT),
    "GET /api/v1/votes": ExampleRequest(query=f"?mode={Mode.TEXT_TO_IMAGE}", file="votes.csv"),
}
"""Requests of the operations that need more than their path."""


def codes(method: str, path: str, base: str, samples: Samples) -> tuple[Snippet, ...]:
    """Write the same request in each language, against the server at `base`."""
    asked = EXAMPLES.get(f"{method} {path}", ExampleRequest())
    slug = samples.model if "/models/" in path else samples.competition
    values = {
        "mode": samples.mode,
        "category": samples.category,
        "slug": slug,
        "matchup_id": "$MATCHUP",
        "token": "$TOKEN",
    }
    filled = path.format(**values) + asked.query
    return (
        Snippet("cURL", _curl(method, filled, base, asked)),
        Snippet("Python", _python(method, filled, base, asked)),
    )


def _curl(method: str, path: str, base: str, asked: ExampleRequest) -> str:
    lines = [f'curl "{base}{path}"']
    if method == "DELETE":
        lines += ["-X DELETE"]
    if asked.jar:
        lines += ["-b cookies.txt -c cookies.txt"]
    if asked.body:
        lines += ['-H "Content-Type: application/json"', f"-d '{json.dumps(asked.body)}'"]
    if asked.file:
        lines += [f"-o {asked.file}"]
    return " \\\n  ".join(lines)


def _python(method: str, path: str, base: str, asked: ExampleRequest) -> str:
    calls = list(asked.then) or [f"answer = api.{method.lower()}({_arguments(path, asked.body)})"]
    shown = f'open("{asked.file}", "wb").write(answer.content)' if asked.file else "print(answer.json())"
    lines = ["import httpx", "", f'api = httpx.Client(base_url="{base}/api/v1")', *calls, shown]
    return "\n".join(lines)


def _arguments(path: str, body: Mapping[str, Any] | None) -> str:
    return json.dumps(path.removeprefix("/api/v1")) + (f", json={json.dumps(body)}" if body else "")
