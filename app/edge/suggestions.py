"""A visitor's suggestion, from page or API alike."""

from flask import request

from app.arena.entries import suggestions
from app.arena.people import networks
from app.edge.context import now, parts
from app.edge.identity import voter_or_new


def suggest(prompt: str) -> str:
    """Make a suggestion for this browser, which becomes a voter by it. Raises what suggestions.suggest does."""
    who, moment, wired = voter_or_new(), now(), parts()
    network = networks.prefix(request.remote_addr)
    return wired.database.write(
        lambda session: suggestions.suggest(session, who, prompt, now=moment, network=network, policy=wired.policy)
    )
