"""Who may change roles and overrides, and administrators."""

from __future__ import annotations

from accounts.models import Account
from permissions.policy import holds_in_account, rule

MANAGE_OVERRIDES = rule(
    "manage_overrides", Account, "see and change what roles may do in an account"
).row("administrator", holds_in_account("manage_role_overrides"))
