"""The complete example in the admin's guide is one: it loads, and the audit finds nothing wrong with it."""

import re
from datetime import date
from pathlib import Path

from app.catalog.audit import audit
from app.database.doors import Database
from app.database.places import ROOT
from tests.catalog.editing import load_folder

CHECKED = date(2026, 11, 28)


def test_the_documented_model_is_complete(database: Database, tmp_path: Path) -> None:
    guide = (ROOT / "docs" / "admin.md").read_text("utf-8")
    example = re.search(r"```toml\n(slug = \"house-style-2\".*?)```", guide, re.DOTALL)
    assert example
    (tmp_path / "house-style-2.toml").write_text(example[1].replace("…", "weights"), "utf-8")
    load_folder(database, tmp_path)
    with database.reading() as session:
        assert audit(session, CHECKED) == []
