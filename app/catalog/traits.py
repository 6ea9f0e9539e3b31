"""The traits by which a list of models can be filtered beside names: licence, weights, number of parameters."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from app.catalog.lookup import ModelSummary

WEIGHTS = {"open": True, "closed": False}


@dataclass(frozen=True)
class Traits:
    """Facts that models must state to be listed; None for any."""

    licence: str | None = None
    weights: str | None = None
    max_parameters: float | None = None
    """Parameters at most, in billions."""

    @property
    def query(self) -> dict[str, str | float | None]:
        """Build the query parameters that ask for these traits."""
        return {"licence": self.licence, "weights": self.weights, "max_parameters": self.max_parameters}

    def fit(self, model: ModelSummary) -> bool:
        """Tell whether a model states all that is asked for."""
        count, most = model.parameter_count, self.max_parameters
        return (
            (self.licence is None or (model.licence or "").casefold() == self.licence.casefold())
            and (self.weights is None or model.open_weights is WEIGHTS[self.weights])
            and (most is None or (count is not None and count <= most * 1_000_000_000))
        )


def read_traits(given: Mapping[str, str]) -> Traits:
    """Read `licence`, `weights` and `max_parameters` of a query. Raises ValueError(parameter, message)."""
    asked = {name: value.strip() for name, value in given.items() if value.strip()}
    weights = asked.get("weights")
    if weights is not None and weights not in WEIGHTS:
        raise ValueError("weights", f"weights is one of {', '.join(WEIGHTS)}.")
    return Traits(asked.get("licence"), weights, _billions(asked.get("max_parameters")))


def _billions(text: str | None) -> float | None:
    if text is None:
        return None
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not 0 < number < math.inf:
        raise ValueError("max_parameters", "max_parameters is a number of billions, such as 12.")
    return number
