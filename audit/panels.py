"""Events as pages and files tell them: with names, in words."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from django.db.models import Model, QuerySet
from django.utils.translation import gettext as _

from accounts.actor import Actor
from accounts.models import Account, User
from audit.models import Event
from audit.wording import ALARMING, said
from courses.models import Course
from courses.rules import SEE_COURSE, SEE_EMAIL, SEE_LOGIN, SEE_SIS_ID, SEE_SIS_IN_COURSE
from pairing.models import PairingCode
from permissions.policy import answered, permitted

M = TypeVar("M", bound=Model)

# Told by itself, or of no use to people.
_APART = {"observer", "course", "code", "sis_import", "before", "after"}
_LONGEST = 200
_SURFACES: Mapping[Any, Any] = dict(PairingCode.Surface.choices)


@dataclass(frozen=True)
class Names:
    """Whom and what some events are about: three statements, however many events these are."""

    people: Mapping[int, Any]
    accounts: Mapping[int, Account]
    courses: Mapping[int, Any]


def names_of(events: Iterable[Event], actor: Actor) -> Names:
    """Everyone and everything that the events speak of, courses only if the actor may see them.
    People and courses tell by `shows_sis_id` (people also by `shows_login`, `shows_email`) whether
    the actor may see it."""
    events = list(events)
    root = actor.root_account
    people = answered(
        User.objects.filter(root_account=root), actor,
        shows_sis_id=SEE_SIS_ID, shows_login=SEE_LOGIN, shows_email=SEE_EMAIL,
    )  # fmt: skip
    accounts = Account.objects.filter(root_account=root)
    # A person may be in courses of another school, too.
    courses = answered(permitted(actor, SEE_COURSE), actor, shows_sis_id=SEE_SIS_IN_COURSE)
    return Names(
        _by_id(people, (pk for one in events for pk in _people_in(one))),
        _by_id(accounts, (one.account_id for one in events)),
        _by_id(courses, (_course_in(one) for one in events)),
    )


def _by_id(rows: QuerySet[M], ids: Iterable[int | None]) -> dict[int, M]:
    wanted = {pk for pk in ids if pk is not None}
    return {one.pk: one for one in rows.filter(pk__in=wanted)} if wanted else {}


def _people_in(event: Event) -> tuple[int | None, ...]:
    return event.actor_id, event.real_actor_id, event.subject_id, event.observer_id


def _course_in(event: Event) -> int | None:
    course = event.data.get("course")
    return course if isinstance(course, int) else None


@dataclass(frozen=True)
class Shown:
    """An event with what it is about."""

    event: Event
    names: Names

    @property
    def said(self) -> str:
        return said(self.event.action)

    @property
    def is_alarming(self) -> bool:
        return self.event.action in ALARMING

    @property
    def actor(self) -> User | None:
        return self._person(self.event.actor_id)

    @property
    def real_actor(self) -> User | None:
        """Who did it, when it was done as somebody else."""
        if self.event.real_actor_id == self.event.actor_id:
            return None
        return self._person(self.event.real_actor_id)

    @property
    def subject(self) -> User | None:
        return self._person(self.event.subject_id)

    @property
    def observer(self) -> User | None:
        return self._person(self.event.observer_id)

    def _person(self, pk: int | None) -> User | None:
        return self.names.people.get(pk) if pk is not None else None

    @property
    def account(self) -> Account | None:
        return self.names.accounts.get(self.event.account_id or 0)

    @property
    def course(self) -> Course | None:
        return self.names.courses.get(_course_in(self.event) or 0)

    @property
    def details(self) -> list[tuple[str, str]]:
        """What else is told, each with what it is: as texts."""
        return list(_details(self.data))

    @property
    def data(self) -> dict[str, Any]:
        """What the event holds, without the logins, e-mail addresses and SIS ids that the reader
        may not see of whomever, or of whatever course, it is about."""
        about: Any = self.subject or self.course or self.actor
        hidden = {key for key, shows in _SHOWN_BY.items() if not getattr(about, shows, False)}
        kept = {key: _without(value, hidden) for key, value in self.event.data.items()}
        if self.event.action == "login_changed" and "login" in hidden:
            hidden |= {"before", "after"}  # which are logins
        return {key: value for key, value in kept.items() if key not in hidden}


# What events may hold that is not for everyone who reads them.
_SHOWN_BY = {
    "login": "shows_login", "login_id": "shows_login", "email": "shows_email",
    "sis_id": "shows_sis_id", "integration_id": "shows_sis_id",
}  # fmt: skip


def _without(value: Any, hidden: Collection[str]) -> Any:
    if not isinstance(value, Mapping):
        return value
    return {key: part for key, part in value.items() if key not in hidden}


def _details(data: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for key, value in data.items():
        if key == "surface":
            yield _("where"), str(_SURFACES.get(value, value))
        elif key not in _APART and value is not None:
            yield _label(key), _text(value)
    before, after = data.get("before"), data.get("after")
    if isinstance(before, Mapping) or isinstance(after, Mapping):
        old, new = _mapping(before), _mapping(after)
        for key in {**old, **new}:
            if old.get(key) != new.get(key):
                yield _label(key), f"{_text(old.get(key))} → {_text(new.get(key))}"
    elif before is not None or after is not None:
        yield "", f"{_text(before)} → {_text(after)}"


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _label(key: str) -> str:
    return key.replace("_", " ")


def _text(value: Any) -> str:
    match value:
        case None | "":
            text = "–"
        case True:
            text = _("yes")
        case False:
            text = _("no")
        case Mapping():
            told = ((key, part) for key, part in value.items() if part)
            text = ", ".join(f"{_label(key)} {_text(part)}" for key, part in told) or "–"
        case list():
            text = ", ".join(map(_text, value)) or "–"
        case _:
            text = str(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
