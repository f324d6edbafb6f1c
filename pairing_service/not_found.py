"""The page for an address that nobody answers."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from pairing_service.http.errors import api_not_found
from pairing_service.middleware import is_api


def page_not_found(request: HttpRequest, exception: Any) -> HttpResponse:
    """404, whatever was sent there: Django's own view would read a body that can't be read.

    Whatever asks for the API, in a version that is none, reads JSON.
    """
    if is_api(request):
        return api_not_found(request)
    return render(request, "404.html", status=404)
