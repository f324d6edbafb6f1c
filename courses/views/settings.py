"""A course's settings: what it is called, when it is, and what becomes of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from accounts.middleware import TenantRequest
from courses.actions import (
    Step,
    WrongState,
    conclude_course,
    delete_course,
    publish_course,
    restore_course,
    unpublish_course,
    update_course,
)
from courses.forms import CourseSettingsForm
from courses.models import Course, Enrolment
from courses.rules import (
    CONCLUDE_COURSE,
    DELETE_COURSE,
    EDIT_COURSE,
    OF_SOMEONE_THERE,
    OPEN_COURSE_SETTINGS,
    PUBLISH_COURSE,
    RESTORE_COURSE,
    SEE_COURSE,
    SEE_COURSE_PEOPLE,
    SEE_COURSES_OF_ACCOUNT,
    SEE_SIS_IN_COURSE,
)
from courses.views.people import Crumbs, crumbs_to_courses
from permissions.policy import Denied, answered, may

if TYPE_CHECKING:

    class SeenCourse(Course):
        """A course with what the actor may do to it."""

        may_edit: bool
        may_publish: bool
        may_conclude: bool
        may_delete: bool
        may_restore: bool
        has_people: bool
        shows_sis: bool
        has_settings: bool


# What can become of a course: the action, and what is said then.
_STEPS: dict[str, tuple[Step, Any]] = {
    "publish": (publish_course, gettext_lazy("%(course)s is published.")),
    "unpublish": (unpublish_course, gettext_lazy("%(course)s is no longer published.")),
    "conclude": (conclude_course, gettext_lazy("%(course)s is concluded.")),
    "delete": (delete_course, gettext_lazy("%(course)s is deleted.")),
    "restore": (
        restore_course,
        gettext_lazy("%(course)s is back, with everyone who was in it. It is not published yet."),
    ),
}


@require_http_methods(["GET", "HEAD", "POST"])
def course_settings(request: TenantRequest, course_id: int) -> HttpResponse:
    """Names and dates, and the steps that may be taken."""
    course = _course_in_sight(request, course_id)
    is_deleted = course.state == Course.State.DELETED
    form = None if is_deleted or not course.may_edit else _form(request, course)
    if request.method == "POST" and form is None:
        raise Denied(EDIT_COURSE)
    if form is not None and form.is_valid() and _save(request, course, form):
        messages.success(request, _("Saved."))
        return redirect("courses:course-settings", course.pk)
    people = Enrolment.objects.filter(OF_SOMEONE_THERE, course=course).values("user").distinct()
    context = {
        "course": course,
        "form": form,
        "is_deleted": is_deleted,
        "has_ended": course.is_concluded and course.state != Course.State.COMPLETED,
        "people": people.count(),
        "breadcrumbs": _crumbs(request, course),
    }
    status = 422 if form is not None and form.errors else 200
    return render(request, "courses/course_settings.html", context, status=status)


def _course_in_sight(request: TenantRequest, course_id: int) -> SeenCourse:
    """The course, or a deleted one that may be brought back. Http404 for who may not see it,
    Denied for who may do nothing to it."""
    actor, is_deleted = request.actor, Q(state=Course.State.DELETED)
    in_sight = (~is_deleted & SEE_COURSE.q(actor)) | (is_deleted & RESTORE_COURSE.q(actor))
    there = Course.objects.filter(in_sight, pk=course_id, root_account=actor.root_account)
    seen: Any = (
        answered(
            there,
            actor,
            may_edit=EDIT_COURSE,
            may_publish=PUBLISH_COURSE,
            may_conclude=CONCLUDE_COURSE,
            may_delete=DELETE_COURSE,
            may_restore=RESTORE_COURSE,
            has_people=SEE_COURSE_PEOPLE,
            shows_sis=SEE_SIS_IN_COURSE,
            has_settings=OPEN_COURSE_SETTINGS,
        )
        .select_related("account")
        .first()
    )
    course: SeenCourse | None = seen
    if course is None:
        raise Http404
    if course.state != Course.State.DELETED and not course.has_settings:
        raise Denied(EDIT_COURSE)
    return course


def _form(request: TenantRequest, course: Course) -> CourseSettingsForm:
    return CourseSettingsForm(request.POST if request.method == "POST" else None, course=course)


def _save(request: TenantRequest, course: Course, form: CourseSettingsForm) -> bool:
    """Only what was changed: a time keeps the seconds that its field can't show. False, and the
    form says why, when it is refused."""
    fields = {name: form.cleaned_data[name] for name in form.changed_data}
    try:
        update_course(actor=request.actor, course=course, fields=fields)
    except ValidationError as error:
        form.add_error(None, error)
    return not form.errors


def _crumbs(request: TenantRequest, course: SeenCourse) -> Crumbs:
    has_page = course.has_people and course.state != Course.State.DELETED
    people = reverse("courses:people", args=[course.pk]) if has_page else None
    return [
        *crumbs_to_courses(request.actor, course),
        *([(course.name, people)] if people else []),
        (_("Settings") if people else course.name, None),
    ]


@require_POST
def course_change(request: TenantRequest, course_id: int, step: str) -> HttpResponse:
    """One step: "publish", "unpublish", "conclude", "delete" or "restore"."""
    course = _course_in_sight(request, course_id)
    if step not in _STEPS:
        raise Http404
    act, done = _STEPS[step]
    try:
        act(actor=request.actor, course=course)
        messages.success(request, done % {"course": course.name})
    except WrongState:
        messages.info(request, _("Somebody else has changed the course just before. Look again."))
    # Whoever teaches a course holds less there once it is concluded.
    request.actor.memo.clear()
    is_there = course.state != Course.State.DELETED
    if is_there and may(request.actor, OPEN_COURSE_SETTINGS, course):
        return redirect("courses:course-settings", course.pk)
    if is_there and may(request.actor, SEE_COURSE_PEOPLE, course):
        return redirect("courses:people", course.pk)
    if may(request.actor, SEE_COURSES_OF_ACCOUNT, course.account):
        return redirect("courses:account-courses", course.account_id)
    return redirect("courses:course-list")
