"""Adding people to a course, and ending, suspending and bringing back their places there."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.middleware import TenantRequest
from courses import enrolling
from courses.actions import (
    EnrolmentRefused,
    WrongState,
    bring_back,
    conclude,
    enrol_all,
    inactivate,
    remove,
)
from courses.forms import EnrolForm
from courses.models import Course, Enrolment
from courses.people import enrolments_of, named_to, role_in_words
from courses.rules import ENROL, SEE_ENROLLED, UNENROL, adds_students_everywhere, may_give
from courses.views.people import course_in_sight, crumbs_to
from permissions.policy import Denied

# What can be done to a place: the action, and what is said then.
_STEPS = {
    "conclude": (conclude, gettext_lazy("%(person)s's place as %(role)s is concluded.")),
    "suspend": (inactivate, gettext_lazy("%(person)s's place as %(role)s is suspended.")),
    "bring_back": (bring_back, gettext_lazy("%(person)s's place as %(role)s is active again.")),
    "remove": (remove, gettext_lazy("%(person)s is no longer there as %(role)s.")),
}


@require_http_methods(["GET", "HEAD", "POST"])
def enrol(request: TenantRequest, course_id: int) -> HttpResponse:
    """Find people, tick them, choose a role and a section."""
    course = course_in_sight(request, course_id)
    offer = enrolling.offer_of(request.actor, course)
    if not offer:
        raise Denied(ENROL[Enrolment.Type.STUDENT])
    form = EnrolForm(
        request.POST if request.method == "POST" else None,
        people=enrolling.can_be_added(request.actor, offer),
        roles=enrolling.roles_for(offer),
        sections=enrolling.sections_of(course),
    )
    if form.is_valid() and _enrol(request, course, form):
        return redirect("courses:people", course.pk)
    text = request.POST.get("q", "") if request.method == "POST" else request.GET.get("q", "")
    found, has_more = enrolling.find(request.actor, course, offer, text)
    context = {
        "course": course,
        "breadcrumbs": [*crumbs_to(request.actor, course), (_("Add people"), None)],
        "form": form,
        "text": text,
        "found": found,
        "has_more": has_more,
        "ticked": request.POST.getlist("people"),
        "offer": offer,
        "adds_everywhere": adds_students_everywhere(request.actor),
    }
    return render(request, "courses/enrol.html", context, status=422 if form.errors else 200)


def _enrol(request: TenantRequest, course: Course, form: EnrolForm) -> bool:
    """Put them there and say so; False, and the form says why, when it is refused."""
    people, role = list(form.cleaned_data["people"]), form.cleaned_data["role"]
    section = form.cleaned_data["section"]
    section.course = course
    try:
        made = enrol_all(actor=request.actor, users=people, section=section, role=role)
    except EnrolmentRefused:
        form.add_error(None, _("This can't be done any more: the role or the course has ended."))
        return False
    invited = sum(one.state == Enrolment.State.INVITED for one in made)
    for count, said in ((len(made) - invited, _in_it), (invited, _invited)):
        if count:
            messages.success(request, said(count) % {"count": count, "course": course.name})
    return True


def _in_it(count: int) -> str:
    return ngettext(
        "%(count)d person is in %(course)s now.", "%(count)d people are in %(course)s now.", count
    )


def _invited(count: int) -> str:
    return ngettext(
        "%(count)d person has been invited to %(course)s, and answers under Courses.",
        "%(count)d people have been invited to %(course)s, and answer under Courses.",
        count,
    )


@require_safe
def enrolments(request: TenantRequest, course_id: int, user_id: int) -> HttpResponse:
    """The places that a person has in the course, with what can be done to each."""
    course = course_in_sight(request, course_id)
    places = list(enrolling.places_to_change(request.actor, course, user_id))
    if not places:
        _refuse(request, course, user_id)
    user = places[0].user
    context = {
        "course": course,
        "person": user,
        "places": [
            (place, role_in_words(place), may_give(request.actor, place.role_id, course))
            for place in places
        ],
        "is_oneself": user == request.actor.person,
        "breadcrumbs": [*crumbs_to(request.actor, course), (user.name, None)],
    }
    return render(request, "courses/enrolments.html", context)


def _refuse(request: TenantRequest, course: Course, user_id: int) -> None:
    """404 for who can't see the person there, 403 for who may change nothing."""
    seen = enrolments_of(request.actor, course, user_id, SEE_ENROLLED)
    if not seen:
        raise Http404
    raise Denied(UNENROL[seen[0].type])


@require_POST
def enrolment_change(
    request: TenantRequest, course_id: int, enrolment_id: int, step: str
) -> HttpResponse:
    """One step of a place: "conclude", "suspend", "bring_back" or "remove"."""
    course = course_in_sight(request, course_id)
    if step not in _STEPS:
        raise Http404
    named = Enrolment.objects.filter(named_to(request.actor), course=course)
    there: Any = named.select_related("user", "role", "associated_user", "course__account")
    enrolment = get_object_or_404(there, pk=enrolment_id)
    if not enrolments_of(request.actor, course, enrolment.user_id, SEE_ENROLLED):
        raise Http404
    act = _STEPS[step][0]
    words = {"person": enrolment.user.name, "role": role_in_words(enrolment)}
    try:
        act(actor=request.actor, enrolment=enrolment)
        messages.success(request, _said(step, enrolment) % words)
    except WrongState:
        messages.info(request, _("Somebody else has changed that place just before. Look again."))
    return redirect(_after(request, course, enrolment))


def _said(step: str, enrolment: Enrolment) -> str:
    if step == "bring_back" and enrolment.state == Enrolment.State.INVITED:
        return _("%(person)s's place as %(role)s is an invitation again.")
    return str(_STEPS[step][1])


def _after(request: TenantRequest, course: Course, enrolment: Enrolment) -> str:
    """The same page while there is something on it; who removed themself may see nothing more."""
    left = enrolling.places_to_change(request.actor, course, enrolment.user_id)
    if left.exists():
        return reverse("courses:enrolments", args=[course.pk, enrolment.user_id])
    if enrolment.user == request.actor.person:
        return reverse("accounts:home")
    return reverse("courses:people", args=[course.pk])
