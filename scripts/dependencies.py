"""
What this installation is made of: requirements.lock against what is installed, licences, and a list of all of it.

    scripts/audit [--lock] [--online | --advisories FILE] [--sbom FILE]

`--lock` stops after what needs no database of vulnerabilities and ends with 0 or 1. Without `--online` nothing is
looked up, which is said and ends with 3: an audit that audited nothing must not look like a clean one. So does
`--online` where no database could be reached, and `--advisories` with a file older than a month (`advisories.py`).
Exit 1 where something is wrong.
"""

import argparse
import json
import re
import shutil
import subprocess
import sys
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

from packaging.markers import Marker
from packaging.utils import canonicalize_name

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from scripts.advisories import NoAdvisories, read_advisories

ROOT = Path(__file__).resolve().parent.parent
LOCK = ROOT / "requirements.lock"
OURS = "blindvote"
TOOLS = frozenset({"pip", "uv"})
"""Packages that install the lock, and cannot be in it."""
PIN = re.compile(
    r"^(?P<name>[A-Za-z0-9._-]+)(?:\[[^\]]*\])?==(?P<version>[^\s;\\]+)\s*(?:;\s*(?P<marker>[^\\]+))?",
    re.MULTILINE,
)
HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")
CLEAN, WRONG, NOTHING_AUDITED = 0, 1, 3
NOT_AUDITED = "was not audited"
OLDEST_DAYS = 30


@dataclass(frozen=True)
class Pin:
    """A package as the lock wants it."""

    name: str
    version: str
    hashes: tuple[str, ...]
    is_wanted: bool = True
    """True where its marker holds on this machine."""


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--lock", action="store_true", help="only the lock and the licences")
    arguments.add_argument("--online", action="store_true", help="ask pip-audit, which asks the network")
    arguments.add_argument("--sbom", type=Path, metavar="FILE", help="write all packages as CycloneDX JSON")
    arguments.add_argument("--advisories", type=Path, metavar="FILE", help="look in OSV's export of PyPI instead")
    options = arguments.parse_args()
    pins, present = pinned(LOCK.read_text()), installed()
    wrong = [*differences(pins, present), *unlicensed(present)]
    print(f"{len(present)} packages installed, {len(pins)} pinned, {len(wrong)} problems")
    if options.sbom:
        options.sbom.write_text(json.dumps(sbom(pins), indent=2) + "\n")
    if options.advisories and not wrong:
        return audit_by_file(pins, options.advisories, datetime.now(UTC))
    if options.online and not wrong:
        return _online(pins)
    for problem in wrong:
        print(problem, file=sys.stderr)
    if wrong or options.lock:
        return WRONG if wrong else CLEAN
    print("NOT AUDITED: no database of vulnerabilities was asked; use --online where there is a network.")
    return NOTHING_AUDITED


def pinned(lock: str) -> dict[str, Pin]:
    """List every package of a lock by its canonical name; of several pins the one for this machine."""
    found: dict[str, Pin] = {}
    matches = list(PIN.finditer(lock))
    for number, match in enumerate(matches):
        end = matches[number + 1].start() if number + 1 < len(matches) else len(lock)
        marker = (match["marker"] or "").strip()
        name = canonicalize_name(match["name"])
        wanted = not marker or Marker(marker).evaluate()
        if wanted or name not in found:
            found[name] = Pin(name, match["version"], tuple(HASH.findall(lock[match.end() : end])), wanted)
    return found


def installed() -> dict[str, metadata.Distribution]:
    """List every package beside this interpreter, but ours and what installs."""
    found = {canonicalize_name(one.metadata["Name"]): one for one in metadata.distributions()}
    return {name: one for name, one in sorted(found.items()) if name not in TOOLS | {OURS}}


def differences(pins: Mapping[str, Pin], present: Mapping[str, metadata.Distribution]) -> list[str]:
    """List differences both ways: what is installed and not pinned so, and what is pinned and not installed."""
    wrong = [f"{name} is pinned without a hash" for name, pin in pins.items() if not pin.hashes]
    for name, one in present.items():
        if name not in pins:
            wrong.append(f"{name} {one.version} is installed and not in requirements.lock")
        elif pins[name].version != one.version:
            wrong.append(f"{name} {one.version} is installed, requirements.lock wants {pins[name].version}")
    missing = [name for name, pin in pins.items() if pin.is_wanted and name not in present]
    return wrong + [f"{name} is in requirements.lock and not installed" for name in missing]


def licence(one: metadata.Distribution) -> str:
    """Return the licence as the package declares it, in whichever of three places; empty where nowhere."""
    told = one.metadata
    classified = [line.rpartition(" :: ")[2] for line in told.get_all("Classifier") or () if line[:7] == "License"]
    free = (told.get("License") or "").strip().splitlines()
    return str(told.get("License-Expression") or "; ".join(classified) or (free[0] if free else ""))


