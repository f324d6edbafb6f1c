"""People of an account, and the page of one person with their observers and students."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import people
from accounts.actions.people import add_person
from accounts.devices import devices_of
from accounts.forms import LoginOfPersonForm, PeopleFilter, PersonForm
from accounts.middleware import TenantRequest
from accounts.models import User
from accounts.rules import ADD_PERSON, SEE_PEOPLE_OF_ACCOUNT
from accounts.sight import (
    Crumbs,
    account_in_sight,
    breadcrumbs,
    breadcrumbs_below,
    breadcrumbs_to,
    person_in_sight,
)
from accounts.views.first_sign_ins import newest_hand_out
from courses.models import Enrolment
from courses.people import role_name
from courses.rules import SEE_DETAILS, SEE_ENROLLED, SEE_USER_PAGE
from oauth.panels import approved_by
from pairing.actions import NotLive, OwnCode, link, settle_question, unlink
from pairing.models import ObservationLink
from pairing.rules import MANAGE_OBSERVERS, UNLINK
from pairing_service.columns import columns
from permissions.policy import Denied, answered, permitted

if TYPE_CHECKING:
    from accounts.sight import SeenAccount, SeenUser

PEOPLE_PER_PAGE = 50


@require_safe
def account_people(request: TenantRequest, account_id: int) -> HttpResponse:
    """Everyone who is of the account: search, filter, sort, pages. Eight statements or so."""
    account = account_in_sight(request, account_id, required=SEE_PEOPLE_OF_ACCOUNT)
    disclosed = people.Disclosed(account.shows_login, account.shows_email, account.shows_sis_id)
    found = people.shown(request.actor, account, request.GET.get("show", ""))
    found = people.search(found, request.GET.get("q", ""), disclosed)
    found, sorted_by = people.sort(found, request.GET.get("sort", ""), disclosed)
    page = Paginator(found, PEOPLE_PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "account": account,
        "breadcrumbs": breadcrumbs(request, account, _("People")),
        "page": page,
        "columns": columns(_labels(disclosed), sorted_by),
        "disclosed": disclosed,
        "filters": PeopleFilter(request.GET),
        "search_label": _search_label(disclosed),
        "needs_others": not account.may_set_up_sign_ins and any(map(_has_no_password, page)),
        "is_narrowed": any(request.GET.get(name) for name in ("q", "show")),
    }
    return render(request, "accounts/account_people.html", context)


def _has_no_password(user: User) -> bool:
    return user.state == User.State.ACTIVE and not user.has_usable_password()


def _search_label(disclosed: people.Disclosed) -> str:
    if disclosed.login or disclosed.email or disclosed.sis_id:
        return _("Search by name or id")
    return _("Search by name")


def _labels(disclosed: people.Disclosed) -> dict[str, str]:
    labels = {"name": _("Name")}
    labels |= {"login": _("Login")} if disclosed.login else {}
    labels |= {"email": _("E-mail")} if disclosed.email else {}
    return labels | ({"sis_id": _("SIS ID")} if disclosed.sis_id else {})


def _crumbs_to_adding(request: TenantRequest, account: SeenAccount) -> Crumbs:
    """To the page that adds a person, through the list for who may see it."""
    page = _("Add a person")
    if not account.may_see_people:
        return breadcrumbs(request, account, page)
    return breadcrumbs_below(request, account, (_("People"), "accounts:account-people"), page)


@require_http_methods(["GET", "HEAD", "POST"])
def person_add(request: TenantRequest, account_id: int) -> HttpResponse:
    """A new person of the tenant; then their page, which offers their first sign-in."""
    account = account_in_sight(request, account_id, required=ADD_PERSON)
    form = PersonForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            added = add_person(actor=request.actor, **form.cleaned_data)
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, _("%(person)s has been added.") % {"person": added.name})
            return redirect("accounts:user", added.pk)
    context = {
        "account": account,
        "root": request.root_account,
        "breadcrumbs": _crumbs_to_adding(request, account),
        "form": form,
    }
    return render(request, "accounts/person_add.html", context, status=422 if form.errors else 200)


@require_safe
def user(request: TenantRequest, user_id: int) -> HttpResponse:
    """A person: details, enrolments, observers and students, acting as, first sign-in."""
    return user_page(request, person_in_sight(request, user_id))


def user_page(
    request: TenantRequest, user: SeenUser, *, status: int = 200, **forms: LoginOfPersonForm
) -> HttpResponse:
    """The page of a person; `forms` are those that were sent and are wrong, by name."""
    request.page_url = reverse("accounts:user", args=[user.pk])
    context = {
        "user": user,
        "breadcrumbs": breadcrumbs_to(request, user),
        "enrolments": [(e, role_name(e.role)) for e in _enrolments(request, user)],
        "observer_form": forms.get("observer_form") or LoginOfPersonForm(prefix="observer"),
        "student_form": forms.get("student_form") or LoginOfPersonForm(prefix="student"),
        "login_form": forms.get("login_form") or LoginOfPersonForm(prefix="login"),
        "logins": user.logins.order_by("pk") if user.shows_logins else None,
        "sign_ins": _sign_ins(request, user) if user.may_sign_out else None,
        "removed": _just_removed(request, user),
        **_links(request, user),
    }
    if user.may_set_up_sign_in or user.may_replace_password:
        context["newest_hand_out"] = newest_hand_out(User.objects.filter(pk=user.pk))
    return render(request, "accounts/user.html", context, status=status)


def _sign_ins(request: TenantRequest, user: User) -> dict[str, Any]:
    """Browsers, applications and access tokens with which the person comes in."""
    return {
        "devices": devices_of(user, this=request.session.session_key),
        "integrations": approved_by(user),
        "tokens": user.access_tokens.kept().order_by("-pk"),
    }


def _enrolments(request: TenantRequest, user: User) -> QuerySet[Enrolment]:
    """Those that the actor may see, each with whether its User Details page opens for them."""
    seen = permitted(request.actor, SEE_ENROLLED).filter(user=user)
    rows = answered(seen, request.actor, has_details=SEE_DETAILS)
    return rows.select_related("course__account", "section", "role", "associated_user").order_by(
        "course__name", "pk"
    )


def _links(request: TenantRequest, user: SeenUser) -> dict[str, Any]:
    """All for who may see the person's links; else those with people whose pages open, too."""
    links = answered(ObservationLink.objects.active(), request.actor, may_remove=UNLINK)
    if not user.shows_links:
        seen = permitted(request.actor, SEE_USER_PAGE).values("pk")
        links = links.filter(observer__in=seen, student__in=seen)
    return {
        "observer_links": links.filter(student=user)
        .exclude(observer__state=User.State.DELETED)
        .select_related("observer")
        .order_by("observer__name_key", "pk"),
        "student_links": links.filter(observer=user)
        .exclude(student__state=User.State.DELETED)
        .select_related("student")
        .order_by("student__name_key", "pk"),
    }


