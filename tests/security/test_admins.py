"""Admins by password: ASVS 5.0 chapters 6 and 7, in the room, on both databases."""

import re
from collections import Counter as Tally
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from argon2 import PasswordHasher
from sqlalchemy import func, select

from app.arena import errors
from app.arena.people import admins, passwords
from app.arena.tables import Admin, AdminSession, Counter, LedgerLine
from app.database.doors import Database
from tests.factories import NOW, later
from tests.security.doors import CHEAP, NAME, PASSWORD, add_admin

HERE, THERE = "192.0.2.0/24", "198.51.100.0/24"


def try_password(
    database: Database,
    password: str = PASSWORD,
    *,
    name: str = NAME,
    network: str = HERE,
    now=NOW,
    hasher: PasswordHasher = CHEAP,
    browser: str | None = None,
) -> None:
    of = {"network": network, "hasher": hasher, "now": now, "browser": browser}
    admins.check_password(database, name, password, **of)


def signed_in(database: Database, now=NOW, instead_of: str | None = None) -> str:
    made = database.write(lambda s: admins.start_session(s, NAME, now=now, instead_of=instead_of))
    return made.token


def owner(database: Database, token: str, now=NOW) -> str | None:
    with database.reading() as session:
        found = admins.find_session(session, token, now=now)
    return found and found[0]


def failures(database: Database) -> int:
    with database.reading() as session:
        return session.scalar(select(func.sum(Counter.count)).where(Counter.scope.like("admin/%"))) or 0


# 6.2: passwords


@pytest.mark.parametrize("password", ["", "fourteen chars", "x" * 257])
def test_v6_2_1_a_password_has_fifteen_characters_or_more(password: str) -> None:
    with pytest.raises(passwords.WeakPassword):
        passwords.check_strength(NAME, password)


@pytest.mark.parametrize(
    "password",
    [
        "passwordpassword",
        "Password12345678",
        "qwertyuiopasdfgh",
        "QWERTYUIOPASDFGHJKL",
        "123456789012345",
        "111111111111111",
        "abcabcabcabcabcabc",
        "iloveyouiloveyou",
        "correcthorsebatterystaple",
        "letmeinletmein123!",
        "administrator2026",
        "1qaz2wsx3edc4rfv5tgb",
        "adaadaadaadaada",
        "ada blindvote admin!",
    ],
)
def test_v6_2_4_v6_2_11_what_anybody_would_try_first_is_refused(password: str) -> None:
    with pytest.raises(passwords.WeakPassword):
        passwords.check_strength(NAME, password)


def test_v6_2_4_the_name_itself_is_refused() -> None:
    with pytest.raises(passwords.WeakPassword):
        passwords.check_strength("kleopatra-philopator", "kleopatra-philopator")


@pytest.mark.parametrize(
    "password",
    ["zebra lampion quartz", "   Ünïcödé trëës ärë fïne", "aB3$" * 3 + "xyz", "w0" * 3 + "é" * 3 + "q!vk" * 16],
)
def test_v6_2_5_v6_2_9_any_characters_will_do_and_long_ones_too(password: str) -> None:
    assert CHEAP.verify(passwords.hash_password(NAME, password, CHEAP), password)


@pytest.mark.parametrize("other", [PASSWORD.upper(), PASSWORD + " ", PASSWORD[:-1], " " + PASSWORD, ""])
def test_v6_2_8_a_password_is_compared_exactly(other: str) -> None:
    stored = passwords.hash_password(NAME, PASSWORD, CHEAP)
    assert passwords.matches(stored, PASSWORD, CHEAP)
    assert not passwords.matches(stored, other, CHEAP)


def test_v11_4_2_only_an_argon2id_hash_is_stored(database: Database) -> None:
    add_admin(database)
    with database.reading() as session:
        stored = session.scalars(select(Admin.password_hash)).one()
    assert stored.startswith("$argon2id$")
    assert PASSWORD not in stored


def test_the_library_defaults_are_what_production_uses() -> None:
    """RFC 9106's second choice, with room to spare against OWASP's 19 MiB and two passes."""
    used = PasswordHasher()
    assert (used.type.name, used.memory_cost >= 19 * 1024, used.time_cost >= 2) == ("ID", True, True)


def test_v6_3_2_there_is_no_account_to_begin_with(database: Database) -> None:
    with database.reading() as session:
        assert admins.list_admins(session, now=NOW) == []
    for name in ("admin", "root", "administrator"):
        with pytest.raises(admins.SignInFailed):
            try_password(database, "admin", name=name)


def test_names_cannot_be_taken_for_other_actors(database: Database) -> None:
    for number, name in enumerate(("", "Ada", "a b", "-a", "a" * 41, "ada\n", "a\0", "voter:1")):
        with pytest.raises(admins.InvalidName):
            database.write(lambda s: admins.create(s, name, "$hash", now=NOW))  # noqa: B023
        with pytest.raises(admins.SignInFailed):
            try_password(database, name=name, network=f"10.0.{number}.0/24")


