"""Numbers that documents and deployment files repeat from the code."""

import re

import pytest

from app.api.openai_bodies import FILES_BYTES
from app.api.votes import NETWORK_DAY
from app.arena.entries import suggestions
from app.arena.people import policy
from app.arena.people.passwords import SHORTEST
from app.arena.voting import matchmaking as lanes
from app.arena.voting import picture_reports
from app.database.places import ROOT
from app.edge.bodies import BODY_BYTES
from app.elo_scale import RANKED_FROM, SETTLED_FROM, SETTLED_WITHIN
from app.gateway.providers import ADDRESS, KEY_NAMES
from app.settings import Settings
from app.words import UNLOADABLE, Reason

PUBLIC = policy.PUBLIC
WORDS = {3: "three"}


def text(name: str) -> str:
    return " ".join((ROOT / "docs" / name).read_text().split())


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        (
            "api.md",
            f"| pairs | {PUBLIC.voter_day}, and {PUBLIC.voter_minute} a minute | {PUBLIC.network_day}, and ",
        ),
        ("api.md", f"and {PUBLIC.address_day} for one address |"),
        ("api.md", f"| votes taken back | {PUBLIC.undone_day} |"),
        ("api.md", f"| pairs given back as `unloadable` | {PUBLIC.unloadable_day} |"),
        ("api.md", f"| reports of pictures | {picture_reports.VOTER_DAY} | {picture_reports.NETWORK_DAY} |"),
        ("api.md", f"| suggestions | {suggestions.VOTER_DAY} | {suggestions.NETWORK_DAY} |"),
        ("api.md", f"| downloads of the votes | | {NETWORK_DAY} |"),
        ("api.md", f"a body holds {BODY_BYTES // 1024} KiB at most"),
        ("api.md", f"{WORDS[PUBLIC.undone_day or 0]} a day in the `public` profile"),
        ("voters.md", f"the first {PUBLIC.voter_counted} pairs you see in 30 days count"),
        ("voters.md", f"and {PUBLIC.network_counted} of everybody who shares your network"),
        ("voters.md", f"you may take back {WORDS[PUBLIC.undone_day or 0]} votes a day"),
        ("integrity.md", f"{PUBLIC.voter_minute} a minute and {PUBLIC.voter_day} a day for a voter, "),
        ("integrity.md", f"for a voter, {PUBLIC.address_day} a day for an address"),
        ("integrity.md", f"| Matchups seen | {PUBLIC.network_day} a day for a network"),
        ("integrity.md", f"{PUBLIC.voter_counted} of a voter and the first {PUBLIC.network_counted} of a network"),
        ("integrity.md", f"pictures can't be loaded | {PUBLIC.unloadable_day} a day for a voter"),
        ("integrity.md", f"| Undo | {WORDS[PUBLIC.undone_day or 0]} in a day"),
        ("ratings.md", f"evenly over competitions and then pairs ({lanes.UNIFORM_SHARE:.0%}".replace("%", " %")),
        ("ratings.md", f"where votes are few ({lanes.COVERAGE_SHARE:.0%}".replace("%", " %")),
        ("ratings.md", f"where one more vote teaches most ({lanes.INFORMATION_SHARE:.0%}".replace("%", " %")),
        ("methodology.md", f"{lanes.UNIFORM_SHARE:.0%} of the pairs are drawn evenly".replace("%", " %")),
        ("admin.md", f"Passwords have at least {SHORTEST} characters"),
        ("methodology.md", f"A model is ranked from {RANKED_FROM} counted votes on"),
        ("methodology.md", f"provisional below {SETTLED_FROM} votes, above ± {SETTLED_WITHIN:.0f} Elo"),
        *[("data.md", f"`{reason}`") for reason in Reason if reason != UNLOADABLE],
    ],
)
def test_a_sentence(name: str, sentence: str) -> None:
    assert sentence in text(name)


def test_dwell_and_undo_of_the_voters_page() -> None:
    assert PUBLIC.shortest_dwell_ms == 1000
    assert "a vote within a second of seeing the images does not" in text("voters.md")
    assert Settings.model_fields["undo_seconds"].default == 600
    assert "takes your last vote back, for ten minutes" in text("voters.md")


def test_proxies_let_through_what_the_arena_takes() -> None:
    nginx, caddy = text("deploy/nginx.conf"), text("deploy/Caddyfile")
    sizes = [int(size) * 2**20 for size in re.findall(r"client_max_body_size (\d+)m", nginx)]
    assert (min(sizes) >= BODY_BYTES, max(sizes) > FILES_BYTES) == (True, True)
    sizes = [int(size) * 2**20 for size in re.findall(r"max_size (\d+)MiB", caddy)]
    assert (min(sizes) >= BODY_BYTES, max(sizes) > FILES_BYTES) == (True, True)
    waits = [
        int(wait) for wait in re.findall(r"(?:proxy_read_timeout|response_header_timeout) (\d+)s", nginx + caddy)
    ]
    longest = sum(Settings.model_fields[name].default for name in ("gateway_seconds", "gateway_queue_seconds"))
    assert min(waits) > longest


@pytest.mark.parametrize("slug", ADDRESS)
def test_a_row_of_a_provider_names_its_setting(slug: str) -> None:
    """A new provider whose settings follow from its slug needs no row."""
    rows = [
        line for line in (ROOT / "docs/gateway.md").read_text().splitlines() if line.startswith(f"| {slug} | `")
    ]
    assert all(KEY_NAMES[slug] in row for row in rows)
