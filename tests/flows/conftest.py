"""Flows speak to the application through the JSON API: see tests/api/conftest.py for its fixtures."""

from tests.api.conftest import Api, api, app, arena, browser, database, settings

__all__ = ["Api", "api", "app", "arena", "browser", "database", "settings"]
