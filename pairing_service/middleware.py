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
from django.http import HttpRequest
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
