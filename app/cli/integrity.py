"""`arena integrity`: tests the votes, lists and changes quarantines, audits the boards."""

from collections.abc import Iterator
from functools import partial
from typing import Any

import click

from app.cli.opening import Installation, actor, json_option, now, with_arena
from app.cli.output import print_result, print_rows
from app.cli.traces import traces
from app.elo_scale import Z_95
from app.leaderboards.integrity.audit import BoardAudit
from app.leaderboards.integrity.fraud import flags as fraud_flags
from app.leaderboards.integrity.fraud import quarantine as fraud_quarantine
from app.leaderboards.integrity.fraud.flags import FlagView
from app.leaderboards.integrity.fraud.subjects import Subject
from app.leaderboards.integrity.fraud.sweep import SweptSubjects
from app.leaderboards.integrity.fraud.sweep import sweep as sweep_votes
from app.leaderboards.integrity.picture_qualities import QualityWorth, read_qualities
from app.words import plural

NUMBER = click.IntRange(1, 2**31 - 1)
why_option = click.option("--reason", required=True, help="Why; it is published.")


@click.group()
def integrity() -> None:
    """Test the votes, audit the boards, list and change quarantines."""


@integrity.command()
@click.option(
    "--quarantine/--report-only",
    "quarantines",
    default=None,
    help="Whether suspects' votes stop counting. Default: in the public profile they do.",
)
@json_option
@with_arena
def sweep(arena: Installation, quarantines: bool | None, as_json: bool) -> None:
    """
    Test every voter and network, then audit and store how firm every board is. Best run once a day.

    Simulated votes are never tested. The audit says what being shown on the left is worth, what clustering by
    voter or leaving out a competition does to the intervals, what other weights do to the ratings, and how many
    votes it would take to gain a rank or change the first place. Stopped, it goes on when run again.
    """
    acts = arena.settings.profile == "public" if quarantines is None else quarantines
    say = partial(click.echo, err=True)
    done = sweep_votes(arena.database, now=now(), policy=arena.policy, is_report=not acts, progress=say)
    answer = {
        "quarantine": acts,
        "findings": _list_findings(done.found),
        "excluded": done.found.excluded,
        "restored": done.found.restored,
        "forgotten": done.forgotten,
        "audits": [vars(audit) for audit in done.audits],
    }
    audits = [line for audit in done.audits for line in _describe_audit(audit)]
    lines = [*_describe_findings(done.found, acts=acts), *(audits or ["No mode has two rated models yet."])]
    print_result(answer, lines, as_json=as_json)


@integrity.command()
@json_option
@with_arena
def flags(arena: Installation, as_json: bool) -> None:
    """List everybody who was ever flagged, the newest first."""
    with arena.database.reading() as session:
        listed = fraud_flags.flags(session)
    print_rows(listed, _describe_flag, as_json=as_json, if_none="Nobody was ever flagged.")


@integrity.command()
@click.argument("flag", type=NUMBER)
@json_option
@with_arena
def show(arena: Installation, flag: int, as_json: bool) -> None:
    """Show a flag's evidence, and what its subject was shown and said, by model."""
    with arena.database.reading() as session:
        view = fraud_flags.flag(session, flag)
        models = fraud_flags.record(session, view)
    lines = [
        _describe_flag(view),
        *(f"  {name:<14} {'-' if value is None else value}" for name, value in view.evidence.items()),
        f"  {'model':<32} {'issued':>7} {'answered':>9} {'won':>5}",
        *(f"  {one.slug:<32} {one.issued:>7} {one.answered:>9} {one.wins:>5}" for one in models),
    ]
    print_result(vars(view) | {"models": [vars(one) for one in models]}, lines, as_json=as_json)


@integrity.command()
@click.argument("subject", metavar="VOTER|NETWORK")
@why_option
@with_arena
def quarantine(arena: Installation, subject: str, reason: str) -> None:
    """Stop counting the votes of a voter (a number), or from a network (a key), until released."""
    done = fraud_quarantine.quarantine(
        arena.database, Subject.parse(subject), now=now(), by=actor(), why=reason, policy=arena.policy
    )
    click.echo(f"flag {done.flag}: {plural(done.votes, 'vote')} kept out")


