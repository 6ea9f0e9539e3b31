"""The input and the answer of each check of `arena doctor`."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from app.database.doors import Database
from app.gateway.storage import Storage
from app.settings import Settings

Level = Literal["ok", "warn", "fail"]


@dataclass(frozen=True)
class DoctorContext:
    """The installation to check; `deep` checks take longer and call the providers' addresses."""

    settings: Settings
    database: Database
    storage: Storage
    deep: bool
    now: datetime


@dataclass(frozen=True)
class CheckResult:
    """A check's level and one sentence: what is the case, or the cause and what to do about it."""

    level: Level
    says: str
