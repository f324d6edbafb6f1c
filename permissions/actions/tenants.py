"""Writes to tenants: a new one, with its built-in roles and first administrator."""

from __future__ import annotations

import re

from django.core.exceptions import ValidationError
from django.db import transaction

from accounts.actions import checked_login, hashed_password, names, place, set_fields
from accounts.actor import Actor
from accounts.models import Account, Domain, RootAccountSettings, User
from audit.actions import record
from permissions.catalogue import BASE_ROLE_LABELS, BaseRole
from permissions.models import AccountMembership, OverrideVersion, Role

BUILT_IN = [base for base in BaseRole if base != BaseRole.ACCOUNT_MEMBERSHIP]


_HOST = re.compile(r"[a-z0-9-]{1,63}(\.[a-z0-9-]{1,63})*", re.IGNORECASE)


class TenantRefused(Exception):
    """Why this root account cannot be made, in a sentence."""


@transaction.atomic
def create_root_account(
    *, name: str, login_id: str, password: str, self_registration: str, domain: str | None
) -> User:
    """A new tenant with its built-in roles and first administrator, who is returned.

    Only the command line does this. Without `domain` it answers on every allowed host that no
    other claims. Raises TenantRefused, ValidationError (`name`, `login_id`, `password`).
    """
    root = Account()
    if errors := set_fields(root, {"name": name.strip()}):
        raise ValidationError(errors)
    login_id = checked_login(login_id)
    root.save()
    place(root, None)
    _claim_hosts(root, domain, self_registration)
    OverrideVersion.objects.create(root_account=root)
    roles = {base: _built_in(root, base) for base in BUILT_IN}
    user = User(root_account=root, login_id=login_id, **names(login_id))
    user.email = login_id if "@" in login_id else ""
    user.password = hashed_password(user, password)
    user.save()
    AccountMembership.objects.create(
        root_account=root, account=root, user=user, role=roles[BaseRole.ACCOUNT_ADMIN]
    )
    record(Actor(root, is_operator=True), "root_account_created", subject=user, account=root)
    return user


def _claim_hosts(root: Account, domain: str | None, self_registration: str) -> None:
    settings = RootAccountSettings.objects
    if domain is None and settings.filter(answers_unclaimed_hosts=True).exists():
        raise TenantRefused(
            "Another root account already answers on every host that nobody claims: give --domain."
        )
    if domain is not None and not domain.strip():
        raise TenantRefused("The domain is empty: give a host name, or leave --domain out.")
    if domain and not _HOST.fullmatch(domain):
        raise TenantRefused(f"“{domain}” is not a host name.")
    if domain and Domain.objects.filter(host=domain.lower()).exists():
        raise TenantRefused(f"Another root account already answers on {domain}.")
    settings.create(
        account=root, self_registration=self_registration, answers_unclaimed_hosts=domain is None
    )
    if domain:
        Domain.objects.create(root_account=root, host=domain.lower())


def _built_in(root: Account, base: BaseRole) -> Role:
    return Role.objects.create(
        root_account=root,
        account=root,
        label=BASE_ROLE_LABELS[base],
        base_role=base,
        state=Role.State.BUILT_IN,
    )
