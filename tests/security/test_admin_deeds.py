"""What admins can do, that it is done, and that the ledger knows who and why."""

import re
import secrets

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from app.arena.entries import suggestions
from app.arena.tables import Competition, Entry, LedgerLine, Matchup, Tally, Vote, Voter
from app.gateway import health, keys
from app.gateway.tables import ApiKey, CircuitBreaker
from app.leaderboards.runs.verify import verify
from tests.leaderboards.test_picture_traces import set_traits
from tests.security.doors import deed
from tests.web.factories import MODELS, moment, parts_of

WHY = "seen twice, by two people"
SLUG = "a-red-cube"


def rows(arena: Flask, table, *where):
    with parts_of(arena).database.reading() as session:
        return session.scalars(select(table).where(*where)).all()


def written(arena: Flask, action: str) -> list[tuple[str, str, str | None]]:
    return [
        (line.actor, line.subject, line.reason) for line in rows(arena, LedgerLine, LedgerLine.action == action)
    ]


def counted(arena: Flask) -> int:
    return sum(t.left_wins + t.right_wins + t.ties + t.both_bad for t in rows(arena, Tally))


def test_a_vote_is_excluded_and_restored(arena: Flask, decider: FlaskClient) -> None:
    assert counted(arena) == 6
    answer = deed(decider, "/admin/votes/2/exclude", WHY)
    assert "Done." in decider.get(answer.headers["Location"]).text
    (taken,) = rows(arena, Vote, Vote.id == 2)
    assert (taken.counted, taken.reason, counted(arena)) == (False, "admin", 5)
    assert written(arena, "vote.excluded") == [("admin ada", "vote:2", WHY)]
    deed(decider, "/admin/votes/2/restore", "it was fine after all")
    (back,) = rows(arena, Vote, Vote.id == 2)
    assert (back.counted, back.reason, counted(arena)) == (True, None, 6)
    assert written(arena, "vote.counted") == [("admin ada", "vote:2", "it was fine after all")]
    assert verify(parts_of(arena).database).is_exact


def test_what_files_tell_is_told_with_names(arena: Flask, decider: FlaskClient) -> None:
    parts_of(arena).database.write(lambda session: set_traits(session, (1, "lower_right", 9.0)))
    page = decider.get(f"/admin/competitions/{SLUG}").text
    assert "is not known: it takes three competitions" in page
    assert re.search(r"1 picture that no other comes near to.*<li>\S+, sample 0: marks</li>", page, re.DOTALL)


def test_a_voter_is_quarantined_and_released(arena: Flask, decider: FlaskClient) -> None:
    where = deed(decider, "/admin/flags", WHY, subject="1").headers["Location"]
    assert counted(arena) == 3
    page = decider.get(where).text
    assert "voter 1" in page
    assert "/admin/voters/1" in decider.get("/admin/flags").text
    assert "quarantined" in decider.get("/admin/voters/1").text
    deed(decider, "/admin/flags/1/release", "a class of thirty")
    assert counted(arena) == 6
    assert "a class of thirty" in decider.get("/admin/flags?decided=yes").text
    subject = "voter:1"
    assert written(arena, "flag.quarantined") == [("admin ada", subject, WHY)]
    assert written(arena, "flag.released") == [("admin ada", subject, "a class of thirty")]


def test_a_network_is_quarantined_by_a_votes_page(arena: Flask, decider: FlaskClient) -> None:
    key = secrets.token_bytes(16)

    def came_from(session) -> None:
        for row in session.scalars(select(Matchup).where(Matchup.voter_id == 2)):
            row.network_key = key

    parts_of(arena).database.write(came_from)
    assert key.hex() in decider.get("/admin/votes/5").text
    deed(decider, "/admin/flags", WHY, subject=key.hex())
    assert counted(arena) == 3
    assert key.hex() not in str(written(arena, "flag.quarantined"))


