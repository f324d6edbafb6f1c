"""Writes to people: added, changed, suspended, deleted (contract §6.2, §6.3)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.actions import checked_login, hashed_password, names, set_fields
from accounts.actions.sessions import end_sign_ins
from accounts.actor import Actor
from accounts.models import AccessToken, User
from accounts.rules import (
    ADD_PERSON,
    CHANGE_EMAIL,
    CHANGE_INTEGRATION_ID,
    CHANGE_PERSONS_SIS_ID,
    DELETE_PERSON,
    EDIT_DETAILS,
    EDIT_OWN_SETTINGS,
    GIVE_SIS_IDS,
    SUSPEND,
)
from audit.actions import event, record, record_all
from audit.models import Event
from courses.actions import Change, tell_followers
from courses.models import Enrolment
from pairing.following import detach_all
from pairing.models import ObservationLink, PairingCode
from pairing_service.naming import as_kept
from pairing_service.statements import among
from permissions.actions.administrators import LastAdministrator
from permissions.actions.overrides import hold_rights
from permissions.administrators import lock_administrators
from permissions.catalogue import BaseRole
from permissions.models import AccountMembership
from permissions.policy import Denied, Rule, require

State = User.State
# Which right a field needs; the others need EDIT_DETAILS, which all need.
_RULES = {
    "email": CHANGE_EMAIL,
    "sis_id": CHANGE_PERSONS_SIS_ID,
    "integration_id": CHANGE_INTEGRATION_ID,
}


def taken(field: str, message: str) -> ValidationError:
    """That somebody else has it."""
    return ValidationError({field: ValidationError(message, code="taken")})


# --- Adding ---


def add_person(
    *,
    actor: Actor,
    name: str,
    login_id: str,
    email: str = "",
    sortable_name: str = "",
    short_name: str = "",
    password: str | None = None,
    sis_reactivation: bool = False,
    **fields: Any,
) -> User:
    """A new person of the tenant; without a password their first sign-in is given next.

    `fields`: sis_id, integration_id, locale, time_zone, terms_accepted_at. `sis_reactivation`
    brings back a deleted person who has this SIS id. Raises Denied, and ValidationError with what
    is wrong, also when somebody here has the login or the SIS id.
    """
    user = User(root_account=actor.root_account)
    values = names(name, sortable=sortable_name, short=short_name) | fields
    values |= {"login_id": checked_login(login_id), "email": email}
    if errors := set_fields(user, values):
        raise ValidationError(errors)
    user.password = hashed_password(user, password)
    with transaction.atomic():
        require(actor, ADD_PERSON, actor.root_account)
        if fields.get("sis_id") or fields.get("integration_id"):
            require(actor, GIVE_SIS_IDS, actor.root_account)
        if sis_reactivation and user.sis_id:
            _take_place_of_deleted(actor, user)
        _save(user, force_insert=not user.pk)
        record(actor, "person_added", subject=user, account=actor.root_account)
    return user


def _take_place_of_deleted(actor: Actor, user: User) -> None:
    """The deleted person with the same SIS id is who returns: what they left stays theirs.

    It gives them another password, and so needs the right of whoever changes their address.
    """
    gone = User.objects.filter(root_account=user.root_account_id, sis_id=user.sis_id)
    there = gone.filter(state=State.DELETED).select_for_update(no_key=True).first()
    if there is not None:
        require(actor, CHANGE_EMAIL, there)
        user.pk, user.uuid, user.created_at = there.pk, there.uuid, there.created_at
        user.sessions_ended_at = there.sessions_ended_at


def _save(user: User, **how: Any) -> None:
    """The constraints decide, so that of two who take one login at once the second is told."""
    others = User.objects.filter(root_account=user.root_account_id).exclude(pk=user.pk)
    if user.sis_id and others.filter(sis_id=user.sis_id).exists():
        raise taken("sis_id", _("Somebody here has this SIS ID already."))
    try:
        with transaction.atomic():
            user.save(**how)
    except IntegrityError as error:
        raise taken("login_id", _("Somebody here has this login already.")) from error


# --- Changing ---


@transaction.atomic
def change_person(
    *,
    actor: Actor,
    person: User,
    fields: Mapping[str, Any],
    suspended: bool | None = None,
    accepts_terms: bool = False,
) -> None:
    """Change someone's names, language, time zone, e-mail, ids; suspend them or let them in again.

    Each field has its own right, and with one that is refused nothing is written; what is as it was
    needs none. Names that follow from the full name keep following it. Raises Denied,
    LastAdministrator, ValidationError with every wrong field.
    """
    hold_rights(actor, actor.root_account)
    if suspended is not None:
        (suspend if suspended else lift_suspension)(actor=actor, person=person)
    if fields or (suspended is None and not accepts_terms):
        require(actor, EDIT_DETAILS, person)
        _write(actor, person, _held(person, EDIT_DETAILS), dict(fields))
    if accepts_terms:
        require(actor, EDIT_OWN_SETTINGS, person)
        User.objects.filter(pk=person.pk).update(terms_accepted_at=timezone.now())
        record(actor, "terms_accepted", subject=person)
    person.refresh_from_db()


def _held(person: User, rule: Rule) -> User:
    """The person as they are now, held. Raises Denied when they have been deleted meanwhile."""
    held: User = User.objects.select_for_update(no_key=True, of=("self",)).get(pk=person.pk)
    if held.state == State.DELETED:
        raise Denied(rule)
    return held


def _write(actor: Actor, person: User, held: User, fields: dict[str, Any]) -> None:
    kept = as_kept(held, fields)
    changed = {name: value for name, value in kept.items() if getattr(held, name) != value}
    for rule in {_RULES[name] for name in changed if name in _RULES}:
        require(actor, rule, person)
    changed = _following_names(held, changed)
    before = {name: getattr(held, name) for name in changed}
    if errors := set_fields(held, changed):
        raise ValidationError(errors)
    if changed:
        _save(held, update_fields=[*changed, "updated_at"])
        record(actor, "person_changed", subject=person, before=before, after=changed)


def _following_names(held: User, changed: dict[str, Any]) -> dict[str, Any]:
    """With another full name also the names that followed from the old one."""
    if not changed.get("name"):
        return changed
    old, new = names(held.name), names(changed["name"])
    follow = {name for name in new if name not in changed and getattr(held, name) == old[name]}
    return {name: new[name] for name in follow} | changed


# --- Suspending and deleting ---


def end_access(people: Collection[int]) -> None:
    """End all sessions, access tokens and approved applications of these people.

    Five statements, or none for nobody.
    """
    if not people:
        return
    tokens = AccessToken.objects.kept().filter(among("user", people))
    tokens.update(revoked_at=timezone.now())
    end_sign_ins(people)


@transaction.atomic
def suspend(*, actor: Actor, person: User) -> bool:
    """Keep someone out until the suspension is lifted; False when they are suspended already.

    Their sessions and tokens end for good; enrolments, links and codes stay. Raises Denied,
    LastAdministrator.
    """
    _hold_to_end(actor, SUSPEND, person)
    let_in = User.objects.filter(pk=person.pk, state__in=[State.ACTIVE, State.UNPROVEN])
    if not let_in.update(state=State.SUSPENDED, updated_at=timezone.now()):
        return False
    end_access([person.pk])
    record(actor, "person_suspended", subject=person)
    return True


@transaction.atomic
def lift_suspension(*, actor: Actor, person: User) -> bool:
    """Let someone in again, or who has not confirmed their e-mail: the administrator vouches.

    False when nothing keeps them out. Raises Denied.
    """
    hold_rights(actor, actor.root_account)
    require(actor, SUSPEND, person)
    for state, told_as in ((State.SUSPENDED, "suspension_lifted"), (State.UNPROVEN, "vouched_for")):
        kept_out = User.objects.filter(pk=person.pk, state=state)
        if kept_out.update(state=State.ACTIVE, updated_at=timezone.now()):
            record(actor, told_as, subject=person)
            return True
    return False


@transaction.atomic
def delete_person(*, actor: Actor, person: User) -> bool:
    """Delete someone, with all that they are in; False when they have been deleted already.

    Sessions, tokens, logins, live codes, observation links on both sides, enrolments and roles end
    with them. Raises Denied, LastAdministrator.
    """
    _hold_to_end(actor, DELETE_PERSON, person)
    enrolments = hold_all_of([person.pk])
    existing = User.objects.existing().filter(pk=person.pk)
    if not existing.update(state=State.DELETED, updated_at=timezone.now()):
        return False
    end_all_of(actor, [person.pk], enrolments)
    record(actor, "person_deleted", subject=person, enrolments=[one.pk for one in enrolments])
    return True


def hold_all_of(people: Collection[int], also: Collection[int] = ()) -> list[Enrolment]:
    """Hold what ends with these people when they are deleted, and `also` other people; gives their
    own enrolments."""
    # In the order of who changes an enrolment: it first, then the people whom it is about.
    own = Enrolment.objects.filter(among("user", people), associated_user=None)
    there = own.exclude(state=Enrolment.State.DELETED)
    enrolments = list(there.select_for_update(of=("self",)).order_by("pk"))
    links = _links_of(people)
    User.objects.hold({*people, *also, *(pk for link in links for pk in _ends(link))})
    return enrolments


def end_all_of(actor: Actor, people: Collection[int], enrolments: Collection[Enrolment]) -> None:
    """End what deleted people had: sessions, tokens, live codes, links on both sides, enrolments
    and roles. `enrolments` are what `hold_all_of` gave. As many statements for many as for one."""
    end_access(people)
    _end_codes(actor, people)
    _end_links(actor, _links_of(people))
    _end_enrolments(people, enrolments)
    _end_roles(actor, people)


def _hold_to_end(actor: Actor, rule: Rule, person: User) -> None:
    """Hold everyone's rights; raise Denied, LastAdministrator unless it may be done."""
    hold_rights(actor, actor.root_account)
    is_admin = AccountMembership.objects.active().filter(
        user=person, account=actor.root_account, role__base_role=BaseRole.ACCOUNT_ADMIN
    )
    is_last = is_admin.exists() and lock_administrators(actor.root_account) == {person.pk}
    require(actor, rule, person)
    if is_last:
        raise LastAdministrator


