"""JSON of codes, links and registrations, out and in (contract §2.1, §3.1, §6.3, §1.5)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC
from typing import Literal, NotRequired, Required, TypedDict

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from accounts.look_alikes import may_deceive
from accounts.models import User
from accounts.serializers import UserJson, user_json
from accounts.time_zones import time_zones
from pairing.actions import IssuedCode
from pairing.exports import Export
from pairing.models import PairingCode
from pairing_service.http.errors import Denied, Field, FieldError, Nothing, Refusal, field_errors
from pairing_service.http.params import Params
from pairing_service.http.rendering import wire_time
from pairing_service.http.shapes import Time
from pairing_service.naming import is_readable, one_line

# --- Codes and links ---


class IssuedCodeJson(TypedDict):
    """A new code: it is told this one time."""

    user_id: int
    code: str
    expires_at: Time
    workflow_state: Literal["active"]


class Issuer(TypedDict):
    id: int
    name: str


class CodeJson(TypedDict):
    """A code, without the code."""

    id: int
    user_id: int
    hint: str
    issued_by: Issuer
    surface: str
    created_at: Time
    expires_at: Time
    workflow_state: Literal["active", "deleted"]


class MissingPermission(TypedDict):
    """A permission that would be needed, and where: `course_12` or `account_3`."""

    permission: str
    context: str


class Reason(TypedDict):
    """Why one may not make a code for a person whom one may see; `conditions` are sentences."""

    missing: list[MissingPermission]
    setting: str | None
    explain_url: str | None
    conditions: NotRequired[list[str]]


class DeniedCode(Denied):
    reason: NotRequired[Reason]


class LinkedUserJson(UserJson):
    """One end of a link; the root accounts in which the two are linked."""

    observation_link_root_account_ids: list[int]


class ExportedCodeJson(IssuedCodeJson):
    """A new code with whose it is; null is what the caller may not see."""

    sortable_name: str | None
    sis_user_id: str | None


class ExportJson(TypedDict):
    """New codes, told this one time; for how many students none could be made."""

    codes: list[ExportedCodeJson]
    left_out: int


def issued_code_json(issued: IssuedCode) -> IssuedCodeJson:
    """The one time that a code is told."""
    return {
        "user_id": issued.student.pk,
        "code": issued.text,
        "expires_at": wire_time(issued.expires_at),
        "workflow_state": "active",
    }


def export_json(export: Export, *, with_names: bool, with_sis_ids: bool) -> ExportJson:
    """Codes for the students of a course or an account (ours, beyond the contract)."""

    def exported(issued: IssuedCode) -> ExportedCodeJson:
        student = issued.student
        return {
            **issued_code_json(issued),
            "sortable_name": student.sortable_name if with_names else None,
            "sis_user_id": student.sis_id if with_sis_ids else None,
        }

    return {"codes": [exported(issued) for issued in export.codes], "left_out": export.left_out}


EXPORT_HEADER = ["Last Name", "First Name", "SIS ID", "Pairing Code", "Expires At"]


def export_row(issued: IssuedCode, *, with_sis_ids: bool) -> list[str]:
    """A line of the file (contract §2.3); the code is a text of ours, not a formula."""
    student = issued.student
    until = issued.expires_at.astimezone(UTC)
    sis_id = (with_sis_ids and student.sis_id) or ""
    names = [student.last_name, student.first_name]
    return [*names, sis_id, issued.shown, f"{until:%Y-%m-%d %H:%M:%S} UTC"]


def code_json(code: PairingCode) -> CodeJson:
    """A code as lists show it (ours, beyond the contract): never the code itself."""
    return {
        "id": code.pk,
        "user_id": code.student_id,
        "hint": code.hint,
        "issued_by": {"id": code.issued_by_id, "name": code.issued_by.name},
        "surface": code.surface,
        "created_at": wire_time(code.created_at),
        "expires_at": wire_time(code.expires_at),
        "workflow_state": "active" if code.state == PairingCode.State.ACTIVE else "deleted",
    }


def linked_json(user: User, root_ids: list[int], include: Collection[str] = ()) -> LinkedUserJson:
    """One end of a link, with the root accounts in which the two are linked."""
    return {**user_json(user, include), "observation_link_root_account_ids": root_ids}


# --- Registering ---


class NewUser(TypedDict, total=False):
    """`initial_enrollment_type` is `observer` for who registers with a pairing code."""

    initial_enrollment_type: str
    name: str
    sortable_name: str
    short_name: str
    terms_of_use: bool
    locale: str
    time_zone: str


class NewPseudonym(TypedDict, total=False):
    """The login; what comes after the password is for those who manage logins."""

    unique_id: Required[str]
    password: str
    sis_user_id: str
    integration_id: str
    authentication_provider_id: str
    send_confirmation: bool
    force_self_registration: bool


class Channel(TypedDict, total=False):
    type: str
    address: str


class GivenCode(TypedDict):
    code: str


class NewPersonParams(TypedDict, total=False):
    """A person to be added, or a visitor's own account; `pairing_code` is for observers."""

    user: NewUser
    pseudonym: Required[NewPseudonym]
    pairing_code: GivenCode
    communication_channel: Channel
    enable_sis_reactivation: bool


