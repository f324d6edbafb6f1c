"""Pages: what happened in an account; and the same as a file."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.middleware import TenantRequest
from accounts.models import User
from accounts.people import Disclosed, people_of, search, searched
from accounts.sight import account_in_sight, breadcrumbs
from audit.forms import EventsFilter
from audit.models import Event
from audit.panels import Names, Shown, names_of
from audit.reading import Cursor, Wanted, everything, newest, oldest
from audit.rules import SEE_EVENTS
from audit.wording import GUESSING
from pairing_service.http.rendering import wire_time
from pairing_service.http.spreadsheets import csv_response

if TYPE_CHECKING:
    from accounts.sight import SeenAccount

EVENTS_PER_PAGE = 50
# More people than these are not one person that somebody looks for.
_MOST_PEOPLE = 25
_LATELY = timedelta(days=7)


@require_safe
def events(request: TenantRequest, account_id: int) -> HttpResponse:
    """The newest first; narrowed by person, action, days and address."""
    account = account_in_sight(request, account_id, required=SEE_EVENTS)
    filters = EventsFilter(request.GET)
    wanted = _wanted(request, account, filters)
    page = _page(request, wanted) if wanted else _Page([])
    names = names_of(page.events, request.actor)
    context = {
        "account": account,
        "breadcrumbs": breadcrumbs(request, account, _("Events")),
        "filters": filters,
        "errors": [error for errors in filters.errors.values() for error in errors],
        "page": page,
        "events": [Shown(event, names) for event in page.events],
        "person": _named(request, names),
        "is_narrowed": any(request.GET.get(name) for name in ("q", "person", *filters.fields)),
        "alarms": _alarms(account),
    }
    return render(request, "audit/events.html", context)


@require_safe
def events_file(request: TenantRequest, account_id: int) -> StreamingHttpResponse:
    """All that the page would show, however many: read and written some at a time."""
    account = account_in_sight(request, account_id, required=SEE_EVENTS)
    wanted = _wanted(request, account, EventsFilter(request.GET))
    header = [
        _("Time (UTC)"), _("Action"), _("What"), _("By"), _("Really by"), _("About"),
        _("SIS ID"), _("Observer"), _("Observer's SIS ID"), _("Course"), _("Account"),
        _("Address"), _("Details"),
    ]  # fmt: skip
    return csv_response("events.csv", header, _rows(request, wanted) if wanted else [])


def _rows(request: TenantRequest, wanted: Wanted) -> Iterator[list[Any]]:
    for some in everything(wanted):
        names = names_of(some, request.actor)
        for event in some:
            yield _row(Shown(event, names))


def _row(shown: Shown) -> list[Any]:
    event = shown.event
    return [
        wire_time(event.created_at), event.action, shown.said, _name(shown.actor),
        _name(shown.real_actor), _name(shown.subject), _sis_id(shown.subject),
        _name(shown.observer), _sis_id(shown.observer), _name(shown.course), _name(shown.account),
        event.address or "", json.dumps(shown.data, ensure_ascii=False) if shown.data else "",
    ]  # fmt: skip


def _name(thing: Any) -> str:
    return thing.name if thing is not None else ""


def _sis_id(person: Any) -> str:
    return (person.sis_id or "") if person is not None and person.shows_sis_id else ""


# --- What is wanted ---


def _wanted(request: TenantRequest, account: SeenAccount, filters: EventsFilter) -> Wanted | None:
    """None when the form has something that can't be looked for."""
    if not filters.is_valid():
        return None
    return Wanted(account, people=_people(request, account), **filters.narrowing())


def _people(request: TenantRequest, account: SeenAccount) -> list[int] | None:
    """Those whom the text fits, or the one who was clicked at; None: everyone."""
    if text := searched(request.GET.get("q", "")):
        everyone = User.objects.filter(root_account=account.root_account_id)
        users = everyone if account.is_root else people_of(account)
        disclosed = Disclosed(
            login=account.shows_login, email=account.shows_email, sis_id=account.shows_sis_id
        )
        found = search(users, text, disclosed).order_by("pk")
        return list(found.values_list("pk", flat=True)[:_MOST_PEOPLE])
    clicked = _clicked(request)
    return None if clicked is None else [clicked]


def _clicked(request: TenantRequest) -> int | None:
    text = request.GET.get("person", "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else None


def _named(request: TenantRequest, names: Names) -> str:
    """Who was clicked at; by name only where the events that are shown tell it."""
    clicked = _clicked(request)
    if clicked is None or searched(request.GET.get("q", "")):
        return ""
    person = names.people.get(clicked)
    return person.name if person else _("person %(number)s") % {"number": clicked}


# --- Pages ---


@dataclass(frozen=True)
class _Page:
    """Some events, newest first, and the cursors from which newer and older ones go on, or ""."""

    events: list[Event]
    newer: str = ""
    older: str = ""


def _page(request: TenantRequest, wanted: Wanted) -> _Page:
    """From a cursor on, which says whether newer ones than it are wanted, or older ones."""
    after = Cursor.read(request.GET.get("after", ""))
    before = Cursor.read(request.GET.get("before", ""))
    if after is not None:
        found = oldest(wanted, EVENTS_PER_PAGE + 1, after)
        shown = found[:EVENTS_PER_PAGE][::-1]
        return _between(shown, has_newer=len(found) > EVENTS_PER_PAGE, has_older=True)
    found = newest(wanted, EVENTS_PER_PAGE + 1, before)
    shown = found[:EVENTS_PER_PAGE]
    has_older = len(found) > EVENTS_PER_PAGE
    return _between(shown, has_newer=before is not None, has_older=has_older)


def _between(shown: list[Event], *, has_newer: bool, has_older: bool) -> _Page:
    return _Page(
        shown,
        str(Cursor.of(shown[0])) if shown and has_newer else "",
        str(Cursor.of(shown[-1])) if shown and has_older else "",
    )


def _alarms(account: SeenAccount) -> list[Event]:
    """Bursts of wrong codes of late, told wherever in the list one is."""
    lately = Wanted(account, actions=GUESSING, since=timezone.now() - _LATELY)
    return newest(lately, EVENTS_PER_PAGE)
