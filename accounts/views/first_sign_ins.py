"""First sign-ins for people from a roster, who have no password: slips, or a link by e-mail."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.db.models import Exists, OuterRef, QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from accounts.actions import ONE_TIME_PASSWORD_LIFETIME, hand_out_passwords, mail_first_sign_in
from accounts.middleware import TenantRequest
from accounts.models import User
from accounts.rules import SET_UP_SIGN_IN, SET_UP_SIGN_INS
from accounts.sight import breadcrumbs_to, person_in_sight
from accounts.signin import link_to_choose_password
from courses.models import Course, Enrolment
from courses.rules import OF_A_STUDENT, SEE_COURSE_PEOPLE
from permissions.policy import Denied, may, permitted, require


@never_cache
@require_POST
def first_sign_in(request: TenantRequest, user_id: int) -> HttpResponse:
    """A one-time password for one person, on a slip that is shown once."""
    user = person_in_sight(request, user_id)
    require(request.actor, SET_UP_SIGN_IN, user)
    crumbs = breadcrumbs_to(request, user, _("First sign-in"))
    return _sheet(
        request, [user], breadcrumbs=crumbs, back_url=reverse("accounts:user", args=[user.pk])
    )


@require_POST
def first_sign_in_mail(request: TenantRequest, user_id: int) -> HttpResponse:
    """A link by e-mail, with which the person chooses a password."""
    user = person_in_sight(request, user_id)
    if not user.email:
        raise Http404
    mail_first_sign_in(actor=request.actor, user=user, link=link_to_choose_password(request, user))
    messages.success(request, _("The link is on its way to %s.") % user.name)
    return redirect("accounts:user", user.pk)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def first_sign_ins(request: TenantRequest, course_id: int) -> HttpResponse:
    """Slips for the students of a course who have no password; GET says for how many."""
    course = get_object_or_404(permitted(request.actor, SEE_COURSE_PEOPLE), pk=course_id)
    if not may(request.actor, SET_UP_SIGN_INS, request.root_account):
        raise Denied(SET_UP_SIGN_INS)
    students = _students(request, course)
    without = students.filter(password__startswith=UNUSABLE_PASSWORD_PREFIX)
    waiting = students.filter(one_time_password_until__isnull=False)
    people_url = reverse("courses:people", args=[course.pk])
    crumbs = [(course.name, people_url), (_("First sign-ins"), "")]
    if request.method == "POST":
        chosen = students if "again" in request.POST else without
        return _sheet(request, list(chosen), course=course, breadcrumbs=crumbs, back_url=people_url)
    context = {
        "course": course,
        "breadcrumbs": crumbs,
        "without": without.count(),
        "waiting": waiting.count(),
        "all": students.count(),
        "days": ONE_TIME_PASSWORD_LIFETIME.days,
        "back_url": people_url,
    }
    return render(request, "accounts/first_sign_ins.html", context)


def _students(request: TenantRequest, course: Course) -> QuerySet[User]:
    """The course's students without a password of their own, by name."""
    here = Enrolment.objects.filter(OF_A_STUDENT, course=course, user=OuterRef("pk"))
    found: QuerySet[User] = permitted(request.actor, SET_UP_SIGN_IN).filter(Exists(here))
    return found.order_by("sortable_name", "pk")


def _sheet(request: TenantRequest, users: list[User], **context: Any) -> HttpResponse:
    """Make the passwords and show them, here and never again."""
    passwords = hand_out_passwords(actor=request.actor, users=users)
    context |= {
        "slips": [{"user": user, "password": text} for user, text in passwords.items()],
        "address": request.build_absolute_uri(reverse("account_login")),
        "until": timezone.now() + ONE_TIME_PASSWORD_LIFETIME,
    }
    return render(request, "accounts/first_sign_in_slips.html", context)
