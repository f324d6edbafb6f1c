"""Ids as clients write them: 12, self, sis_user_id:x, hex:sis_user_id:… (contract §1.9).

Every look-up is within the actor's tenant and answers None for what is not there.
"""

from __future__ import annotations

import re
from typing import Any

from django.db.models import Q

from accounts.actor import Actor
from accounts.models import Account, User, login_key

_FORM = re.compile(r"(?P<hex>hex:)?(?P<name>[a-z_]+):(?P<value>.+)", re.DOTALL)
_MOST = 2**63 - 1

_USER_FORMS = {
    "sis_user_id": lambda value: Q(sis_id=value),
    "sis_login_id": lambda value: Q(login_key=login_key(value)),
    "sis_integration_id": lambda value: Q(integration_id=value),
    "uuid": lambda value: Q(uuid=value),
}
_ACCOUNT_FORMS = {
    "sis_account_id": lambda value: Q(sis_id=value),
    "sis_integration_id": lambda value: Q(integration_id=value),
    "uuid": lambda value: Q(uuid=value),
}


def find_user(actor: Actor, text: str) -> User | None:
    """The user of the tenant whom `text` names, unless deleted; `self` is the person."""
    if text == "self":
        return actor.person
    condition = id_condition(text, _USER_FORMS)
    users = User.objects.existing().filter(root_account=actor.root_account)
    return users.filter(condition).first() if condition else None


def find_account(actor: Actor, text: str) -> Account | None:
    """The account of the tenant that `text` names; `self` and `default` are the root account."""
    if text in ("self", "default", str(actor.root_account.pk)):
        return actor.root_account
    condition = id_condition(text, _ACCOUNT_FORMS)
    accounts = Account.objects.live().filter(root_account=actor.root_account)
    return accounts.filter(condition).first() if condition else None


def id_condition(text: str, forms: dict[str, Any]) -> Q | None:
    """The filter for a plain id or one of `forms`; None when it is neither."""
    if text.isascii() and text.isdecimal():
        return Q(pk=int(text)) if int(text) <= _MOST else None
    match = _FORM.fullmatch(text)
    if match is None or match["name"] not in forms or "\x00" in text:
        return None
    value = _unhexed(match["value"]) if match["hex"] else match["value"]
    if value is None or (match["name"] == "uuid" and not _is_uuid(value)):
        return None
    found: Q = forms[match["name"]](value)
    return found


def _unhexed(value: str) -> str | None:
    try:
        return bytes.fromhex(value).decode()
    except ValueError:
        return None


def _is_uuid(value: str) -> bool:
    return re.fullmatch(r"[0-9a-fA-F]{8}(-?[0-9a-fA-F]{4}){3}-?[0-9a-fA-F]{12}", value) is not None
