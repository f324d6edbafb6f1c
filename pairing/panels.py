"""What pages show of pairing: whether a code can be made, which are live, who observes whom.

Every flag is asked of the rule that decides on the request, so a control is there exactly when
its request would be allowed (spec/pairing.md "Who may issue a code").
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import ngettext

from accounts.actor import Actor
from accounts.models import User
from courses.models import Course, Enrolment
from courses.rules import SEE_ENROLLED
from pairing.actions import codes_to_be_superseded
from pairing.models import ObservationLink, PairingCode
from pairing.refusals import why_not_on_details, why_not_on_settings
from pairing.rules import (
    ISSUE_ON_DETAILS,
    ISSUE_ON_SETTINGS,
    QUESTION_LINK,
    SEE_CODE,
    UNLINK,
)
from permissions.explaining.links import url_of_code
from permissions.policy import Rule, may, permitted

Surface = PairingCode.Surface


# --- Where a code is made ---


@dataclass(frozen=True)
class Place:
    """A surface on which a code is made for a student: the rule, what it is asked of, addresses."""

    rule: Rule
    target: User | Enrolment
    student: User
    surface: str
    url: str
    back_url: str


def place_on_settings(actor: Actor) -> Place:
    """User Settings of the person, who is signed in or acted as."""
    assert actor.person is not None
    return Place(
        ISSUE_ON_SETTINGS,
        actor.person,
        actor.person,
        Surface.SETTINGS_ACTING if actor.is_acting else Surface.OWN_SETTINGS,
        reverse("pairing:issue-on-settings"),
        reverse("accounts:settings"),
    )


def place_on_details(actor: Actor, course_id: int, user_id: int) -> Place | None:
    """User Details in a course; None when the actor can't see such a student there.

    Of several enrolments there, one for which the actor may make a code comes first.
    """
    wanted = {"course__pk": course_id, "user__pk": user_id}
    allowed = permitted(actor, ISSUE_ON_DETAILS).filter(**wanted)
    seen: Any = permitted(actor, SEE_ENROLLED).filter(**wanted)
    found = (
        allowed.select_related("user", "course").order_by("pk").first()
        or seen.students().select_related("user", "course").order_by("pk").first()
    )
    if found is None:
        return None
    return Place(
        ISSUE_ON_DETAILS,
        found,
        found.user,
        Surface.USER_DETAILS,
        reverse("pairing:issue-on-details", args=[course_id, user_id]),
        reverse("courses:user-details", args=[course_id, user_id]),
    )


# --- Panels ---


def settings_panel(actor: Actor, user: User) -> dict[str, Any]:
    """For `pairing/_settings_panel.html`, as `panel`: pairing on a person's User Settings."""
    panel = _issuing(actor, place_on_settings(actor))
    return panel | {"observers": observers_of(actor, user)}


def details_panel(actor: Actor, student: User, course: Course) -> dict[str, Any] | None:
    """For `pairing/_details_panel.html`, as `panel`; None for who is no student in the course."""
    place = place_on_details(actor, course.pk, student.pk)
    return _issuing(actor, place) if place else None


def _issuing(actor: Actor, place: Place) -> dict[str, Any]:
    may_issue = may(actor, place.rule, place.target)
    return {
        "place": place,
        "student": place.student,
        "is_own": not actor.is_acting and actor.person == place.student,
        "may_issue": may_issue,
        "reason": "" if may_issue else why_not(actor, place),
        "explain_url": None if may_issue else _explain_url(actor, place),
        "is_acting": actor.is_acting,
        "codes": live_codes(actor, place.student),
    }


def _explain_url(actor: Actor, place: Place) -> str | None:
    course_id = place.target.course_id if isinstance(place.target, Enrolment) else None
    return url_of_code(actor, place.student, course_id)


def why_not(actor: Actor, place: Place) -> str:
    """One sentence: what is missing, and who can change it. Empty for who is no student at all."""
    if isinstance(place.target, Enrolment):
        return why_not_on_details(actor, place.target)
    return why_not_on_settings(actor, place.target)


