"""The person's own courses, and the answers to their invitations."""

from __future__ import annotations

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from accounts.middleware import TenantRequest
from courses.actions import WrongState, accept_invitation, decline_invitation
from courses.models import Enrolment
from courses.people import courses_of
from courses.rules import ANSWER_INVITATION
from permissions.grants import grants_of
from permissions.policy import permitted

COURSES_PER_PAGE = 50
# What is done, and what is said then.
_ANSWERS = {
    "accept": (accept_invitation, gettext_lazy("You are in %(course)s now.")),
    "decline": (decline_invitation, gettext_lazy("You declined the invitation to %(course)s.")),
}


@require_safe
def course_list(request: TenantRequest) -> HttpResponse:
    """The person's courses and invitations; `q` looks into names and codes."""
    person = request.actor.person
    assert person is not None
    courses, invitations = courses_of(request.actor, person)
    text = request.GET.get("q", "").strip().casefold()
    found = [row for row in courses if text in f"{row.course} {row.course.course_code}".casefold()]
    page = Paginator(found, COURSES_PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "invitations": invitations,
        "is_searchable": len(courses) > 10 or text,
        "administers": bool(grants_of(request.actor, person).administers),
    }
    return render(request, "courses/course_list.html", context)


@require_POST
def invitation_answer(request: TenantRequest, enrolment_id: int, answer: str) -> HttpResponse:
    """The invited person says yes ("accept") or no ("decline")."""
    own = permitted(request.actor, ANSWER_INVITATION).select_related("course__account", "user")
    enrolment: Enrolment = get_object_or_404(own, pk=enrolment_id)
    act, done = _ANSWERS[answer]
    try:
        act(actor=request.actor, enrolment=enrolment)
        said = str(done)
    except WrongState:
        said = _("The invitation to %(course)s is over.")
    messages.success(request, said % {"course": enrolment.course.name})
    return redirect("courses:course-list")
