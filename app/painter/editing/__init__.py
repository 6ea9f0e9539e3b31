"""Edits and variations of any picture: call `edit.edit` or `vary.vary`; `flaws.faults` judges edits."""
