"""A folder and a bucket keep files alike."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from app import create_app
from app.gateway import storage as room
from app.gateway.storage import Storage, fresh_key, storage_of
from app.settings import Settings
from tests.gateway.bucket import KEY_ID, Bucket, bucket_server


@pytest.fixture(scope="module")
def server() -> Iterator[Bucket]:
    with bucket_server() as bucket:
        yield bucket


def settings(server: Bucket, folder: Path, **more: object) -> Settings:
    given = {
        "data_dir": folder,
        "secret_key": "s" * 32,
        "storage_url": "s3://pictures/arena/one",
        "s3_endpoint": server.address,
        "s3_access_key_id": KEY_ID,
        "s3_secret_access_key": "test-secret-key",
    }
    return Settings.model_validate(given | more)


@pytest.fixture(params=["folder", "bucket"])
def storage(request: pytest.FixtureRequest, server: Bucket, tmp_path: Path) -> Storage:
    server.objects.clear()
    server.refusal = None
    return Storage(tmp_path / "files") if request.param == "folder" else storage_of(settings(server, tmp_path))


def test_what_goes_in_comes_out(storage: Storage) -> None:
    key, data = fresh_key("renditions", "webp"), bytes(range(256)) * 100
    assert not storage.has(key)
    storage.put(key, data)
    storage.put("inputs/ab.webp", b"")
    assert (storage.has(key), storage.get(key), storage.get("inputs/ab.webp")) == (True, data, b"")
    assert set(storage.every_key()) == {key, "inputs/ab.webp"}
    storage.delete(key)
    storage.delete(key)
    assert set(storage.every_key()) == {"inputs/ab.webp"}
    with pytest.raises(FileNotFoundError):
        storage.get(key)
    assert storage.problem() is None


@pytest.mark.parametrize("key", ["../secret.txt", "a/../b.txt", "/etc/passwd", "renditions/a b.webp", "x"])
def test_a_key_is_no_path(storage: Storage, key: str) -> None:
    for use in (storage.get, storage.has, storage.delete):
        with pytest.raises(ValueError, match="not a storage key"):
            use(key)


def test_a_bucket_is_shared_under_its_prefix(server: Bucket, tmp_path: Path) -> None:
    server.objects.clear()
    one, other = (storage_of(settings(server, tmp_path)) for _ in range(2))
    one.put("renditions/ab.webp", b"x")
    assert other.get("renditions/ab.webp") == b"x"
    assert set(server.objects) == {"pictures/arena/one/renditions/ab.webp"}
    elsewhere = storage_of(settings(server, tmp_path, storage_url="s3://pictures"))
    assert not elsewhere.has("renditions/ab.webp")


def test_a_bucket_that_is_away_is_asked_again_later(server: Bucket, tmp_path: Path) -> None:
    away = storage_of(settings(server, tmp_path, s3_endpoint="http://127.0.0.1:1"))
    uses: list[Callable[[], object]] = [
        lambda: away.get("renditions/ab.webp"),
        lambda: away.has("renditions/ab.webp"),
        lambda: away.put("renditions/ab.webp", b"x"),
        lambda: away.delete("renditions/ab.webp"),
        lambda: list(away.every_key()),
    ]
    for use in uses:
        with pytest.raises(room.StorageUnavailable) as refused:
            use()
        assert (refused.value.status, refused.value.retry_after) == (503, 2)
        assert refused.value.cause.name == "away"


# What Amazon documents (docs.aws.amazon.com, S3, error responses); the first two also by moto, s3rver and rclone.
@pytest.mark.parametrize(
    ("status", "code", "cause"),
    [
        (404, "NoSuchBucket", "no_bucket"),
        (403, "InvalidAccessKeyId", "wrong_key"),
        (403, "SignatureDoesNotMatch", "wrong_key"),
        (400, "ExpiredToken", "wrong_key"),
        (403, "AccessDenied", "forbidden"),
        (403, "RequestTimeTooSkewed", "clock"),
        (301, "PermanentRedirect", "other_region"),
        (400, "AuthorizationHeaderMalformed", "other_region"),
        (413, "EntityTooLarge", "full"),
        (400, "KeyTooLongError", "refused"),
    ],
)
def test_why_a_bucket_refuses(server: Bucket, tmp_path: Path, status: int, code: str, cause: str) -> None:
    server.refusal = (status, code)
    found = storage_of(settings(server, tmp_path))
    uses: list[Callable[[], object]] = [
        lambda: found.put("renditions/ab.webp", b"x"),
        lambda: found.get("renditions/ab.webp"),
        lambda: found.delete("renditions/ab.webp"),
        lambda: list(found.every_key()),
    ]
    for use in uses:
        with pytest.raises(room.StorageUnavailable) as refused:
            use()
        assert refused.value.cause.name == cause
    assert found.problem() == f"unreachable: {cause}"
    server.refusal = None


def test_a_missing_object_is_told_as_a_missing_file_is(storage: Storage) -> None:
    with pytest.raises(FileNotFoundError) as missing:
        storage.get("renditions/ab.webp")
    assert (missing.value.strerror, str(missing.value.filename)[-7:]) == ("No such file or directory", "ab.webp")


def test_readiness_asks_a_bucket_now_and_then(
    server: Bucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sqlite_template: Path
) -> None:
    server.refusal = (403, "AccessDenied")
    # Longer than the five questions take on any machine.
    monkeypatch.setattr(room, "PROBE_SECONDS", 3600)
    app = create_app(settings(server, tmp_path, database_url=f"sqlite:///{sqlite_template}"))
    client = app.test_client()
    server.asked.clear()
    for _ in range(5):
        answer = client.get("/readyz")
        assert (answer.status_code, answer.get_json()["failing"]["files"].split(":")[0]) == (503, "unreachable")
    assert len(server.asked) == 1
    server.refusal = None
    monkeypatch.setattr(room, "PROBE_SECONDS", 0)
    client.get("/readyz")
    app.extensions["blindvote"].storage._probe._thread.join()
    assert client.get("/readyz").status_code == 200
    app.extensions["blindvote"].database.close()
