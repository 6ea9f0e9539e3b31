"""Every environment variable the product reads, once: typed, frozen, refusing to start when wrong."""

import difflib
import json
import os
import re
import secrets
from collections.abc import Mapping
from decimal import Decimal
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import quote

from pydantic import (
    Field,
    ModelWrapValidatorHandler,
    PrivateAttr,
    SecretStr,
    field_validator,
    model_validator,
)
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from app.ownership import give_to_owner, make_folder

SECRET_BYTES = 32
THREAD_CACHE_BLOCKS = 2
"""Freed blocks of each size that malloc keeps for a thread: SQLite frees what it soon asks for again."""
MAX_PORT = 65_535
METRICS_TOKEN_CHARACTERS = 16
PROVIDER_SETTING = re.compile(
    r"[A-Z][A-Z0-9_]*_(API_KEY|API_TOKEN|KEY|UPSTREAM_URL|OFFERINGS)|AWS_BEARER_TOKEN_BEDROCK"
)
DATABASES = ("sqlite:///", "postgresql://", "postgres://", "postgresql+psycopg://")
_PLACE = re.compile(r"(?:[^:/]*(?::[^@]*)?@)?([^/?]*)")
"""The hosts after a name and a password, in which anything but `@` may stand."""
WEB_ADDRESS = re.compile(r"https?://(\[[0-9a-f:.]+\]|[^\[\]/?#@:\s]+)(:\d{1,5})?(/[^?#\s]*)?", re.IGNORECASE)
ORIGIN = re.compile(r"[a-z][a-z0-9+.-]*://[^/?#\s,]+")
"""What a browser calls the origin of a page; those of extensions and apps have schemes of their own."""
USUAL_PORT = re.compile(r"^(https://.*):443$|^(http://.*):80$")
LIKENESS = 0.84
"""How like a setting's name another must be to be taken for a mistyped one."""
OTHERS = ("AWS_", "PG", "UV_", "PIP_", "PYTHON", "LC_", "XDG_")
"""What names of other programs begin with."""
PREFIXES = ("BLINDVOTE_", "ARENA_", "APP_")
"""What people put before the names of settings; we read none."""


