"""The real `canvasapi` client against a live server."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from canvasapi import Canvas

from accounts.models import User
from tests.cast import Cast


@pytest.fixture
def canvas(live_server: Any, cast: Cast) -> Callable[[User], Canvas]:
    """The library, signed in with the user's token."""
    return lambda user: Canvas(live_server.url, cast.token(user))
