"""Who may read what happened."""

from __future__ import annotations

from accounts.models import Account
from permissions.policy import holds_in_account, rule

SEE_EVENTS = rule("see_events", Account, "see the events of an account").row(
    "administrator", holds_in_account("manage_account_settings")
)
