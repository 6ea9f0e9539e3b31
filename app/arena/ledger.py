"""The ledger: a public record of what was done to the arena, by whom and why."""

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from app.arena.tables import LedgerLine

COMMAND_LINE = "command line"
"""The actor of what no signed-in admin did."""
DEMO_CLEARED = "demo.cleared"
"""The ledger action that ends a demo."""


def note(
    session: Session,
    action: str,
    subject: str,
    *,
    now: datetime,
    actor: str = COMMAND_LINE,
    reason: str | None = None,
    **detail: Any,
) -> None:
    """Add a ledger line in the transaction of the action it records, so that neither exists without the other."""
    line = LedgerLine(at=now, actor=actor, action=action, subject=subject, reason=reason, detail=detail)
    session.add(line)
