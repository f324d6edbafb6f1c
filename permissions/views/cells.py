"""One cell of the grid: what holds there and why, and changing it. A page, or the grid's menu."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.middleware import TenantRequest
from accounts.sight import account_in_sight
from permissions.actions import OverrideChanged, dangers_of, undo_overrides, update_overrides
from permissions.cell_panel import CellPanel, cell_panel
from permissions.forms import ChoiceForm
from permissions.grid import Choice, change_of
from permissions.overrides import OverrideRefused
from permissions.panels import role_in_sight
from permissions.policy import Denied
from permissions.rules import CHANGE_ANY_OVERRIDE, MANAGE_OVERRIDES
from permissions.undoing import LastChange
from permissions.views.coming_back import back_url

# What a script is sent with 4xx it does not show, but for this.
_SHOWN_BY_SCRIPTS = 422


@require_http_methods(["GET", "HEAD", "POST"])
def cell(request: TenantRequest, account_id: int, role_id: int, key: str) -> HttpResponse:
    """One permission, or a group, of a role in an account; POST changes it."""
    account = account_in_sight(request, account_id, required=MANAGE_OVERRIDES)
    panel = cell_panel(request, account, role_in_sight(account, role_id), key)
    if request.method != "POST":
        return _menu(request, panel)
    form = ChoiceForm(request.POST)
    if not form.is_valid():
        return _menu(request, panel, wrong=_("This page was too old. Try again."), status=422)
    return _change(request, panel, form)


def _change(request: TenantRequest, panel: CellPanel, form: ChoiceForm) -> HttpResponse:
    choice = Choice(form.cleaned_data["choice"])
    changes = {panel.key: change_of(choice, panel.state, of_part=panel.is_part)}
    target: Any = {"account": panel.account, "role": panel.role, "changes": changes}
    try:
        if not form.cleaned_data["confirmed"] and (dangers := dangers_of(**target)):
            return _menu(request, panel, dangers=dangers, choice=choice, status=422)
        seen = form.cleaned_data["seen"]
        changed = update_overrides(actor=request.actor, expected=seen, **target)
    except OverrideChanged:
        wrong = _("Somebody else has changed this since you looked. This is how it is now:")
        return _menu(request, panel.renewed(request), wrong=wrong, status=409)
    except OverrideRefused:
        return _menu(request, panel, wrong=_("This can't be set so."), status=422)
    except Denied as error:
        return _menu(request, panel.renewed(request), wrong=_why_denied(error), status=403)
    panel = panel.renewed(request)
    last = LastChange(panel.account.pk, panel.role.pk, panel.key, panel.sentence, changed)
    last.keep(request.session)
    return _done(request, panel, last)


def _why_denied(error: Denied) -> str:
    if error.rule is not CHANGE_ANY_OVERRIDE:
        raise error
    return _("You can switch on only what you hold here yourself. An Account Admin can do this.")


def _menu(
    request: TenantRequest, panel: CellPanel, *, status: int = 200, **more: Any
) -> HttpResponse:
    context = {"panel": panel, "account": panel.account, "back_url": back_url(request, panel)}
    if not _is_menu(request):
        context |= {"breadcrumbs": panel.breadcrumbs, **more}
        return render(request, "permissions/cell.html", context, status=status)
    status = status if status == 200 else _SHOWN_BY_SCRIPTS
    context |= {"is_menu": True, **more}
    response = render(request, "permissions/_cell_menu.html", context, status=status)
    response["HX-Retarget"], response["HX-Reswap"] = "#menu", "innerHTML"
    return response


def _done(request: TenantRequest, panel: CellPanel, last: LastChange | None) -> HttpResponse:
    """The cell as it is now, for a script; else back to where it was."""
    if _is_menu(request):
        context = {"panel": panel, "last": last, "account": panel.account, "is_new": True}
        return render(request, "permissions/_last_change.html", context)
    return redirect(f"{back_url(request, panel)}#cell-{panel.role.pk}-{panel.key}")


def _is_menu(request: TenantRequest) -> bool:
    """Whether a script asks for a part of the page that it is on."""
    return request.headers.get("HX-Request") == "true"


@require_POST
def undo(request: TenantRequest, account_id: int) -> HttpResponse:
    """Take back the person's last change, unless somebody has changed it since."""
    account = account_in_sight(request, account_id, required=MANAGE_OVERRIDES)
    last = LastChange.kept_in(request.session, account)
    if last is None:
        raise Http404
    role = role_in_sight(account, last.role_id)
    panel = cell_panel(request, account, role, last.key)
    last.drop(request.session)
    try:
        undo_overrides(actor=request.actor, account=account, role=role, changed=last.changed)
    except OverrideChanged:
        return _not_undone(request, panel, _("Somebody has changed it since, so it stays."))
    except Denied as error:
        return _not_undone(request, panel, _why_denied(error))
    panel = panel.renewed(request)
    if not _is_menu(request):
        messages.success(request, _("Undone: %(sentence)s") % {"sentence": panel.sentence})
    return _done(request, panel, None)


def _not_undone(request: TenantRequest, panel: CellPanel, why: str) -> HttpResponse:
    panel = panel.renewed(request)
    if _is_menu(request):
        context = {"panel": panel, "wrong": why, "is_new": True}
        return render(request, "permissions/_last_change.html", context)
    messages.warning(request, why)
    return _done(request, panel, None)
