"""Pages of pairing: making a code, live codes, observers, Observing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.middleware import TenantRequest
from accounts.models import User
from accounts.people import named, searched
from courses.models import Course
from courses.rules import SEE_SIS_IN_COURSE
from courses.views.people import course_in_sight, crumbs_to
from pairing import panels
from pairing.actions import (
    CodeRefused,
    IssuedCode,
    NotLive,
    OwnCode,
    Redemption,
    issue_code,
    question_link,
    redeem_code,
    revoke_code,
    unlink,
)
from pairing.cookies import drop_code, kept_code
from pairing.exports import export_codes, of_course, prospect_of
from pairing.forms import CodeForm
from pairing.guesses import TooManyGuesses
from pairing.models import ObservationLink, PairingCode
from pairing.panels import Place
from pairing.refusals import why_not_add, why_not_for_course, why_refused
from pairing.rules import ISSUE_FOR_COURSE, QUESTION_LINK, REDEEM, SEE_CODE, UNLINK
from pairing.serializers import EXPORT_HEADER, export_row
from pairing.templatetags.moments import moment
from pairing_service.http.spreadsheets import csv_response
from permissions.policy import Denied, may, permitted

STUDENTS_PER_PAGE = 25
# Where the session keeps whom someone who has just registered is linked to.
WELCOME = "registered_for"
# What the address of Observing says of someone who is signed in and wanted to register.
CAME_TO_REGISTER = "registering"


# --- Making a code ---


@require_http_methods(["GET", "HEAD", "POST"])
def issue_on_settings(request: TenantRequest) -> HttpResponse:
    """“Pair with observer” of User Settings, as a page or in a dialog; POST makes a code."""
    return _issue(request, panels.place_on_settings(request.actor))


@require_http_methods(["GET", "HEAD", "POST"])
def issue_on_details(request: TenantRequest, course_id: int, user_id: int) -> HttpResponse:
    """The same on User Details in a course. 404 when there is no such student to be seen."""
    place = panels.place_on_details(request.actor, course_id, user_id)
    if place is None:
        raise Http404
    return _issue(request, place)


def _issue(request: TenantRequest, place: Place) -> HttpResponse:
    """The code is in this one answer and nowhere else: no redirect, no message, no session."""
    if request.method != "POST":
        return _dialog(request, place)
    if _was_sent_before(request, place):
        return _dialog(request, place, is_repeated=True)
    try:
        code = issue_code(
            actor=request.actor, action=place.rule, target=place.target, surface=place.surface
        )
    except Denied:
        return _dialog(request, place, status=403)
    return _dialog(request, place, code)


def _was_sent_before(request: TenantRequest, place: Place) -> bool:
    """Whether a code was made since the form was shown: with this very form, whose page was loaded
    again, or in another tab. What is said is true of both."""
    newest = request.POST.get("newest", "")
    return bool(newest) and newest != str(panels.newest_code(request.actor, place.student))


def _dialog(
    request: TenantRequest,
    place: Place,
    code: IssuedCode | None = None,
    *,
    is_repeated: bool = False,
    status: int = 200,
) -> HttpResponse:
    address = request.build_absolute_uri(reverse("pairing:register"))
    panel = panels.dialog(request.actor, place)
    context = {
        "panel": panel,
        "code": code,
        "address": address.partition("://")[2],
        "share_text": _message_to_share(code, address) if code else "",
        "is_repeated": is_repeated,
        "is_dialog": _is_dialog(request),
    }
    if status == 200 and not panel["may_issue"]:
        status = 403
    if not _is_dialog(request):
        return render(request, "pairing/issue.html", context, status=status)
    # What a script gets as 403 it does not show.
    status = 422 if status == 403 else status
    return render(request, "pairing/_issue_dialog.html", context, status=status)


def _is_dialog(request: TenantRequest) -> bool:
    """Whether a script asks for a part of the page that it is on."""
    return request.headers.get("HX-Request") == "true"


def _message_to_share(code: IssuedCode, address: str) -> str:
    return _(
        "Pairing code for %(student)s: %(code)s. Type it in at %(address)s until %(until)s."
        " It works once."
    ) % {
        "student": code.student.guarded_name,
        "code": code.shown,
        "address": address,
        "until": moment(code.expires_at),
    }


# --- Codes for all students of a course ---


@require_safe
def codes_export(request: TenantRequest, course_id: int) -> HttpResponse:
    """Says for whom codes would be made, and what becomes of others; makes none."""
    return _export_page(request, course_in_sight(request, course_id))


@require_http_methods(["GET", "HEAD", "POST"])
def codes_export_file(request: TenantRequest, course_id: int) -> HttpResponseBase:
    """POST makes the codes, and is the one answer that has them. GET, the link that people know
    from elsewhere, leads to the page that asks: what a link opens must change nothing."""
    course = course_in_sight(request, course_id)
    if request.method != "POST":
        return redirect("pairing:codes-export", course.pk)
    actor = request.actor
    try:
        codes = export_codes(actor=actor, scope=of_course(course)).codes
    except Denied:
        codes = []
    if not codes:
        return _export_page(request, course, status=422)
    with_sis_ids = may(actor, SEE_SIS_IN_COURSE, course)
    rows = (export_row(code, with_sis_ids=with_sis_ids) for code in codes)
    return csv_response(f"{course.course_code}_Pairing_Codes.csv", EXPORT_HEADER, rows)


def _export_page(request: TenantRequest, course: Course, status: int = 200) -> HttpResponse:
    actor, settings = request.actor, request.root_account.settings
    may_export = may(actor, ISSUE_FOR_COURSE, course)
    context = {
        "course": course,
        "prospect": prospect_of(actor, of_course(course)) if may_export else None,
        "reason": "" if may_export else why_not_for_course(actor, course),
        "lifetime": panels.lifetime_in_words(settings.code_lifetime_hours),
        "until": timezone.now() + settings.code_lifetime,
        "limit": settings.live_codes_per_student,
        "breadcrumbs": [*crumbs_to(actor, course), (_("Export pairing codes"), None)],
    }
    status = status if may_export else 403
    return render(request, "pairing/codes_export.html", context, status=status)


# --- Live codes ---


@require_POST
def code_revoke(request: TenantRequest, code_id: int) -> HttpResponse:
    """End a live code, and come back to where it was listed."""
    codes = permitted(request.actor, SEE_CODE).select_related("student")
    code: PairingCode = get_object_or_404(codes, pk=code_id)
    try:
        revoke_code(actor=request.actor, code=code)
        said = _("The code that ends in %(hint)s is revoked. It can't be used any more.")
    except NotLive:
        said = _("The code that ends in %(hint)s had ended already.")
    said %= {"hint": code.hint}
    if _is_dialog(request):
        return _lists_of_codes(request, code.student, said)
    messages.success(request, said)
    return _back(request)


def _lists_of_codes(request: TenantRequest, student: User, said: str) -> HttpResponse:
    """Both lists that a page can have: its own, and the one in the open dialog."""
    codes = panels.live_codes(request.actor, student)
    context = {
        "codes": codes,
        "said": said,
        "asked": request.POST.get("list"),
        "back_url": _back_url(request),
    }
    return render(request, "pairing/_code_lists.html", context)


def _back_url(request: TenantRequest) -> str:
    url = request.POST.get("back", "")
    is_ours = url_has_allowed_host_and_scheme(url, {request.get_host()}, request.is_secure())
    return url if is_ours else reverse("accounts:settings")


def _back(request: TenantRequest) -> HttpResponseRedirect:
    return HttpResponseRedirect(_back_url(request))


# --- Who observes me ---


@require_POST
def observer_question(request: TenantRequest, link_id: int) -> HttpResponse:
    """A student says that this observer isn't right; an administrator is told."""
    link = _link(request, QUESTION_LINK, link_id)
    told = _("The administrators of %(school)s have been told about %(observer)s.")
    known = _("You have said so before: the administrators of %(school)s know of %(observer)s.")
    _act(request, question_link, link, told, known)
    return redirect("accounts:settings")


