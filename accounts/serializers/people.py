"""JSON of people, out and in: lists, profiles, new and changed ones (contract §6)."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from accounts.models import Preferences, User
from accounts.serializers import user_json
from accounts.time_zones import time_zones
from pairing.serializers import registration_refused
from pairing_service.http.errors import Field, Refusal, invalid
from pairing_service.http.params import Params
from pairing_service.http.rendering import wire_offset_time

TAKEN = "ID already in use for this account and authentication provider"
# Our name of a field, the wire's.
_WIRE_NAMES = {
    "sis_id": "sis_user_id",
    "login_id": "unique_id",
    "email": "email",
}
# What clients keep here about how they look to a person.
PREFERENCES = (
    "manual_mark_as_read", "release_notes_badge_disabled", "collapse_global_nav",
    "collapse_course_nav", "hide_dashcard_color_overlays", "comment_library_suggestions_enabled",
    "elementary_dashboard_disabled", "default_to_block_editor",
)  # fmt: skip
_NAMES = ("name", "short_name", "sortable_name")


# --- Out ---


def listed_json(user: User, include: Collection[str]) -> dict[str, Any]:
    """The user in the list of an account's people; `include` also last_login, time_zone."""
    body = user_json(user, include)
    if "last_login" in include and getattr(user, "shows_login", False):
        body["last_login"] = wire_offset_time(user.last_login)
    if "time_zone" in include:
        body["time_zone"] = user.time_zone or None
    return body


def changed_json(user: User) -> dict[str, Any]:
    """The answer to a change."""
    return user_json(user, ["avatar_url", "email"]) | {
        "locale": user.locale or None,
        "time_zone": user.time_zone or None,
    }


def profile_json(user: User, *, own: bool) -> dict[str, Any]:
    """Every key is there; a login that the caller may not see is null. There are no calendars."""
    shows_login = own or getattr(user, "shows_login", False)
    body = user_json(user) | {
        "login_id": user.login_id if shows_login else None,
        "avatar_url": None,
        "title": None,
        "bio": None,
        "pronouns": None,
        "time_zone": user.time_zone or user.root_account.time_zone,
        "locale": user.locale or None,
        "effective_locale": user.locale or settings.LANGUAGE_CODE,
    }
    if getattr(user, "shows_email", False):
        body["primary_email"] = user.email or None
    if own:
        body |= {"calendar": {"ics": None}, "lti_user_id": str(user.uuid)}
    return body


def preferences_json(user: User) -> dict[str, bool]:
    """All of them; off until they are set."""
    row = Preferences.objects.filter(user=user).first()
    return {name: bool(row and row.values.get(name)) for name in PREFERENCES}


# --- In ---


def read_preferences(params: Params) -> dict[str, bool]:
    """Those that are given; what is not true or false is a 400."""
    given = {name: params.boolean(name) for name in PREFERENCES}
    return {name: value for name, value in given.items() if value is not None}


def person_changes(given: Params) -> tuple[dict[str, Any], bool | None]:
    """`user[…]` under our names, and whether to suspend (None: leave it). Raises the 400."""
    fields: dict[str, Any] = {name: given.text(name) or "" for name in _NAMES if name in given}
    wrong: dict[str, Field] = {}
    for name, known in (("time_zone", time_zones()), ("locale", dict(settings.LANGUAGES))):
        if name in given:
            fields[name] = given.text(name) or ""
            if fields[name] and fields[name] not in known:
                wrong[name] = ("invalid", f"is no {name.replace('_', ' ')} that is known here")
    if "email" in given:
        fields["email"] = given.text("email") or ""
    event = given.text("event")
    if event and event not in ("suspend", "unsuspend"):
        wrong["event"] = ("invalid", "must be suspend or unsuspend")
    if wrong:
        raise invalid(**wrong)
    return fields, {"suspend": True, "unsuspend": False}.get(event or "")


def faults(error: ValidationError) -> dict[str, Field]:
    """What an action found wrong, under the wire's names; a password has only its first fault."""
    found = {}
    for name, errors in error.error_dict.items():
        kind = str(errors[0].code or "invalid").removeprefix("password_")
        message = TAKEN if name == "login_id" and kind == "taken" else errors[0].messages[0]
        found[_WIRE_NAMES.get(name, name)] = (kind, message)
    return found


def change_refused(error: ValidationError) -> Refusal:
    """The 400 for a change."""
    return invalid(**faults(error))


def new_person(params: Params) -> dict[str, Any]:
    """What a manager says of a new person (§6.3), for `add_person`; what is absent is left out.

    Without a name the login is the name. Raises the 400 with its five keys.
    """
    user, pseudonym = params.group("user"), params.group("pseudonym")
    login_id = pseudonym.text("unique_id") or ""
    if not login_id:
        raise creation_refused({"unique_id": ("blank", "can't be blank")})
    return {
        "name": user.text("name") or login_id,
        "sortable_name": user.text("sortable_name") or "",
        "short_name": user.text("short_name") or "",
        "locale": _known(user.text("locale"), dict(settings.LANGUAGES)),
        "time_zone": _known(user.text("time_zone"), time_zones()),
        "login_id": login_id,
        "email": _address(params, login_id),
        "password": pseudonym.secret("password") or None,
        "sis_id": pseudonym.text("sis_user_id") or None,
        "integration_id": pseudonym.text("integration_id") or None,
        "sis_reactivation": params.boolean("enable_sis_reactivation") or False,
    }


def _known(text: str | None, known: Collection[str]) -> str:
    """What we don't know is left out: a client's list of languages or zones may be longer."""
    return text if text and text in known else ""


def _address(params: Params, login_id: str) -> str:
    """Where mail goes: the channel that is given, else a login that is an e-mail address."""
    channel = params.group("communication_channel")
    if (channel.text("type") or "email") == "email" and (given := channel.text("address")):
        return given
    return login_id if _is_email(login_id) else ""


def _is_email(text: str) -> bool:
    try:
        validate_email(text)
    except ValidationError:
        return False
    return len(text) <= 254


_OF_PSEUDONYM = ("unique_id", "password", "sis_user_id", "integration_id")


def creation_refused(faults: dict[str, Field]) -> Refusal:
    """The 400 with its five keys (contract §1.5)."""
    pseudonym = {name: fault for name, fault in faults.items() if name in _OF_PSEUDONYM}
    user = {name: fault for name, fault in faults.items() if name not in _OF_PSEUDONYM}
    return registration_refused(user=user, pseudonym=pseudonym)
