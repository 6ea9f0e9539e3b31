"""Everything that can go wrong in the gateway: a stable code and a message safe to show."""

from app.errors import Refusal


class GatewayError(Refusal):
    """The base of the gateway's own exceptions."""


class InvalidParameter(GatewayError, code="invalid_request"):
    """A parameter that no provider of the model could be asked with; `param` names it."""

    def __init__(self, param: str, message: str) -> None:
        super().__init__(message)
        self.param = param


class UnsupportedMode(GatewayError, code="unsupported_mode"):
    """The model can't do this operation."""

    param = "model"


class ModelNotFound(GatewayError, code="model_not_found"):
    """The name is neither a slug nor an alias of a model."""

    param = "model"


class ModelRetired(GatewayError, code="model_retired"):
    """The model's upstreams are gone; the message names others."""

    param = "model"


class ModelUnavailable(GatewayError, code="model_unavailable"):
    """The catalogue knows the model, but none of its providers is set up here."""

    param = "model"


class InvalidKey(GatewayError, code="invalid_api_key"):
    """No key, an unknown one, or one that was revoked or has expired."""


class ScopeMissing(GatewayError, code="insufficient_scope"):
    """The key may not do this."""


class CapReached(GatewayError, code="insufficient_quota"):
    """The key has spent what it may."""


class BudgetExhausted(GatewayError, code="budget_exhausted"):
    """The budget of this day is spent."""


class PriceUnknown(GatewayError, code="price_unknown"):
    """A capped payer can't be charged what nobody knows beforehand."""

    param = "model"


class ContentPolicy(GatewayError, code="content_policy_violation"):
    """The provider declined what was asked for or what it made of it."""


class ProviderRejected(GatewayError, code="provider_rejected"):
    """The provider took a parameter for wrong; `param` names it where it is one of the request's own."""


class RateLimited(GatewayError, code="rate_limited"):
    """Every provider asked for a pause, or the queue is full; `retry_after` in seconds."""


class ProviderUnavailable(GatewayError, code="provider_unavailable"):
    """Our own account at the provider is the trouble, not the caller's key."""


class AllProvidersFailed(GatewayError, code="all_providers_failed"):
    """Nothing came back, or nothing that is an image."""


class DeadlineExceeded(GatewayError, code="deadline_exceeded"):
    """The request's time ran out before any image was there."""


class IdempotencyKeyReused(GatewayError, code="idempotency_key_reused"):
    """An Idempotency-Key that came with another request before."""

    param = "Idempotency-Key"


class RequestInterrupted(GatewayError, code="request_interrupted"):
    """The process that worked on the request this one joined has stopped; sent again, it starts anew."""

    retry_after = 1
