"""Reads the tallies of votes: of a competition anew where its version moved on, else as they were read before."""

from itertools import chain

import numpy as np
import numpy.typing as npt
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.arena.questions import read_versions
from app.arena.tables import Tally

TallyRows = npt.NDArray[np.int64]
"""(rows, 7): competition, left model, right model, left wins, right wins, ties, both bad."""
ReadTallies = dict[int, tuple[int, TallyRows]]
"""Each competition's version and its tallies, by id."""
TALLY_COLUMNS = (
    Tally.competition_id,
    Tally.left_model_id,
    Tally.right_model_id,
    Tally.left_wins,
    Tally.right_wins,
    Tally.ties,
    Tally.both_bad,
)
"""The columns of `TallyRows`, in their order."""


def read_changed(session: Session, mode: str, question: str, before: ReadTallies) -> ReadTallies:
    """
    Read a question's tallies in every competition of the mode, closed ones too, where its version moved on.

    `before` is what was read last, and is returned as it is where no version did.
    """
    versions = read_versions(session, mode, question)
    if versions == {competition: version for competition, (version, _) in before.items()}:
        return before
    unchanged = {one: known for one, known in before.items() if versions.get(one) == known[0]}
    changed = [competition for competition in versions if competition not in unchanged]
    wanted = select(*TALLY_COLUMNS).where(Tally.competition_id.in_(changed), Tally.question == question)
    # By the connection: the session would take as long again to hand on rows that are no objects of its own.
    rows = session.connection().execute(wanted).all()
    table = np.fromiter(chain.from_iterable(rows), np.int64).reshape(-1, len(TALLY_COLUMNS))
    return unchanged | {one: (versions[one], table[table[:, 0] == one]) for one in changed}
