"""The product's addresses, and one page and one endpoint that break."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.urls import path

from pairing_service.urls import *  # noqa: F403
from pairing_service.urls import urlpatterns as product


@login_not_required
def broken(_request: HttpRequest, **_more: Any) -> HttpResponse:
    raise RuntimeError("broken")


urlpatterns = [path("broken", broken), path("api/v1/broken", broken), *product]
