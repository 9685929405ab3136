"""A broker that is away."""

import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry


@pytest.fixture
def away() -> redis.Redis:
    """A client of no broker, which does not try again for seconds."""
    return redis.Redis(port=1, retry=Retry(NoBackoff(), 0))
