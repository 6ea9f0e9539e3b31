"""Pages for those who decide: forms alone, no script needed, and a reason for every deed."""

from app.web.admin import competitions, gateway, overview, people, reports
from app.web.admin.access import blueprint

__all__ = ["blueprint", "competitions", "gateway", "overview", "people", "reports"]
