"""The page for an address that nobody answers."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def page_not_found(request: HttpRequest, exception: Any) -> HttpResponse:
    """404, whatever was sent there: Django's own view would read a body that can't be read."""
    return render(request, "404.html", status=404)