def _just_removed(request: TenantRequest, user: SeenUser) -> ObservationLink | None:
    """The link that has just been removed here, so that it can be undone."""
    text = request.GET.get("removed", "")
    if not (user.may_manage_observers and text.isascii() and text.isdecimal() and len(text) < 19):
        return None
    ended = ObservationLink.objects.filter(pk=int(text), state=ObservationLink.State.DELETED)
    mine = ended.filter(observer=user) | ended.filter(student=user)
    return mine.select_related("observer", "student").first()


@require_POST
def link_add(request: TenantRequest, user_id: int, other: str) -> HttpResponse:
    """Link somebody, by login, as the person's "observer", or as a "student" of theirs."""
    user = person_in_sight(request, user_id)
    form = LoginOfPersonForm(request.POST, prefix=other)
    named = _named(request, form)
    if named and _link(request, form, **({"observer": user, "student": user} | {other: named})):
        return redirect("accounts:user", user.pk)
    return user_page(request, user, status=422, **{f"{other}_form": form})


def _named(request: TenantRequest, form: LoginOfPersonForm) -> User | None:
    """Whose login the form names; None, and the form says so, when it is nobody's."""
    if not form.is_valid():
        return None
    found = User.objects.with_login(request.root_account.pk, form.cleaned_data["login"]).first()
    if found is None or not permitted(request.actor, MANAGE_OBSERVERS).filter(pk=found.pk).exists():
        form.add_error("login", _("Nobody here has this login."))
        return None
    return found


def _link(
    request: TenantRequest, form: LoginOfPersonForm, *, observer: User, student: User
) -> bool:
    """Make the link and say so; False, and the form says why, when it can't be."""
    try:
        is_new = link(actor=request.actor, observer=observer, student=student)
    except OwnCode:
        form.add_error("login", _("Nobody observes themself."))
        return False
    names = {"observer": observer.name, "student": student.name}
    said = (
        _("%(observer)s observes %(student)s now.")
        if is_new
        else _("%(observer)s observed %(student)s already.")
    )
    messages.success(request, said % names)
    return True


@require_POST
def link_remove(request: TenantRequest, user_id: int, link_id: int) -> HttpResponse:
    """End a link of the person; their page then offers to undo it."""
    user = person_in_sight(request, user_id)
    removable = permitted(request.actor, UNLINK).active().select_related("observer", "student")
    mine = removable.filter(observer=user) | removable.filter(student=user)
    found = get_object_or_404(mine, pk=link_id)
    try:
        unlink(actor=request.actor, link=found)
    except NotLive as error:
        raise Http404 from error
    return redirect(f"{reverse('accounts:user', args=[user.pk])}?removed={found.pk}")


@require_POST
def link_settle(request: TenantRequest, user_id: int, link_id: int) -> HttpResponse:
    """The student said that this observer isn't right; somebody has looked into it: they are."""
    user = person_in_sight(request, user_id)
    if not user.may_manage_observers:
        raise Denied(MANAGE_OBSERVERS)
    active = ObservationLink.objects.active().select_related("observer", "student")
    mine = active.filter(observer=user) | active.filter(student=user)
    found = get_object_or_404(mine, pk=link_id)
    try:
        settle_question(actor=request.actor, link=found)
    except NotLive as error:
        raise Http404 from error
    words = {"observer": found.observer.name, "student": found.student.name}
    messages.success(request, _("%(observer)s keeps observing %(student)s.") % words)
    return redirect("accounts:user", user.pk)


@require_POST
def link_restore(request: TenantRequest, user_id: int, link_id: int) -> HttpResponse:
    """Undo a removal."""
    user = person_in_sight(request, user_id)
    if not user.may_manage_observers:
        raise Denied(MANAGE_OBSERVERS)
    ended = ObservationLink.objects.select_related("observer", "student")
    mine = ended.filter(observer=user) | ended.filter(student=user)
    found = get_object_or_404(mine, pk=link_id, root_account=request.root_account)
    link(actor=request.actor, observer=found.observer, student=found.student)
    messages.success(request, _("The link is back."))
    return redirect("accounts:user", user.pk)
