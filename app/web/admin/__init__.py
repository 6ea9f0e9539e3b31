"""Pages for admins: forms that need no script and ask for the reason of every decision."""

from app.web.admin import competitions, gateway, overview, people, reports
from app.web.admin.access import blueprint

__all__ = ["blueprint", "competitions", "gateway", "overview", "people", "reports"]
