"""Which tenant a request is for: the host name decides (DESIGN "Tenants")."""

from __future__ import annotations

import ipaddress
from copy import copy

from django.conf import settings
from django.http import HttpRequest
from django.http.request import split_domain_port

from accounts.models import Account
from pairing_service.statements import first

# Root accounts with their settings, as of the version that is read with every request.
_read: dict[int, Account] = {}


def root_account_for(host: str) -> Account | None:
    """The root account of a host name, with its settings and override version: one statement.

    A claimed host is its claimer's; any other belongs to the root account that answers unclaimed
    hosts, or to the only one there is. None when nobody answers.
    """
    row = first(_ANSWERING, host=host)
    if row is None:
        return None
    root_account_id, number = row
    known = _read.get(root_account_id)
    if known is None or known.override_version.number != number:
        rows = Account.objects.select_related("settings", "override_version")
        known = _read[root_account_id] = rows.get(pk=root_account_id)
    # A copy, because requests may change theirs before it is saved.
    return copy(known)


_ANSWERING = """
SELECT a.id, v.number
  FROM accounts_account a
  JOIN accounts_rootaccountsettings s ON s.account_id = a.id
  JOIN permissions_overrideversion v ON v.root_account_id = a.id
  LEFT JOIN accounts_domain d ON d.root_account_id = a.id AND d.host = %(host)s
 WHERE a.state = 'active'
   AND (d.id IS NOT NULL OR s.answers_unclaimed_hosts
        OR (SELECT COUNT(*) FROM accounts_rootaccountsettings) = 1)
 ORDER BY d.id IS NULL
 LIMIT 1
"""


def host_of(request: HttpRequest) -> str:
    """The host name that was asked for, in lower case, without port ("[::1]" for IPv6) and without
    the dot at the end that says the same."""
    return split_domain_port(request.get_host())[0]


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
        ip = ipaddress.ip_address(address or "")
    except ValueError:
        return None
    # As a socket for both kinds writes what comes over IPv4.
    return str((isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped) or ip)
