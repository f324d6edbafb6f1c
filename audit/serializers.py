"""JSON of events. Its shape is promised: keys may be added, none is taken away or changed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NotRequired, TypedDict

from accounts.actor import Actor
from accounts.models import Account
from audit.models import Event
from audit.panels import Shown, names_of
from pairing_service.http.rendering import wire_time
from pairing_service.http.shapes import Time

Plain = str | int | float | bool | None
Value = Plain | list[Plain] | dict[str, Plain | list[Plain] | dict[str, Plain]]


class EventPersonJson(TypedDict):
    """A person; the SIS id is told to whoever may see it."""

    id: int
    name: str
    sis_user_id: NotRequired[str | None]


class EventCourseJson(TypedDict):
    id: int
    name: str
    sis_course_id: NotRequired[str | None]


class EventAccountJson(TypedDict):
    id: int
    name: str


class EventJson(TypedDict):
    """What happened. `actor` is the person as whom it was done, `real_actor` who did it: they
    differ while acting as somebody, and both are null for the command line. Of a link `subject` is
    the student. `code_id` is a pairing code's number, never the code; `how` tells how a link came
    about, `surface` where a code was made. `data` holds what else is known, by action."""

    id: int
    created_at: Time
    action: str
    actor: EventPersonJson | None
    real_actor: EventPersonJson | None
    subject: EventPersonJson | None
    observer: EventPersonJson | None
    course: EventCourseJson | None
    account: EventAccountJson | None
    code_id: int | None
    surface: str | None
    how: str | None
    address: str | None
    data: dict[str, Value]


class EventsJson(TypedDict):
    """`after` is what to ask with next; `has_more`: at once, for there are more already."""

    events: list[EventJson]
    after: str | None
    has_more: bool


# What has a key of its own.
_APART = ("observer", "course", "code", "surface", "how")


def events_json(events: Iterable[Event], actor: Actor) -> list[EventJson]:
    """Events, with names and SIS ids: three statements for all of these."""
    events = list(events)
    names = names_of(events, actor)
    return [_event_json(Shown(event, names)) for event in events]


def _event_json(shown: Shown) -> EventJson:
    event, data = shown.event, shown.data
    return {
        "id": event.pk,
        "created_at": wire_time(event.created_at),
        "action": event.action,
        "actor": _person(shown.actor),
        "real_actor": _person(shown.real_actor or shown.actor),
        "subject": _person(shown.subject),
        "observer": _person(shown.observer),
        "course": _course(shown.course),
        "account": _account(shown.account),
        "code_id": data.get("code"),
        "surface": data.get("surface"),
        "how": data.get("how"),
        "address": event.address,
        "data": {key: value for key, value in data.items() if key not in _APART},
    }


def _person(person: Any) -> EventPersonJson | None:
    if person is None:
        return None
    told: EventPersonJson = {"id": person.pk, "name": person.name}
    if person.shows_sis_id:
        told["sis_user_id"] = person.sis_id
    return told


def _course(course: Any) -> EventCourseJson | None:
    if course is None:
        return None
    told: EventCourseJson = {"id": course.pk, "name": course.name}
    if course.shows_sis_id:
        told["sis_course_id"] = course.sis_id
    return told


def _account(account: Account | None) -> EventAccountJson | None:
    return {"id": account.pk, "name": account.name} if account is not None else None
