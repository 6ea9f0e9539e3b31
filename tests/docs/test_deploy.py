"""The files of docs/deploy: they name what there is, and nginx with its example carries a vote."""

import os
import re
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import SecretStr, TypeAdapter

from app import create_app
from app.api.openai_bodies import FILES_BYTES
from app.database.places import ROOT
from app.settings import PROVIDER_SETTING, Settings
from app.web.playground import UPLOAD_BYTES
from tests.docs.test_commands import parsed
from tests.factories import make_arena
from tests.web.browsing import served
from tests.web.factories import parts_of

DEPLOY = ROOT / "docs" / "deploy"
INSTALLED = "/opt/blindvote"
UNITS = sorted(path.name for path in (*DEPLOY.glob("*.service"), *DEPLOY.glob("*.timer")))
SECRET = "s" * 32
NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")


def environment() -> tuple[dict[str, str], dict[str, str]]:
    """What the example sets, and what it shows as defaults."""
    lines = re.findall(r"^(#?)([A-Z0-9_]+)=(.*)$", (DEPLOY / "blindvote.env").read_text(), re.MULTILINE)
    return {name: value for mark, name, value in lines if not mark}, {
        name: value for mark, name, value in lines if mark
    }


def test_the_environment_has_every_setting() -> None:
    given, commented = environment()
    own = [name for name in (*given, *commented) if not is_of_provider(name)]
    assert sorted(own) == sorted(name.upper() for name in Settings.model_fields)


def is_of_provider(name: str) -> bool:
    """Whether a provider takes this setting by rule."""
    return bool(PROVIDER_SETTING.fullmatch(name)) and name.lower() not in Settings.model_fields


def test_commented_settings_stand_at_their_defaults() -> None:
    commented = {name: shown for name, shown in environment()[1].items() if not is_of_provider(name)}
    for name, shown in commented.items():
        known = Settings.model_fields[name.lower()]
        default = known.default.get_secret_value() if isinstance(known.default, SecretStr) else known.default
        if shown == "":
            assert default in {"", None}, name
        elif shown == "[]":
            assert default == (), name
        else:
            value: Any = TypeAdapter(known.annotation).validate_python(shown)
            assert value == default, name


def test_the_environment_starts(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name, value in environment()[0].items():
        monkeypatch.setenv(name, value)
    with pytest.raises(ValueError, match="SECRET_KEY"):
        Settings()
    monkeypatch.setenv("SECRET_KEY", SECRET)
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    made = Settings()
    assert (made.profile, made.trusted_hosts) == ("public", ("arena.example.org", "127.0.0.1"))
    assert made.public_url.startswith("https://")
    # The container's health check asks by this address, with the same settings.
    assert create_app(made).test_client().get("/readyz", headers={"Host": "127.0.0.1:8000"}).status_code != 400


@pytest.mark.parametrize("name", UNITS)
def test_units_name_what_there_is(name: str) -> None:
    text = (DEPLOY / name).read_text()
    assert f"/etc/systemd/system/{name}" in text or name == "blindvote.service"
    for path in re.findall(rf"{INSTALLED}(/[\w./-]+)?", text):
        assert not path or path.startswith("/.venv/bin/") or (ROOT / path[1:]).exists(), path
    for words in re.findall(r"\.venv/bin/arena ([^'\n]+)", text):
        parsed(words.replace("$$", "$"))
    assert (DEPLOY / name.replace(".timer", ".service")).exists()


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="there is no systemd-analyze")
def test_systemd_reads_the_units(tmp_path: Path) -> None:
    for name in UNITS:
        # What is installed elsewhere is not here; everything else must be as systemd wants it.
        text = (DEPLOY / name).read_text().replace(f"{INSTALLED}/.venv/bin/arena", "/bin/true")
        (tmp_path / name).write_text(text)
    verify = ["systemd-analyze", "verify", "--man=no", *(str(tmp_path / name) for name in UNITS)]
    done = subprocess.run(verify, capture_output=True, check=False, text=True, timeout=60)
    said = [line for line in done.stderr.splitlines() if "blindvote" in line]
    assert (done.returncode, said) == (0, [])


