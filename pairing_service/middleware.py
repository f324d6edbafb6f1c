"""Middleware that only pages need: requests to the REST API pass it by.

The API knows its callers by their tokens, keeps no session, and answers in no language but the
wire's; a third of a short API call would otherwise go into what it never uses.
"""

from __future__ import annotations

from typing import Any

from csp.middleware import CSPMiddleware
from django.conf import settings
from django.contrib.auth.middleware import AuthenticationMiddleware, LoginRequiredMiddleware
from django.contrib.messages.middleware import MessageMiddleware
from django.contrib.sessions.middleware import SessionMiddleware
from django.http import HttpRequest, HttpResponse
from django.middleware.locale import LocaleMiddleware
from django.utils import translation


def is_api(request: HttpRequest) -> bool:
    return request.path_info.startswith("/api/")


class PagesOnly:
    """Goes before a middleware class whose `__call__` is all that it does."""

    get_response: Any

    def __call__(self, request: HttpRequest) -> Any:
        if is_api(request):
            return self.get_response(request)
        return super().__call__(request)  # type: ignore[misc]


class KnownCharset:
    """Refuses bodies in anything but UTF-8 before somebody tries to decode them: 415."""

    def __init__(self, get_response: Any) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> Any:
        charset = (request.content_params or {}).get("charset", "utf-8")
        if charset.lower() not in ("utf-8", "utf8", "us-ascii"):
            return HttpResponse("Only UTF-8 is read here.", status=415, content_type="text/plain")
        return self.get_response(request)


class ContentSecurityPolicy(PagesOnly, CSPMiddleware):
    pass


class Sessions(PagesOnly, SessionMiddleware):
    pass


class Languages(LocaleMiddleware):
    """The visitor's language for pages; the API's is always the same."""

    def __call__(self, request: HttpRequest) -> Any:
        if is_api(request):
            with translation.override(settings.LANGUAGE_CODE):
                return self.get_response(request)
        return super().__call__(request)


class Authentication(PagesOnly, AuthenticationMiddleware):
    pass


class Messages(PagesOnly, MessageMiddleware):
    pass


class RequireLogin(LoginRequiredMiddleware):
    """Every page is for the signed-in unless it says otherwise; DRF guards the API likewise."""

    def process_view(self, request: HttpRequest, *view: Any) -> Any:
        return None if is_api(request) else super().process_view(request, *view)
