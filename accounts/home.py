"""What the first page shows to someone: what they need next, and nothing that isn't theirs."""

from __future__ import annotations

from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from accounts.actor import Actor
from accounts.models import Account, User
from courses.listing import has_ended
from courses.models import Course, Enrolment
from courses.people import invitations_of, role_in_words
from courses.rules import ADMINISTER_ACCOUNT, OF_A_STUDENT, SEE_COURSE_PEOPLE
from pairing.models import ObservationLink
from pairing.rules import ISSUE_ON_SETTINGS
from permissions.policy import answered, may, permitted

# So many of each are shown; the page behind has the rest.
_SHOWN = 6


def needs_of(actor: Actor) -> dict[str, Any]:
    """For `home.html`: the person's invitations, accounts, courses and students, and whether they
    can pair."""
    person = actor.person
    assert person is not None
    courses, accounts = list(_courses(actor)[: _SHOWN + 1]), list(_accounts(actor)[: _SHOWN + 1])
    students = list(_students(person)[: _SHOWN + 1])
    invitations = list(invitations_of(person)[:_SHOWN])
    is_student = _is_student(person)
    return {
        "invitations": [(e.course, role_in_words(e)) for e in invitations],
        "accounts": accounts[:_SHOWN],
        "courses": courses[:_SHOWN],
        "students": students[:_SHOWN],
        "has_more": {
            "accounts": len(accounts) > _SHOWN,
            "courses": len(courses) > _SHOWN,
            "students": len(students) > _SHOWN,
        },
        "is_student": is_student,
        "observers": _observers(person) if is_student else 0,
        "may_pair": is_student and may(actor, ISSUE_ON_SETTINGS, person),
        "is_open": actor.root_account.settings.is_open,
        "has_nothing": not (invitations or accounts or courses or students or is_student),
    }


def _accounts(actor: Actor) -> QuerySet[Account]:
    """Those in which the person is an administrator, not the ones below them."""
    accounts: QuerySet[Account] = permitted(actor, ADMINISTER_ACCOUNT).live()
    memberships = Q(memberships__user=actor.person, memberships__state="active")
    return accounts.filter(memberships).distinct().order_by("name", "pk")


def _courses(actor: Actor) -> QuerySet[Course]:
    """Courses that run and have not ended, in which the person is anything but an observer."""
    mine = Enrolment.objects.filter(
        course=OuterRef("pk"), user=actor.person, state=Enrolment.State.ACTIVE
    ).exclude(type=Enrolment.Type.OBSERVER)
    running = Course.objects.filter(
        ~has_ended(), state=Course.State.AVAILABLE, root_account=actor.root_account
    )
    rows = answered(running.filter(Exists(mine)), actor, has_people=SEE_COURSE_PEOPLE)
    return rows.order_by("name", "pk")


def _students(person: User) -> QuerySet[User]:
    """Whom the person observes."""
    links = ObservationLink.objects.active().filter(observer=person, student=OuterRef("pk"))
    return User.objects.existing().filter(Exists(links)).order_by("name_key", "pk")


def _observers(person: User) -> int:
    links = ObservationLink.objects.active().filter(student=person)
    return links.exclude(observer__state=User.State.DELETED).count()


def _is_student(person: User) -> bool:
    return Enrolment.objects.filter(OF_A_STUDENT, user=person).exists()