def test_the_containerfile_names_what_there_is() -> None:
    text = (DEPLOY / "Containerfile").read_text()
    lines = re.findall(r"^COPY (?!--from)(.+) \S+$", text, re.MULTILINE)
    copied = [word for line in lines for word in line.split()]
    assert [name for name in copied if not (ROOT / name).exists()] == []
    assert {"app", "migrations", "scripts", "docs", "requirements.lock", "pyproject.toml"} <= set(copied)
    assert 'CMD ["/opt/blindvote/.venv/bin/arena", "serve", "--migrate"]' in text
    parsed("serve --migrate")
    named = dict(
        re.findall(r"([A-Z_]+)=(\S+)", next(line for line in text.splitlines() if line.startswith("ENV")))
    )
    assert set(named) <= {name.upper() for name in Settings.model_fields}
    assert Settings(data_dir="/data", secret_key=SECRET, host=named["HOST"], port=named["PORT"]).port == 8000
    assert os.access(ROOT / "scripts" / "setup", os.X_OK)


@pytest.mark.skipif(not shutil.which("caddy"), reason="there is no caddy")
def test_caddy_reads_its_example(tmp_path: Path) -> None:
    line = ["caddy", "validate", "--adapter", "caddyfile", "--config", str(DEPLOY / "Caddyfile")]
    place = {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}
    done = subprocess.run(line, env=place, capture_output=True, check=False, text=True, timeout=60)
    assert done.returncode == 0, done.stderr


def test_the_guide_tells_what_the_proxies_take() -> None:
    guide = (DEPLOY / "README.md").read_text().replace("\n", " ")
    told = [int(word) for word in re.findall(r"(\d+) MiB", guide)]
    nginx_conf, caddyfile = (DEPLOY / "nginx.conf").read_text(), (DEPLOY / "Caddyfile").read_text()
    assert sorted(int(word) for word in re.findall(r"client_max_body_size (\d+)m;", nginx_conf)) == sorted(told)
    assert sorted(int(word) for word in re.findall(r"max_size (\d+)MiB", caddyfile)) == sorted(told)
    openai, playground, _ = told
    assert openai * 2**20 > FILES_BYTES
    assert playground * 2**20 == UPLOAD_BYTES
    (wait,) = re.findall(r"it waits (\d+) seconds", guide)
    waits = re.findall(r"proxy_read_timeout (\d+)s;|response_header_timeout (\d+)s", nginx_conf + caddyfile)
    assert {max(pair) for pair in waits} == {wait}
    fields = Settings.model_fields
    assert int(wait) > fields["gateway_seconds"].default + fields["gateway_queue_seconds"].default


def test_the_team_s_nginx_takes_what_the_other_takes() -> None:
    (text,) = re.findall(r"```nginx\n(.*?)```", (ROOT / "docs" / "team.md").read_text(), re.DOTALL)
    whole, _, programs = text.partition("location ~ ^/(openai|v1)/")
    other = (DEPLOY / "nginx.conf").read_text()
    of_programs, of_playground = re.findall(r"client_max_body_size (\d+)m;", other.partition("location ~")[2])
    assert re.findall(r"client_max_body_size (\d+)m;", whole) == [of_playground]
    assert re.findall(r"client_max_body_size (\d+)m;", programs) == [of_programs]
    assert re.findall(r"proxy_read_timeout (\w+);", text) == [re.findall(r"proxy_read_timeout (\w+);", other)[0]]


