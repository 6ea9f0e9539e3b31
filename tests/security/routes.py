"""
Every route and who may use it. A route that is missing here fails the suite: say who it is for.

`all`: everybody. `own`: the voter it belongs to; to others it does not exist. `begin`: everybody, who becomes a
voter by it. `admin`: admins. `door`: the way in for admins. `key`: holders of a key of the gateway. `probe`: what
watches the server. A closed house (profile `team`) has `probe` and `key` open to strangers and nothing else.
"""

import re

ROUTES = {
    "GET /": "all",
    "GET /api/v1/competitions": "all",
    "GET /api/v1/competitions/<string:slug>": "all",
    "GET /api/v1/competitions/<string:slug>/leaderboard": "all",
    "GET /api/v1/leaderboards/<string:mode>": "all",
    "GET /api/v1/leaderboards/<string:mode>/<string:category>": "all",
    "GET /api/v1/models": "all",
    "GET /api/v1/models/<string:slug>": "all",
    "GET /api/v1/openapi.json": "all",
    "GET /api/v1/votes": "all",
    "GET /api/v1/votes/manifest": "all",
    "GET /arena": "all",
    "GET /badge/<slug>.svg": "all",
    "GET /charts/<mode>": "all",
    "GET /compare": "all",
    "GET /compare/<a>/<b>": "all",
    "GET /competitions": "all",
    "GET /competitions/<slug>": "all",
    "GET /competitions/<slug>/input.webp": "all",
    "GET /competitions/<slug>/mask-outline.png": "all",
    "GET /docs": "all",
    "GET /docs/<path:name>": "all",
    "GET /feed.atom": "all",
    "GET /files/<name>": "all",
    "GET /frames/<int:width>x<int:height>-<int:pixels>.css": "all",
    "GET /api/v1/integrity": "all",
    "GET /integrity": "all",
    "GET /leaderboard": "all",
    "GET /leaderboards": "all",
    "GET /leaderboards/<mode>": "all",
    "GET /leaderboards/<mode>/<category>": "all",
    "GET /llms.txt": "all",
    "GET /me": "all",
    "GET /me/summary": "all",
    "GET /media/<token>.webp": "all",
    "GET /media/<token>-320.webp": "all",
    "GET /methodology": "all",
    "GET /models": "all",
    "GET /models/<slug>": "all",
    "GET /models/<slug>/card.png": "all",
    "GET /models/<slug>/llms.txt": "all",
    "GET /playground": "all",
    "GET /robots.txt": "all",
    "GET /sitemap.xml": "all",
    "GET /suggest": "all",
    "POST /me/delete": "all",
    "POST /playground": "all",
    "POST /api/v1/matchups": "begin",
    "POST /api/v1/suggestions": "begin",
    "POST /arena": "begin",
    "POST /suggest": "begin",
    "DELETE /api/v1/matchups/<string:matchup_id>/vote": "own",
    "GET /api/v1/matchups/<string:matchup_id>": "own",
    "GET /arena/<matchup_id>": "own",
    "GET /m/<matchup_id>/<any(a, b, input):side>.webp": "own",
    "GET /m/<matchup_id>/<any(a, b, input):side>-640.webp": "own",
    "POST /api/v1/matchups/<string:matchup_id>/vote": "own",
    "POST /api/v1/matchups/<string:matchup_id>/report": "own",
    "POST /arena/<matchup_id>/report": "own",
    "POST /arena/<matchup_id>/undo": "own",
    "POST /arena/<matchup_id>/vote": "own",
    "GET /admin": "admin",
    "GET /admin/competitions": "admin",
    "GET /admin/competitions/<slug>": "admin",
    "GET /admin/flags": "admin",
    "GET /admin/flags/<int(max=2147483647):flag>": "admin",
    "GET /admin/gateway": "admin",
    "GET /admin/ledger": "admin",
    "GET /admin/password": "admin",
    "GET /admin/reports": "admin",
    "GET /admin/reports/<int(max=2147483647):report>.webp": "admin",
    "GET /admin/suggestions": "admin",
    "GET /admin/voters": "admin",
    "GET /admin/voters/<int(max=2147483647):number>": "admin",
    "GET /admin/votes": "admin",
    "GET /admin/votes/<int(max=2147483647):number>": "admin",
    "POST /admin/competitions/<slug>/<any(open, close):deed>": "admin",
    "POST /admin/competitions/<slug>/target": "admin",
    "POST /admin/competitions/<slug>/withdraw": "admin",
    "POST /admin/flags": "admin",
    "POST /admin/flags/<int(max=2147483647):flag>/release": "admin",
    "POST /admin/gateway/revoke": "admin",
    "POST /admin/gateway/wake": "admin",
    "POST /admin/logout": "admin",
    "POST /admin/password": "admin",
    "POST /admin/reports/<int(max=2147483647):report>/keep": "admin",
    "POST /admin/reports/<int(max=2147483647):report>/withdraw": "admin",
    "POST /admin/suggestions/<int(max=2147483647):suggestion>/accept": "admin",
    "POST /admin/suggestions/<int(max=2147483647):suggestion>/refuse": "admin",
    "POST /admin/votes/<int(max=2147483647):number>/<any(exclude, restore):deed>": "admin",
    "GET /admin/login": "door",
    "POST /admin/login": "door",
    "GET /openai/v1/models": "key",
    "GET /openai/v1/models/<path:model_id>": "key",
    "POST /openai/v1/images/edits": "key",
    "POST /openai/v1/images/generations": "key",
    "POST /openai/v1/images/variations": "key",
    "GET /v1/models": "key",
    "GET /v1/models/<path:model_id>": "key",
    "POST /v1/images/edits": "key",
    "POST /v1/images/generations": "key",
    "POST /v1/images/variations": "key",
    "POST /openai/deployments/<path:deployment>/images/edits": "key",
    "POST /openai/deployments/<path:deployment>/images/generations": "key",
    "POST /openai/deployments/<path:deployment>/images/variations": "key",
    "GET /metrics": "probe",
    "GET /healthz": "probe",
    "GET /readyz": "probe",
}
VALUES = {
    "slug": "a-red-cube",
    "mode": "text-to-image",
    "category": "portrait",
    "a": "hidden-model-a",
    "b": "hidden-model-b",
    "matchup_id": "{matchup}",
    "side": "a",
    "token": "x",
    "name": "x.webp",
    "model_id": "x",
    "deployment": "x",
    "number": "1",
    "flag": "1",
    "suggestion": "1",
    "report": "1",
    "width": "1536",
    "height": "384",
    "pixels": "128",
    "deed": None,
}
"""What stands in a path; `deed` is the first of its choices."""
VARIABLE = re.compile(r"<(?:(?P<kind>[^:<>]+):)?(?P<name>[a-z_]+)>")


def address(rule: str, matchup: str) -> str:
    """A path of this rule in the arena of the tests."""

    def value(found: re.Match[str]) -> str:
        given = VALUES[found["name"]]
        if given is None:
            return found["kind"].removeprefix("any(").split(",")[0]
        return "hidden-model-a" if rule.startswith(MODELS) and found["name"] == "slug" else given

    return VARIABLE.sub(value, rule).replace("{matchup}", matchup)


MODELS = ("/models/", "/badge/", "/api/v1/models/")