def dialog(actor: Actor, place: Place) -> dict[str, Any]:
    """For `pairing/_issue.html`: what one has to know before a code is made."""
    settings = actor.root_account.settings
    ended = codes_to_be_superseded(
        actor=actor, student=place.student, limit=settings.live_codes_per_student
    )
    return _issuing(actor, place) | {
        "lifetime": lifetime_in_words(settings.code_lifetime_hours),
        "until": timezone.now() + settings.code_lifetime,
        "ended": ended,
        "newest": (newest := newest_code(actor, place.student)),
        "ends_newest": newest in {code.pk for code in ended},
    }


def lifetime_in_words(hours: int) -> str:
    """“7 days”, or “36 hours” where it is no whole number of days."""
    days, rest = divmod(hours, 24)
    if rest:
        return ngettext("%(count)d hour", "%(count)d hours", hours) % {"count": hours}
    return ngettext("%(count)d day", "%(count)d days", days) % {"count": days}


# --- Codes and links that are there ---


def live_codes(actor: Actor, student: User) -> QuerySet[PairingCode]:
    """The student's live codes that the actor may list and revoke, the newest first."""
    codes: Any = permitted(actor, SEE_CODE).filter(student=student)
    found: QuerySet[PairingCode] = codes.live().select_related("issued_by", "course")
    return found.order_by("-pk")


def newest_code(actor: Actor, student: User) -> int:
    """The id of the last code that the caller made for the student; 0 when there is none.

    A form carries it: sent a second time (a page loaded again), or after another tab made one, it
    would not be the last any more.
    """
    made = PairingCode.objects.filter(student=student, issued_by=actor.real)
    return made.order_by("-pk").values_list("pk", flat=True).first() or 0


@dataclass(frozen=True)
class ObserverRow:
    """One who observes a student, and what the actor may do about it that has not been done."""

    link: ObservationLink
    may_question: bool
    may_remove: bool


def observers_of(actor: Actor, student: User) -> list[ObserverRow]:
    """Who observes the student, the newest link first: three statements."""
    links = ObservationLink.objects.active().filter(student=student)
    existing = links.exclude(observer__state=User.State.DELETED).select_related("observer")
    may_question = _ids(permitted(actor, QUESTION_LINK).filter(student=student, questioned_at=None))
    may_remove = _ids(permitted(actor, UNLINK).filter(student=student))
    return [
        ObserverRow(link, link.pk in may_question, link.pk in may_remove)
        for link in existing.order_by("-linked_at")
    ]


@dataclass(frozen=True)
class StudentRow:
    """One whom a person observes, since when, in which courses."""

    student: User
    link_id: int
    since: datetime
    courses: list[str]
    may_stop: bool


def students_of(actor: Actor, observer: User, links: list[ObservationLink]) -> list[StudentRow]:
    """What the Observing page shows of some of the observer's links: two statements."""
    may_stop = _ids(permitted(actor, UNLINK).filter(pk__in=[link.pk for link in links]))
    courses = _courses_of(observer, [link.student_id for link in links])
    return [
        StudentRow(
            link.student,
            link.pk,
            link.linked_at,
            courses[link.student_id],
            link.pk in may_stop,
        )
        for link in links
    ]


def _courses_of(observer: User, student_ids: list[int]) -> dict[int, list[str]]:
    """The names of the courses in which the observer stands beside each student."""
    beside = (
        Enrolment.objects.filter(user=observer, associated_user__in=student_ids)
        .filter(state__in=[Enrolment.State.ACTIVE, Enrolment.State.COMPLETED])
        .exclude(course__state=Course.State.DELETED)
        .order_by("course__name", "course_id")
    )
    names: dict[int, dict[int, str]] = defaultdict(dict)
    for student, course, name in beside.values_list(
        "associated_user_id", "course_id", "course__name"
    ):
        names[student][course] = name
    return defaultdict(list, {key: list(found.values()) for key, found in names.items()})


def _ids(rows: QuerySet[Any]) -> set[int]:
    return set(rows.values_list("pk", flat=True))
