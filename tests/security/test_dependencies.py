"""The lock, the licences, and an audit that cannot be falsely clean. ASVS 5.0 15.1.1, 15.1.2, 15.2.1."""

import json
import subprocess
import sys
import tomllib

import pytest

from app.database.places import ROOT
from scripts import dependencies
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
