"""Middleware that only pages need: requests to the REST API pass it by.

The API knows its callers by their tokens, keeps no session, and answers in no language but the
wire's; a third of a short API call would otherwise go into what it never uses.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from csp.middleware import CSPMiddleware
from django.conf import settings
from django.contrib.auth.middleware import AuthenticationMiddleware, LoginRequiredMiddleware
from django.contrib.auth.views import redirect_to_login
from django.contrib.messages.middleware import MessageMiddleware
from django.contrib.sessions.middleware import SessionMiddleware
from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.middleware.locale import LocaleMiddleware
from django.shortcuts import render
from django.utils import translation
from django.utils.http import url_has_allowed_host_and_scheme
from django_htmx.http import HttpResponseClientRedirect

from pairing_service.http.errors import NOT_FOUND

# Where tokens count, too, though the addresses are the pages' (contract §1.1).
_API_BESIDE = ("/login/oauth2/token", "/login/session_token")


def is_api(request: HttpRequest) -> bool:
    return request.path_info.startswith("/api/") or request.path_info in _API_BESIDE


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
            return _unread(request)
        return self.get_response(request)


def _unread(request: HttpRequest) -> HttpResponse:
    said = "Only UTF-8 is read here."
    if is_api(request):
        return JsonResponse({"errors": [{"message": said}]}, status=415)
    return HttpResponse(said, status=415, content_type="text/plain")


class NoNul:
    """Nothing is called by a NUL, and PostgreSQL takes none: 404 for such an address.

    In the query of a page it is a 400; the API says itself which of its parameters is no text.
    """

    def __init__(self, get_response: Any) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> Any:
        if "\0" in request.path_info:
            if is_api(request):
                return JsonResponse(NOT_FOUND, status=404)
            raise Http404
        if "%00" in request.META.get("QUERY_STRING", "") and not is_api(request):
            raise BadRequest
        return self.get_response(request)


class ContentSecurityPolicy(CSPMiddleware):
    """The policy of settings for pages. What the API answers does nothing in a browser."""

    def __call__(self, request: HttpRequest) -> Any:
        if not is_api(request):
            return super().__call__(request)
        response: Any = self.get_response(request)
        response.headers["Content-Security-Policy"] = "default-src 'none'; frame-ancestors 'none'"
        return response


class KeptNowhere:
    """No cache keeps what is answered, be it people, codes or tokens: else Back shows it to the
    next one at a shared computer. Files that are the same for everybody are served before this."""

    def __init__(self, get_response: Any) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> Any:
        response = self.get_response(request)
        response.headers.setdefault("Cache-Control", "no-store")
        return response


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
    """Every page is for the signed-in unless it says otherwise; DRF guards the API likewise.

    Whoever signs in is back on the page that was open: a form's own address can't be opened, and
    part of a page, asked for by a script, is no page. There the whole window goes to the sign-in.
    """

    def process_view(self, request: HttpRequest, *view: Any) -> Any:
        return None if is_api(request) else super().process_view(request, *view)

    def handle_no_permission(self, request: HttpRequest, view_func: Any) -> Any:
        field = self.get_redirect_field_name(view_func)
        answer = redirect_to_login(_open_page(request), self.get_login_url(view_func), field)
        return HttpResponseClientRedirect(answer.url) if _is_part(request) else answer


def _is_part(request: HttpRequest) -> bool:
    return request.headers.get("HX-Request") == "true"


def _open_page(request: HttpRequest) -> str:
    """The address, on this host, of the page that the person sees; "/" when it is not known."""
    if request.method in ("GET", "HEAD") and not _is_part(request):
        return request.get_full_path()
    address = request.headers.get("HX-Current-URL") or request.headers.get("Referer", "")
    if not url_has_allowed_host_and_scheme(address, {request.get_host()}):
        return "/"
    page = urlsplit(address)
    return page._replace(scheme="", netloc="", fragment="").geturl() or "/"


class WrongMethod:
    """A page for whoever opens the address of a form: Django's 405 is an empty window.

    What the API says of its methods leaves out OPTIONS, which DRF names and nothing here answers.
    """

    def __init__(self, get_response: Any) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> Any:
        response = self.get_response(request)
        if is_api(request):
            return _without_options(response)
        if response.status_code != 405:
            return response
        page = render(request, "405.html", status=405)
        page["Allow"] = response["Allow"]
        return page


def _without_options(response: HttpResponse) -> HttpResponse:
    if "Allow" in response:
        methods = response["Allow"].split(", ")
        response["Allow"] = ", ".join(method for method in methods if method != "OPTIONS")
    return response
