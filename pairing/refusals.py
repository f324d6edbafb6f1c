"""Why a page says no, in one sentence: what is missing, and who can change it or what to do."""

from __future__ import annotations

from django.utils.text import get_text_list
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.actor import Actor
from accounts.models import User
from courses.models import Course, Enrolment
from courses.rules import COUNTS, IS_STUDENT
from pairing.actions import CodeRefused, OwnCode
from pairing.guesses import TooManyGuesses
from pairing.rules import ISSUE_FOR_COURSE, ISSUE_ON_DETAILS, ISSUE_ON_SETTINGS, REDEEM
from permissions.catalogue import permission
from permissions.policy import Condition, unmet


def why_not_on_settings(actor: Actor, student: User) -> str:
    """On the student's User Settings. Empty for who is no student: nothing is missing, then."""
    rows = list(unmet(actor, ISSUE_ON_SETTINGS, User.objects.filter(pk=student.pk)))
    wanted = "settings, acting as the student" if actor.is_acting else "own settings"
    failed = next(failed for row, _, failed in rows if row.name == wanted)
    if IS_STUDENT in failed:
        return ""
    if _is_switched_off(failed):
        return _switched_off(actor)
    return _(
        "To make a code for %(student)s you need %(permissions)s in one of their courses;"
        " an administrator can change that under Permissions."
    ) % {"student": student.name, "permissions": _labels(failed)}


def why_not_on_details(actor: Actor, enrolment: Enrolment) -> str:
    """On User Details in the enrolment's course."""
    rows = unmet(actor, ISSUE_ON_DETAILS, Enrolment.objects.filter(pk=enrolment.pk))
    failed = next(failed for _, _, failed in rows)
    if _is_switched_off(failed):
        return _switched_off(actor)
    if COUNTS in failed:
        return _does_not_count(enrolment)
    return _(
        "To make a code for %(student)s you need %(permissions)s in %(course)s;"
        " an administrator of %(account)s can change that under Permissions."
    ) % {
        "student": enrolment.user.name,
        "permissions": _labels(failed),
        "course": enrolment.course.name,
        "account": enrolment.course.account.name,
    }


def why_not_for_course(actor: Actor, course: Course) -> str:
    """For all students of a course."""
    rows = unmet(actor, ISSUE_FOR_COURSE, Course.objects.filter(pk=course.pk))
    failed = next(failed for _, _, failed in rows)
    if _is_switched_off(failed):
        return _switched_off(actor)
    return _(
        "To make codes for the students of %(course)s you need %(permissions)s there;"
        " an administrator of %(account)s can change that under Permissions."
    ) % {
        "permissions": _labels(failed),
        "course": course.name,
        "account": course.account.name,
    }


def why_not_add(actor: Actor, observer: User) -> str:
    """On Observing: why no student can be added to those whom the person observes."""
    rows = list(unmet(actor, REDEEM, User.objects.filter(pk=observer.pk)))
    wanted = "administrator" if actor.is_acting else "themself"
    failed = next(failed for row, _, failed in rows if row.name == wanted)
    if _is_switched_off(failed) or not actor.is_acting:
        return _("Students can't be added by code now: the school has switched it off.")
    return _(
        "While acting as %(observer)s you need %(permissions)s to add a student by code;"
        " an administrator of %(school)s can change that under Permissions."
        " %(observer)s can add students by signing in as themself."
    ) % {
        "observer": observer.name,
        "permissions": _labels(failed),
        "school": actor.root_account.name,
    }


def _is_switched_off(failed: list[Condition]) -> bool:
    return any(condition.setting == "self_registration" for condition in failed)


def _switched_off(actor: Actor) -> str:
    return _(
        "Pairing codes can't be made or used now, because self registration is switched off;"
        " an administrator of %(school)s can switch it on in the account's settings."
    ) % {"school": actor.root_account.name}


def _does_not_count(enrolment: Enrolment) -> str:
    names = {"student": enrolment.user.name, "course": enrolment.course.name}
    if enrolment.state in Enrolment.UNANSWERED:
        return (
            _("A code can be made once %(student)s has accepted the invitation to %(course)s.")
            % names
        )
    return (
        _(
            "%(student)s has never accepted a place in %(course)s, or it is not active now;"
            " an administrator can change that."
        )
        % names
    )


def _labels(failed: list[Condition]) -> str:
    """The permissions' names, as the grid shows them, each in quotation marks."""
    labels = [f"“{permission(c.permission).label}”" for c in failed if c.permission]
    return get_text_list(labels, _("and"))


def why_refused(error: CodeRefused | OwnCode | TooManyGuesses) -> str:
    """What a page says about a code that could not be used, and what to do."""
    if isinstance(error, TooManyGuesses):
        return ngettext(
            "Too many codes that don't work. Try again in %(minutes)d minute.",
            "Too many codes that don't work. Try again in %(minutes)d minutes.",
            error.minutes,
        ) % {"minutes": error.minutes}
    if isinstance(error, OwnCode):
        return _(
            "This code is your own. The person who is to observe you uses it:"
            " you sign out first, then they register with it or sign in as themself."
        )
    # The same for all five reasons, so that a guesser learns nothing.
    return _(
        "This code doesn't work: it is mistyped, used already, or expired."
        " Check it against the message, or ask for a new one."
    )
