"""The short version of scripts/faults/fuzz.py, and that it would notice. ASVS 5.0 2.2.1 to 2.2.3, 16.5.x."""

from collections.abc import Iterator
from functools import partial

import pytest
import schemathesis
from schemathesis import GenerationMode

from scripts.faults import fuzz, hostile
from tests.web.catalogue import folder_of

SEED = 5


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[fuzz.World]:
    folder = tmp_path_factory.mktemp("fuzz")
    with fuzz.world(folder, catalogue=folder_of(folder / "catalog", "demo-pixel-mini", "dall-e-2")) as made:
        yield made


def test_v2_2_1_hostile_requests_are_answered_as_published(world: fuzz.World) -> None:
    found = fuzz.attack(world, cases=120, bodies=60, raw=140, first=SEED)
    assert found.cases >= 300
    assert found.wrong == {}
    assert {200, 201, 400, 401, 404, 405} <= {status for part in found.answers.values() for status in part}


def test_v2_2_1_a_query_that_is_no_text_is_refused_everywhere(world: fuzz.World) -> None:
    for rule in world.app.url_map.iter_rules():
        for method in ("GET", "POST"):
            path = hostile.VARIABLE.sub("x", rule.rule)
            environ = {"REQUEST_METHOD": method, "PATH_INFO": path, "QUERY_STRING": "next=\x93", "body": b""}
            found = fuzz.Findings()
            fuzz.send(world, found, environ)
            (statuses,) = found.answers.values()
            assert set(statuses) <= {400, 401, 404}, path


def test_an_answer_outside_the_document_is_found(world: fuzz.World) -> None:
    """A document that promises too much is one that the answers break."""
    document = hostile.gateway_document()
    model = document["paths"]["/openai/v1/models"]["get"]["responses"]["200"]["content"]["application/json"]
    model["schema"]["required"].append("never_sent")
    listed = [one.ok() for one in schemathesis.openapi.from_dict(document).get_all_operations()]
    operation = next(one for one in listed if one.label == "GET /openai/v1/models")
    found = fuzz.Findings()
    found.count("before", 200)  # every eighth request brings no key
    strategy = operation.as_strategy(generation_mode=GenerationMode.POSITIVE)
    fuzz.many(strategy, partial(fuzz.ask, world, found), 1, SEED)
    assert any("never_sent" in request for request in found.wrong.values())


def test_a_failure_is_found(world: fuzz.World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(world.app.view_functions, "docs.api", lambda **_: 1 / 0)
    found = fuzz.Findings()
    environ = {"REQUEST_METHOD": "GET", "PATH_INFO": "/docs", "QUERY_STRING": "", "body": b""}
    fuzz.send(world, found, environ)
    assert list(found.wrong) == ["raw: 500 at docs"]
