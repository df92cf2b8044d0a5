"""How many examples hypothesis draws: the profile of the suite, that of `nox -s laws`, and a share for costly examples."""

import os

from hypothesis import HealthCheck, settings

# One profile for all: bounded and derandomized, so that a run can be repeated. `nox -s laws` asks for the thorough one.
settings.register_profile(
    "default", max_examples=14, derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("thorough", max_examples=1_000, deadline=None, suppress_health_check=[HealthCheck.too_slow])
PROFILE = os.environ.get("HYPOTHESIS_PROFILE", "default")
settings.load_profile(PROFILE)


def few(examples: int) -> settings:
    """So many examples in the suite, for a law whose examples are costly; in `nox -s laws` as many as of any other."""
    return settings() if PROFILE == "thorough" else settings(max_examples=examples)