class Settings(BaseSettings):
    """The settings that the operator decides. Times in seconds, money in US dollars."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_ignore_empty=True)

    profile: Literal["local", "team", "public"] = "local"
    data_dir: Path = Path("data")
    database_url: str = ""
    read_database_url: str = ""
    """A standby of the database that pages are read from; empty: the database itself."""
    read_staleness_seconds: float = Field(default=5, ge=1, le=3600)
    """How old what that standby shows may be; when it is older, pages come from the database."""
    secret_key: SecretStr = SecretStr("")
    file_group: str = Field(default="", pattern=r"^([a-z_][a-z0-9_-]{0,31})?$")
    """A group that may read the files in `data_dir`; empty: their owner alone."""

    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=0, le=MAX_PORT)
    workers: int = Field(default=2, ge=1, le=64)
    public_url: str = ""
    trusted_hosts: Annotated[tuple[str, ...], NoDecode] = ()
    trusted_proxies: Annotated[tuple[IPv4Network | IPv6Network, ...], NoDecode] = ()
    login_header: str = Field(default="", pattern=r"^([A-Za-z][A-Za-z0-9-]{1,63})?$")
    """In which a trusted proxy says who logged in; one without hyphens cannot be smuggled in (docs/team.md)."""
    admins: Annotated[tuple[str, ...], NoDecode] = ()
    """Logins that may use /admin, as that header writes them."""

    matchup_seconds: int = Field(default=1800, ge=10)
    undo_seconds: int = Field(default=600, ge=0)
    file_url_seconds: int = Field(default=3600, ge=1)
    refresh_seconds: float = Field(default=1.0, ge=0)
    picture_cache_mib: int = Field(default=32, ge=0, le=65536)
    """Memory of each process for pictures that voters are shown; 0 for none."""

    log_level: Literal["debug", "info", "warning", "error"] = "info"
    log_format: Literal["json", "text"] = "json"
    metrics_token: SecretStr = SecretStr("")
    """What a reader of /metrics sends; without one there is no such page."""
    prometheus_multiproc_dir: Path | None = None
    """Where the server's processes count together. `arena serve` makes one; gunicorn needs it given."""

    storage_url: str = Field(default="", pattern=r"^(s3://[a-z0-9][a-z0-9.-]{1,62}(/[A-Za-z0-9._/-]*)?)?$")
    """A bucket for the images; empty: a folder in `data_dir`."""
    s3_endpoint: str = ""
    s3_region: str = "us-east-1"
    s3_access_key_id: SecretStr = SecretStr("")
    s3_secret_access_key: SecretStr = SecretStr("")

    default_image_model: str = ""
    """What a request to the gateway without `model` gets; empty: the painter's first."""
    playground_daily_usd: Decimal = Field(default=Decimal(0), ge=0, le=10_000, decimal_places=6)
    gateway_seconds: int = Field(default=300, ge=1, le=3600)
    """All the time one request to the gateway has, every provider tried included."""
    gateway_queue_seconds: int = Field(default=60, ge=1, le=600)
    """How long a request may wait for its turn before it is told to come again."""
    gateway_cors_origins: Annotated[tuple[str, ...], NoDecode] = ()
    """Origins whose pages may call the gateway with a key they have; `*` for all."""
    openai_compatible: Annotated[tuple[str, ...], NoDecode] = ()
    """Names of further servers with OpenAI's image API; each has its address in `<NAME>_UPSTREAM_URL`."""
    _of_providers: dict[str, SecretStr] = PrivateAttr(default_factory=dict)

    @model_validator(mode="wrap")
    @classmethod
    def _gather_provider_settings(cls, given: Any, read: ModelWrapValidatorHandler[Self]) -> Self:
        """Gather providers' settings by rule (docs/settings.md), so that a new provider needs no line here."""
        made = read(given)
        stated = {name.upper(): value for name, value in given.items()} if isinstance(given, dict) else {}
        fields = {name.upper() for name in cls.model_fields}
        made._of_providers = {  # noqa: SLF001
            name: value if isinstance(value, SecretStr) else SecretStr(str(value).strip())
            for name, value in {**os.environ, **stated}.items()
            if PROVIDER_SETTING.fullmatch(name) and name not in fields and value
        }
        return made

    @property
    def provider_keys(self) -> tuple[SecretStr, ...]:
        """Give the keys of providers: what a log must never show."""
        return tuple(
            value
            for name, value in self._of_providers.items()
            if not name.endswith(("_UPSTREAM_URL", "_OFFERINGS"))
        )

    def of_provider(self, name: str) -> SecretStr:
        """Return the value of a key, an `<NAME>_UPSTREAM_URL` or `<NAME>_OFFERINGS`; empty where it is not set."""
        return self._of_providers.get(name, SecretStr(""))

    @field_validator("trusted_hosts", "admins", "gateway_cors_origins", "openai_compatible", mode="before")
    @classmethod
    def _read_names(cls, given: object) -> object:
        return _read_list(given)

    @field_validator("trusted_proxies", mode="before")
    @classmethod
    def _read_networks(cls, given: object) -> object:
        """Read networks with Python's own message for one that is none, which says what is wrong with it."""
        listed = _read_list(given)
        return tuple(ip_network(str(one)) for one in listed) if isinstance(listed, list | tuple) else listed

    @field_validator("s3_region", "s3_access_key_id", "s3_secret_access_key", mode="before")
    @classmethod
    def _read_line(cls, given: object) -> object:
        """Read a value without the end of line that a file left on it; refuse one within."""
        text = given.get_secret_value() if isinstance(given, SecretStr) else given
        if not isinstance(text, str):
            return given
        if not text.strip().isprintable():
            raise ValueError("must be one line of printable characters")
        return text.strip()

    @field_validator("storage_url")
    @classmethod
    def _check_prefix(cls, given: str) -> str:
        """Refuse dots as a part of the prefix: a bucket has no folder above."""
        if {".", ".."}.intersection(given.split("/")):
            raise ValueError("must name a prefix without . and .. as parts")
        return given

    @field_validator("public_url", "s3_endpoint")
    @classmethod
    def _check_web_address(cls, given: str) -> str:
        """Refuse what is no address: links to images and pages, or requests to the bucket, begin with it."""
        if given and not WEB_ADDRESS.fullmatch(given):
            raise ValueError("must be an address with its scheme, such as https://arena.example.org")
        return given

    @field_validator("trusted_hosts")
    @classmethod
    def _check_hosts_alone(cls, given: tuple[str, ...]) -> tuple[str, ...]:
        """Refuse an address in the place of a name: it would match no request."""
        if wrong := [host for host in given if "/" in host]:
            raise ValueError(f"holds names of hosts alone, such as arena.example.org, and not {wrong[0]!r}")
        return given

    @field_validator("gateway_cors_origins")
    @classmethod
    def _write_as_browsers_do(cls, given: tuple[str, ...]) -> tuple[str, ...]:
        """Write origins as browsers send them: in lower case, without a slash, without a usual port."""
        written = tuple(USUAL_PORT.sub(r"\1\2", origin.lower().removesuffix("/")) for origin in given)
        if wrong := [origin for origin in written if origin not in {"*", "null"} and not ORIGIN.fullmatch(origin)]:
            raise ValueError(f"holds origins alone, such as https://app.example.org, and not {wrong[0]!r}")
        return written

    @field_validator("database_url")
    @classmethod
    def _check_database(cls, given: str) -> str:
        """Refuse a database that we have no driver for."""
        if given and not given.startswith(DATABASES):
            raise ValueError(
                "must begin with sqlite:/// or postgresql:// (other databases and drivers do not work)"
            )
        if given in {"sqlite:///", "sqlite:///:memory:"}:
            raise ValueError("must name a file, as sqlite:////srv/arena/blindvote.sqlite3: processes share it")
        return _check_hosts(with_driver(given))

    @field_validator("read_database_url")
    @classmethod
    def _check_replica(cls, given: str) -> str:
        """Refuse what is no single PostgreSQL: how new one standby is says nothing about another."""
        if given and not given.startswith(DATABASES[1:]):
            raise ValueError("must begin with postgresql:// (a standby of the PostgreSQL in DATABASE_URL)")
        if "," in given.partition("?")[0] or given.count("host=") > 1:
            raise ValueError("must name one server: how new one standby is says nothing about another")
        return _check_hosts(with_driver(given))

    @model_validator(mode="after")
    def _fill_and_check(self) -> Self:
        """Fill what follows from other settings. The secret is read or written once, here."""
        self.__dict__["data_dir"] = self.data_dir.resolve()
        if not self.database_url:
            self.__dict__["database_url"] = _sqlite_url(self.data_dir / "blindvote.sqlite3")
        if self.read_database_url and self.database_url.startswith("sqlite"):
            raise ValueError("READ_DATABASE_URL is a standby of a PostgreSQL: set DATABASE_URL to that one")
        if not self.secret_key.get_secret_value():
            if self.profile == "public":
                raise ValueError("SECRET_KEY must be set in the public profile")
            self.__dict__["secret_key"] = SecretStr(_read_or_make_secret(self.data_dir / "secret_key"))
        elif len(self.secret_key.get_secret_value().encode()) < SECRET_BYTES:
            raise ValueError(f"SECRET_KEY must have at least {SECRET_BYTES} bytes")
        self._check_logins()
        if 0 < len(self.metrics_token.get_secret_value()) < METRICS_TOKEN_CHARACTERS:
            raise ValueError(f"METRICS_TOKEN must have at least {METRICS_TOKEN_CHARACTERS} characters")
        return self

    def _check_logins(self) -> None:
        """Refuse a login header without trusted proxies: anybody could send it."""
        if self.profile == "team" and not (self.login_header and self.trusted_proxies):
            raise ValueError(
                "PROFILE=team needs LOGIN_HEADER, the header in which your login proxy names who logged in, "
                "and TRUSTED_PROXIES, the networks that proxy speaks from (docs/team.md)"
            )
        if self.login_header and not self.trusted_proxies:
            raise ValueError("LOGIN_HEADER needs TRUSTED_PROXIES: from anybody else the header is not believed")
        if self.admins and not self.login_header:
            raise ValueError("ADMINS are logins that LOGIN_HEADER names; set it, or use `arena admin create`")


