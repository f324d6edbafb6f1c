"""The courses of an account: the list, and adding one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.middleware import TenantRequest
from accounts.sight import Crumbs, account_in_sight, breadcrumbs, breadcrumbs_below
from courses import listing
from courses.actions import create_course
from courses.forms import CourseForm, CoursesFilter
from courses.rules import ADD_COURSE, SEE_COURSE_PEOPLE, SEE_COURSES_OF_ACCOUNT
from pairing_service.columns import columns
from permissions.policy import may

if TYPE_CHECKING:
    from accounts.sight import SeenAccount

COURSES_PER_PAGE = 50


@require_safe
def account_courses(request: TenantRequest, account_id: int) -> HttpResponse:
    """Every course of the account and of all below it: search, filter, sort, pages."""
    account = account_in_sight(request, account_id, required=SEE_COURSES_OF_ACCOUNT)
    text, deleted = request.GET.get("q", ""), listing.deleted_courses(request.actor, account)
    is_of_deleted = request.GET.get("show") == "deleted"
    found = deleted if is_of_deleted else listing.courses_of_account(account)
    found = listing.search(found, text, shows_sis_id=account.shows_sis_id)
    found = listing.shown(found, request.GET.get("show", ""))
    found, sorted_by = listing.sort(found, request.GET.get("sort", ""))
    labels = {"name": _("Course"), "code": _("Code"), "account": _("Account")}
    page = Paginator(found, COURSES_PER_PAGE).get_page(request.GET.get("page"))
    of_page: Any = page.object_list
    page.object_list = listing.rows(of_page, request.actor)
    context = {
        "account": account,
        "breadcrumbs": breadcrumbs(request, account, _("Courses")),
        "page": page,
        "columns": columns(labels, sorted_by),
        "filters": CoursesFilter(request.GET, has_deleted=is_of_deleted or deleted.exists()),
        "is_narrowed": any(request.GET.get(name) for name in ("q", "show")),
    }
    return render(request, "courses/account_courses.html", context)


def _crumbs(request: TenantRequest, account: SeenAccount) -> Crumbs:
    """To the page that adds a course, through the list for who may see it."""
    page = _("Add a course")
    if not account.may_see_courses:
        return breadcrumbs(request, account, page)
    return breadcrumbs_below(request, account, (_("Courses"), "courses:account-courses"), page)


@require_http_methods(["GET", "HEAD", "POST"])
def course_add(request: TenantRequest, account_id: int) -> HttpResponse:
    """A new course of the account; then its People page, to fill it."""
    account = account_in_sight(request, account_id, required=ADD_COURSE)
    form = CourseForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        course = create_course(actor=request.actor, account=account, **form.cleaned_data)
        messages.success(request, _("%(course)s has been added.") % {"course": course.name})
        if may(request.actor, SEE_COURSE_PEOPLE, course):
            return redirect("courses:people", course.pk)
        return redirect("accounts:account", account.pk)
    context = {
        "account": account,
        "breadcrumbs": _crumbs(request, account),
        "form": form,
    }
    return render(request, "courses/course_add.html", context, status=422 if form.errors else 200)
