"""The description of the REST API, and a page to read it and try it.

Both are for everyone: they are the same for all, tell nothing of any tenant, and who writes a
client has no account yet. What is tried there is asked with a token that one types in; it is kept
nowhere. The policy of the page's content is as strict as everywhere: Swagger UI gets along with it.
"""

from __future__ import annotations

import json
from functools import cache

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path
from django.views.decorators.http import require_safe

from pairing_service.http.openapi import document


@require_safe
@login_not_required
def api_docs(request: HttpRequest) -> HttpResponse:
    """The page: Swagger UI."""
    return render(request, "api_docs.html")


@require_safe
@login_not_required
def api_description(request: HttpRequest) -> HttpResponse:
    """The description itself, in OpenAPI's JSON."""
    return HttpResponse(_description(), content_type="application/json")


@cache
def _description() -> bytes:
    return json.dumps(document(), ensure_ascii=False).encode()


pages = [
    path("docs/api", api_docs, name="api-docs"),
    path("docs/api/openapi.json", api_description, name="api-description"),
]
