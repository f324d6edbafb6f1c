"""User Settings: ending what one has approved."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.middleware import TenantRequest
from oauth.actions.granting import end_integrations
from oauth.models import DeveloperKey


@require_POST
def integration_end(request: TenantRequest, key_id: int) -> HttpResponse:
    """End an application's approval on all devices; one that has ended already is none."""
    person = request.actor.person
    assert person is not None
    own = DeveloperKey.objects.filter(integrations__user=person).distinct()
    key = get_object_or_404(own, pk=key_id)
    end_integrations(actor=request.actor, user=person, key=key)
    messages.success(request, _("%(name)s no longer acts for you.") % {"name": key.name})
    return redirect("accounts:settings")
