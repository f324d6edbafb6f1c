"""How much a client may ask for: a leaky bucket per token (contract §1.6).

What a request costs is the seconds that it takes, processor and database together. A fixed part is
held while it runs, so that many at once are felt before the first has ended. With Redis the bucket
is one for all processes, exactly; without it each process has its own.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from functools import cache
from threading import Lock
from typing import Any, Protocol

import redis
from django.conf import settings
from django.http import HttpRequest, HttpResponse

log = logging.getLogger(__name__)

# The contract's figures: a request is refused above HIGH_WATER; a level never exceeds MOST and
# sinks by LEAK each second; HELD is put in when a request begins and taken out when it ends.
HIGH_WATER = 600.0
MOST = 800.0
LEAK = 10.0
HELD = 50.0


class OverLimit(Exception):
    """The bucket of the token is full; nothing was put in."""


class Buckets(Protocol):
    def add(self, key: str, amount: float, *, unless_above: float = MOST) -> float | None:
        """Let the bucket leak, then put `amount` in (or take it out): the new level.

        None, and nothing put in, when it stands above `unless_above`.
        """


class OwnBuckets:
    """In this process's memory. Empty ones are thrown away now and then."""

    _ENOUGH = 10_000

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = Lock()
        self._levels: dict[str, tuple[float, float]] = {}

    def add(self, key: str, amount: float, *, unless_above: float = MOST) -> float | None:
        with self._lock:
            now = self._clock()
            level = self._level(key, now)
            if level > unless_above:
                return None
            level = min(max(level + amount, 0.0), MOST)
            self._levels[key] = level, now
            if len(self._levels) > self._ENOUGH:
                self._throw_away(now)
            return level

    def _level(self, key: str, now: float) -> float:
        level, since = self._levels.get(key, (0.0, now))
        return max(level - (now - since) * LEAK, 0.0)

    def _throw_away(self, now: float) -> None:
        self._levels = {k: kept for k, kept in self._levels.items() if self._level(k, now)}


class RedisBuckets:
    """In Redis, by its own clock: a script runs there alone, so no two requests see one level."""

    _SCRIPT = """
    local clock = redis.call('TIME')
    local now = clock[1] + clock[2] / 1000000
    local kept = redis.call('HMGET', KEYS[1], 'level', 'since')
    local level = math.max((kept[1] or 0) - (now - (kept[2] or now)) * ARGV[3], 0)
    if level > tonumber(ARGV[2]) then return false end
    level = math.min(math.max(level + ARGV[1], 0), ARGV[4])
    redis.call('HSET', KEYS[1], 'level', tostring(level), 'since', string.format('%.6f', now))
    redis.call('EXPIRE', KEYS[1], math.ceil(level / ARGV[3]) + 1)
    return tostring(level)
    """

    def __init__(self, client: redis.Redis) -> None:
        self._script = client.register_script(self._SCRIPT)

    def add(self, key: str, amount: float, *, unless_above: float = MOST) -> float | None:
        arguments = [amount, unless_above, LEAK, MOST]
        level = self._script(keys=[f"bucket:{key}"], args=arguments)
        return None if level is None else float(level)


@cache
def _buckets() -> Buckets:
    place = settings.CACHES["default"]
    if "redis" not in place["BACKEND"].lower():
        return OwnBuckets()
    first = place["LOCATION"][0] if isinstance(place["LOCATION"], list) else place["LOCATION"]
    return RedisBuckets(redis.Redis.from_url(first, socket_timeout=1))


def enter(request: HttpRequest, key: str) -> None:
    """Begin a request of the client that `key` names. Raises OverLimit."""
    if not settings.RATE_LIMITS:
        return
    level = _add(key, HELD, unless_above=HIGH_WATER)
    if level is None:
        raise OverLimit
    request.bucket = key  # type: ignore[attr-defined]


def _add(key: str, amount: float, **more: Any) -> float | None:
    """As the buckets do; a Redis that does not answer lets everybody through."""
    try:
        return _buckets().add(key, amount, **more)
    except redis.RedisError as error:
        log.warning("rate limits are not held: %s", type(error).__name__)
        return 0.0


class RateLimits:
    """Middleware: what a request cost, and what is left, told to clients with a token."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        began = time.perf_counter()
        response = self.get_response(request)
        key = getattr(request, "bucket", None)
        if key is not None:
            cost = time.perf_counter() - began
            level = _add(key, cost - HELD) or 0.0
            response["X-Request-Cost"] = f"{cost:.6f}"
            response["X-Rate-Limit-Remaining"] = f"{max(HIGH_WATER - level, 0.0):.6f}"
        return response


def over_limit() -> HttpResponse:
    """The answer that canvasapi knows by its text (§1.6)."""
    return HttpResponse(
        "403 Forbidden (Rate Limit Exceeded)\n",
        status=403,
        content_type="text/plain; charset=utf-8",
        headers={"X-Rate-Limit-Remaining": "0.0"},
    )