def read_without_writing() -> Settings:
    """Read the settings as they are, for who only looks: a new folder is not made and gets no secret key."""
    folder = Path(os.environ.get("DATA_DIR") or "data")
    if os.environ.get("SECRET_KEY") or os.environ.get("PROFILE") == "public" or (folder / "secret_key").exists():
        return Settings()
    return Settings(secret_key=SecretStr(secrets.token_urlsafe(SECRET_BYTES)))


def with_driver(url: str) -> str:
    """
    Bring a URL into SQLAlchemy's form: with the driver we install, and with each of several hosts by itself.

    libpq writes `postgresql://u:p@h1:5432,h2:5432/db`, SQLAlchemy `?host=h1:5432&host=h2:5432`.
    """
    for prefix in ("postgresql://", "postgres://"):
        if url.startswith(prefix):
            return "postgresql+psycopg://" + _separate_hosts(url.removeprefix(prefix))
    return url


def _separate_hosts(address: str) -> str:
    """Move several hosts of an address `user:password@h1,h2/database?options` into its options."""
    place, slash, rest = address.partition("/")
    user, at, hosts = place.rpartition("@")
    if "," not in hosts:
        return address
    path, _, options = rest.partition("?")
    named = "&".join([*(f"host={host}" for host in hosts.split(",")), *([options] if options else [])])
    return f"{user}{at}{slash or '/'}{path}?{named}"


