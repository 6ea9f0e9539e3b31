"""`arena keys`: a key is shown once, listed without its secret, and ends when it is revoked."""

import json
from collections.abc import Callable

from tests.command import Result


def test_a_key_from_its_creation_to_its_end(arena: Callable[..., Result]) -> None:
    code, said, _ = arena("keys", "create", "--name", "studio", "--scope", "generate", "--cap-usd", "2.5")
    secret = said.strip().rpartition(" ")[2]
    assert (code, "It is shown only now" in said) == (0, True)
    (key,) = json.loads(arena("keys", "list", "--json")[1])
    assert (key["name"], key["scopes"], secret in str(key)) == ("studio", ["generate"], False)
    assert secret.startswith(key["prefix"])
    assert arena("keys", "revoke", key["prefix"])[:2] == (0, f"{key['prefix']} is revoked\n")
    listed = arena("keys", "list")[1]
    assert (key["prefix"] in listed, secret in listed) == (True, False)


def test_a_person_sees_what_is_left_of_each_key(arena: Callable[..., Result]) -> None:
    arena("keys", "create", "--name", "capped", "--cap-usd", "2.5")
    arena("keys", "create", "--name", "tiny", "--cap-usd", "0.000015", "--days", "30")
    over = arena("keys", "create", "--name", "over")[1].split()[1]
    arena("keys", "revoke", over)
    capped, tiny, ended = arena("keys", "list")[1].splitlines()
    assert capped.endswith("  $0.00 of $2.50 spent")
    assert "  $0.00 of $0.000015 spent  valid until 20" in tiny
    assert "  $0.00 spent  revoked on 20" in ended


def test_what_it_refuses(arena: Callable[..., Result]) -> None:
    code, _, complaint = arena("keys", "revoke", "bv-nobody")
    assert (code, "(unknown_key)" in complaint) == (2, True)
    assert arena("keys", "create", "--name", "x", "--scope", "everything")[0] == 2
    assert arena("keys", "create", "--name", "x", "--days", "0")[0] == 2
