"""The suite itself: no test may fail because the machine was busy."""

from hypothesis import HealthCheck, settings


def test_hypothesis_measures_no_time() -> None:
    """Its health check of slow examples failed one run in twelve of tests/gateway beside other work."""
    assert settings().deadline is None
    assert HealthCheck.too_slow in settings().suppress_health_check
