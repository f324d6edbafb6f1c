"""Who may do what to developer keys, and who lets applications act for them."""

from __future__ import annotations

from django.db.models import Q

from accounts.models import Account, User
from accounts.rules import IS_ROOT_ACCOUNT, IS_THEMSELF_NOT_ACTING
from oauth.models import DeveloperKey
from permissions.policy import Condition, holds_in_root, is_in, rule

MANAGE_DEVELOPER_KEYS = rule(
    "manage_developer_keys", Account, "see and add the developer keys of an account"
).row("administrator", IS_ROOT_ACCOUNT, holds_in_root("manage_developer_keys"))

CHANGE_DEVELOPER_KEY = rule("change_developer_key", DeveloperKey, "change a developer key").row(
    "administrator", holds_in_root("manage_developer_keys")
)

# People are not asked about a trusted application: whoever trusts one could act as anybody with it.
TRUST_DEVELOPER_KEYS = rule(
    "trust_developer_keys", Account, "let an application act for people without asking them"
).row(
    "account admin",
    IS_ROOT_ACCOUNT,
    holds_in_root("manage_developer_keys"),
    is_in("is an Account Admin of the account", lambda grants: grants.governs),
)

MANAGE_INTEGRATIONS = rule(
    "manage_integrations", User, "let applications act for oneself, and end that"
).row("themself", IS_THEMSELF_NOT_ACTING)

SIGN_IN_BY_QR = rule("sign_in_by_qr", User, "make a QR code that signs oneself in on a phone").row(
    "themself",
    IS_THEMSELF_NOT_ACTING,
    Condition(
        "QR sign-in is on",
        lambda actor: Q(root_account__settings__qr_sign_in=True),
        setting="qr_sign_in",
        otherwise="QR sign-in is off",
    ),
)
