"""One-time passwords on slips, for people without a password and for who forgot theirs; and first
sign-ins by a link in an e-mail."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from django.contrib import messages
from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.db.models import Exists, OuterRef, QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.actions import (
    HAND_OUTS,
    ONE_TIME_PASSWORD_LIFETIME,
    hand_out_passwords,
    mail_first_sign_in,
    replace_password,
)
from accounts.middleware import TenantRequest
from accounts.models import User
from accounts.rules import SET_UP_SIGN_IN, SET_UP_SIGN_INS
from accounts.sight import breadcrumbs_to, person_in_sight
from accounts.signin import link_to_choose_password
from audit.models import Event
from courses.models import Course, Enrolment
from courses.rules import OF_A_STUDENT, SEE_COURSE_PEOPLE
from permissions.policy import Denied, may, permitted


@require_POST
def first_sign_in(request: TenantRequest, user_id: int) -> HttpResponse:
    """A one-time password for one person, on a slip that is shown once."""
    user = person_in_sight(request, user_id)
    give = partial(hand_out_passwords, actor=request.actor, users=[user])
    return _slip(request, user, _("First sign-in"), give)


@require_POST
def password_replace(request: TenantRequest, user_id: int) -> HttpResponse:
    """The same for a person who forgot their password; it ends their sessions."""
    user = person_in_sight(request, user_id)
    give = partial(replace_password, actor=request.actor, user=user)
    return _slip(request, user, _("New password"), give)


def _slip(
    request: TenantRequest, user: User, heading: str, give: Callable[[], dict[User, str]]
) -> HttpResponse:
    context = {
        "heading": heading,
        "breadcrumbs": breadcrumbs_to(request, user, heading),
        "back_url": reverse("accounts:user", args=[user.pk]),
    }
    if _was_sent_before(request, User.objects.filter(pk=user.pk)):
        return _sheet(request, None, **context)
    return _sheet(request, give(), **context)


@require_POST
def first_sign_in_mail(request: TenantRequest, user_id: int) -> HttpResponse:
    """A link by e-mail, with which the person chooses a password."""
    user = person_in_sight(request, user_id)
    if not user.email:
        raise Http404
    mail_first_sign_in(actor=request.actor, user=user, link=link_to_choose_password(request, user))
    messages.success(request, _("The link is on its way to %s.") % user.name)
    return redirect("accounts:user", user.pk)


@require_http_methods(["GET", "HEAD", "POST"])
def first_sign_ins(request: TenantRequest, course_id: int) -> HttpResponse:
    """Slips for the students of a course who have no password; GET says for how many."""
    course = get_object_or_404(permitted(request.actor, SEE_COURSE_PEOPLE), pk=course_id)
    if not may(request.actor, SET_UP_SIGN_INS, request.root_account):
        raise Denied(SET_UP_SIGN_INS)
    students = _students(request, course)
    in_course = User.objects.filter(enrolments__course=course)
    without = students.filter(password__startswith=UNUSABLE_PASSWORD_PREFIX)
    waiting = students.filter(one_time_password_until__isnull=False)
    people_url = reverse("courses:people", args=[course.pk])
    crumbs = [(course.name, people_url), (_("First sign-ins"), "")]
    context = {
        "heading": _("First sign-ins for %(course)s") % {"course": course.name},
        "course": course,
        "breadcrumbs": crumbs,
        "back_url": people_url,
    }
    if request.method == "POST" and _was_sent_before(request, in_course):
        return _sheet(request, None, **context)
    if request.method == "POST":
        chosen = students if "again" in request.POST else without
        passwords = hand_out_passwords(actor=request.actor, users=list(chosen))
        return _sheet(request, passwords, **context)
    context |= {
        "newest": newest_hand_out(in_course),
        "without": without.count(),
        "waiting": waiting.count(),
        "all": students.count(),
        "days": ONE_TIME_PASSWORD_LIFETIME.days,
    }
    return render(request, "accounts/first_sign_ins.html", context)


def _students(request: TenantRequest, course: Course) -> QuerySet[User]:
    """The course's students without a password of their own, by name."""
    here = Enrolment.objects.filter(OF_A_STUDENT, course=course, user=OuterRef("pk"))
    found: QuerySet[User] = permitted(request.actor, SET_UP_SIGN_IN).filter(Exists(here))
    return found.order_by("name_key", "pk")


def newest_hand_out(users: QuerySet[User]) -> int:
    """The id of the event of the last one-time password that one of them got; 0 for none.

    A form carries it: sent a second time (a page loaded again) it would not be the last any more.
    """
    given = Event.objects.filter(action__in=HAND_OUTS, subject__in=users.values("pk"))
    return given.order_by("-pk").values_list("pk", flat=True).first() or 0


def _was_sent_before(request: TenantRequest, users: QuerySet[User]) -> bool:
    newest = request.POST.get("newest", "")
    return bool(newest) and newest != str(newest_hand_out(users))


def _sheet(
    request: TenantRequest, passwords: dict[User, str] | None, **context: Any
) -> HttpResponse:
    """The passwords, here and never again; None: what was sent had been answered before."""
    context |= {
        "slips": [{"user": user, "password": text} for user, text in (passwords or {}).items()],
        "is_repeated": passwords is None,
        "address": request.build_absolute_uri(reverse("account_login")),
        "until": timezone.now() + ONE_TIME_PASSWORD_LIFETIME,
    }
    return render(request, "accounts/first_sign_in_slips.html", context)
