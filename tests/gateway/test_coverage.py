"""With the keys of all providers nearly every active offering is served, and the script counts right."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from app.catalog import lookup
from app.database.doors import Database
from app.database.places import ROOT
from app.gateway.offers import read_offers
from app.gateway.providers import ADDRESS, KEY_NAMES, set_up, setting_stem
from app.settings import Settings
from tests.gateway.world import CANARY, NOW

LEAST = 0.95


@pytest.fixture(scope="module")
def offers(seeded_template: Path, tmp_path_factory: pytest.TempPathFactory) -> list[tuple[str, bool]]:
    """Every active offering as `provider/model`, and whether an installation with all keys serves it."""
    given: dict[str, Any] = {KEY_NAMES[slug].lower(): CANARY for slug in ADDRESS}
    given |= {f"{setting_stem(slug).lower()}_upstream_url": "https://server.example/v1" for slug in ADDRESS}
    settings = Settings.model_validate({"data_dir": tmp_path_factory.mktemp("keys"), **given})
    providers, today = set_up(settings), NOW.date()
    database = Database(f"sqlite:///{seeded_template}")
    with database.reading() as session:
        pages = [lookup.model(session, one.slug, today) for one in lookup.models(session, today)]
        active = [page for page in pages if page.status != "retired"]
        found = [
            (
                f"{offer.offering.provider}/{page.slug}",
                bool(offer.contracts) and offer.offering.provider in providers,
            )
            for page in active
            for offer in read_offers(session, page.offerings)
        ]
    database.close()
    return found


def test_nearly_every_active_offering_can_be_served(offers: list[tuple[str, bool]]) -> None:
    served = sum(is_served for _, is_served in offers)
    assert len(offers) > 400
    assert served / len(offers) >= LEAST, [name for name, is_served in offers if not is_served]


def test_the_script_counts_what_the_gateway_serves(offers: list[tuple[str, bool]]) -> None:
    script = ROOT / "scripts" / "bench" / "servable.py"
    told = subprocess.run([sys.executable, str(script)], capture_output=True, check=True, text=True).stdout
    share = re.search(r"(\d+) of (\d+) active offerings", told)
    assert share, told
    assert int(share[1]) / int(share[2]) >= LEAST
    listed = set(re.findall(r"^(\S+/\S+) \(", told, re.MULTILINE))
    assert {name for name, is_served in offers if not is_served} == listed
