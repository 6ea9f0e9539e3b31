"""Says in sentences how much the board of `arena rate` rests on, and what would make it surer first."""

from dataclasses import dataclass

from app.cli.votes_file import Votes
from app.elo_scale import FEW_PROMPTS, FEW_VOTERS, PARTS, REMEDIES
from app.files.text import escape_for_terminal
from app.ratings.board import Ratings
from app.ratings.tallies import Tallies
from app.ratings.threads import find_thread, mending_pairs


@dataclass(frozen=True)
class GroupLink:
    """Name the smaller of two groups of models that few votes join, and the pair across that would tell most."""

    group: tuple[str, ...]
    votes: int
    pair: tuple[str, str]


@dataclass(frozen=True)
class FileSupport:
    """
    Tell what a file's board rests on.

    `voters` and `prompts` are None where the file names none, or the method knows nothing of them. `widest` is the
    part that makes the intervals of all models widest.
    """

    voters: int | None = None
    prompts: int | None = None
    thread: GroupLink | None = None
    widest: str = "votes"
    names_prompts: bool = True

    def first_remedy(self, widest: str) -> str:
        """Return the part to narrow first; what too few prompts leave open is unknown, and so comes before all."""
        return "prompts" if self.prompts is not None and self.prompts <= FEW_PROMPTS else widest


def find_support(votes: Votes, tallies: Tallies, ratings: Ratings) -> FileSupport:
    """Find what a board with intervals rests on."""
    voters, names_prompts = ratings.known.voters, bool(votes.competitions.keys() - {""})
    return FileSupport(
        voters=None if voters is None else voters.count,
        prompts=len(votes.competitions) if names_prompts else None,
        thread=_find_thread(list(votes.models), tallies, ratings),
        widest=max(PARTS, key=lambda part: float(getattr(ratings.parts, part).sum())),
        names_prompts=names_prompts,
    )


def describe_support(support: FileSupport) -> list[str]:
    """Return sentences for a board that rests on little; none where it is much."""
    found = []
    if support.voters is not None and support.voters <= FEW_VOTERS:
        whose = "that person's" if support.voters == 1 else "their"
        found.append(f"The board rests on {_count(support.voters, 'voter')}: it is {whose} taste.")
    if support.prompts is not None and support.prompts <= FEW_PROMPTS:
        count = _count(support.prompts, "prompt")
        found.append(f"The board rests on {count}: intervals do not know what another one would add.")
    if support.thread is not None:
        found += _describe_thread(support.thread)
    if found:
        found.append(f"Over all models {REMEDIES[support.first_remedy(support.widest)]} would help most.")
    if not support.names_prompts:
        found.append("The file names no prompts: the intervals are about those that were asked.")
    return found


def _describe_thread(thread: GroupLink) -> list[str]:
    names = ", ".join(escape_for_terminal(name) for name in thread.group)
    one, other = (escape_for_terminal(name) for name in thread.pair)
    if not thread.votes:
        return [f"No vote joins {names} to the other models. Votes on {one} against {other} would tell most."]
    joined = f"{_count(thread.votes, 'vote')} {'joins' if thread.votes == 1 else 'join'}"
    return [
        f"The board hangs on a thread: {joined} {names} to the other models. How the groups compare is open.",
        f"Votes on {one} against {other} would tell most about that.",
    ]


def _find_thread(models: list[str], tallies: Tallies, ratings: Ratings) -> GroupLink | None:
    found = find_thread(tallies.games)
    if found is None:
        return None
    one, other = mending_pairs(tallies.games, ratings.strength, found.group)[0]
    group = tuple(name for name, inside in zip(models, found.group.tolist(), strict=True) if inside)
    return GroupLink(group, found.votes, (models[one], models[other]))


def _count(number: int, what: str) -> str:
    return f"{'one' if number == 1 else number} {what}{'' if number == 1 else 's'}"
