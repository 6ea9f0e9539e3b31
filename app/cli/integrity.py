"""`arena integrity`: tests the votes, lists and changes quarantines, audits the boards."""

from typing import TYPE_CHECKING, Any

import click

from app.cli.opening import actor, json_option, migrate_option, now, open_installation
from app.cli.output import print_json, print_rows
from app.cli.traces import traces
from app.elo_scale import Z_95

if TYPE_CHECKING:
    from app.leaderboards.integrity.picture_qualities import QualityWorth

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
@migrate_option
def sweep(quarantines: bool | None, as_json: bool, migrate: bool) -> None:
    """
    Test every voter and network, then audit and store how firm every board is. Best run once a day.

    Simulated votes are never tested. The audit says what being shown on the left is worth, what clustering by
    voter or leaving out a competition does to the intervals, what other weights do to the ratings, and how many
    votes it would take to gain a rank or change the first place. Stopped, it goes on when run again.
    """
    from app.arena.people.policy import POLICIES
    from app.leaderboards.integrity.fraud.sweep import sweep as run

    arena = open_installation(migrate=migrate)
    acts = arena.settings.profile == "public" if quarantines is None else quarantines
    policy = POLICIES[arena.settings.profile]
    outcome = run(arena.database, now=now(), policy=policy, is_report=not acts, progress=_progress)
    if as_json:
        _print_json(outcome, acts=acts)
        return
    _print_findings(outcome, acts=acts)
    for swept in outcome.audits:
        _print_audit(swept)
    if not outcome.audits:
        click.echo("No mode has two rated models yet.")


@integrity.command()
@json_option
@migrate_option
def flags(as_json: bool, migrate: bool) -> None:
    """List everybody who was ever flagged, the newest first."""
    from app.leaderboards.integrity.fraud import flags as room

    with open_installation(migrate=migrate).database.reading() as session:
        listed = room.flags(session)
    print_rows(listed, _flag_line, as_json=as_json, if_none="Nobody was ever flagged.")


@integrity.command()
@click.argument("flag", type=NUMBER)
@json_option
@migrate_option
def show(flag: int, as_json: bool, migrate: bool) -> None:
    """Show a flag's evidence, and what its subject was shown and said, by model."""
    from app.leaderboards.integrity.fraud import flags as room

    with open_installation(migrate=migrate).database.reading() as session:
        view = room.flag(session, flag)
        models = room.record(session, view)
    if as_json:
        print_json(vars(view) | {"models": [vars(model) for model in models]})
        return
    click.echo(_flag_line(view))
    for name, value in view.evidence.items():
        click.echo(f"  {name:<14} {'-' if value is None else value}")
    click.echo(f"  {'model':<32} {'issued':>7} {'answered':>9} {'won':>5}")
    for model in models:
        click.echo(f"  {model.slug:<32} {model.issued:>7} {model.answered:>9} {model.wins:>5}")


@integrity.command()
@click.argument("subject", metavar="VOTER|NETWORK")
@why_option
@migrate_option
def quarantine(subject: str, reason: str, migrate: bool) -> None:
    """Stop counting the votes of a voter (a number), or from a network (a key), until released."""
    from app.arena.people.policy import POLICIES
    from app.leaderboards.integrity.fraud import quarantine as room
    from app.leaderboards.integrity.fraud.subjects import Subject

    whom, arena = Subject.parse(subject), open_installation(migrate=migrate)
    policy = POLICIES[arena.settings.profile]
    done = room.quarantine(arena.database, whom, now=now(), by=actor(), why=reason, policy=policy)
    click.echo(f"flag {done.flag}: {done.votes} votes no longer count")


@integrity.command()
@click.argument("flag", type=NUMBER)
@why_option
@migrate_option
def release(flag: int, reason: str, migrate: bool) -> None:
    """Count again exactly the votes that this flag alone keeps out."""
    from app.arena.people.policy import POLICIES
    from app.leaderboards.integrity.fraud import quarantine as room

    arena = open_installation(migrate=migrate)
    policy = POLICIES[arena.settings.profile]
    done = room.release(arena.database, flag, now=now(), by=actor(), why=reason, policy=policy)
    click.echo(f"flag {done.flag} released: {done.votes} votes count again")


