"""JSON of people, out and in: lists, profiles, new and changed ones (contract §6)."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Literal, NotRequired, TypedDict, cast

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from accounts.models import Preferences, User
from accounts.serializers import UserJson, user_json
from accounts.time_zones import time_zones
from pairing.serializers import registration_refused
from pairing_service.http.errors import Field, Refusal, invalid
from pairing_service.http.params import Params
from pairing_service.http.rendering import wire_offset_time
from pairing_service.http.shapes import Time

TAKEN = "ID already in use for this account and authentication provider"
# Our name of a field, the wire's.
_WIRE_NAMES = {
    "sis_id": "sis_user_id",
    "login_id": "unique_id",
    "email": "email",
}
_NAMES = ("name", "short_name", "sortable_name")


# --- Out ---


class ListedUserJson(UserJson):
    time_zone: NotRequired[str | None]


class ChangedUserJson(UserJson):
    locale: str | None
    time_zone: str | None


class DeletedUserJson(UserJson):
    """The person, twice: older clients look below `user`."""

    user: UserJson
    status: Literal["deleted"]


class Calendar(TypedDict):
    """There are no calendars."""

    ics: None


class ProfileJson(TypedDict):
    """Every key of a profile; the last two are told to oneself alone."""

    id: int
    name: str
    created_at: Time
    sortable_name: str
    short_name: str
    sis_user_id: NotRequired[str | None]
    integration_id: NotRequired[str | None]
    sis_import_id: NotRequired[int | None]
    login_id: str | None
    avatar_url: None
    title: None
    bio: None
    pronouns: None
    primary_email: NotRequired[str | None]
    time_zone: str
    locale: str | None
    effective_locale: str
    calendar: NotRequired[Calendar]
    lti_user_id: NotRequired[str]


class PreferencesJson(TypedDict):
    """What clients keep here about how they look to a person."""

    manual_mark_as_read: bool
    release_notes_badge_disabled: bool
    collapse_global_nav: bool
    collapse_course_nav: bool
    hide_dashcard_color_overlays: bool
    comment_library_suggestions_enabled: bool
    elementary_dashboard_disabled: bool
    default_to_block_editor: bool


PREFERENCES = tuple(PreferencesJson.__annotations__)


def listed_json(user: User, include: Collection[str]) -> ListedUserJson:
    """The user in the list of an account's people; `include` also last_login, time_zone."""
    body = cast(ListedUserJson, user_json(user, include))
    if "last_login" in include and getattr(user, "shows_login", False):
        body["last_login"] = wire_offset_time(user.last_login)
    if "time_zone" in include:
        body["time_zone"] = user.time_zone or None
    return body


def changed_json(user: User) -> ChangedUserJson:
    """The answer to a change."""
    return {
        **user_json(user, ["avatar_url", "email"]),
        "locale": user.locale or None,
        "time_zone": user.time_zone or None,
    }


def profile_json(user: User, *, own: bool) -> ProfileJson:
    """A login that the caller may not see is null."""
    told = user_json(user)
    body: ProfileJson = {
        **told,  # type: ignore[typeddict-item]
        "login_id": user.login_id if own else told.get("login_id"),
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
        body["calendar"] = {"ics": None}
        body["lti_user_id"] = str(user.uuid)
    return body


def preferences_json(user: User) -> PreferencesJson:
    """All of them; off until they are set."""
    row = Preferences.objects.filter(user=user).first()
    found: Any = {name: bool(row and row.values.get(name)) for name in PREFERENCES}
    return cast(PreferencesJson, found)


# --- In ---


class UserChanges(TypedDict, total=False):
    """`event`: suspend or unsuspend."""

    name: str
    short_name: str
    sortable_name: str
    time_zone: str
    locale: str
    email: str
    event: str
    terms_of_use: bool


class ChangedUserParams(TypedDict):
    user: UserChanges


class PreferencesParams(TypedDict, total=False):
    manual_mark_as_read: bool
    release_notes_badge_disabled: bool
    collapse_global_nav: bool
    collapse_course_nav: bool
    hide_dashcard_color_overlays: bool
    comment_library_suggestions_enabled: bool
    elementary_dashboard_disabled: bool
    default_to_block_editor: bool


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
