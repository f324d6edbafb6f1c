"""Acting as someone: begin and stop (spec/pairing.md "Acting as")."""

from __future__ import annotations

from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.actions import start_acting, stop_acting
from accounts.actor import Actor
from accounts.middleware import ACTING_AS, TenantRequest
from accounts.models import User
from accounts.rules import ACT_AS
from accounts.sight import breadcrumbs_to
from courses.rules import SEE_USER_PAGE
from permissions.policy import may, permitted, require


@require_http_methods(["GET", "HEAD", "POST"])
def act_as(request: TenantRequest, user_id: int) -> HttpResponse:
    """What acting as this person means, and one button; POST begins. Never from within acting."""
    user = User.objects.existing().filter(pk=user_id, root_account=request.root_account).first()
    if user is None or not _is_seen(request, user):
        raise Http404
    require(request.actor, ACT_AS, user)
    if request.method != "POST":
        crumbs = breadcrumbs_to(request, user, _("Act as"))
        return render(request, "accounts/act_as.html", {"user": user, "breadcrumbs": crumbs})
    start_acting(actor=request.actor, user=user)
    request.session.cycle_key()
    request.session[ACTING_AS] = user.pk
    return redirect("accounts:home")


def _is_seen(request: TenantRequest, user: User) -> bool:
    rules = (ACT_AS, SEE_USER_PAGE)
    return any(permitted(request.actor, rule).filter(pk=user.pk).exists() for rule in rules)


@require_POST
def act_as_stop(request: TenantRequest) -> HttpResponse:
    """Be oneself again, where it began: on the person's page; or where `next` leads."""
    person, real = request.actor.person, request.actor.real
    assert person is not None
    assert real is not None
    stop_acting(actor=request.actor)
    request.session.pop(ACTING_AS, None)
    request.session.cycle_key()
    wanted = request.POST.get("next", "")
    if url_has_allowed_host_and_scheme(wanted, {request.get_host()}, request.is_secure()):
        return HttpResponseRedirect(wanted)  # never a name of ours, as `redirect` would read it
    themself = Actor(request.root_account, real, real, request.actor.address)
    if person == real or not may(themself, SEE_USER_PAGE, person):
        return redirect("accounts:home")
    return redirect("accounts:user", person.pk)
