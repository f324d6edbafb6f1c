"""The leaky bucket of a token (contract §1.6): its headers, its refusal, its exactness."""

from __future__ import annotations

import multiprocessing
import os
import secrets
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
import redis
import time_machine
from canvasapi import Canvas
from canvasapi.exceptions import Forbidden
from django.utils import timezone

from accounts.models import AccessToken, User
from accounts.tokens import digest_of
from pairing_service.http import limits
from pairing_service.http.limits import HELD, HIGH_WATER, OwnBuckets, RedisBuckets
from tests.cast import Cast

REDIS = "redis://127.0.0.1:6379/15"


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def own_buckets() -> OwnBuckets:
    return OwnBuckets(Clock())


@pytest.fixture
def full(cast: Cast) -> Iterator[Callable[[User], str]]:
    """`full(user)`: a token of the user whose bucket is full."""

    def token_of(user: User) -> str:
        text = cast.token(user)
        limits._buckets().add(digest_of(text), 800)
        return text

    return token_of


# --- On the wire ---


def test_every_answer_says_what_it_cost_and_what_is_left(cast: Cast, rest: Any) -> None:
    client = rest(cast.student)
    for path, status in (("/api/v1/users/self", 200), ("/api/v1/users/0", 404)):
        response = client.get(path)
        assert response.status_code == status
        assert 0 < float(response["X-Request-Cost"]) < 30
        assert HIGH_WATER - HELD < float(response["X-Rate-Limit-Remaining"]) <= HIGH_WATER


def test_who_is_unknown_is_told_nothing_of_it(cast: Cast, rest: Any, signed_in: Any) -> None:
    for response in (
        rest(None).get("/api/v1/users/self"),
        rest(None).get("/api/v1/users/self", headers={"Authorization": "Bearer ps~wrong"}),
        signed_in(cast.student).get("/"),
    ):
        assert "X-Request-Cost" not in response
        assert "X-Rate-Limit-Remaining" not in response


def test_a_full_bucket_refuses_in_the_contracts_words(
    cast: Cast, rest: Any, full: Callable[[User], str]
) -> None:
    client = rest(None)
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {full(cast.student)}")
    response = client.put("/api/v1/users/self", {"user[name]": "X"})
    assert response.status_code == 403
    assert response.content == b"403 Forbidden (Rate Limit Exceeded)\n"
    assert response["Content-Type"] == "text/plain; charset=utf-8"
    assert response["X-Rate-Limit-Remaining"] == "0.0"
    assert "X-Request-Cost" not in response
    assert rest(cast.student).get("/api/v1/users/self").status_code == 200  # another token of hers


def test_canvasapi_reads_the_refusal(
    live_server: Any, cast: Cast, full: Callable[[User], str]
) -> None:
    with pytest.raises(Forbidden, match="Rate Limit Exceeded"):
        Canvas(live_server.url, full(cast.student)).get_current_user()


def test_limits_can_be_switched_off(cast: Cast, rest: Any, full: Any, settings: Any) -> None:
    settings.RATE_LIMITS = False
    client = rest(None)
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {full(cast.student)}")
    assert client.get("/api/v1/users/self").status_code == 200


def test_the_last_use_is_written_once_in_ten_minutes(
    cast: Cast, rest: Any, django_assert_num_queries: Any
) -> None:
    client = rest(cast.student)
    token = AccessToken.objects.get(user=cast.student)
    AccessToken.objects.update(last_used_at=None)
    with time_machine.travel(timezone.now(), tick=False) as now:
        client.get("/api/v1/users/self")
        first = AccessToken.objects.get(pk=token.pk).last_used_at
        assert first == timezone.now()
        now.shift(timedelta(minutes=9))
        client.get("/api/v1/users/self")
        assert AccessToken.objects.get(pk=token.pk).last_used_at == first
        now.shift(timedelta(minutes=2))
        client.get("/api/v1/users/self")
        assert AccessToken.objects.get(pk=token.pk).last_used_at == timezone.now()


# --- The bucket ---


def test_a_bucket_leaks_and_is_never_over_full() -> None:
    buckets = own_buckets()
    assert buckets.add("a", 900) == 800
    assert buckets.add("a", HELD, unless_above=HIGH_WATER) is None
    buckets._clock.now += 20  # type: ignore[attr-defined]
    assert buckets.add("a", HELD, unless_above=HIGH_WATER) == 650  # 800 - 20 × 10 is not above 600
    assert buckets.add("a", -HELD + 0.25) == 600.25
    assert buckets.add("a", -10_000) == 0
    assert buckets.add("b", 1) == 1


def test_empty_buckets_are_thrown_away() -> None:
    buckets = own_buckets()
    for n in range(OwnBuckets._ENOUGH):
        buckets.add(str(n), 5)
    buckets._clock.now += 1  # type: ignore[attr-defined]
    buckets.add("one more", 5)
    assert list(buckets._levels) == ["one more"]


def redis_or_skip() -> redis.Redis:
    client = redis.Redis.from_url(REDIS, socket_connect_timeout=1)
    try:
        client.ping()
    except redis.RedisError:
        if "CI" in os.environ:
            raise
        pytest.skip("No Redis answers at 127.0.0.1:6379.")
    return client


def test_redis_leaks_alike() -> None:
    buckets, key = RedisBuckets(redis_or_skip()), secrets.token_hex()
    assert buckets.add(key, 900) == 800
    assert buckets.add(key, HELD, unless_above=HIGH_WATER) is None
    assert buckets.add(key, -400.5) == pytest.approx(399.5, abs=5)
    assert buckets.add(key, -10_000) == 0
    ttl = redis_or_skip().ttl(f"bucket:{key}")
    assert 0 < ttl <= 2


def knock(key: str, start: Any, let_in: Any) -> None:
    """In a process of its own: how many of twenty tries were let in."""
    buckets = RedisBuckets(redis.Redis.from_url(REDIS))
    start.wait(timeout=30)
    let_in.put(sum(buckets.add(key, 100, unless_above=HIGH_WATER) is not None for _ in range(20)))


@pytest.mark.load
def test_with_redis_all_processes_share_one_bucket_exactly() -> None:
    """4 × 20 at once: seven fit below 600; the leak of so short a time lets one more in at most."""
    redis_or_skip()
    fork = multiprocessing.get_context("fork")
    start, let_in = fork.Barrier(4), fork.Queue()
    arguments = (secrets.token_hex(), start, let_in)
    processes = [fork.Process(target=knock, args=arguments, daemon=True) for _ in range(4)]
    for process in processes:
        process.start()
    assert 7 <= sum(let_in.get(timeout=30) for _ in processes) <= 8


def test_a_redis_that_is_away_lets_everybody_through(
    cast: Cast, rest: Any, monkeypatch: pytest.MonkeyPatch, caplog: Any
) -> None:
    away = RedisBuckets(redis.Redis.from_url("redis://127.0.0.1:1"))
    monkeypatch.setattr(limits, "_buckets", lambda: away)
    assert rest(cast.student).get("/api/v1/users/self").status_code == 200
    assert "rate limits are not held" in caplog.text
