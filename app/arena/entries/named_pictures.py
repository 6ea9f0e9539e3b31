"""Tells which pictures anybody may see with their maker. Nothing public follows from those of the others."""

from sqlalchemy import or_

from app.arena.tables import Competition, Entry

IS_NAMED_FIELD = or_(Competition.status == "closed", Competition.open_gallery)
"""Holds for competitions whose contestants are named."""
IS_NAMED = or_(Entry.role == "showcase", IS_NAMED_FIELD)
"""Holds for entries, joined with their competition."""
