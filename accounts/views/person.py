"""What administrators do to a person: edit, suspend, let in again, delete; logins."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.actions.logins import LastLogin, add_login, remove_login
from accounts.actions.people import change_person, delete_person, lift_suspension, suspend
from accounts.forms import DetailsForm, LoginOfPersonForm
from accounts.middleware import TenantRequest
from accounts.models import Login
from accounts.rules import EDIT_DETAILS, SEE_PEOPLE_OF_ACCOUNT
from accounts.sight import breadcrumbs_to, person_in_sight
from accounts.views.people import user_page
from permissions.actions.administrators import LastAdministrator
from permissions.policy import Denied, may

if TYPE_CHECKING:
    from accounts.sight import SeenUser


@require_http_methods(["GET", "HEAD", "POST"])
def user_edit(request: TenantRequest, user_id: int) -> HttpResponse:
    """Change someone's names, and their e-mail address and SIS id where that may be done."""
    user = person_in_sight(request, user_id)
    if not user.may_edit:
        raise Denied(EDIT_DETAILS)
    data = request.POST if request.method == "POST" else None
    form = DetailsForm(data, user=user, without=_not_changeable(user))
    if form.is_valid():
        try:
            change_person(actor=request.actor, person=user, fields=form.cleaned_data)
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, _("Saved."))
            return redirect("accounts:user", user.pk)
    context = {"user": user, "form": form, "breadcrumbs": breadcrumbs_to(request, user, _("Edit"))}
    return render(request, "accounts/user_edit.html", context, status=422 if form.errors else 200)


def _not_changeable(user: SeenUser) -> list[str]:
    """Fields that may not be changed, or not even be seen."""
    may_change = {
        "email": user.may_change_email and user.shows_email,
        "sis_id": user.may_change_sis_id and user.shows_sis_id,
    }
    return [name for name, allowed in may_change.items() if not allowed]


@require_POST
def user_suspend(request: TenantRequest, user_id: int) -> HttpResponse:
    """Keep someone out until it is lifted."""
    user = person_in_sight(request, user_id)
    try:
        suspend(actor=request.actor, person=user)
    except LastAdministrator:
        return _last_administrator(request, user)
    messages.success(request, _("%(person)s is suspended.") % {"person": user.name})
    return redirect("accounts:user", user.pk)


@require_POST
def user_lift(request: TenantRequest, user_id: int) -> HttpResponse:
    """Let someone in again."""
    user = person_in_sight(request, user_id)
    lift_suspension(actor=request.actor, person=user)
    messages.success(request, _("%(person)s may sign in again.") % {"person": user.name})
    return redirect("accounts:user", user.pk)


@require_POST
def user_delete(request: TenantRequest, user_id: int) -> HttpResponse:
    """Delete someone, with all that they are in; then to the people of the root account."""
    user = person_in_sight(request, user_id)
    try:
        delete_person(actor=request.actor, person=user)
    except LastAdministrator:
        return _last_administrator(request, user)
    messages.success(request, _("%(person)s is deleted.") % {"person": user.name})
    if may(request.actor, SEE_PEOPLE_OF_ACCOUNT, request.root_account):
        return redirect("accounts:account-people", request.root_account.pk)
    return redirect("accounts:account-list")


def _last_administrator(request: TenantRequest, user: SeenUser) -> HttpResponse:
    said = _(
        "%(person)s is the last Account Admin of %(school)s who can sign in: without them nobody"
        " could manage it. Make somebody else an Account Admin first."
    )
    messages.error(request, said % {"person": user.name, "school": request.root_account.name})
    return user_page(request, user, status=422)


@require_POST
def login_add(request: TenantRequest, user_id: int) -> HttpResponse:
    """A further login of someone."""
    user = person_in_sight(request, user_id)
    form = LoginOfPersonForm(request.POST, prefix="login")
    if form.is_valid():
        try:
            added = add_login(actor=request.actor, user=user, login_id=form.cleaned_data["login"])
        except ValidationError as error:
            form.add_error(
                "login", [text for texts in error.message_dict.values() for text in texts]
            )
        else:
            words = {"person": user.name, "login": added.login_id}
            messages.success(request, _("%(person)s also signs in as %(login)s now.") % words)
            return redirect(f"{reverse('accounts:user', args=[user.pk])}#logins")
    return user_page(request, user, status=422, login_form=form)


@require_POST
def login_remove(request: TenantRequest, user_id: int, login_id: int) -> HttpResponse:
    """Take a login away; the last one stays."""
    user = person_in_sight(request, user_id)
    login = get_object_or_404(Login.objects.filter(user=user).select_related("user"), pk=login_id)
    try:
        remove_login(actor=request.actor, login=login)
    except Login.DoesNotExist as error:
        raise Http404 from error
    except LastLogin:
        messages.error(request, _("The last login of a person can't be removed."))
        return user_page(request, user, status=422)
    messages.success(request, _("The login %(login)s is removed.") % {"login": login.login_id})
    return redirect(f"{reverse('accounts:user', args=[user.pk])}#logins")
