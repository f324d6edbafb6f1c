"""Roles, overrides, and who holds which role in which account."""

from __future__ import annotations

import secrets

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Account, User
from pairing_service.naming import NameColumn
from permissions.catalogue import COURSE_BASE_ROLES, BaseRole


class RoleQuerySet(models.QuerySet["Role"]):
    def usable(self) -> RoleQuerySet:
        """Roles that can be given to someone now."""
        return self.exclude(state=Role.State.INACTIVE)


class Role(models.Model):
    """A named set of permissions. Built-in ones hang on the root account, one per base role."""

    class State(models.TextChoices):
        BUILT_IN = "built_in", _("built in")
        ACTIVE = "active", _("active")
        INACTIVE = "inactive", _("inactive")

    root_account = models.ForeignKey(Account, models.CASCADE, related_name="+")
    account = models.ForeignKey(Account, models.CASCADE, related_name="roles")
    label = NameColumn(max_length=255)
    base_role = models.CharField(max_length=20, choices=[(b.value, b.value) for b in BaseRole])
    state = models.CharField(max_length=8, choices=State.choices, default=State.ACTIVE)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = RoleQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["root_account", "base_role"],
                condition=Q(state="built_in"),
                name="built_in_role_once_per_base",
            ),
            models.UniqueConstraint(
                fields=["account", "label"],
                condition=~Q(state="inactive"),
                name="role_label_once_per_account",
            ),
            models.CheckConstraint(
                condition=~Q(state="built_in", base_role="AccountMembership"),
                name="account_membership_is_no_built_in_role",
            ),
        ]

    def __str__(self) -> str:
        return self.label

    @property
    def is_account_role(self) -> bool:
        return self.base_role not in COURSE_BASE_ROLES

    @property
    def name(self) -> str:
        """The wire's internal name: the base role's for built-in ones (contract §4.1)."""
        return self.base_role if self.state == self.State.BUILT_IN else self.label


class Override(models.Model):
    """What an account decides about one permission of one role (spec "Overrides")."""

    root_account = models.ForeignKey(Account, models.CASCADE, related_name="+")
    account = models.ForeignKey(Account, models.CASCADE, related_name="overrides")
    role = models.ForeignKey(Role, models.CASCADE, related_name="overrides")
    permission = models.CharField(max_length=63)
    enabled = models.BooleanField()
    locked = models.BooleanField(default=False)
    applies_to_self = models.BooleanField(default=True)
    applies_to_descendants = models.BooleanField(default=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["account", "role", "permission"], name="override_once"),
            models.CheckConstraint(
                condition=Q(applies_to_self=True) | Q(applies_to_descendants=True),
                name="override_applies_somewhere",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.permission} for role {self.role_id} in account {self.account_id}"


class AccountMembershipQuerySet(models.QuerySet["AccountMembership"]):
    def active(self) -> AccountMembershipQuerySet:
        return self.filter(state=AccountMembership.State.ACTIVE)


class AccountMembership(models.Model):
    """An administrator: a person, their role, and the account in which they hold it."""

    class State(models.TextChoices):
        ACTIVE = "active", _("active")
        DELETED = "deleted", _("deleted")

    root_account = models.ForeignKey(Account, models.CASCADE, related_name="+")
    account = models.ForeignKey(Account, models.CASCADE, related_name="memberships")
    user = models.ForeignKey(User, models.CASCADE, related_name="memberships")
    role = models.ForeignKey(Role, models.PROTECT, related_name="memberships")
    state = models.CharField(max_length=8, choices=State.choices, default=State.ACTIVE)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = AccountMembershipQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "account", "role"], name="membership_once")
        ]

    def __str__(self) -> str:
        return f"user {self.user_id} in account {self.account_id}"


def new_version() -> int:
    """A number that no table was ever compiled under, also after a backup has been restored."""
    return secrets.randbits(62)


class OverrideVersion(models.Model):
    """Names a tenant's state of roles, overrides, accounts and settings. A process that has read
    them under another number reads them anew (spec/permissions.md "Cost")."""

    root_account = models.OneToOneField(
        Account, models.CASCADE, primary_key=True, related_name="override_version"
    )
    number = models.PositiveBigIntegerField(default=new_version)
