"""Reads the tallies of votes: of a competition anew where its version moved on, else as they were read before."""

from itertools import chain

import numpy as np
import numpy.typing as npt
from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from app.arena.questions import read_versions
from app.arena.tally_tables import COUNTS, Tally
from app.database.statements import PreparedTable

TallyRows = npt.NDArray[np.int64]
"""(rows, 7): competition, left model, right model, left wins, right wins, ties, both bad."""
ReadTallies = dict[int, tuple[int, TallyRows]]
"""Each competition's version and its tallies, by id."""
TALLY_COLUMNS = (Tally.competition_id, Tally.left_model_id, Tally.right_model_id, *COUNTS)
"""The columns of `TallyRows`, in their order."""
_TALLIES = PreparedTable(
    lambda _: select(*TALLY_COLUMNS).where(
        Tally.competition_id == bindparam("competition"), Tally.question == bindparam("question")
    )
)


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
    return unchanged | {one: (versions[one], _read_tallies(session, one, question)) for one in changed}


def _read_tallies(session: Session, competition: int, question: str) -> TallyRows:
    rows = _TALLIES.all(session, competition=competition, question=question)
    table = np.fromiter(chain.from_iterable(rows), np.int64).reshape(-1, len(TALLY_COLUMNS))
    # By pairs, so that boards need not sort them at each refresh.
    low, high = np.sort(table[:, 1:3], axis=1).T
    return table[np.lexsort((high, low))]