@require_POST
def observer_remove(request: TenantRequest, link_id: int) -> HttpResponse:
    """A student removes an observer, where the root account lets them."""
    link = _link(request, UNLINK, link_id)
    _act(request, unlink, link, _("%(observer)s doesn't observe you any more."))
    return redirect("accounts:settings")


def _link(request: TenantRequest, rule: Any, link_id: int) -> ObservationLink:
    """Whoever is neither of the two, nor an administrator, does not learn that they are linked."""
    links = permitted(request.actor, rule).select_related("observer", "student")
    link: ObservationLink = get_object_or_404(links, pk=link_id)
    return link


def _act(
    request: TenantRequest,
    action: Callable[..., bool | None],
    link: ObservationLink,
    said: str,
    otherwise: str = "",
) -> None:
    """Do it with a live link, and say so; `otherwise` where it changed nothing."""
    try:
        if action(actor=request.actor, link=link) is False:
            said = otherwise
    except NotLive:
        said = _("That link had ended already.")
    names = {
        "observer": link.observer.name,
        "student": link.student.name,
        "school": request.root_account.name,
    }
    messages.success(request, said % names)


# --- Observing ---


@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def observees(request: TenantRequest) -> HttpResponse:
    """Whom the person observes; POST adds a student by code."""
    if request.method == "POST":
        return _add_student(request)
    kept = kept_code(request)
    return _observees_page(request, CodeForm(initial={"code": kept.text} if kept else None))


