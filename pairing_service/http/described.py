"""`@described(…)`: what an endpoint answers and takes, told above it; OpenAPI is made of this.

    class NewAccount(TypedDict):            # parameters, as they are nested on the wire
        name: str
        sis_account_id: NotRequired[str]

    class NewAccountParams(TypedDict):
        account: NewAccount

    class SubAccounts(APIView):
        @described(Paged[AccountJson], takes=ListParams)
        def get(self, request, account_id): ...

        @described(AccountJson, takes=NewAccountParams, refuses={400: FieldErrors})
        def post(self, request, account_id):
            "Make an account right below this one."     # the summary; else the class's own

Answers are TypedDicts, which the `…_json` functions of serializers.py return, so mypy holds the two
together; `list[…]`, `dict[str, …]` and `Paged[…]` of them, too (a `Paged[…]` may also be the only
key of a TypedDict). What may come of every endpoint is
described once (openapi.py): 400, 401, 403, 415, `as_user_id`, pages, and 404 where an id is in
the address. The rest is told in `refuses`, by status: shapes of errors.py, several as a union.

Nothing here can lie for long: in debug and in tests reading a parameter that is not described is an
error, and every answer that a test gets is compared with its description (tests/described.py).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar, get_origin, is_typeddict

from rest_framework.request import Request

from pairing_service.http.shapes import hints_of

T = TypeVar("T")
F = TypeVar("F", bound=Callable[..., Any])


class Paged(list[T]):
    """A list that comes in pages (`pages.page_of`): `page`, `per_page`, the header Link."""


@dataclass(frozen=True)
class Description:
    """What `@described` was told about one method of a view."""

    answers: Any
    takes: Any = None
    refuses: Mapping[int, Any] = field(default_factory=dict)
    status: int = 200

    @property
    def is_paged(self) -> bool:
        within = hints_of(self.answers).values() if is_typeddict(self.answers) else []
        return any(get_origin(hint) is Paged for hint in (self.answers, *within))


def described(
    answers: Any,
    *,
    takes: Any = None,
    refuses: Mapping[int, Any] | None = None,
    status: int = 200,
) -> Callable[[F], F]:
    """What the method answers with `status`, the parameters that it reads, and its own refusals."""

    def note(method: F) -> F:
        method.description = Description(answers, takes, refuses or {}, status)  # type: ignore[attr-defined]
        return method

    return note


def description_of(view: Any, method: str) -> Description | None:
    """What was told about a view's method; None when nothing was."""
    handler = getattr(view, method.lower(), None)
    return getattr(handler, "description", None)


def description_for(request: Request) -> Description | None:
    """The same for the view that a request is at."""
    context = request.parser_context or {}
    return description_of(context.get("view"), request.method or "")
