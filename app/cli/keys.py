"""`arena keys`: creates, revokes and lists keys of the gateway."""

from datetime import timedelta

import click

from app.catalog.pricing import MICROS
from app.cli.opening import Installation, json_option, now, with_arena
from app.cli.output import FiniteRange, print_rows
from app.gateway import keys as gateway_keys
from app.gateway.keys import SCOPES


@click.group()
def keys() -> None:
    """Keys of the gateway at /openai/v1."""


@keys.command()
@click.option("--name", required=True, help="Whose key it is.")
@click.option("--scope", "scopes", multiple=True, type=click.Choice(SCOPES), help="All when none is given.")
@click.option("--cap-usd", type=FiniteRange(0, 1_000_000), help="What it may spend in all.")
@click.option("--days", type=click.IntRange(1, 3_650), help="Valid for so many days; without end when left out.")
@with_arena
def create(
    arena: Installation,
    name: str,
    scopes: tuple[gateway_keys.Scope, ...],
    cap_usd: float | None,
    days: int | None,
) -> None:
    """Make a key and print it, once: only its hash is kept."""
    moment = now()
    cap = None if cap_usd is None else round(cap_usd * MICROS)
    ends = None if days is None else moment + timedelta(days=days)
    key, secret = arena.database.write(
        lambda session: gateway_keys.create_key(
            session, name, now=moment, scopes=scopes or SCOPES, cap_micros=cap, expires_at=ends
        )
    )
    click.echo(f"Key {key.prefix} for {key.name}. It is shown only now: {secret}")


@keys.command()
@click.argument("prefix")
@with_arena
def revoke(arena: Installation, prefix: str) -> None:
    """End the key that starts with PREFIX, at once."""
    arena.database.write(lambda session: gateway_keys.revoke_key(session, prefix, now=now()))
    click.echo(f"{prefix} is revoked")


@keys.command("list")
@json_option
@with_arena
def list_(arena: Installation, as_json: bool) -> None:
    """List every key, without its secret."""
    with arena.database.reading() as session:
        listed = gateway_keys.list_keys(session)
    print_rows(listed, _describe, as_json=as_json)


def _describe(key: gateway_keys.Key) -> str:
    cap = "" if key.cap_micros is None else f" of {_dollars(key.cap_micros)}"
    parts = [key.prefix, key.name, ", ".join(key.scopes), f"{_dollars(key.spent_micros)}{cap} spent"]
    if key.revoked_at:
        parts.append(f"revoked on {key.revoked_at:%Y-%m-%d}")
    elif key.expires_at:
        parts.append(
            f"{'valid until' if key.expires_at > now() else 'ended on'} {key.expires_at:%Y-%m-%d %H:%M} UTC"
        )
    return "  ".join(parts)


def _dollars(micros: int) -> str:
    """Write a sum of whole cents with two digits, any other with as many as it has."""
    return f"${micros / MICROS:,.2f}" if micros % 10_000 == 0 else f"${micros / MICROS:,.6f}".rstrip("0")