def _links_of(people: Collection[int]) -> list[ObservationLink]:
    either = among("observer", people) | among("student", people)
    return list(ObservationLink.objects.active().filter(either).order_by("pk"))


def _ends(link: ObservationLink) -> tuple[int, int]:
    return link.observer_id, link.student_id


def _end_codes(actor: Actor, people: Collection[int]) -> None:
    live = PairingCode.objects.live().filter(among("student", people))
    ended = list(live.values_list("pk", "student_id"))
    PairingCode.objects.live().filter(among("pk", [pk for pk, _ in ended])).update(
        state=PairingCode.State.REVOKED, ended_at=timezone.now()
    )
    record_all(actor, [("code_revoked", student, {"code": pk}) for pk, student in ended])


def _end_links(actor: Actor, links: Collection[ObservationLink]) -> None:
    these = ObservationLink.objects.filter(among("pk", [link.pk for link in links]))
    detach_all(these)
    gone = ObservationLink.State.DELETED
    these.update(state=gone, ended_at=timezone.now(), questioned_at=None)
    Event.objects.bulk_create(
        event(actor, "link_removed", subject=User(pk=link.student_id), observer=link.observer_id)
        for link in links
    )


def _end_enrolments(people: Collection[int], own: Collection[Enrolment]) -> None:
    """Those that hang on a student, too; the observers of these follow."""
    there = Enrolment.objects.filter(among("user", people)).exclude(state=Enrolment.State.DELETED)
    there.update(state=Enrolment.State.DELETED, updated_at=timezone.now())
    tell_followers(
        [
            Change(one.user_id, one.section_id, one.state, Enrolment.State.DELETED)
            for one in own
            if one.type == Enrolment.Type.STUDENT
        ]
    )


def _end_roles(actor: Actor, people: Collection[int]) -> None:
    held = AccountMembership.objects.active().filter(among("user", people))
    roles = list(held.select_related("user", "role", "account"))
    held.update(state=AccountMembership.State.DELETED, updated_at=timezone.now())
    Event.objects.bulk_create(
        event(
            actor, "administrator_removed", subject=one.user, account=one.account,
            role=one.role_id, label=one.role.label,
        )
        for one in roles
    )  # fmt: skip
