"""Errors of the REST API in the contract's three shapes (sections 1.2 to 1.4)."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any, Literal, NotRequired, TypedDict

from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import (
    PermissionDenied,
    RequestDataTooBig,
    SuspiciousOperation,
    ValidationError,
)
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from rest_framework import exceptions
from rest_framework.response import Response

from pairing_service.http.limits import OverLimit, over_limit
from pairing_service.http.shapes import Time

log = logging.getLogger(__name__)

CHALLENGE = 'Bearer realm="canvas-lms"'
NOT_FOUND = {"errors": [{"message": "The specified resource does not exist."}]}
SERVER_ERROR = {
    "errors": [{"message": "An error occurred.", "error_code": "internal_server_error"}]
}


# --- The shapes of errors, for `@described(refuses=…)` ---


class ErrorMessage(TypedDict):
    message: str


class Errors(TypedDict):
    """What is wrong, in a sentence."""

    errors: list[ErrorMessage]


class FieldError(TypedDict):
    attribute: str
    type: str
    message: str


class FieldErrors(TypedDict):
    """What is wrong, by parameter."""

    errors: dict[str, list[FieldError]]


class Message(TypedDict):
    """What is wrong, in a sentence (the older form)."""

    message: str


class PlainError(TypedDict):
    """What is wrong, in a sentence (of enrolments)."""

    error: str


class Nothing(TypedDict):
    """An empty object."""


class Denied(TypedDict):
    """One may not do this."""

    status: Literal["unauthorized"]
    errors: list[ErrorMessage]


class TokenError(TypedDict):
    message: str
    expired_at: NotRequired[Time]


class NotSignedIn(TypedDict):
    """No token, a bad one, or an `as_user_id` that one may not use (then `errors` is a text)."""

    status: NotRequired[Literal["unauthenticated"]]
    errors: list[TokenError] | str


# --- Refusals ---


class Refusal(Exception):
    """An answer of the contract that is not a success; `body` is sent as it stands."""

    def __init__(self, status: int, body: Any, headers: dict[str, str] | None = None) -> None:
        super().__init__(body)
        self.status = status
        self.body = body
        self.headers = headers or {}


def refusal(status: int, message: str, **headers: str) -> Refusal:
    """The shape with a list: {"errors": [{"message": …}]}."""
    return Refusal(status, {"errors": [{"message": message}]}, headers)


Field = tuple[str, str]


def field_errors(**fields: Field) -> dict[str, list[FieldError]]:
    """Per field a list with one error: its type ("taken") and its message (§1.4)."""
    return {
        name: [{"attribute": name, "type": kind, "message": message}]
        for name, (kind, message) in fields.items()
    }


def invalid(status: int = 400, /, **fields: Field) -> Refusal:
    """The shape with an object of fields (§1.4)."""
    return Refusal(status, {"errors": field_errors(**fields)})


def invalid_fields(error: ValidationError, names: Mapping[str, str]) -> Refusal:
    """The same for what an action found wrong. `names`: our name of a field, the wire's."""
    return invalid(
        **{
            names.get(name, name): (str(found[0].code or "invalid"), found[0].messages[0])
            for name, found in error.error_dict.items()
        }
    )


def too_many(message: str, seconds: int) -> Refusal:
    """429: a limit of tries is reached, and when to come back."""
    return refusal(429, message, **{"Retry-After": str(seconds)})


class Unauthenticated(exceptions.AuthenticationFailed):
    """A token that is not good; `challenge` tells canvasapi that the token is at fault (§1.3)."""

    def __init__(self, body: Any, *, challenge: bool = True) -> None:
        super().__init__()
        self.body = body
        self.challenge = challenge


def exception_handler(error: Exception, context: dict[str, Any]) -> HttpResponse | None:
    """What DRF calls for every exception in an API view."""
    match error:
        case OverLimit():
            return over_limit()
        case Refusal():
            return Response(error.body, error.status, headers=error.headers)
        case Unauthenticated():
            return _unauthenticated(error.body, error.challenge)
        case exceptions.NotAuthenticated():
            message = [{"message": "user authorization required"}]
            return _unauthenticated({"status": "unauthenticated", "errors": message}, True)
        case PermissionDenied() | exceptions.PermissionDenied():
            return Response(_denied(error), 403)
        case Http404() | exceptions.NotFound():
            return Response(NOT_FOUND, 404)
        case RequestDataTooBig():
            return Response({"errors": [{"message": "the request is too large"}]}, 400)
        case SuspiciousOperation():
            return Response({"errors": [{"message": "the request is malformed"}]}, 400)
        case exceptions.APIException():
            return Response({"errors": [{"message": str(error.detail)}]}, error.status_code)
    log.exception("unhandled error in %s", type(context["view"]).__name__)
    return Response(SERVER_ERROR, 500)


def _unauthenticated(body: Any, challenge: bool) -> Response:
    return Response(body, 401, headers={"WWW-Authenticate": CHALLENGE} if challenge else None)


def _denied(error: Exception) -> dict[str, Any]:
    message = [{"message": "user not authorized to perform that action"}]
    body: dict[str, Any] = {"status": "unauthorized", "errors": message}
    reason = getattr(error, "reason", None)
    return body | {"reason": reason} if reason else body


@csrf_exempt
@login_not_required
def api_not_found(request: HttpRequest) -> JsonResponse:
    """An address below /api/ that nobody serves."""
    return JsonResponse(NOT_FOUND, status=404)