@integrity.command()
@click.argument("flag", type=NUMBER)
@why_option
@with_arena
def release(arena: Installation, flag: int, reason: str) -> None:
    """Count again exactly the votes that this flag alone keeps out."""
    done = fraud_quarantine.release(arena.database, flag, now=now(), by=actor(), why=reason, policy=arena.policy)
    click.echo(f"flag {done.flag} released: {plural(done.votes, 'vote')} counted again")


integrity.add_command(traces)


def _list_findings(found: SweptSubjects) -> list[dict[str, Any]]:
    """List what was found for another program; a report gives no finding the number of a flag."""
    numbers = [*found.flags, *[None] * len(found.findings)]
    return [
        {
            "flag": number,
            "voter": finding.subject.voter_id,
            "network": finding.subject.network_key and finding.subject.network_key.hex(),
            "test": finding.test,
            "p_value": finding.p_value,
            "evidence": finding.evidence,
        }
        for number, finding in zip(numbers, found.findings, strict=False)
    ]


def _describe_findings(found: SweptSubjects, *, acts: bool) -> Iterator[str]:
    for finding in found.findings:
        subject, evidence = finding.subject, finding.evidence
        who = (
            f"voter {subject.voter_id}" if subject.network_key is None else f"network {subject.network_key.hex()}"
        )
        about = f", {evidence['direction'] or 'about'} {evidence['model']}" if evidence["model"] else ""
        yield f"{who}: {finding.test}{about} (p {finding.p_value:.1g}, {plural(evidence['answered'], 'vote')})"
    verb = "quarantined" if acts else "suspicious; a report changes nothing"
    changed = f"{plural(found.excluded, 'vote')} excluded, {found.restored} counted again"
    yield f"{len(found.findings)} {verb}; {changed}"


def _describe_flag(flag: FlagView) -> str:
    who = f"network {flag.network}" if flag.voter is None else f"voter {flag.voter}"
    model = flag.evidence.get("model")
    about = f" {flag.evidence.get('direction') or 'about'} {model}" if model else ""
    why = f": {flag.decision}" if flag.decision else ""
    return (
        f"{flag.id:>5}  {flag.found_at:%Y-%m-%d}  {who}  {flag.test}{about}  p {flag.p_value:.1g}  "
        f"{flag.status}{why}  {plural(flag.votes, 'vote')} kept out"
    )


def _describe_audit(audit: BoardAudit) -> list[str]:
    numbers = audit.numbers
    return [
        f"{audit.mode}: {plural(audit.votes, 'counted vote')}, up to vote {audit.last_vote_id}",
        f"  left advantage                   {_side(numbers)}",
        f"  interval when clustered by voter {_inflation(numbers)}",
        f"  largest shift, 1/probability     {numbers['reweighted_shift_largest']:.1f} Elo",
        f"  largest shift, unseen names only {numbers['unseen_shift_largest']:.1f} Elo",
        f"  first place                      {_first(numbers)}",
        f"  boards with a certificate        {len(numbers['certificates'])}",
        f"  alarms of days                   {len(numbers['days']['models']) + len(numbers['days']['volume'])}",
        *(f"  worth of {one.quality:<23} {_worth(one)}" for one in read_qualities(numbers)),
    ]


def _inflation(numbers: dict[str, Any]) -> str:
    if numbers["voter_inflation_median"] is None:
        return "open: it takes ten voters"
    return f"x {numbers['voter_inflation_median']:.2f}, at most {numbers['voter_inflation_largest']:.2f}"


def _first(numbers: dict[str, Any]) -> str:
    if numbers["first"] is None:
        return "open: it takes two ranked models"
    votes = plural(numbers["votes_to_change_first"], "vote")
    return f"{numbers['first']}; {votes} for {numbers['first_challenger']} would change it"


def _worth(one: QualityWorth) -> str:
    """Describe a quality by all pictures, open fields too: for admins, as it would tell who made what."""
    shift, error = one.models[one.most_moved]
    return (
        f"{one.effect:+z.1f} ± {Z_95 * one.error:.1f} Elo; equal pictures would move {one.most_moved} most, "
        f"{shift:+z.1f} ± {Z_95 * error:.1f}"
    )


def _side(numbers: dict[str, Any]) -> str:
    if numbers["left_advantage"] is None:
        return "without bound: one side has won every vote"
    return f"{numbers['left_advantage']:+z.1f} ± {Z_95 * numbers['left_advantage_error']:.1f} Elo"
