"""What all tests share: where the reference material lives, and an honest word when it is not there."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# How long an example takes says how busy the machine is; timings belong in tests/bench. Continuous integration judges a
# change by the same examples each time; at a desk every run looks at new ones.
settings.register_profile(
    "kulla", deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize="CI" in os.environ
)
settings.load_profile("kulla")

ROOT = Path(__file__).resolve().parent.parent


def _shared() -> Path:
    return Path(os.environ.get("KULLA_SHARED", ROOT.parent / "shared" / "data"))


@pytest.fixture(scope="session")
def shared() -> Path:
    """Return the folder of reference material; skip, or fail where it is required, when it is absent."""
    folder = _shared()
    if not folder.is_dir():
        message = f"reference material not found at {folder} (set KULLA_SHARED)"
        if os.environ.get("KULLA_REQUIRE_SHARED") == "1":
            pytest.fail(message)
        pytest.skip(message)
    return folder
