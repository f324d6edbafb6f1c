"""Pages of courses: the person's own, People, User Details."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.middleware import TenantRequest
from accounts.rules import SET_UP_SIGN_IN
from courses import people as shown
from courses.actions import WrongState, accept_invitation, decline_invitation
from courses.forms import PeopleFilter
from courses.models import Course, Enrolment
from courses.rules import ANSWER_INVITATION, SEE_COURSE_PEOPLE, SEE_DETAILS, SEE_ENROLLED
from pairing.panels import details_panel, observers_of
from permissions.policy import permitted, require

COURSES_PER_PAGE = 50
PEOPLE_PER_PAGE = 50


# --- The person's courses ---


@require_safe
def course_list(request: TenantRequest) -> HttpResponse:
    """The person's courses and invitations; `q` looks into names and codes."""
    person = request.actor.person
    assert person is not None
    courses, invitations = shown.courses_of(request.actor, person)
    text = request.GET.get("q", "").strip().casefold()
    found = [row for row in courses if text in f"{row.course} {row.course.course_code}".casefold()]
    page = Paginator(found, COURSES_PER_PAGE).get_page(request.GET.get("page"))
    context = {"page": page, "invitations": invitations, "is_searchable": len(courses) > 10 or text}
    return render(request, "courses/course_list.html", context)


@require_POST
def invitation_accept(request: TenantRequest, enrolment_id: int) -> HttpResponse:
    """The invited person says yes."""
    enrolment = _invitation(request, enrolment_id)
    try:
        accept_invitation(actor=request.actor, enrolment=enrolment)
        said = _("You are in %(course)s now.")
    except WrongState:
        said = _("The invitation to %(course)s is over.")
    messages.success(request, said % {"course": enrolment.course.name})
    return redirect("courses:course-list")


@require_POST
def invitation_decline(request: TenantRequest, enrolment_id: int) -> HttpResponse:
    """The invited person says no."""
    enrolment = _invitation(request, enrolment_id)
    try:
        decline_invitation(actor=request.actor, enrolment=enrolment)
        said = _("You declined the invitation to %(course)s.")
    except WrongState:
        said = _("The invitation to %(course)s is over.")
    messages.success(request, said % {"course": enrolment.course.name})
    return redirect("courses:course-list")


def _invitation(request: TenantRequest, enrolment_id: int) -> Enrolment:
    own = permitted(request.actor, ANSWER_INVITATION).select_related("course__account", "user")
    enrolment: Enrolment = get_object_or_404(own, pk=enrolment_id)
    return enrolment


# --- People ---


@require_safe
def people(request: TenantRequest, course_id: int) -> HttpResponse:
    """Who is in a course: search, one role, pages."""
    actor, course = request.actor, _course(request, course_id)
    sight = shown.sight_of(actor, course)
    there = shown.enrolments_seen(actor, course, sight)
    filters = PeopleFilter(request.GET, roles=shown.roles_in(there))
    if filters.role_id:
        there = there.filter(role=filters.role_id)
    found = shown.people_found(there, sight, request.GET.get("q", ""))
    order = "-" if request.GET.get("sort") == "-name" else ""
    found = found.order_by(f"{order}sortable_name", f"{order}pk")
    page = Paginator(found, PEOPLE_PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "course": course,
        "sight": sight,
        "filters": filters,
        "page": page,
        "people": shown.person_rows(actor, course, there, list(page)),
        "is_narrowed": bool(request.GET.get("q", "").strip() or filters.role_id),
        "is_descending": bool(order),
        "menu": _page_menu(request, course),
        "breadcrumbs": [*_to_courses(), (course.name, None)],
    }
    return render(request, "courses/people.html", context)


def _course(request: TenantRequest, course_id: int) -> Course:
    courses: Any = permitted(request.actor, SEE_COURSE_PEOPLE)
    course: Course = get_object_or_404(courses.existing().select_related("account"), pk=course_id)
    return course


def _to_courses() -> list[tuple[str, str | None]]:
    return [(_("Courses"), reverse("courses:course-list"))]


def _page_menu(request: TenantRequest, course: Course) -> list[tuple[str, str]]:
    """What can be done for the whole course; nothing that can't."""
    without_sign_in = permitted(request.actor, SET_UP_SIGN_IN).filter(enrolments__course=course)
    if not without_sign_in.exists():
        return []
    return [(_("First sign-ins"), reverse("accounts:first-sign-ins", args=[course.pk]))]


# --- User Details ---


@require_safe
def user_details(request: TenantRequest, course_id: int, user_id: int) -> HttpResponse:
    """One person of a course. 404 for who can't see them there, 403 for who can't see details."""
    actor, course = request.actor, _course(request, course_id)
    enrolments = shown.enrolments_of(actor, course, user_id, SEE_DETAILS)
    if not enrolments:
        _refuse(request, course, user_id)
    user = enrolments[0].user
    context = {
        "course": course,
        "person": user,
        "facts": shown.facts_of(user, shown.sight_of(actor, course)),
        "enrolments": [(e, shown.role_in_words(e)) for e in enrolments],
        "observers": observers_of(actor, user),
        "panel": details_panel(actor, user, course),
        "breadcrumbs": [
            *_to_courses(),
            (course.name, reverse("courses:people", args=[course.pk])),
            (user.name, None),
        ],
    }
    return render(request, "courses/user_details.html", context)


def _refuse(request: TenantRequest, course: Course, user_id: int) -> None:
    seen = shown.enrolments_of(request.actor, course, user_id, SEE_ENROLLED)
    if not seen:
        raise Http404
    require(request.actor, SEE_DETAILS, seen[0])
