"""Everything that can go wrong in the gateway: a stable code and a message safe to show."""


class GatewayError(Exception):
    """Base of the gateway's own exceptions; `param` is the parameter at fault, `retry_after` is in seconds."""

    code = "gateway_error"
    param: str | None = None


class InvalidParameter(GatewayError):
    """A parameter that no provider of the model could be asked with; `param` names it."""

    code = "invalid_request"

    def __init__(self, param: str, message: str) -> None:
        super().__init__(message)
        self.param = param


class UnsupportedMode(GatewayError):
    """The model can't do this operation."""

    code = "unsupported_mode"
    param = "model"


class ModelNotFound(GatewayError):
    """Neither a slug nor an alias."""

    code = "model_not_found"
    param = "model"


class ModelRetired(GatewayError):
    """The model's upstreams are gone; the message names others."""

    code = "model_retired"
    param = "model"


class ModelUnavailable(GatewayError):
    """The catalogue knows the model, but none of its providers is set up here."""

    code = "model_unavailable"
    param = "model"


class InvalidKey(GatewayError):
    """No key, an unknown one, or one that was revoked or has expired."""

    code = "invalid_api_key"


class ScopeMissing(GatewayError):
    """The key may not do this."""

    code = "insufficient_scope"


class CapReached(GatewayError):
    """The key's own spend cap."""

    code = "insufficient_quota"


class BudgetExhausted(GatewayError):
    """A budget for one day."""

    code = "budget_exhausted"


class PriceUnknown(GatewayError):
    """A capped payer can't be charged what nobody knows beforehand."""

    code = "price_unknown"
    param = "model"


class ContentPolicy(GatewayError):
    """The provider declined what was asked for or what it made of it."""

    code = "content_policy_violation"


class ProviderRejected(GatewayError):
    """The provider took a parameter for wrong; `param` names it where it is one of the request's own."""

    code = "provider_rejected"

    def __init__(self, message: str, param: str | None = None) -> None:
        super().__init__(message)
        self.param = param


class RateLimited(GatewayError):
    """Every provider asked for a pause, or the queue is full; `retry_after` in seconds."""

    code = "rate_limited"

    def __init__(self, message: str, retry_after: int) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class ProviderUnavailable(GatewayError):
    """Our own account at the provider is the trouble, not the caller's key."""

    code = "provider_unavailable"


class AllProvidersFailed(GatewayError):
    """Nothing came back, or nothing that is an image."""

    code = "all_providers_failed"


class DeadlineExceeded(GatewayError):
    """The request's time ran out before any image was there."""

    code = "deadline_exceeded"


class IdempotencyKeyReused(GatewayError):
    """An Idempotency-Key that came with another request before."""

    code = "idempotency_key_reused"
    param = "Idempotency-Key"


class RequestInterrupted(GatewayError):
    """The process that worked on the request this one joined has stopped; sent again, it starts anew."""

    code = "request_interrupted"
    retry_after = 1
