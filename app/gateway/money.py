"""Budgets in integer millionths of a dollar: reserved before a call, corrected after it."""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import case, select, update
from sqlalchemy.orm import Session

from app.database.doors import execute, insert
from app.gateway.errors import BudgetExhausted, CapReached, GatewayError
from app.gateway.tables import Spend


@dataclass(frozen=True)
class Budget:
    """A sum under a name; `cap_micros` None counts without limiting. A `per_day` one starts anew tomorrow."""

    name: str
    cap_micros: int | None = None
    per_day: bool = False


@dataclass(frozen=True)
class Payer:
    """The account that pays for a request."""

    name: str
    key_id: int | None = None
    budgets: tuple[Budget, ...] = ()

    @property
    def is_capped(self) -> bool:
        return any(budget.cap_micros is not None for budget in self.budgets)


HOUSE = Payer("house")
"""The operator, from the command line: no budget."""


def reserve(session: Session, budgets: Iterable[Budget], micros: int) -> None:
    """
    Take the sum from every budget, or from none when one of them lacks it.

    A request that never settles (the process died) stays counted as spent. Raises CapReached or BudgetExhausted.
    """
    for budget in sorted(budgets, key=lambda budget: budget.name):
        session.execute(insert(session, Spend).values(budget=budget.name, micros=0).on_conflict_do_nothing())
        taking = update(Spend).where(Spend.budget == budget.name).values(micros=Spend.micros + micros)
        if budget.cap_micros is not None:
            taking = taking.where(Spend.micros + micros <= budget.cap_micros)
        if not execute(session, taking):
            raise _refuse(budget)


def settle(session: Session, budgets: Iterable[Budget], *, reserved: int, spent: int) -> None:
    """Put the difference between what was reserved and what was spent right."""
    left = Spend.micros - reserved + spent
    for budget in sorted(budgets, key=lambda budget: budget.name):
        correct = case((left < 0, 0), else_=left)
        session.execute(update(Spend).where(Spend.budget == budget.name).values(micros=correct))


def read_spent(session: Session, budget: str) -> int:
    """Return what a budget has spent so far, what is reserved included."""
    return session.scalar(select(Spend.micros).where(Spend.budget == budget)) or 0


def _refuse(budget: Budget) -> GatewayError:
    if budget.per_day:
        return BudgetExhausted("Today's budget for images is spent; it is there again tomorrow (UTC).")
    return CapReached("This request would cost more than what is left of the key's spend cap.")
