"""Events of the cast, a minute apart and long settled."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from accounts.models import Account, User
from audit.models import Event
from tests.cast import Cast

Happen = Callable[..., Event]
BEGIN = datetime(2026, 3, 1, 8, tzinfo=UTC)


@pytest.fixture
def happen(cast: Cast) -> Happen:
    """`happen("code_issued", by=…, about=…, …)`: one more event, a minute after the last."""
    number = 0

    def happen(
        action: str = "code_issued",
        *,
        by: User | None = None,
        really: User | None = None,
        about: User | None = None,
        account: Account | None = None,
        root: Account | None = None,
        address: str | None = "192.0.2.1",
        **data: Any,
    ) -> Event:
        nonlocal number
        number += 1
        return Event.objects.create(
            root_account=root or cast.root, created_at=BEGIN + timedelta(minutes=number),
            action=action, actor=by, real_actor=really or by, subject=about, account=account,
            observer_id=data.get("observer"), address=address, data=data,
        )  # fmt: skip

    return happen
