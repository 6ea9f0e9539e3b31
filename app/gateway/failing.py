"""Chooses the error of a request that got no image. It never quotes the provider, who may have quoted our key."""

from collections.abc import Sequence
from math import ceil

from app.gateway.attempts import AttemptResult
from app.gateway.errors import (
    AllProvidersFailed,
    ContentPolicy,
    DeadlineExceeded,
    GatewayError,
    ProviderRejected,
    ProviderUnavailable,
    RateLimited,
)
from app.gateway.providers.base import ProviderError
from app.gateway.queue import LONGEST_RETRY_AFTER
from app.gateway.request import ImageRequest
from app.gateway.transport import HttpSession

RASTER_HINT = "Ask for a raster style, or another model."
UNPAID = "This server's account at the provider does not work"
UNKNOWN = "The provider has no such model for this server's account"


def failure(tried: Sequence[AttemptResult], request: ImageRequest, http: HttpSession) -> GatewayError:
    """Choose the one error that the failures of all attempts add up to."""
    failures = [failure for one in tried for failure in one.failures]
    codes = {failure.code for failure in failures}
    names = ", ".join(f"{one.attempt.offering}: {one.attempt.outcome}" for one in tried)
    if "moderated" in codes:
        return ContentPolicy("The provider's content policy refused the prompt or the image made from it.")
    if codes & {"rejected", "vector"}:
        return _explain_rejection(failures, request)
    if codes == {"rate_limited"}:
        pauses = [max(failure.retry_after or 1 for failure in one.failures) for one in tried if one.failures]
        return RateLimited(
            f"Every provider asks for a pause ({names}).", retry_after=min(LONGEST_RETRY_AFTER, ceil(min(pauses)))
        )
    if codes and codes <= {"account", "not_found"}:
        told = UNPAID if "account" in codes else UNKNOWN
        return ProviderUnavailable(f"{told} ({names}).")
    if http.left <= 0 or codes <= {"timeout"}:
        return DeadlineExceeded(f"No image came in time ({names or 'no time was left'}).")
    return AllProvidersFailed(f"No provider delivered an image ({names}).")


def _explain_rejection(failures: Sequence[ProviderError], request: ImageRequest) -> ProviderRejected:
    if not any(failure.code == "rejected" for failure in failures):
        return ProviderRejected(f"The provider made a vector drawing (SVG), which is no image here. {RASTER_HINT}")
    ours = {"prompt", "n", "size", "image", "mask", "output_format", *request.texts, *request.extra}
    named = [failure.param for failure in failures if failure.param in ours]
    param = named[0] if named else None
    about = f"the parameter {param}" if param else "a parameter or the combination of parameters"
    reason = next((f" {failure.reason}" for failure in failures if failure.reason), "")
    return ProviderRejected(f"The provider refused {about}.{reason}", param=param)