def test_a_name_is_given_once(database: Database) -> None:
    add_admin(database)
    database.write(lambda s: admins.disable(s, NAME, now=NOW))
    with pytest.raises(admins.AdminExists):
        add_admin(database)


# 6.3: guessing


def test_v6_3_1_five_wrong_passwords_close_the_account_for_their_network_alone(database: Database) -> None:
    """A stranger elsewhere can't lock the right person out."""
    add_admin(database)
    for number in range(admins.MAX_FAILED_SIGN_INS):
        with pytest.raises(admins.SignInFailed):
            try_password(database, f"wrong guess number {number}")
    with pytest.raises(errors.TooMany) as locked:
        try_password(database)
    assert 0 < locked.value.retry_after <= admins.WINDOW
    try_password(database, network=THERE)
    try_password(database, now=NOW + timedelta(seconds=admins.WINDOW))


def test_v6_3_1_who_goes_on_guessing_waits_for_the_next_day(database: Database) -> None:
    add_admin(database)
    for number in range(admins.MAX_FAILED_A_DAY):
        later_on = NOW + timedelta(seconds=number // admins.MAX_FAILED_SIGN_INS * admins.WINDOW)
        with pytest.raises(admins.SignInFailed):
            try_password(database, f"wrong guess number {number}", now=later_on)
    with pytest.raises(errors.TooMany) as locked:
        try_password(database, now=later_on + timedelta(seconds=admins.WINDOW))
    assert locked.value.retry_after > admins.WINDOW


def test_v6_3_1_guesses_from_many_networks_close_the_account_but_for_a_known_browser(database: Database) -> None:
    add_admin(database)
    for number in range(admins.MAX_FAILED_OF_ACCOUNT):
        with pytest.raises(admins.SignInFailed):
            try_password(database, f"wrong guess number {number}", network=f"192.0.{number}.0/24")
    with pytest.raises(errors.TooMany):
        try_password(database, network=THERE)
    try_password(database, network=THERE, browser="signed in before")


def test_v6_3_1_a_known_browser_has_as_many_tries_and_no_more(database: Database) -> None:
    add_admin(database)
    for number in range(admins.MAX_FAILED_SIGN_INS):
        with pytest.raises(admins.SignInFailed):
            try_password(database, f"wrong guess number {number}", browser="stolen")
    with pytest.raises(errors.TooMany):
        try_password(database, browser="stolen")


def test_v6_3_1_many_wrong_passwords_close_the_network_for_every_account(database: Database) -> None:
    add_admin(database)
    for number in range(admins.MAX_FAILED_OF_NETWORK):
        with pytest.raises(admins.SignInFailed):
            try_password(database, name=f"guess-{number}")
    with pytest.raises(errors.TooMany):
        try_password(database)
    try_password(database, network=THERE)


def test_v6_3_1_a_right_password_costs_no_try_and_forgives_none(database: Database) -> None:
    add_admin(database)
    for _ in range(admins.MAX_FAILED_SIGN_INS - 1):
        with pytest.raises(admins.SignInFailed):
            try_password(database, "a wrong one, again")
    for _ in range(3):
        try_password(database)
    assert failures(database) == 4 * (admins.MAX_FAILED_SIGN_INS - 1)
    with pytest.raises(admins.SignInFailed):
        try_password(database, "a wrong one, again")
    with pytest.raises(errors.TooMany):
        try_password(database)


def test_v6_3_1_of_many_at_once_no_more_than_five_are_tried(database: Database) -> None:
    add_admin(database)
    tried: list[str] = []

    class Counting:
        def verify(self, stored: str, password: str) -> bool:
            tried.append(password)
            return CHEAP.verify(stored, password)

        hash = CHEAP.hash

    def guess(number: int) -> str:
        try:
            try_password(database, f"guess {number}", hasher=Counting())  # type: ignore[arg-type]
        except (admins.SignInFailed, errors.TooMany) as refused:
            return refused.code
        return "in"

    with ThreadPoolExecutor(max_workers=12) as pool:
        answers = Tally(pool.map(guess, range(12)))
    assert answers == {
        "sign_in_failed": admins.MAX_FAILED_SIGN_INS,
        "rate_limited": 12 - admins.MAX_FAILED_SIGN_INS,
    }
    assert len(tried) == admins.MAX_FAILED_SIGN_INS


def test_a_locked_account_opens_with_a_new_password(database: Database) -> None:
    add_admin(database)
    for _ in range(admins.MAX_FAILED_SIGN_INS):
        with pytest.raises(admins.SignInFailed):
            try_password(database, "a wrong one, again")
    fresh = "another set of unrelated words"
    digest = passwords.hash_password(NAME, fresh, CHEAP)
    database.write(lambda s: admins.set_password(s, NAME, digest, now=NOW))
    try_password(database, fresh)


def test_v6_3_8_unknown_names_take_the_same_way(database: Database) -> None:
    """Work and words are the same: a hash is verified for a name that nobody has."""
    add_admin(database)
    verified: list[str] = []

    class Watched:
        def verify(self, stored: str, password: str) -> bool:
            verified.append(stored)
            return CHEAP.verify(stored, password)

        hash = CHEAP.hash

    said = set()
    for name in (NAME, "nobody", "not a name at all"):
        with pytest.raises(admins.SignInFailed) as refused:
            try_password(database, "a wrong one, again", name=name, hasher=Watched())  # type: ignore[arg-type]
        said.add(str(refused.value))
    assert (len(verified), len(said)) == (3, 1)
    assert {stored.split("$")[1:4] == verified[0].split("$")[1:4] for stored in verified} == {True}


def test_names_and_networks_are_counted_by_hashes_alone(database: Database) -> None:
    """People type passwords into the wrong field; addresses are nobody's business."""
    with pytest.raises(admins.SignInFailed):
        try_password(database, name="my-secret-password")
    with database.reading() as session:
        keys = set(session.scalars(select(Counter.key)))
    assert all(re.fullmatch(r"[0-9a-f]{64}(@[0-9a-f]{32})?|[0-9a-f]{32}", key) for key in keys)


def test_a_hash_of_older_parameters_is_renewed(database: Database) -> None:
    add_admin(database)
    stronger = PasswordHasher(time_cost=2, memory_cost=16, parallelism=1)
    try_password(database, hasher=stronger)
    with database.reading() as session:
        stored = session.scalars(select(Admin.password_hash)).one()
    assert not stronger.check_needs_rehash(stored)
    try_password(database, hasher=stronger)


# 7: sessions


def test_v7_2_3_tokens_are_long_random_and_kept_as_hashes(database: Database) -> None:
    add_admin(database)
    tokens = {signed_in(database) for _ in range(5)}
    assert len(tokens) == 5
    assert min(map(len, tokens)) >= 43
    with database.reading() as session:
        kept = session.scalars(select(AdminSession.token_hash)).all()
    assert {len(one) for one in kept} == {32}
    assert not any(token.encode() in b"".join(kept) for token in tokens)


def test_v7_2_4_signing_in_makes_a_new_session_and_ends_the_old_one(database: Database) -> None:
    add_admin(database)
    old = signed_in(database)
    new = signed_in(database, instead_of=old)
    assert (owner(database, old), owner(database, new)) == (None, NAME)


def test_v7_3_1_half_an_hour_without_use_ends_a_session(database: Database) -> None:
    add_admin(database)
    token = signed_in(database)
    assert owner(database, token, later(minutes=29)) == NAME
    assert owner(database, token, later(minutes=30)) is None
    database.write(lambda s: admins.touch(s, token, now=later(minutes=29)))
    assert owner(database, token, later(minutes=58)) == NAME


def test_v7_3_2_twelve_hours_end_a_session_in_use(database: Database) -> None:
    add_admin(database)
    token = signed_in(database)
    database.write(lambda s: admins.touch(s, token, now=later(hours=12)))
    assert owner(database, token, later(hours=12, seconds=-1)) == NAME
    assert owner(database, token, later(hours=12)) is None


def test_v7_4_1_a_session_that_ended_stays_ended(database: Database) -> None:
    add_admin(database)
    token, other = signed_in(database), signed_in(database)
    database.write(lambda s: admins.end_session(s, token))
    database.write(lambda s: admins.end_session(s, token))
    assert (owner(database, token), owner(database, other)) == (None, NAME)


def test_v7_4_2_disabling_ends_every_session(database: Database) -> None:
    add_admin(database)
    tokens = [signed_in(database) for _ in range(2)]
    database.write(lambda s: admins.disable(s, NAME, now=NOW))
    assert [owner(database, token) for token in tokens] == [None, None]
    with pytest.raises(admins.SignInFailed):
        try_password(database)
    with pytest.raises(admins.UnknownAdmin):
        signed_in(database)


def test_v7_4_3_another_password_ends_every_session(database: Database) -> None:
    add_admin(database)
    token = signed_in(database)
    digest = passwords.hash_password(NAME, "another set of unrelated words", CHEAP)
    database.write(lambda s: admins.set_password(s, NAME, digest, now=NOW))
    assert owner(database, token) is None
    with pytest.raises(admins.SignInFailed):
        try_password(database)


def test_dead_sessions_leave_the_database(database: Database) -> None:
    add_admin(database)
    signed_in(database)
    signed_in(database, now=later(hours=1))
    with database.reading() as session:
        assert len(session.scalars(select(AdminSession.token_hash)).all()) == 1
        assert [one.sessions for one in admins.list_admins(session, now=later(hours=1))] == [1]


def test_what_is_done_to_admins_stands_in_the_ledger_without_a_secret(database: Database) -> None:
    add_admin(database)
    digest = passwords.hash_password(NAME, "another set of unrelated words", CHEAP)
    database.write(lambda s: admins.set_password(s, NAME, digest, now=NOW))
    database.write(lambda s: admins.disable(s, NAME, now=NOW))
    with database.reading() as session:
        lines = session.scalars(select(LedgerLine).order_by(LedgerLine.id)).all()
        said = [(line.action, line.subject) for line in lines]
        assert not any("argon2" in str(vars(line)) for line in lines)
    assert said == [(f"admin.{what}", "admin:ada") for what in ("created", "password", "disabled")]
