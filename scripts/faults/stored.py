"""What the database holds of what voters were told."""

import base64
from dataclasses import dataclass

from sqlalchemy import select

from app.arena.tables import Matchup, Vote
from app.database.doors import Database
from scripts.faults.server import Server
from scripts.faults.voters import Acknowledged


@dataclass(frozen=True)
class Comparison:
    """Acknowledged votes against the stored ones."""

    stored: int
    lost: int
    changed: int
    twice: int

    def __str__(self) -> str:
        return f"lost {self.lost}, stored with another outcome {self.changed}, stored twice {self.twice}"

    def holds(self) -> bool:
        """Whether each acknowledged vote is there once, as it was given."""
        return not (self.lost or self.changed or self.twice)


def compare(database: Database, known: Acknowledged) -> Comparison:
    """Compare what voters were told with what the database holds after the fault."""
    with database.reading() as session:
        rows = session.execute(
            select(Matchup.public_id, Vote.outcome).join(Vote, Vote.matchup_id == Matchup.id)
        ).all()
    stored = {public(public_id): outcome for public_id, outcome in rows}
    return Comparison(
        stored=len(rows),
        lost=sum(matchup not in stored for matchup in known.votes),
        changed=sum(stored.get(matchup, outcome) != outcome for matchup, outcome in known.votes.items()),
        twice=len(rows) - len(stored),
    )


def compare_on(server: Server, known: Acknowledged) -> Comparison:
    """Compare what voters were told with what the server's database holds."""
    with server.database() as database:
        return compare(database, known)


def public(public_id: bytes) -> str:
    """Return the id as the API writes it."""
    return base64.urlsafe_b64encode(public_id).rstrip(b"=").decode()