def unlicensed(present: Mapping[str, metadata.Distribution]) -> list[str]:
    """List packages that do not say under which terms they may be used, unless they bring a licence's text."""
    return [
        f"{name} declares no licence"
        for name, one in present.items()
        if not licence(one) and not any("licen" in str(file).lower() for file in one.files or ())
    ]


def sbom(pins: Mapping[str, Pin]) -> dict[str, Any]:
    """Write a CycloneDX 1.6 list of the lock: the same lock gives the same list."""
    present = installed()
    components = []
    for name, pin in sorted(pins.items()):
        terms = licence(present[name]) if name in present else ""
        component = {
            "type": "library",
            "bom-ref": f"pkg:pypi/{name}@{pin.version}",
            "name": name,
            "version": pin.version,
            "purl": f"pkg:pypi/{name}@{pin.version}",
            "hashes": [{"alg": "SHA-256", "content": digest} for digest in pin.hashes],
        }
        components.append(component | ({"licenses": [{"license": {"name": terms}}]} if terms else {}))
    identity = "\n".join(f"{component['purl']}" for component in components)
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, identity)}",
        "version": 1,
        "metadata": {"component": {"type": "application", "name": OURS, "version": metadata.version(OURS)}},
        "components": components,
    }


def judged(report: str, wanted: Iterable[str]) -> list[str]:
    """List what pip-audit's JSON names as vulnerable or leaves unaudited; a package it skipped was not audited."""
    listed = json.loads(report)["dependencies"]
    audited = {canonicalize_name(one["name"]) for one in listed if "skip_reason" not in one}
    found = [f"{one['name']} {one['version']}: {flaw['id']}" for one in listed for flaw in one.get("vulns", ())]
    return found + [f"{name} {NOT_AUDITED}" for name in sorted(set(wanted) - audited)]


def _online(pins: Mapping[str, Pin]) -> int:
    command = _pip_audit()
    if command is None:
        print("NOT AUDITED: pip-audit is not here (pipx install pip-audit, or uv tool install pip-audit).")
        return NOTHING_AUDITED
    options = ["--requirement", str(LOCK), "--require-hashes", "--disable-pip", "--format", "json"]
    asked = subprocess.run([*command, *options], capture_output=True, text=True, check=False)
    try:
        wrong = judged(asked.stdout, (name for name, pin in pins.items() if pin.is_wanted))
    except (ValueError, KeyError, TypeError):
        print(f"NOT AUDITED: pip-audit gave no report.\n{asked.stderr[-1000:]}")
        return NOTHING_AUDITED
    wanted = sum(pin.is_wanted for pin in pins.values())
    if len(wrong) >= wanted and all(problem.endswith(NOT_AUDITED) for problem in wrong):
        print("NOT AUDITED: pip-audit reached no database of vulnerabilities: it knew none of the packages.")
        return NOTHING_AUDITED
    return _report(wanted, wrong)


def audit_by_file(pins: Mapping[str, Pin], path: Path, now: datetime) -> int:
    """Look every pinned package up in a data file, and say how old that is."""
    try:
        known = read_advisories(path)
    except NoAdvisories as error:
        print(f"NOT AUDITED: {error}")
        return NOTHING_AUDITED
    age = known.age_days(now)
    print(f"{path.name}: the newest advisory is {age} days old, of {known.newest:%Y-%m-%d}")
    wanted = {name: pin for name, pin in pins.items() if pin.is_wanted}
    wrong = [f"{n} {pin.version}: {flaw}" for n, pin in wanted.items() for flaw in known.find(n, pin.version)]
    if age < -1:
        print("NOT AUDITED: the file is of a day to come: this machine's clock is wrong, and its age unknown.")
        return NOTHING_AUDITED
    if not known.are_all and not wrong:
        print(f"NOT AUDITED: {known.number} advisories are not all of PyPI's. Fetch the whole file.")
        return NOTHING_AUDITED
    if age > OLDEST_DAYS and not wrong:
        print(f"NOT AUDITED: a file older than {OLDEST_DAYS} days proves nothing. Fetch a new one.")
        return NOTHING_AUDITED
    return _report(len(wanted), wrong)


def _report(packages: int, wrong: list[str]) -> int:
    for problem in wrong:
        print(problem, file=sys.stderr)
    print(f"{packages} packages audited, {len(wrong)} problems")
    return WRONG if wrong else CLEAN


def _pip_audit() -> list[str] | None:
    found = shutil.which("pip-audit")
    return [found] if found else None


if __name__ == "__main__":
    sys.exit(main())
