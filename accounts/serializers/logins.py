"""JSON of logins and of the built-in authentication provider, out and in (contract §5.3, §8.1)."""

from __future__ import annotations

from typing import Any, Literal, NotRequired, Required, TypedDict

from accounts.models import Account, Login, User
from pairing_service.http.errors import Field, invalid
from pairing_service.http.params import Params
from pairing_service.http.rendering import wire_time
from pairing_service.http.shapes import Time

PROVIDER_TYPE: Literal["canvas"] = "canvas"


class PersonsLoginJson(TypedDict):
    """What somebody signs in with."""

    id: int
    user_id: int
    account_id: int
    unique_id: str
    authentication_provider_id: int
    authentication_provider_type: Literal["canvas"]
    workflow_state: Literal["active", "suspended", "deleted"]
    declared_user_type: None
    created_at: Time
    sis_user_id: NotRequired[str | None]
    integration_id: NotRequired[str | None]


class GivenLogin(TypedDict, total=False):
    unique_id: str
    password: str
    sis_user_id: str
    integration_id: str
    authentication_provider_id: str
    workflow_state: str


class ChangedLoginParams(TypedDict, total=False):
    login: GivenLogin


class OfUser(TypedDict):
    id: str


class LoginsParams(TypedDict):
    user: OfUser


class Whose(TypedDict, total=False):
    id: str
    existing_user_id: str
    existing_sis_user_id: str
    existing_integration_id: str


class NewLoginParams(TypedDict, total=False):
    """Whose it shall be is named by one of the ids."""

    user: Whose
    login: Required[GivenLogin]
    existing_user_id: str
    existing_sis_user_id: str
    existing_integration_id: str


class FederatedAttributes(TypedDict):
    """None."""


class ProviderJson(TypedDict):
    """How people sign in; there is one, which is built in."""

    id: int
    account_id: int
    auth_type: Literal["canvas"]
    position: int
    workflow_state: Literal["active"]
    self_registration: str
    jit_provisioning: bool
    mfa_required: bool
    federated_attributes: FederatedAttributes


class NewProviderParams(TypedDict):
    auth_type: str


class ChangedProviderParams(TypedDict, total=False):
    self_registration: str


def login_json(login: Login, user: User) -> PersonsLoginJson:
    """A login of the user, who is told of as `accounts.disclosure.told` allows. SIS ids are the
    person's, and shown at their own login."""
    is_own = login.login_key == user.login_key
    body: PersonsLoginJson = {
        "id": login.pk,
        "user_id": user.pk,
        "account_id": login.root_account_id,
        "unique_id": login.login_id,
        "authentication_provider_id": login.root_account_id,
        "authentication_provider_type": PROVIDER_TYPE,
        "workflow_state": "suspended" if user.state == User.State.SUSPENDED else "active",
        "declared_user_type": None,
        "created_at": wire_time(login.created_at),
    }
    if getattr(user, "shows_sis_id", False):
        body["sis_user_id"] = user.sis_id if is_own else None
        body["integration_id"] = user.integration_id if is_own else None
    return body


def login_changes(given: Params) -> dict[str, Any]:
    """`login[…]` for `change_login`; what is absent is left out. Raises the 400."""
    changes: dict[str, Any] = {}
    if "unique_id" in given:
        changes["login_id"] = given.text("unique_id") or ""
    if given.text("password"):
        changes["password"] = given.secret("password")
    ids = {"sis_user_id": "sis_id", "integration_id": "integration_id"}
    if found := {ours: given.text(wire) or None for wire, ours in ids.items() if wire in given}:
        changes["ids"] = found
    state = given.text("workflow_state")
    if state and state not in ("active", "suspended"):
        raise invalid(workflow_state=("invalid", "must be active or suspended"))
    return changes | ({"suspended": state == "suspended"} if state else {})


def require_built_in_provider(root_account: Account, given: Params) -> None:
    """There is one provider: its id, its type, or nothing. Raises the 400."""
    text = given.text("authentication_provider_id")
    if text and text not in (str(root_account.pk), PROVIDER_TYPE):
        fault: Field = ("invalid", "is not an authentication provider of this account")
        raise invalid(authentication_provider_id=fault)


def provider_json(root_account: Account) -> ProviderJson:
    """The one that is built in: logins and passwords of this service."""
    return {
        "id": root_account.pk,
        "account_id": root_account.pk,
        "auth_type": PROVIDER_TYPE,
        "position": 1,
        "workflow_state": "active",
        "self_registration": root_account.settings.self_registration,
        "jit_provisioning": False,
        "mfa_required": False,
        "federated_attributes": {},
    }
