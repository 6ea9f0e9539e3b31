"""The lock, the licences, and an audit that cannot be falsely clean. ASVS 5.0 15.1.1, 15.1.2, 15.2.1."""

import json
import os
import subprocess
import sys
import tomllib
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from app.database.places import ROOT
from scripts import dependencies
from scripts.advisories import FEWEST
from scripts.dependencies import differences, installed, judged, pinned, sbom, unlicensed

A, B = "a" * 64, "b" * 64
LOCK = f"""\
left==1.0 \\
    --hash=sha256:{A} \\
    --hash=sha256:{B}
    # via right
Right_Side[extra]==2.1 ; python_version >= '3' \\
    --hash=sha256:{B}
elsewhere==3 ; sys_platform == 'plan9' \\
    --hash=sha256:{A}
naked==4
both==1 ; python_version < '3' \\
    --hash=sha256:{A}
both==2 ; python_version >= '3' \\
    --hash=sha256:{B}
"""


class Package:
    """What an installed package says of its version."""

    def __init__(self, version: str) -> None:
        self.version = version


def test_v15_1_2_the_lock_is_what_is_installed() -> None:
    pins, present = pinned(dependencies.LOCK.read_text()), installed()
    assert len(present) > 40
    assert differences(pins, present) == []
    assert unlicensed(present) == []


def test_a_lock_is_read() -> None:
    pins = pinned(LOCK)
    assert (pins["left"].version, pins["left"].hashes) == ("1.0", (A, B))
    assert (pins["right-side"].version, pins["right-side"].is_wanted) == ("2.1", True)
    assert (pins["elsewhere"].is_wanted, pins["both"].version) == (False, "2")


def test_every_difference_is_told() -> None:
    present = {"left": Package("1.1"), "stray": Package("9"), "both": Package("2")}
    assert differences(pinned(LOCK), present) == [  # type: ignore[arg-type]
        "naked is pinned without a hash",
        "left 1.1 is installed, requirements.lock wants 1.0",
        "stray 9 is installed and not in requirements.lock",
        "right-side is in requirements.lock and not installed",
        "naked is in requirements.lock and not installed",
    ]


def test_v15_2_1_what_was_skipped_was_not_audited() -> None:
    """As pip-audit does without a network: every package skipped, nothing found, and a clean end."""
    skipped = {
        "dependencies": [{"name": "left", "skip_reason": "no service"}, {"name": "Right_Side", "version": "2"}]
    }
    assert judged(json.dumps(skipped), ["left", "right-side", "naked"]) == [
        "left was not audited",
        "naked was not audited",
    ]
    flawed = {"dependencies": [{"name": "left", "version": "1.0", "vulns": [{"id": "PYSEC-1"}]}]}
    assert judged(json.dumps(flawed), ["left"]) == ["left 1.0: PYSEC-1"]
    assert judged('{"dependencies": []}', []) == []


@pytest.mark.parametrize(("words", "code"), [((), 3), (("--lock",), 0)])
def test_without_a_database_it_is_never_green(words: tuple[str, ...], code: int) -> None:
    made = subprocess.run(
        [sys.executable, "scripts/dependencies.py", *words], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (made.returncode, "NOT AUDITED" in made.stdout) == (code, code == 3), made.stderr


def advisory(name: str, events: list[dict[str, str]], **more: object) -> dict[str, object]:
    place = {"package": {"ecosystem": "PyPI", "name": name}, "ranges": [{"type": "ECOSYSTEM", "events": events}]}
    return {"id": f"PYSEC-{name}", "modified": "2026-11-20T00:00:00Z", "affected": [place]} | more


ADVISORIES = [
    advisory("Left", [{"introduced": "0"}, {"fixed": "1.1"}]),
    advisory("right.side", [{"introduced": "2.0"}, {"last_affected": "2.1"}]),
    advisory("both", [{"introduced": "1.0"}, {"fixed": "2"}]),
    advisory("naked", [{"introduced": "0"}], withdrawn="2026-01-01T00:00:00Z"),
]


@pytest.mark.parametrize("is_packed", [False, True])
def test_v15_2_1_known_flaws_are_found_in_a_data_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], is_packed: bool
) -> None:
    file = tmp_path / "all"
    if is_packed:
        with zipfile.ZipFile(file, "w") as packed:
            for one in ADVISORIES:
                packed.writestr(f"{one['id']}.json", json.dumps(one))
    else:
        file.write_text(json.dumps(ADVISORIES))
    assert dependencies.audit_by_file(pinned(LOCK), file, datetime(2026, 11, 25, tzinfo=UTC)) == 1
    told = capsys.readouterr()
    assert told.err.splitlines() == ["left 1.0: PYSEC-Left", "right-side 2.1: PYSEC-right.side"]
    assert "the newest advisory is 5 days old, of 2026-11-20" in told.out


