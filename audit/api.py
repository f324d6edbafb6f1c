"""REST: events (ours)."""

from __future__ import annotations

import ipaddress
from typing import TypedDict

from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.authentication import ApiRequest
from accounts.ids import get_account, heard_of
from audit.reading import Cursor, Wanted, oldest, settled_before
from audit.rules import SEE_EVENTS
from audit.serializers import EventsJson, events_json
from pairing_service.http.described import described
from pairing_service.http.errors import Errors, refusal
from pairing_service.http.pages import per_page_of
from pairing_service.http.params import Params, params_of
from permissions.policy import require


class EventsParams(TypedDict, total=False):
    """`after`: what the answer before this one gave; without it, from the first event on.
    `account_id`: the root account unless given. `user_id`: whoever did it or had it done to them.
    `since`, `until`: times like 2030-01-31T08:00:00Z."""

    after: str
    per_page: int
    account_id: str
    user_id: str
    action: list[str]
    address: str
    since: str
    until: str


class Events(APIView):
    @described(EventsJson, takes=EventsParams, refuses={404: Errors})
    def get(self, request: ApiRequest) -> Response:
        """Events from old to new, each once, for whoever asks again and again.

        Ask with the `after` of the answer before. An event is told some seconds after it happened:
        then whatever happened before it has been told, too.
        """
        params = params_of(request)
        after = _cursor(params)
        per_page = per_page_of(request)
        # One more than the page has tells whether to ask again at once.
        found = oldest(_wanted(request, params), per_page + 1, after, settled_before())
        shown = found[:per_page]
        last = Cursor.of(shown[-1]) if shown else after
        return Response(
            {
                "events": events_json(shown, request.actor),
                "after": str(last) if last else None,
                "has_more": len(found) > per_page,
            }
        )


def _wanted(request: ApiRequest, params: Params) -> Wanted:
    account = get_account(request.actor, params.text("account_id") or "self")
    require(request.actor, SEE_EVENTS, account)
    return Wanted(
        account,
        people=_people(request, params),
        actions=params.texts("action"),
        address=_address(params),
        since=params.moment("since"),
        until=params.moment("until"),
    )


def _people(request: ApiRequest, params: Params) -> list[int] | None:
    text = params.text("user_id")
    if not text:
        return None
    return [heard_of(request.actor, text).pk]


def _cursor(params: Params) -> Cursor | None:
    text = params.text("after")
    cursor = Cursor.read(text) if text else None
    if text and cursor is None:
        raise refusal(400, "after must be what an answer gave as after")
    return cursor


def _address(params: Params) -> str:
    text = params.text("address") or ""
    try:
        return str(ipaddress.ip_address(text)) if text else ""
    except ValueError as error:
        raise refusal(400, "address must be an IP address") from error
