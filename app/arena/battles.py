"""The query that questions about votes begin with: each vote with its matchup, competition and both entries."""

from typing import Any

from sqlalchemy import Select, select

from app.arena.tables import Competition, Entry, Matchup, Vote
from app.catalog.tables import ImageModel
from app.database.aliases import alias

LEFT, RIGHT = alias(Entry, name="left_entry"), alias(Entry, name="right_entry")
"""The entries a matchup showed: left as A, right as B. Their `model_id` is the model that made the image."""
LEFT_MODEL, RIGHT_MODEL = alias(ImageModel, name="left_model"), alias(ImageModel, name="right_model")
"""The models of both entries, in queries that went through `join_models`."""

AnySelect = Select[*tuple[Any, ...]]


def select_battles(*columns: Any) -> AnySelect:
    """Select columns of Vote, Matchup, Competition, LEFT and RIGHT: a row per vote, skips and undone ones too."""
    votes = select(*columns).select_from(Vote).join(Matchup, Matchup.id == Vote.matchup_id)
    return join_entries(votes.join(Competition, Competition.id == Matchup.competition_id))


def join_entries(matchups: AnySelect) -> AnySelect:
    """Join LEFT and RIGHT to a query that reads Matchup already."""
    return matchups.join(LEFT, LEFT.id == Matchup.left_entry_id).join(RIGHT, RIGHT.id == Matchup.right_entry_id)


def join_models(battles: AnySelect) -> AnySelect:
    """Join LEFT_MODEL and RIGHT_MODEL to a query that reads LEFT and RIGHT already."""
    return battles.join(LEFT_MODEL, LEFT_MODEL.id == LEFT.model_id).join(
        RIGHT_MODEL, RIGHT_MODEL.id == RIGHT.model_id
    )