def _add_student(request: TenantRequest) -> HttpResponse:
    form = CodeForm(request.POST)
    if not form.is_valid():
        return _observees_page(request, form, status=422)
    person = request.actor.person
    assert person is not None
    try:
        done = redeem_code(actor=request.actor, observer=person, text=form.cleaned_data["code"])
    except Denied:
        return _observees_page(request, form, status=403)
    except TooManyGuesses as error:
        form.add_error("code", why_refused(error))
        return retry_later(_observees_page(request, form, status=429), error)
    except (CodeRefused, OwnCode) as error:
        form.add_error("code", why_refused(error))
        is_own = isinstance(error, OwnCode)
        page = _observees_page(request, form, status=422, may_be_another=is_own)
        return _dropping_code(page)
    _tell_of(request, done)
    return _dropping_code(redirect("pairing:observees"))


def retry_later(response: HttpResponse, error: TooManyGuesses) -> HttpResponse:
    response["Retry-After"] = str(error.retry_after)
    return response


def _dropping_code(response: HttpResponse) -> HttpResponse:
    drop_code(response)
    return response


def _tell_of(request: TenantRequest, done: Redemption) -> None:
    names = {"student": done.student.name}
    if done.is_new:
        messages.success(request, _("You observe %(student)s now.") % names)
    else:
        said = _(
            "You observe %(student)s already. The code was not used up: somebody else can use it."
        )
        messages.info(request, said % names)


def _observees_page(
    request: TenantRequest, form: CodeForm, status: int = 200, *, may_be_another: bool = False
) -> HttpResponse:
    """`may_be_another`: who sits there may be somebody else than who is signed in."""
    actor, person = request.actor, request.actor.person
    assert person is not None
    every = _links_of(person)
    links = _named(every, request.GET.get("q", ""))
    page = Paginator(links, STUDENTS_PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "form": form,
        "why_not": "" if may(actor, REDEEM, person) else why_not_add(actor, person),
        "page": page,
        "observes_nobody": not page.paginator.count and not every.exists(),
        "students": panels.students_of(actor, person, list(page)),
        "is_searchable": page.has_other_pages() or "q" in request.GET,
        "welcome": _welcome(request, person),
        "may_be_another": may_be_another or CAME_TO_REGISTER in request.GET,
        "settings": request.root_account.settings,
    }
    return render(request, "pairing/observees.html", context, status=status)


def _links_of(observer: User) -> QuerySet[ObservationLink]:
    links = ObservationLink.objects.active().filter(observer=observer)
    links = links.exclude(student__state=User.State.DELETED).select_related("student")
    return links.order_by("student__name_key", "pk")


def _named(links: QuerySet[ObservationLink], text: str) -> QuerySet[ObservationLink]:
    """Those to students whose name fits the text, as on People; all when there is none."""
    text = searched(text)
    return links.filter(named(text, "student__name_key")) if text else links


def _welcome(request: TenantRequest, observer: User) -> ObservationLink | None:
    """The link that a registration has just made: told once."""
    student_id = request.session.pop(WELCOME, None)
    if student_id is None:
        return None
    links = ObservationLink.objects.active().filter(observer=observer, student=student_id)
    return links.select_related("student").first()


@require_POST
def observee_stop(request: TenantRequest, link_id: int) -> HttpResponse:
    """Stop observing a student; only a new code brings it back."""
    link = _link(request, UNLINK, link_id)
    _act(request, unlink, link, _("You don't observe %(student)s any more."))
    return redirect("pairing:observees")
