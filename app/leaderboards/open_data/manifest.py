"""The manifest of a file of votes: a JSON document beside it that describes its contents and origin."""

import hashlib
from datetime import datetime
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from app.errors import Refusal

SUFFIX = ".json"


class InvalidManifest(Refusal, code="invalid_manifest"):
    """The document beside a file of votes is missing, is none of ours, or does not fit the file."""


class Methodology(BaseModel):
    """The method by which the boards were computed; a changed method has another version."""

    model_config = ConfigDict(frozen=True)

    method: str
    version: int


class BoardRun(BaseModel):
    """A mode's overall board as it stood; `models` in the order in which it was computed."""

    model_config = ConfigDict(frozen=True)

    mode: str
    run: int
    computed_at: datetime
    votes: int
    tallies_sha256: str
    anchor_version: int
    models: tuple[str, ...]


class AnchorVersion(BaseModel):
    """The models whose mean rating is `value`, by slug."""

    model_config = ConfigDict(frozen=True)

    mode: str
    version: int
    models: tuple[str, ...]
    value: float
    created_at: datetime


class Provenance(BaseModel):
    """The boards that votes come from, and how these were computed."""

    model_config = ConfigDict(frozen=True)

    methodology: Methodology
    boards: tuple[BoardRun, ...]
    anchors: tuple[AnchorVersion, ...]

    def anchor(self, board: BoardRun) -> AnchorVersion | None:
        """Return the anchor of a run; None while the mean of all its models was the level."""
        fits = (one for one in self.anchors if (one.mode, one.version) == (board.mode, board.anchor_version))
        return next(fits, None)


class VotesManifest(Provenance):
    """The manifest of a file of votes: what it holds, and its SHA-256."""

    kind: Literal["open", "log"]
    format: Literal["csv", "jsonl"]
    columns: tuple[str, ...]
    mode: str | None
    uncounted: bool
    simulated: bool
    votes: int = Field(ge=0)
    bytes: int = Field(ge=0)
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    created_at: datetime


def manifest_path(file: Path) -> Path:
    """Return the path of a file's manifest, beside the file."""
    return file.with_name(file.name + SUFFIX)


def read_manifest(file: Path) -> VotesManifest:
    """Read the manifest of a file and check it against the file's bytes. Raises InvalidManifest."""
    manifest = read_provenance(file)
    if not isinstance(manifest, VotesManifest):
        raise InvalidManifest(f"{manifest_path(file).name} tells of boards, not of the file {file.name}.")
    return manifest


def read_provenance(file: Path) -> Provenance:
    """Read a file's manifest, or the document of /api/v1/votes/manifest where that was saved in its place."""
    path = manifest_path(file)
    try:
        text = path.read_bytes()
        document = (VotesManifest if b'"sha256"' in text else Provenance).model_validate_json(text)
    except FileNotFoundError as error:
        raise InvalidManifest(f"{path.name} is missing beside {file.name}.") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise InvalidManifest(f"{path.name} is no manifest of votes: {where}: {first['msg']}") from error
    if isinstance(document, VotesManifest):
        with file.open("rb") as content:
            if hashlib.file_digest(content, "sha256").hexdigest() != document.sha256:
                raise InvalidManifest(f"{file.name} is not the file of {path.name}: its SHA-256 is another.")
    return document