def test_a_voters_page_names_no_person(arena: Flask, decider: FlaskClient) -> None:
    def name(session) -> None:
        session.get_one(Voter, 1).login = "someone@example.org"

    parts_of(arena).database.write(name)
    page = decider.get("/admin/voters/1").text
    assert "someone" not in page
    (row,) = rows(arena, Voter, Voter.id == 1)
    assert row.token.hex() not in page
    assert all(model.name in page for model in MODELS[:1])


def test_a_competition_closes_opens_and_has_a_target(arena: Flask, decider: FlaskClient) -> None:
    deed(decider, f"/admin/competitions/{SLUG}/close", WHY)
    assert rows(arena, Competition)[0].status == "closed"
    deed(decider, f"/admin/competitions/{SLUG}/open", WHY)
    deed(decider, f"/admin/competitions/{SLUG}/target", WHY, target="250")
    (row,) = rows(arena, Competition)
    assert (row.status, row.target) == ("open", 250)
    assert "of 250 wanted" in decider.get(f"/admin/competitions/{SLUG}").text
    deed(decider, f"/admin/competitions/{SLUG}/target", WHY, target="")
    assert rows(arena, Competition)[0].target is None
    assert written(arena, "competition.target") == [("admin ada", f"competition:{SLUG}", WHY)] * 2
    assert written(arena, "competition.closed") == [("admin ada", f"competition:{SLUG}", WHY)]
    assert written(arena, "competition.reopened") == [("admin ada", f"competition:{SLUG}", WHY)]


def test_a_target_is_a_number_of_votes(arena: Flask, decider: FlaskClient) -> None:
    for target in ("0", "-5", "many", "1e3", "9" * 12, "\u0663"):
        answer = deed(decider, f"/admin/competitions/{SLUG}/target", WHY, target=target)
        assert (answer.status_code, target) == (400, target)
    assert rows(arena, Competition)[0].target is None


def test_a_suggestion_becomes_a_draft_or_nothing(arena: Flask, decider: FlaskClient) -> None:
    for prompt in ("A lighthouse made of glass", "Anything at all, please <b>"):
        parts_of(arena).database.write(lambda s: suggestions.suggest(s, b"v" * 16, prompt, now=moment()))  # noqa: B023
    assert "please &lt;b&gt;" in decider.get("/admin/suggestions").text
    where = deed(decider, "/admin/suggestions/1/accept", WHY, title="Glass Lighthouse").headers["Location"]
    assert where.startswith("/admin/competitions/glass-lighthouse")
    assert "Draft" in decider.get(where).text
    deed(decider, "/admin/suggestions/2/refuse", "says nothing")
    assert "None waits" in decider.get("/admin/suggestions").text
    assert written(arena, "suggestion.accepted") == [("admin ada", "suggestion:1", WHY)]
    assert written(arena, "suggestion.refused") == [("admin ada", "suggestion:2", "says nothing")]
    assert deed(decider, "/admin/suggestions/2/accept", WHY, title="Late").status_code == 409
    assert deed(decider, "/admin/suggestions/1/accept", WHY, title="Again").status_code == 303
    assert deed(decider, "/admin/suggestions/9/refuse", WHY).status_code == 404


def test_an_image_is_withdrawn(arena: Flask, decider: FlaskClient) -> None:
    slug = MODELS[0].slug
    deed(decider, f"/admin/competitions/{SLUG}/withdraw", WHY, model=slug, sample="0", role="contestant")
    (row,) = rows(arena, Entry, Entry.withdrawn_at.is_not(None))
    assert row.sample == 0
    assert written(arena, "entry.withdrawn") == [("admin ada", f"entry:{SLUG}/{slug}/contestant/0", WHY)]
    missing = deed(decider, f"/admin/competitions/{SLUG}/withdraw", WHY, model="nobody", sample="0")
    assert missing.status_code == 404


