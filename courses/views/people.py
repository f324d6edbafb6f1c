"""The people of a course, and one of them in detail."""

from __future__ import annotations

from typing import Any

from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.actor import Actor
from accounts.middleware import TenantRequest
from accounts.people import in_order
from accounts.rules import SET_UP_SIGN_IN
from courses import people as shown
from courses.enrolling import offer_of, places_to_change
from courses.forms import PeopleFilter
from courses.models import Course
from courses.rules import (
    ADMINISTER_ACCOUNT,
    OPEN_COURSE_SETTINGS,
    SEE_COURSE_PEOPLE,
    SEE_DETAILS,
    SEE_ENROLLED,
)
from pairing.panels import details_panel, observers_of
from pairing.rules import ISSUE_FOR_COURSE
from permissions.policy import may, permitted, require

PEOPLE_PER_PAGE = 50
Crumbs = list[tuple[str, str | None]]


# --- People ---


@require_safe
def people(request: TenantRequest, course_id: int) -> HttpResponse:
    """Who is in a course: search, one role, pages."""
    actor, course = request.actor, course_in_sight(request, course_id)
    sight = shown.sight_of(actor, course)
    there = shown.enrolments_seen(actor, course, sight)
    filters = PeopleFilter(request.GET, roles=shown.roles_in(there))
    if filters.role_id:
        there = there.filter(role=filters.role_id)
    found = shown.people_found(there, sight, request.GET.get("q", ""))
    is_descending = request.GET.get("sort") == "-name"
    found = in_order(found, "name_key", is_descending=is_descending)
    page = Paginator(found, PEOPLE_PER_PAGE).get_page(request.GET.get("page"))
    rows = shown.person_rows(actor, course, there, list(page))
    context = {
        "course": course,
        "sight": sight,
        "filters": filters,
        "page": page,
        "people": rows,
        "has_menus": any(row.has_details or row.may_change for row in rows),
        "may_add": bool(offer_of(actor, course)),
        "has_settings": may(actor, OPEN_COURSE_SETTINGS, course),
        "is_narrowed": bool(request.GET.get("q", "").strip() or filters.role_id),
        "is_descending": is_descending,
        "menu": _page_menu(request, course),
        "breadcrumbs": [*crumbs_to_courses(actor, course), (course.name, None)],
    }
    return render(request, "courses/people.html", context)


def course_in_sight(request: TenantRequest, course_id: int) -> Course:
    """The course, for who may see who is in it. Raises Http404."""
    courses: Any = permitted(request.actor, SEE_COURSE_PEOPLE)
    course: Course = get_object_or_404(courses.existing().select_related("account"), pk=course_id)
    return course


def crumbs_to_courses(actor: Actor, course: Course) -> Crumbs:
    """An administrator comes from the course's account, everyone else from their own courses."""
    if not may(actor, ADMINISTER_ACCOUNT, course.account):
        return [(_("Courses"), reverse("courses:course-list"))]
    account_url = reverse("accounts:account", args=[course.account_id])
    return [(_("Accounts"), reverse("accounts:account-list")), (course.account.name, account_url)]


def crumbs_to(actor: Actor, course: Course) -> Crumbs:
    """To a page below the course's People."""
    people = (course.name, reverse("courses:people", args=[course.pk]))
    return [*crumbs_to_courses(actor, course), people]


def _page_menu(request: TenantRequest, course: Course) -> list[tuple[str, str]]:
    """What can be done for the whole course; nothing that can't."""
    items = []
    if may(request.actor, ISSUE_FOR_COURSE, course):
        items.append((_("Export pairing codes"), reverse("pairing:codes-export", args=[course.pk])))
    without_sign_in = permitted(request.actor, SET_UP_SIGN_IN).filter(enrolments__course=course)
    if without_sign_in.exists():
        items.append((_("First sign-ins"), reverse("accounts:first-sign-ins", args=[course.pk])))
    return items


# --- User Details ---


@require_safe
def user_details(request: TenantRequest, course_id: int, user_id: int) -> HttpResponse:
    """One person of a course. 404 for who can't see them there, 403 for who can't see details."""
    actor, course = request.actor, course_in_sight(request, course_id)
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
            *crumbs_to(actor, course),
            (user.name, None),
        ],
        "may_change": places_to_change(actor, course, user.pk).exists(),
    }
    return render(request, "courses/user_details.html", context)


def _refuse(request: TenantRequest, course: Course, user_id: int) -> None:
    seen = shown.enrolments_of(request.actor, course, user_id, SEE_ENROLLED)
    if not seen:
        raise Http404
    require(request.actor, SEE_DETAILS, seen[0])
