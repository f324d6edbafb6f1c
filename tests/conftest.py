"""Fixtures for every test: the cast, a client per person, a client of the REST API."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from rest_framework.test import APIClient

from accounts.models import User
from tests.cast import Cast, make_cast


@pytest.fixture(autouse=True)
def _fresh_cache() -> None:
    cache.clear()


@pytest.fixture
def cast(db: Any) -> Cast:
    return make_cast()


@pytest.fixture
def signed_in(cast: Cast) -> Callable[[User | None], Client]:
    """A browser in which the user is signed in (nobody: signed out)."""

    def browser_of(user: User | None) -> Client:
        client = Client()
        if user is not None:
            client.force_login(user, backend="accounts.signin.TenantBackend")
        return client

    return browser_of


@pytest.fixture
def rest(cast: Cast) -> Callable[[User | None], APIClient]:
    """A REST client with the user's token (nobody: without one)."""

    def with_token(user: User | None) -> APIClient:
        client = APIClient()
        if user is not None:
            client.credentials(HTTP_AUTHORIZATION=f"Bearer {cast.token(user)}")
        return client

    return with_token
