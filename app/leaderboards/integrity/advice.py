"""Advice on what to run next, taken from a report: commands with their reasons, the most useful first."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from math import ceil

from app.elo_scale import SETTLED_WITHIN
from app.leaderboards.integrity.morning_report import MorningReport
from app.words import Mode, plural


@dataclass(frozen=True)
class NextStep:
    """A command as it is typed, and what it is good for."""

    command: str
    why: str


def suggest_steps(report: MorningReport, served: Mapping[Mode, Collection[str]]) -> Iterator[NextStep]:
    """
    Finish what is finished, start what is ready, fill what is missing, then ask for more votes.

    `served` are the slugs of the models, by mode, that this installation can make images of.
    """
    for one in report.targets:
        if one.status == "open" and one.votes >= one.target:
            yield NextStep(
                f"arena competition close {one.slug}", f"it has the {plural(one.target, 'vote')} wanted"
            )
    for draft in report.drafts:
        if draft.models > 1:
            yield NextStep(f"arena competition open {draft.slug}", f"a draft with images of {draft.models} models")
    for model in report.fewest:
        if model.absent:
            absent = plural(len(model.absent), "open competition")
            why = f"{plural(model.votes, 'battle')}, and no image in {absent}"
            if model.slug in served.get(Mode(model.mode), ()):
                yield NextStep(f"arena generate {model.absent[0]} --models {model.slug}", why)
            else:
                yield NextStep(f"arena entry add {model.absent[0]} {model.slug} IMAGE", why)
    yield from _targets(report)
    if report.waiting:
        yield NextStep("arena suggestions list", f"suggestions nobody has read: {report.waiting}")


def _targets(report: MorningReport) -> Iterator[NextStep]:
    """Open competitions known only roughly, that nobody gave a target yet."""
    for board in report.widest:
        slug = board.key.removeprefix("competition:")
        is_wide = board.half_width is not None and board.half_width > SETTLED_WITHIN
        if is_wide and board.votes_to_halve and slug not in {one.slug for one in report.targets}:
            # A target counts votes on all questions, of which the board has its share.
            wanted = ceil(report.votes[slug] * (board.votes + board.votes_to_halve) / board.votes)
            known = f"known to ±{board.half_width:.0f} Elo by {plural(board.votes, 'vote')}"
            why = f"{known}; so many would halve that"
            yield NextStep(f"arena competition target {slug} {wanted}", why)
