"""
One exception for everything a room refuses, and one table of its codes.

A room makes its own refusals by a line each: `class NotVoted(Refusal, code="not_voted")`. Pages, the JSON API and
the command line read status and title from `CODES`; nobody else lists them.
"""

from typing import ClassVar, NamedTuple


class Code(NamedTuple):
    """The HTTP status of a code, and the title of the page that tells it."""

    status: int
    title: str


CODES: dict[str, Code] = {
    # What was sent can't be read or does not make sense.
    "invalid_request": Code(400, "That is not a valid request"),
    "invalid_catalog": Code(400, "The catalogue file is not valid"),
    "invalid_competition": Code(400, "The competition is not valid"),
    "invalid_question": Code(400, "The question is not valid"),
    "invalid_file": Code(400, "The file can't be read"),
    "invalid_image": Code(400, "The image can't be read"),
    "invalid_import": Code(400, "The vote log can't be imported"),
    "invalid_manifest": Code(400, "The manifest is not valid"),
    "invalid_name": Code(400, "The name is not valid"),
    "invalid_pack": Code(400, "The pack can't be read"),
    "invalid_suggestion": Code(400, "The suggestion is not valid"),
    "invalid_votes": Code(400, "The votes can't be read"),
    "bad_backup": Code(400, "The backup can't be read"),
    "entry_refused": Code(400, "The image was refused"),
    "unknown_scope": Code(400, "There is no such scope"),
    "weak_password": Code(400, "The password is too weak"),
    "request_timeout": Code(408, "The request came too slowly"),
    "payload_too_large": Code(413, "The request is too large"),
    "unsupported_media_type": Code(415, "The content type is not supported"),
    # Who asks may not.
    "cross_site": Code(403, "Another site asked for this"),
    "login_required": Code(403, "Please log in"),
    "admin_required": Code(403, "Only for admins"),
    "stale_form": Code(403, "This form is too old"),
    "sign_in_failed": Code(403, "Signing in failed"),
    # It does not exist, or not for this voter.
    "not_found": Code(404, "Nothing here"),
    "unknown_mode": Code(404, "There is no such mode"),
    "unknown_category": Code(404, "There is no such category"),
    "unknown_question": Code(404, "There is no such question"),
    "unknown_competition": Code(404, "There is no such competition"),
    "unknown_entry": Code(404, "There is no such entry"),
    "unknown_voter": Code(404, "There is no such voter"),
    "unknown_vote": Code(404, "There is no such vote"),
    "unknown_flag": Code(404, "There is no such flag"),
    "unknown_subject": Code(404, "There is no such voter or network"),
    "unknown_key": Code(404, "There is no such key"),
    "unknown_admin": Code(404, "There is no such admin"),
    "unknown_report": Code(404, "There is no such report"),
    "unknown_suggestion": Code(404, "There is no such suggestion"),
    "matchup_not_found": Code(404, "This pair is not yours"),
    "model_not_found": Code(404, "There is no such model"),
    "taste_not_found": Code(404, "There is no such card"),
    "method_not_allowed": Code(405, "This address does not take that method"),
    # It exists, and what was asked does not fit how it stands.
    "admin_exists": Code(409, "This admin exists already"),
    "already_voted": Code(409, "You have voted on this pair"),
    "anchor_refused": Code(409, "The anchor was not changed"),
    "database_in_use": Code(409, "The database is in use"),
    "folder_served": Code(409, "Another server serves this folder"),
    "images_elsewhere": Code(409, "The images are elsewhere"),
    "images_replaced": Code(409, "The images are being replaced"),
    "newer_database": Code(409, "A newer version wrote this database"),
    "nothing_left": Code(409, "No pairs left"),
    "not_mounted": Code(409, "The data folder is not mounted"),
    "not_voted": Code(409, "There is no vote to take back"),
    "other_encoding": Code(409, "The database does not hold every text"),
    "port_taken": Code(409, "Another process listens there"),
    "report_decided": Code(409, "This report was decided"),
    "schema_refused": Code(409, "The role may not create a schema"),
    "share_limit": Code(409, "Too many cards are shared"),
    "stands_elsewhere": Code(409, "The picture is shown elsewhere"),
    "suggestion_decided": Code(409, "This suggestion was decided"),
    "too_late": Code(409, "Too late to take this vote back"),
    "undone": Code(409, "This vote was taken back"),
    "matchup_closed": Code(410, "This pair was closed"),
    "matchup_expired": Code(410, "This pair has expired"),
    # Later, perhaps.
    "rate_limited": Code(429, "Too many requests for the moment"),
    "undo_limit": Code(429, "Too many votes taken back today"),
    # The gateway made no image.
    "unsupported_mode": Code(400, "The model can't do this"),
    "price_unknown": Code(400, "The price is not known"),
    "content_policy_violation": Code(400, "The provider declined"),
    "provider_rejected": Code(400, "The provider refused a parameter"),
    "idempotency_key_reused": Code(400, "The Idempotency-Key came with another request"),
    "invalid_api_key": Code(401, "The key is not valid"),
    "insufficient_quota": Code(402, "The key's budget is spent"),
    "insufficient_scope": Code(403, "The key may not do this"),
    "model_retired": Code(404, "The model is retired"),
    "model_unavailable": Code(404, "The model is not served here"),
    "budget_exhausted": Code(429, "The budget of the day is spent"),
    "all_providers_failed": Code(502, "No provider made an image"),
    "provider_unavailable": Code(503, "The provider is not available"),
    "request_interrupted": Code(503, "The work on this request stopped"),
    "deadline_exceeded": Code(504, "No image came in time"),
    # It is our fault, or the database's.
    "internal_error": Code(500, "Something went wrong"),
    "database_busy": Code(503, "Busy for a moment"),
    "storage_unavailable": Code(503, "The images can't be had"),
    "exports_busy": Code(503, "Busy for a moment"),
}


class Refusal(Exception):
    """
    Something a room refuses: a stable `code`, its HTTP `status`, and a message that is safe to show.

    `param` names the parameter it is about; `retry_after` is in how many seconds it may be asked again.
    """

    code: ClassVar[str] = "internal_error"
    param: str | None = None
    retry_after: int | None = None

    def __init_subclass__(cls, code: str | None = None) -> None:
        if code is not None:
            CODES[code]  # a code without a status fails when the module is loaded, not when it is first raised
            cls.code = code

    def __init__(self, message: str = "", *, param: str | None = None, retry_after: int | None = None) -> None:
        super().__init__(message)
        if param is not None:
            self.param = param
        if retry_after is not None:
            self.retry_after = retry_after

    @property
    def status(self) -> int:
        """Return the HTTP status that this refusal is told with."""
        return CODES[self.code].status

    @property
    def title(self) -> str:
        """Return what a page about this refusal is headed."""
        return CODES[self.code].title
