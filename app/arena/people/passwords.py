"""Passwords of admins: long, hard to guess, stored as argon2 hashes only."""

import threading
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

from app.arena import errors

SHORTEST, LONGEST = 15, 256
"""Characters."""
FEWEST_DIFFERENT = 5
"""Characters that must be left once everything guessable is taken out."""
HASHING_SLOTS = threading.BoundedSemaphore(2)
"""Each check fills 64 MiB with the library's defaults: a crowd at the door must not fill the machine."""
COMMON_PARTS = (
    "correcthorsebatterystaple",
    "correct horse battery staple",
    "1qaz2wsx3edc4rfv5tgb",
    "1q2w3e4r5t6y7u8i9o0p",
    "qwertyuiop",
    "asdfghjkl",
    "zxcvbnm",
    "asdfgh",
    "zxcvbn",
    "qwerty",
    "azerty",
    "qazwsx",
    "1q2w3e4r",
    "1qaz2wsx",
    "abcdefghijklmnopqrstuvwxyz",
    "abcdefgh",
    "abc123",
    "iloveyou",
    "letmein",
    "password",
    "passwort",
    "passw0rd",
    "p@ssword",
    "p@ssw0rd",
    "administrator",
    "admin",
    "blindvote",
    "arena",
    "welcome",
    "changeme",
    "sunshine",
    "princess",
    "football",
    "baseball",
    "superman",
    "starwars",
    "computer",
    "internet",
    "whatever",
    "trustno1",
    "michael",
    "jordan",
    "shadow",
    "monkey",
    "dragon",
    "master",
    "secret",
    "default",
    "login",
    "please",
    "hello",
    "world",
    "access",
    "flower",
    "lovely",
    "ashley",
    "freedom",
    "ninja",
    "mustang",
    "google",
    "root",
    "test",
    "user",
    "guest",
    "01234567890",
    "1234567890",
    "0987654321",
    "123456",
    "654321",
    "12345",
    "2024",
    "2025",
    "2026",
    "2027",
    "123",
    "the",
    "my",
    "is",
)
"""What the most common passwords are made of: of fifteen characters and more, nearly all are these in a row."""


class WeakPassword(errors.ArenaError, code="weak_password"):
    """Too short, too long, or among the first that anybody would try."""


def hash_password(name: str, password: str, hasher: PasswordHasher) -> str:
    """Check a new password and return the hash to store. Raises WeakPassword."""
    check_strength(name, password)
    with HASHING_SLOTS:
        return hasher.hash(password)


def check_strength(name: str, password: str) -> None:
    """
    Check a new password's length and how guessable it is; no rule asks for special characters. Raises
    WeakPassword.
    """
    if not SHORTEST <= len(password) <= LONGEST:
        raise WeakPassword(f"A password has {SHORTEST} to {LONGEST} characters.")
    rest = password.casefold()
    for part in (name.casefold(), *COMMON_PARTS):
        rest = rest.replace(part, " ")
    if len(set(rest) - {" "}) < FEWEST_DIFFERENT:
        raise WeakPassword("Somebody would guess this password soon. Take a few unrelated words.")


def matches(stored: str | None, password: str, hasher: PasswordHasher) -> bool:
    """Return whether the password fits the hash; an account that does not exist takes as long as one that does."""
    with HASHING_SLOTS:
        try:
            return hasher.verify(stored or _dummy_hash(hasher), password) and stored is not None
        except (Argon2Error, InvalidHashError, UnicodeEncodeError):
            return False


@cache
def _dummy_hash(hasher: PasswordHasher) -> str:
    return hasher.hash("the password of nobody")