def test_a_resting_provider_is_let_back_in(arena: Flask, decider: FlaskClient) -> None:
    parts_of(arena).database.write(lambda s: health.record_failure(s, "replicate", "account", now=moment()))
    assert "replicate rests until" in decider.get("/admin").text
    deed(decider, "/admin/gateway/wake", WHY, name="replicate")
    deed(decider, "/admin/gateway/wake", WHY, name="nobody")
    assert rows(arena, CircuitBreaker) == []
    assert written(arena, "provider.woken") == [("admin ada", "provider:replicate", WHY)]


def test_a_key_is_revoked(arena: Flask, decider: FlaskClient) -> None:
    key, secret = parts_of(arena).database.write(lambda s: keys.create_key(s, "studio", now=moment()))
    page = decider.get("/admin/gateway").text
    assert (key.prefix in page, secret in page) == (True, False)
    deed(decider, "/admin/gateway/revoke", WHY, prefix=key.prefix)
    assert rows(arena, ApiKey)[0].revoked_at is not None
    assert written(arena, "key.revoked") == [("admin ada", f"key:{key.prefix}", WHY)]
    bearer = {"Authorization": f"Bearer {secret}"}
    assert arena.test_client().get("/openai/v1/models", headers=bearer).status_code == 401


DEEDS = (
    ("/admin/votes/1/exclude", {}),
    ("/admin/flags", {"subject": "1"}),
    ("/admin/flags/1/release", {}),
    ("/admin/suggestions/1/refuse", {}),
    (f"/admin/competitions/{SLUG}/close", {}),
    (f"/admin/competitions/{SLUG}/target", {"target": "5"}),
    (f"/admin/competitions/{SLUG}/withdraw", {"model": MODELS[0].slug, "sample": "0"}),
    ("/admin/gateway/wake", {"name": "replicate"}),
    ("/admin/gateway/revoke", {"prefix": "bv_000000000000"}),
)


def test_nothing_is_done_without_a_reason(arena: Flask, decider: FlaskClient) -> None:
    before = len(rows(arena, LedgerLine))
    unexplained = [("", *one) for one in DEEDS]
    unexplained += [(reason, *DEEDS[0]) for reason in ("x", "  x\t", "\0\0\0\0", "y" * 501)]
    for reason, path, form in unexplained:
        assert deed(decider, path, reason, **form).status_code == 400, path
    assert (len(rows(arena, LedgerLine)), counted(arena)) == (before, 6)


def test_what_is_not_there_is_not_found(decider: FlaskClient) -> None:
    numbers = ("99", "0", "-1", "9" * 20, "%00")
    paths = [f"/admin/{what}/{number}" for what in ("votes", "voters", "flags") for number in numbers]
    for path in (*paths, "/admin/competitions/none", "/admin/competitions/%00"):
        assert (decider.get(path).status_code, path) == (404, path)
    for path, form in (
        ("/admin/votes/99/exclude", {}),
        ("/admin/flags/99/release", {}),
        ("/admin/flags", {"subject": "99"}),
        ("/admin/flags", {"subject": "f" * 33}),
        ("/admin/competitions/none/close", {}),
        ("/admin/gateway/revoke", {"prefix": "bv_nobody"}),
    ):
        assert (deed(decider, path, WHY, **form).status_code, path) == (404, path)


def test_a_lookup_by_number_leads_to_the_voter(decider: FlaskClient) -> None:
    assert decider.get("/admin/voters?number=12").headers["Location"] == "/admin/voters/12"
    for given in ("", "x", "-1", "1" * 40, "\u0663"):
        assert decider.get("/admin/voters", query_string={"number": given}).status_code == 400


def test_hostile_reasons_are_text(arena: Flask, decider: FlaskClient) -> None:
    deed(decider, "/admin/votes/1/exclude", "<script>alert(1)</script>\r\n{{7*7}}")
    page = decider.get("/admin/ledger").text
    assert "&lt;script&gt;alert(1)&lt;/script&gt; {{7*7}}" in page
    assert "<script>alert" not in page
    for action in ("vote.", "%", "_", "x" * 500):
        assert decider.get("/admin/ledger", query_string={"action": action, "page": "99999x"}).status_code == 200