class AcceptedTerms(TypedDict, total=False):
    terms_of_use: bool


class RegisteredJson(UserJson, AcceptedTerms):
    locale: str | None


class RegistrationErrors(TypedDict):
    user: dict[str, list[FieldError]]
    pseudonym: dict[str, list[FieldError]]
    observee: Nothing
    pairing_code: dict[str, list[FieldError]]
    recaptcha: None


class RegistrationRefused(TypedDict):
    """What is wrong, by group and parameter; all five keys are always there."""

    errors: RegistrationErrors


@dataclass(frozen=True)
class Registration:
    """What a visitor gave: fit to be tried. Without a password they choose one by mail later."""

    login_id: str
    password: str | None
    fields: dict[str, str]
    terms_of_use: bool | None


def registration_refused(
    *,
    user: dict[str, Field] | None = None,
    pseudonym: dict[str, Field] | None = None,
    pairing_code: dict[str, Field] | None = None,
) -> Refusal:
    """The 400 with its five keys; a bad login also makes the user invalid (contract §1.5)."""
    if pseudonym:
        user = (user or {}) | {"pseudonyms": ("invalid", "is invalid")}
    errors: RegistrationErrors = {
        "user": field_errors(**(user or {})),
        "pseudonym": field_errors(**(pseudonym or {})),
        "observee": {},
        "pairing_code": field_errors(**(pairing_code or {})),
        "recaptcha": None,
    }
    return Refusal(400, {"errors": errors})


def password_refused(error: ValidationError) -> Refusal:
    """For a password that is too weak: the first of its faults."""
    fault = error.error_list[0]
    kind = (fault.code or "invalid").removeprefix("password_")
    return registration_refused(pseudonym={"password": (kind, fault.messages[0])})


def read_registration(params: Params, *, terms_required: bool) -> Registration:
    """Raises the 400 with everything that is wrong, as far as it shows without a look-up."""
    user, pseudonym = params.group("user"), params.group("pseudonym")
    names = {key: one_line(user.text(key) or "") for key in ("name", "sortable_name", "short_name")}
    login_id = pseudonym.text("unique_id") or ""
    terms = user.boolean("terms_of_use")
    wrong_user = {key: fault for key, text in names.items() if (fault := _name_fault(key, text))}
    if terms_required and not terms:
        wrong_user["terms_of_use"] = ("accepted", "must be accepted")
    wrong_login = {"unique_id": fault} if (fault := _login_fault(login_id)) else {}
    if wrong_user or wrong_login:
        raise registration_refused(user=wrong_user, pseudonym=wrong_login)
    fields = names | {
        "locale": _known(user.text("locale"), dict(settings.LANGUAGES)),
        "time_zone": _known(user.text("time_zone"), time_zones()),
    }
    return Registration(login_id, pseudonym.secret("password") or None, fields, terms)


def _name_fault(key: str, text: str) -> Field | None:
    if key == "name" and not text:
        return "blank", "can't be blank"
    if not is_readable(text):
        return "invalid", "has unseen characters, or some that turn the writing round"
    return ("too_long", "is too long") if len(text) > 255 else None


def _login_fault(text: str) -> Field | None:
    if not text:
        return "blank", "can't be blank"
    try:
        validate_email(text)
    except ValidationError:
        return "invalid", "must be an e-mail address"
    if may_deceive(text):
        return "invalid", "has letters of several alphabets, or unseen ones"
    return ("too_long", "is too long") if len(text) > 254 else None


def _known(text: str | None, known: Collection[str]) -> str:
    """What we don't know is left out: a client's list of languages or zones may be longer."""
    return text if text and text in known else ""


def registered_json(observer: User, given: Registration) -> RegisteredJson:
    terms: AcceptedTerms = {}
    if given.terms_of_use is not None:
        terms["terms_of_use"] = given.terms_of_use
    return {**user_json(observer, ["uuid"]), "locale": observer.locale or None, **terms}
