"""Edits and variations of any picture: `edit.edit` and `vary.vary` are the doors, `flaws.faults` judges edits."""