def _check_hosts(url: str) -> str:
    """Return a database's URL whose hosts and ports can be read. Raises ValueError, without the password in it."""
    if url.startswith("sqlite"):
        return url
    place = _PLACE.match(url.partition("://")[2])
    options = url[url.rfind("?") + 1 :].split("&")
    hosts = [option.partition("=")[2] for option in options if option.startswith("host=")]
    for host in [*hosts, place[1].rpartition("@")[2] if place else ""]:
        parts = re.fullmatch(r"(?:\[[^\[\]]*\]|[^:\[\]]*)(?::(\d{0,6}))?", host)
        if parts is None or int(parts[1] or 0) > MAX_PORT:
            raise ValueError(f"{host!r} is no host with a port up to {MAX_PORT}")
    return url


def _sqlite_url(path: Path) -> str:
    """Write a path as a URL of SQLite: a question mark in a folder's name must not begin the URL's options."""
    try:
        return f"sqlite:///{quote(str(path), safe='/')}"
    except UnicodeEncodeError:
        raise ValueError("DATA_DIR is no path in UTF-8; choose another name for the folder") from None


def _read_list(given: object) -> object:
    """Read a list as JSON or as words between commas: `["a", "b"]` or `a, b`."""
    if not isinstance(given, str):
        return given
    if given.lstrip().startswith("["):
        return json.loads(given)
    return [word for word in (part.strip() for part in given.split(",")) if word]


def find_misspelled(environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Find names in an environment that look like settings and are none; gives what was meant."""
    known = {name.upper() for name in Settings.model_fields}
    meant = {}
    for name in environment:
        upper = name.upper()
        if upper in known or upper.startswith(OTHERS) or PROVIDER_SETTING.fullmatch(upper):
            continue
        bare = next((upper.removeprefix(prefix) for prefix in PREFIXES if upper.startswith(prefix)), upper)
        close = difflib.get_close_matches(bare, known, n=1, cutoff=LIKENESS)
        if close:
            meant[name] = close[0]
    return meant


def environment_over(defaults: Mapping[str, str]) -> dict[str, str]:
    """Return this process's environment for a child, with `defaults` for what it does not say."""
    return {**defaults, **os.environ}


def _read_or_make_secret(path: Path) -> str:
    """Read or make the secret of this data folder; two processes that start together agree on one."""
    if not path.exists():
        if not path.parent.is_dir() and path.parent.exists():
            raise ValueError(f"DATA_DIR {path.parent} is a file: name a folder")
        make_folder(path.parent, 0o700)
        fresh = path.with_suffix(f".{secrets.token_hex(4)}")
        fresh.touch(mode=0o600)
        give_to_owner(fresh)
        fresh.write_text(secrets.token_urlsafe(SECRET_BYTES))
        try:
            path.hardlink_to(fresh)
        except FileExistsError:
            pass
        finally:
            fresh.unlink()
    try:
        secret = path.read_text(encoding="utf-8").strip()
    except UnicodeDecodeError:
        secret = ""
    if len(secret.encode()) < SECRET_BYTES:
        raise ValueError(
            f"{path} must hold {SECRET_BYTES} characters or more: put the key back; or move the file away for a "
            "new one, with which everybody is signed out"
        )
    return secret


def write_beside(path: Path, secret: str) -> Path:
    """
    Write a secret to the disk beside the file that it will replace; returns the new file, its owner's alone.

    Its name is always the same, so that one whose process was killed is not left for good.
    """
    fresh = path.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    fresh.touch(mode=0o600)
    give_to_owner(fresh)
    with fresh.open("w") as file:
        file.write(secret)
        file.flush()
        os.fsync(file.fileno())
    return fresh


def count_together(folder: Path) -> None:
    """Let processes started from here on count together: prometheus-client looks in the environment alone."""
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(folder)


def ask_for_small_thread_caches() -> bool:
    """Set what glibc reads when a process starts; False where the environment says already what malloc keeps."""
    name, option = "GLIBC_TUNABLES", "glibc.malloc.tcache_count"
    given = os.environ.get(name, "")
    if option in given:
        return False
    os.environ[name] = f"{given}:{option}={THREAD_CACHE_BLOCKS}".lstrip(":")
    return True


def one_thread_for_numpy() -> None:
    """Keep numpy to one thread, before it loads: two on two busy cores made ratings up to ten times slower."""
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