integrity.add_command(traces)


def _progress(step: str) -> None:
    click.echo(step, err=True)


def _print_json(outcome: Any, *, acts: bool) -> None:
    numbers = [*outcome.found.flags, *[None] * len(outcome.found.findings)]
    print_json(
        {
            "quarantine": acts,
            "findings": [
                {
                    "flag": number,
                    "voter": finding.subject.voter_id,
                    "network": finding.subject.network_key and finding.subject.network_key.hex(),
                    "test": finding.test,
                    "p_value": finding.p_value,
                    "evidence": finding.evidence,
                }
                for number, finding in zip(numbers, outcome.found.findings, strict=False)
            ],
            "excluded": outcome.found.excluded,
            "restored": outcome.found.restored,
            "forgotten": outcome.forgotten,
            "audits": [vars(swept) for swept in outcome.audits],
        }
    )


def _print_findings(outcome: Any, *, acts: bool) -> None:
    for finding in outcome.found.findings:
        subject, evidence = finding.subject, finding.evidence
        who = f"network {subject.network_key.hex()}" if subject.voter_id is None else f"voter {subject.voter_id}"
        about = f", {evidence['direction'] or 'about'} {evidence['model']}" if evidence["model"] else ""
        click.echo(f"{who}: {finding.test}{about} (p {finding.p_value:.1g}, {evidence['answered']} votes)")
    verb = "quarantined" if acts else "suspicious; a report changes nothing"
    click.echo(
        f"{len(outcome.found.findings)} {verb}; {outcome.found.excluded} votes excluded, "
        f"{outcome.found.restored} counted again"
    )


def _flag_line(flag: Any) -> str:
    who = f"network {flag.network}" if flag.voter is None else f"voter {flag.voter}"
    about = f" {flag.evidence.get('direction') or 'about'} {flag.evidence['model']}" if _model(flag) else ""
    why = f": {flag.decision}" if flag.decision else ""
    return (
        f"{flag.id:>5}  {flag.found_at:%Y-%m-%d}  {who}  {flag.test}{about}  p {flag.p_value:.1g}  "
        f"{flag.status}{why}  {flag.votes} votes kept out"
    )


def _model(flag: Any) -> str | None:
    model: str | None = flag.evidence.get("model")
    return model


def _print_audit(swept: Any) -> None:
    from app.leaderboards.integrity.picture_qualities import read_qualities

    numbers = swept.numbers
    click.echo(f"{swept.mode}: {swept.votes} counted votes, up to vote {swept.last_vote_id}")
    click.echo(f"  left advantage                   {_side(numbers)}")
    inflation = f"{numbers['voter_inflation_median']:.2f}, at most {numbers['voter_inflation_largest']:.2f}"
    click.echo(f"  interval when clustered by voter x {inflation}")
    click.echo(f"  largest shift, 1/probability     {numbers['reweighted_shift_largest']:.1f} Elo")
    click.echo(f"  largest shift, unseen names only {numbers['unseen_shift_largest']:.1f} Elo")
    click.echo(
        f"  first place                      {numbers['first']}; {numbers['votes_to_change_first']} votes for "
        f"{numbers['first_challenger']} would change it"
    )
    odd = len(numbers["days"]["models"]) + len(numbers["days"]["volume"])
    click.echo(f"  boards with a certificate        {len(numbers['certificates'])}")
    click.echo(f"  alarms of days                   {odd}")
    for one in read_qualities(numbers):
        click.echo(f"  worth of {one.quality:<23} {_worth(one)}")


def _worth(one: "QualityWorth") -> str:
    """Describe a quality by all pictures, open fields too: for admins, as it would tell who made what."""
    shift, error = one.models[one.most_moved]
    return (
        f"{one.effect:+.1f} ± {Z_95 * one.error:.1f} Elo; equal pictures would move {one.most_moved} most, "
        f"{shift:+.1f} ± {Z_95 * error:.1f}"
    )


def _side(numbers: dict[str, Any]) -> str:
    if numbers["left_advantage"] is None:
        return "without bound: one side has won every vote"
    return f"{numbers['left_advantage']:+.1f} ± {Z_95 * numbers['left_advantage_error']:.1f} Elo"
