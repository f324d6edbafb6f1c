"""The page for what somebody may not do."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from accounts.actor import Actor
from permissions.policy import Denied, only_acting_prevents


def permission_denied(request: HttpRequest, exception: Any) -> HttpResponse:
    """403. What only acting as someone stands in the way of, no administrator's change would give:
    the page says so."""
    actor: Actor | None = getattr(request, "actor", None)
    by_acting = (
        actor is not None
        and isinstance(exception, Denied)
        and only_acting_prevents(actor, exception.rule)
    )
    context = {"exception": str(exception), "by_acting": by_acting}
    return render(request, "403.html", context, status=403)