@pytest.mark.parametrize("content", ["", "[]", '{"id": "x"}', '[{"id": "x", "modified": "2026-11-20T00:00:00Z"}]'])
def test_a_file_without_advisories_audits_nothing(tmp_path: Path, content: str) -> None:
    file = tmp_path / "all.json"
    file.write_text(content)
    assert dependencies.audit_by_file(pinned(LOCK), file, datetime(2026, 11, 25, tzinfo=UTC)) == 3


def whole_file(folder: Path, number: int = FEWEST) -> Path:
    """A file of so many advisories, none about what is pinned."""
    file = folder / "all.json"
    file.write_text(json.dumps([advisory(f"elsewhere{n}", [{"introduced": "0"}]) for n in range(number)]))
    return file


def test_a_part_of_the_advisories_proves_nothing_but_flaws(tmp_path: Path) -> None:
    moment = datetime(2026, 11, 25, tzinfo=UTC)
    assert dependencies.audit_by_file(pinned(LOCK), whole_file(tmp_path, 1), moment) == 3
    assert dependencies.audit_by_file(pinned(LOCK), whole_file(tmp_path, FEWEST - 1), moment) == 3
    assert dependencies.audit_by_file(pinned(LOCK), whole_file(tmp_path), moment) == 0
    same = tmp_path / "same.json"
    same.write_text(json.dumps([advisory("elsewhere", [{"introduced": "0"}])] * FEWEST))
    assert dependencies.audit_by_file(pinned(LOCK), same, moment) == 3
    same.write_text(json.dumps([advisory("left", [{"introduced": "0"}])]))
    assert dependencies.audit_by_file(pinned(LOCK), same, moment) == 1


def test_an_old_file_proves_nothing_nor_one_of_a_day_to_come(tmp_path: Path) -> None:
    file = whole_file(tmp_path)
    codes = [
        dependencies.audit_by_file(pinned(LOCK), file, datetime(2026, 11, day, tzinfo=UTC) + timedelta(days=more))
        for day, more in ((21, 0), (21, 40), (21, -400))
    ]
    assert codes == [0, 3, 3]


def test_v15_2_1_an_audit_that_reached_nothing_is_not_clean(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """As pip-audit answers without its database: it ends well, and has skipped every package."""
    names = [name for name, pin in pinned(dependencies.LOCK.read_text()).items() if pin.is_wanted]
    report = json.dumps({"dependencies": [{"name": name, "skip_reason": "not found on PyPI"} for name in names]})
    tool = tmp_path / "pip-audit"
    tool.write_text(f"#!/bin/sh\ncat <<'END'\n{report}\nEND\n")
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setattr("sys.argv", ["dependencies.py", "--online"])
    assert dependencies.main() == 3
    assert "NOT AUDITED: pip-audit reached no database" in capsys.readouterr().out


def test_v15_1_2_the_bill_of_materials() -> None:
    pins = pinned(dependencies.LOCK.read_text())
    made = sbom(pins)
    assert (made["bomFormat"], made["specVersion"]) == ("CycloneDX", "1.6")
    assert {one["name"] for one in made["components"]} == set(pins)
    assert all(one["hashes"] and one["purl"].startswith("pkg:pypi/") for one in made["components"])
    assert made == sbom(pins)


def test_the_linters_security_rules_are_on() -> None:
    lint = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["ruff"]["lint"]
    assert {"S", "BLE", "DTZ"} <= set(lint["select"])
    kept_out = [paths for paths, rules in lint["per-file-ignores"].items() if "S" in rules]
    assert not [path for path in kept_out if path.startswith("app")]
    assert not [rule for rule in lint["ignore"] if rule.startswith("S")]
