"""The voter's cookie. ASVS 5.0 3.3.1 to 3.3.4; whose it is: test_roles.py; the admins': test_admin_sign_in.py."""

from flask import Flask

from tests.web.factories import OURS, post, start


def parts(line: str) -> set[str]:
    return set(line.split("; "))


def test_v3_3_1_v3_3_2_v3_3_4_flags(arena: Flask) -> None:
    line = post(arena.test_client(), "/arena").headers["Set-Cookie"]
    assert {"HttpOnly", "SameSite=Lax", "Path=/"} <= parts(line)
    assert line.startswith("blindvote_voter=")
    assert "Domain" not in line


def test_v3_3_1_v3_3_3_over_https(arena: Flask) -> None:
    answer = arena.test_client().post("/arena", headers=OURS, base_url="https://localhost")
    line = answer.headers["Set-Cookie"]
    assert line.startswith("__Host-blindvote_voter=")
    assert {"Secure", "HttpOnly", "Path=/"} <= parts(line)


def test_only_the_first_post_sets_it(arena: Flask) -> None:
    client = arena.test_client()
    for path in ("/", "/arena", "/me", "/api/v1/models", "/playground"):
        assert "Set-Cookie" not in client.get(path).headers
    start(client)
    assert "Set-Cookie" not in post(client, "/arena").headers


def test_forgetting_removes_it_over_https_too(arena: Flask) -> None:
    """A browser ignores an answer about a __Host- cookie that lacks Secure."""
    client = arena.test_client()
    client.post("/arena", headers=OURS, base_url="https://localhost")
    line = client.post("/me/delete", headers=OURS, base_url="https://localhost").headers["Set-Cookie"]
    assert line.startswith("__Host-blindvote_voter=;")
    assert {"Secure", "Max-Age=0", "Path=/"} <= parts(line)
    plain = post(client, "/me/delete").headers["Set-Cookie"]
    assert "Secure" not in parts(plain)
