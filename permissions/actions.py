"""Writes to tenants, roles, overrides and memberships."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict

from django.db import transaction
from django.utils import timezone

from accounts.actions import check_password, names, place
from accounts.actor import Actor
from accounts.models import Account, Domain, RootAccountSettings, User
from audit.actions import event, record
from audit.models import Event
from permissions.catalogue import BaseRole, permission
from permissions.grants import grants_of
from permissions.inheritance import Row, cell
from permissions.models import AccountMembership, Override, OverrideVersion, Role
from permissions.overrides import OverrideChange, by_permission, check, row_after, switched_on
from permissions.policy import Denied, may, require
from permissions.rules import CHANGE_ANY_OVERRIDE, MANAGE_OVERRIDES
from permissions.table import Piece, bump

BUILT_IN_LABELS = {
    BaseRole.STUDENT: "Student",
    BaseRole.TEACHER: "Teacher",
    BaseRole.TA: "TA",
    BaseRole.DESIGNER: "Designer",
    BaseRole.OBSERVER: "Observer",
    BaseRole.ACCOUNT_ADMIN: "Account Admin",
}


_HOST = re.compile(r"[a-z0-9-]{1,63}(\.[a-z0-9-]{1,63})*", re.IGNORECASE)


class TenantRefused(Exception):
    """Why this root account cannot be made, in a sentence."""


@transaction.atomic
def create_root_account(
    *, name: str, login_id: str, password: str, self_registration: str, domain: str | None
) -> User:
    """A new tenant with its built-in roles and first administrator, who is returned.

    Only the command line does this. Without `domain` it answers on every allowed host that no
    other claims. Raises TenantRefused, ValidationError (name, login or password).
    """
    root = Account(name=name)
    _check(root, "name")
    root.save()
    place(root, None)
    _claim_hosts(root, domain, self_registration)
    OverrideVersion.objects.create(root_account=root)
    roles = {base: _built_in(root, base) for base in BUILT_IN_LABELS}
    user = User(root_account=root, login_id=login_id, **names(login_id))
    user.email = login_id if "@" in login_id else ""
    check_password(password, user)
    user.set_password(password)
    _check(user, "login_id")
    user.save()
    AccountMembership.objects.create(
        root_account=root, account=root, user=user, role=roles[BaseRole.ACCOUNT_ADMIN]
    )
    record(Actor(root, is_operator=True), "root_account_created", subject=user, account=root)
    return user


def _check(thing: Account | User, name: str) -> None:
    thing.clean_fields(exclude={field.name for field in thing._meta.fields} - {name})


def _claim_hosts(root: Account, domain: str | None, self_registration: str) -> None:
    settings = RootAccountSettings.objects
    if domain is None and settings.filter(answers_unclaimed_hosts=True).exists():
        raise TenantRefused(
            "Another root account already answers on every host that nobody claims: give --domain."
        )
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
        label=BUILT_IN_LABELS[base],
        base_role=base,
        state=Role.State.BUILT_IN,
    )


# --- Overrides ---


@transaction.atomic
def update_overrides(
    *, actor: Actor, account: Account, role: Role, changes: Mapping[str, OverrideChange]
) -> None:
    """Change what a role may do in an account, by permission or group (contract §4.2).

    What is unknown, not available to the role or locked above is left as it is. Raises
    OverrideRefused, and Denied also for switching on what the actor does not hold there; then
    nothing is written. The actor's root account has the old version afterwards.
    """
    _hold_overrides(actor)
    require(actor, MANAGE_OVERRIDES, account)
    asked = by_permission(changes)
    rows = _rows_of(role, asked)
    cells = {
        key: cell(permission(key), role.base_role, account.chain_ids, rows[key]) for key in asked
    }
    check(changes, cells)
    decided = {
        key: row_after(change, rows[key].get(account.pk), cells[key])
        for key, change in asked.items()
        if not cells[key].readonly
    }
    decided = {key: row for key, row in decided.items() if row != rows[key].get(account.pk)}
    for key, row in decided.items():
        _require_held(actor, account, role, key, rows[key], row)
    if decided:
        _write(actor, account, role, rows, decided)


def _hold_overrides(actor: Actor) -> None:
    """Writers queue here. What was known of anybody's rights may be over when it is one's turn."""
    versions = OverrideVersion.objects.select_for_update()
    actor.root_account.override_version = versions.get(root_account=actor.root_account)
    actor.memo.clear()


def _rows_of(role: Role, keys: Iterable[str]) -> dict[str, dict[int, Row]]:
    """The role's rows by permission and account, as they are under the lock."""
    rows: dict[str, dict[int, Row]] = {key: {} for key in keys}
    found = Override.objects.filter(role=role, permission__in=rows).values_list(
        "permission", "account_id", "enabled", "locked", "applies_to_self", "applies_to_descendants"
    )
    for key, account_id, *values in found:
        rows[key][account_id] = Row(*values)
    return rows


def _require_held(
    actor: Actor, account: Account, role: Role, key: str, before: dict[int, Row], row: Row | None
) -> None:
    """Raise Denied when the change switches on, anywhere, what the actor does not hold there."""
    if may(actor, CHANGE_ANY_OVERRIDE, account):
        return
    after = {pk: other for pk, other in before.items() if pk != account.pk}
    if row is not None:
        after[account.pk] = row
    below = Account.objects.within(account).filter(pk__in=before).exclude(pk=account.pk)
    paths = [account.path, *below.values_list("path", flat=True)]
    pieces = [Piece(path, here, not here) for path in paths for here in (True, False)]
    on = switched_on(permission(key), role.base_role, [p.chain for p in pieces], before, after)
    areas = [
        grants_of(actor, user).area(key, as_administrator=True)
        for user in {actor.person, actor.real}
        if user is not None
    ]
    for piece in pieces:
        if piece.chain in on and not all(area.covers(piece) for area in areas):
            raise Denied(CHANGE_ANY_OVERRIDE)


def _write(
    actor: Actor,
    account: Account,
    role: Role,
    before: dict[str, dict[int, Row]],
    decided: dict[str, Row | None],
) -> None:
    there = Override.objects.filter(account=account, role=role)
    there.filter(permission__in=[key for key, row in decided.items() if row is None]).delete()
    Override.objects.bulk_create(
        (
            Override(
                root_account=actor.root_account,
                account=account,
                role=role,
                permission=key,
                updated_at=timezone.now(),
                **asdict(row),
            )
            for key, row in decided.items()
            if row is not None
        ),
        update_conflicts=True,
        unique_fields=["account", "role", "permission"],
        update_fields=[
            "enabled", "locked", "applies_to_self", "applies_to_descendants", "updated_at"
        ],
    )  # fmt: skip
    Event.objects.bulk_create(
        event(
            actor,
            "override_changed",
            account=account,
            role=role.pk,
            permission=key,
            before=_told(before[key].get(account.pk)),
            after=_told(row),
        )
        for key, row in decided.items()
    )
    bump(actor.root_account)


def _told(row: Row | None) -> dict[str, bool] | None:
    return asdict(row) if row else None