@pytest.mark.skipif(not shutil.which("caddy"), reason="there is no caddy")
def test_caddy_reads_the_team_s_examples(tmp_path: Path) -> None:
    examples = re.findall(r"```caddyfile\n(.*?)```", (ROOT / "docs" / "team.md").read_text(), re.DOTALL)
    assert len(examples) == 2
    for example in examples:
        (tmp_path / "Caddyfile").write_text(example)
        line = ["caddy", "adapt", "--adapter", "caddyfile", "--config", str(tmp_path / "Caddyfile")]
        place = {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}
        done = subprocess.run(line, env=place, capture_output=True, check=False, text=True, timeout=60)
        assert done.returncode == 0, done.stderr


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def made_local(folder: Path, base: str, port: int) -> str:
    """The example with this machine's ports, paths and certificate, and nothing else changed."""
    text = (DEPLOY / "nginx.conf").read_text()
    text = re.sub(r"^\s*listen \[::\].*\n", "", text, flags=re.MULTILINE)
    text = text.replace("listen 80;", f"listen 127.0.0.1:{free_port()};")
    text = text.replace("listen 443 ssl", f"listen 127.0.0.1:{port} ssl")
    text = text.replace("127.0.0.1:8000", base.removeprefix("http://"))
    text = text.replace("/etc/ssl/", f"{folder}/").replace(INSTALLED, str(ROOT))
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    paths = "".join(f"{kind}_temp_path {folder}/{kind};\n" for kind in kinds)
    types = "types { text/css css; text/javascript js; }"
    root = "user root;\n" if os.geteuid() == 0 else ""
    return (
        f"{root}pid {folder}/nginx.pid;\nerror_log {folder}/error.log;\ndaemon off;\nevents {{}}\n"
        f"http {{\naccess_log off;\n{types}\n{paths}{text}\n}}\n"
    )


@contextmanager
def nginx(folder: Path, base: str) -> Iterator[str]:
    """In front of the application at `base`, over TLS."""
    port = free_port()
    key = ["-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "1"]
    key += [
        "-subj",
        "/CN=arena.example.org",
        "-keyout",
        str(folder / "arena.key"),
        "-out",
        str(folder / "arena.pem"),
    ]
    subprocess.run(["openssl", "req", *key], check=True, capture_output=True)
    (folder / "nginx.conf").write_text(made_local(folder, base, port))
    line = [str(NGINX), "-p", str(folder), "-c", str(folder / "nginx.conf"), "-e", str(folder / "error.log")]
    subprocess.run([*line, "-t"], check=True, capture_output=True)
    with subprocess.Popen(line) as process:
        for _ in range(100):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.02)
        yield f"https://127.0.0.1:{port}"
        process.terminate()


@pytest.mark.skipif(not (NGINX and shutil.which("openssl")), reason="there is no nginx or no openssl")
def test_nginx_carries_a_vote(sqlite_template: Path, tmp_path: Path) -> None:
    shutil.copy(sqlite_template, tmp_path / "blindvote.sqlite3")
    app = create_app(
        Settings.model_validate(
            {
                "data_dir": tmp_path,
                "secret_key": SECRET,
                "trusted_hosts": ["arena.example.org"],
                "trusted_proxies": ["127.0.0.1/32"],
                "public_url": "https://arena.example.org",
            }
        )
    )
    make_arena(parts_of(app).database, tmp_path)
    trusting = ssl.create_default_context()
    trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
    here = {"Host": "arena.example.org", "X-Forwarded-Host": "evil.example", "X-Forwarded-For": "8.8.8.8"}
    with (
        served(app) as base,
        nginx(tmp_path, base) as front,
        httpx.Client(base_url=front, headers=here, verify=trusting) as client,
    ):
        given = client.post("/api/v1/matchups", json={})
        assert given.status_code == 201
        assert "__Host-blindvote_voter" in given.headers["Set-Cookie"]
        assert "Secure" in given.headers["Set-Cookie"]
        cookie = given.headers["Set-Cookie"].split(";")[0]
        pictures = [client.get(given.json()[side]["image_url"], headers={"Cookie": cookie}) for side in "ab"]
        assert {picture.status_code for picture in pictures} == {200}
        assert len({picture.headers["Content-Length"] for picture in pictures}) == 1
        assert {picture.headers["Cache-Control"] for picture in pictures} == {"no-store"}
        path = f"/api/v1/matchups/{given.json()['id']}/vote"
        cast = client.post(path, json={"outcome": "a"}, headers={"Cookie": cookie})
        assert (cast.status_code, cast.json()["counted"]) == (200, True)
        assert "Strict-Transport-Security" in cast.headers
        assert client.get("/static/base.css").headers["Content-Type"].startswith("text/css")
        assert client.post("/api/v1/matchups", content=b" " * 2_000_000).status_code == 413
        assert client.get("/", headers={"Host": "evil.example"}).status_code == 400
        assert client.get("/metrics").status_code == 404
    parts_of(app).database.close()
