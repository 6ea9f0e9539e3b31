"""The places of the files that come with the package: beside it in a checkout, inside it in an installation."""

from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1]
"""The folder of `app`: templates, static files and code."""
_INSTALLED = PACKAGE / "installed"
ROOT = _INSTALLED if _INSTALLED.is_dir() else PACKAGE.parent
"""The folder that holds `docs`, `migrations` and `scripts/seeds`."""
