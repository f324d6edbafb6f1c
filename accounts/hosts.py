"""Which tenant a request is for: the host name decides (DESIGN "Tenants")."""

from __future__ import annotations

import ipaddress
import re

from django.conf import settings
from django.db.models import Exists, OuterRef
from django.http import HttpRequest

from accounts.models import Account, Domain


def root_account_for(host: str) -> Account | None:
    """The root account of a host name, with its settings and override version: one statement.

    A claimed host is its claimer's; any other belongs to the root account that answers unclaimed
    hosts, or to the only one there is. None when nobody answers.
    """
    claimed = Domain.objects.filter(root_account=OuterRef("pk"), host=host)
    candidates = list(
        Account.objects.roots()
        .live()
        .select_related("settings", "override_version")
        .annotate(claims=Exists(claimed))
        .order_by("-claims", "-settings__answers_unclaimed_hosts", "pk")[:2]
    )
    if not candidates:
        return None
    first = candidates[0]
    answers = first.claims or first.settings.answers_unclaimed_hosts or len(candidates) == 1
    return first if answers else None


def host_of(request: HttpRequest) -> str:
    """The host name that was asked for, in lower case and without port ("[::1]" for IPv6)."""
    return re.sub(r":\d+$", "", request.get_host().lower())


def address_of(request: HttpRequest) -> str | None:
    """The client's address: the entry of X-Forwarded-For that our outermost proxy wrote.

    What stands further left was sent by the client and proves nothing.
    """
    address = request.META.get("REMOTE_ADDR") or None
    trusted = settings.TRUSTED_PROXY_COUNT
    forwarded = [part.strip() for part in request.headers.get("X-Forwarded-For", "").split(",")]
    if trusted and len(forwarded) >= trusted:
        address = forwarded[-trusted]
    try:
        return str(ipaddress.ip_address(address or ""))
    except ValueError:
        return None
