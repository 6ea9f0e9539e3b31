"""Text that PostgreSQL cannot hold is refused at the door, on every page and in every form. ASVS 5.0 2.2.1."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from tests.security.doors import HEADER, PROXY, application, form_token, sign_in, team
from tests.security.routes import ROUTES, VARIABLE
from tests.web.factories import OURS, post

PATHS = sorted(
    VARIABLE.sub(lambda found: "%00" if found["kind"] in {None, "string"} else "1", rule)
    for method, rule in (route.split(" ", 1) for route in ROUTES)
    if method == "GET" and "any(" not in rule and "path:" not in rule
)
QUERY = "q=%00&creator=%00&category=%00&mode=%00&competition=%00&model=%00&page=%00&number=%00&action=%00&next=%00"
FORMS = ({"category": "\0"}, {"competition": "\0"}, {"mode": "\0"}, {"model": "\0"}, {"\0": ""})


@pytest.fixture
def app(database_url: str, tmp_path: Path) -> Iterator[Flask]:
    with application(database_url, tmp_path) as made:
        yield made


def test_nul_is_refused_wherever_text_comes_in(app: Flask) -> None:
    client = app.test_client()
    sign_in(client)
    for path in PATHS:
        assert (client.get(path).status_code < 500, path) == (True, path)
        assert (client.get(f"{path}?{QUERY}").status_code < 500, path) == (True, path)
    for form in FORMS:
        assert post(client, "/arena", **form).status_code == 400
        token = {"form_token": form_token(client), "reason": "because"}
        assert post(client, "/admin/gateway/revoke", prefix="\0", **token).status_code == 400
    assert client.post("/playground", data={"prompt": "\0"}, headers=OURS).status_code == 400
    assert client.post("/suggest", data={"prompt": "a long prompt \0"}, headers=OURS).status_code == 400


def test_a_login_with_nul_is_nobody(sqlite_template: Path, tmp_path: Path) -> None:
    path = tmp_path / "nul.sqlite3"
    path.write_bytes(sqlite_template.read_bytes())
    with team(f"sqlite:///{path}", tmp_path) as app:
        answer = app.test_client().get(
            "/", environ_base=PROXY | {f"HTTP_{HEADER.upper().replace('-', '_')}": "a\0b"}
        )
        assert answer.status_code == 403
