"""
Advisories from a data file, for an audit where there is no network: OSV's export of PyPI, as it is published.

The file is a zip archive with a JSON document for each advisory (OSV schema 1.6, https://ossf.github.io/osv-schema/),
or one such document, or a list of them. It is fetched where there is a network, at each release: osv.dev names the
place under "data dumps", PyPI/all.zip.
"""

import json
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

FEWEST = 1000
"""Advisories that a file must hold to prove anything: a whole export holds thousands."""


class NoAdvisories(Exception):
    """The file can't be read, or holds no advisory of PyPI."""


@dataclass(frozen=True)
class Advisories:
    """The advisories of a data file, by the package they are about, and when the newest was changed."""

    by_package: Mapping[str, tuple[Mapping[str, Any], ...]]
    newest: datetime
    number: int

    @property
    def are_all(self) -> bool:
        """Tell whether there are as many as a whole export holds, and not one of them or a part."""
        return self.number >= FEWEST

    def age_days(self, now: datetime) -> int:
        """Count the whole days since the newest advisory was changed."""
        return (now - self.newest).days

    def find(self, name: str, version: str) -> list[str]:
        """List the ids of advisories about this version of a package."""
        return sorted(
            {
                one["id"]
                for one in self.by_package.get(name, ())
                if any(_affects(a, version) for a in _of(one, name))
            }
        )


def read_advisories(path: Path) -> Advisories:
    """Read a data file. Raises NoAdvisories."""
    try:
        listed = [one for one in _documents(path) if not one.get("withdrawn")]
        by_package: dict[str, list[Mapping[str, Any]]] = {}
        for one in listed:
            for name in {canonicalize_name(a["package"]["name"]) for a in _affected(one)}:
                by_package.setdefault(name, []).append(one)
        newest = max(datetime.fromisoformat(one["modified"]) for one in listed)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, zipfile.BadZipFile) as error:
        raise NoAdvisories(f"{path} holds no advisories that can be read ({error!r})") from error
    if not by_package:
        raise NoAdvisories(f"{path} holds no advisory of a package on PyPI")
    return Advisories(
        {name: tuple(ones) for name, ones in by_package.items()},
        newest if newest.tzinfo else newest.replace(tzinfo=UTC),
        len({one["id"] for ones in by_package.values() for one in ones}),
    )


def _documents(path: Path) -> Iterator[dict[str, Any]]:
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            for name in archive.namelist():
                if name.endswith(".json"):
                    yield json.loads(archive.read(name))
        return
    read = json.loads(path.read_text())
    yield from read if isinstance(read, list) else [read]


def _affected(one: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [a for a in one.get("affected", ()) if a.get("package", {}).get("ecosystem") == "PyPI"]


def _of(one: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    return [a for a in _affected(one) if canonicalize_name(a["package"]["name"]) == name]


def _affects(affected: Mapping[str, Any], version: str) -> bool:
    """Tell whether a version is listed, or lies in a range of versions; a range that can't be read counts."""
    if version in affected.get("versions", ()):
        return True
    ranges = [r for r in affected.get("ranges", ()) if r.get("type") == "ECOSYSTEM"]
    try:
        return any(_is_inside(r["events"], Version(version)) for r in ranges)
    except InvalidVersion:
        return True


def _is_inside(events: list[Mapping[str, str]], version: Version) -> bool:
    """Follow the events by version: introduced opens, fixed closes, last_affected closes after it."""
    inside = False
    for event in sorted(events, key=_place):
        (kind, at), *_ = event.items()
        if kind == "introduced" and (at == "0" or version >= Version(at)):
            inside = True
        elif (kind == "fixed" and version >= Version(at)) or (kind == "last_affected" and version > Version(at)):
            inside = False
    return inside


def _place(event: Mapping[str, str]) -> tuple[Version, bool]:
    (kind, at), *_ = event.items()
    return Version(at), kind != "introduced"
