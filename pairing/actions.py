"""Every write of pairing: codes issued, revoked, redeemed; links made, ended, restored.

Each runs in one transaction. What makes codes or redeems them first holds the tenant's settings, so
that self registration can't be switched off in between, and asks the rule under that lock. State
changes are one conditional UPDATE: of two who try the same, one changes a row and the other finds
none.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db import IntegrityError, connection, transaction
from django.db.models import QuerySet
from django.utils import timezone

from accounts.actions import check_password, names
from accounts.actor import Actor
from accounts.models import PERSON, RootAccountSettings, SignOnProvider, User
from accounts.rules import SEE_PERSON
from audit.actions import Told, record, record_all
from audit.models import Event
from courses.actions import EnrolmentRefused, Wanted, enrol
from courses.models import Enrolment, Section
from pairing.codes import digest_of, digests_of, new_code, read_code, shown
from pairing.following import attach, bring_back, detach
from pairing.guesses import admit, count_wrong, guesser_of
from pairing.mail import tell_after_commit
from pairing.models import ObservationLink, PairingCode
from pairing.rules import (
    MANAGE_OBSERVERS,
    QUESTION_LINK,
    REDEEM,
    SEE_CODE,
    UNLINK,
)
from pairing_service.rows import insert_rows
from pairing_service.statements import among, every, first, listed
from permissions.actions.overrides import hold_rights
from permissions.models import Role
from permissions.policy import Denied, Rule, require

State = PairingCode.State
Surface = PairingCode.Surface


class CodeRefused(Exception):
    """Unknown, expired, used, revoked or superseded: which of them is not told."""


class OwnCode(Exception):
    """Nobody observes themself."""


class LoginTaken(Exception):
    """Somebody here has this login already."""


class RegistrationClosed(Exception):
    """Observers can't register here: self registration is off."""


class NotLive(Exception):
    """The code or the link has ended already."""


# --- Issuing ---


@dataclass(frozen=True)
class IssuedCode:
    """A new code: `text` exists here only, and is shown once."""

    student: User
    text: str
    expires_at: datetime
    ended_hints: list[str]  # how the codes ended that made room for it

    @property
    def shown(self) -> str:
        return shown(self.text)


@transaction.atomic
def issue_code(*, actor: Actor, action: Rule, target: User | Enrolment, surface: str) -> IssuedCode:
    """Make a code for the student that `target` is, or whose enrolment it is. Raises Denied.

    `action` is the surface's rule (`pairing.rules`, "Issuing"). A code too many ends another:
    the oldest that the same person issued, else the oldest of all.
    """
    settings = RootAccountSettings.objects.held(actor.root_account)
    student = target.user if isinstance(target, Enrolment) else target
    course_id = target.course_id if isinstance(target, Enrolment) else None
    # Held before the rule is asked: whoever changes their enrolments holds them, too.
    User.objects.hold([student.pk])
    require(actor, action, target)
    return issue_for([student], actor, settings, surface, course_id)[0]


def issue_for(
    students: Collection[User],
    actor: Actor,
    settings: RootAccountSettings,
    surface: str,
    course_id: int | None,
) -> list[IssuedCode]:
    """A code for each, in their order, with as many statements as for one.

    The caller holds the settings and the students, and has asked the rule.
    """
    now = timezone.now()
    ended = _make_room(actor, students, settings.live_codes_per_student, now)
    hints = defaultdict(list)
    for code in ended:
        hints[code.student_id].append(code.hint)
    until = now + settings.code_lifetime
    issued = [IssuedCode(student, new_code(), until, hints[student.pk]) for student in students]
    _store(actor, issued, surface, course_id, now)
    made = {"surface": surface, "course": course_id}
    told: list[Told] = [("code_superseded", code.student_id, {"code": code.pk}) for code in ended]
    record_all(actor, [*told, *(("code_issued", code.student.pk, made) for code in issued)])
    return issued


def _store(
    actor: Actor, issued: Collection[IssuedCode], surface: str, course_id: int | None, now: datetime
) -> None:
    assert actor.real is not None  # whoever is permitted is somebody
    insert_rows(
        PairingCode,
        ("student_id", "digest", "hint", "expires_at"),
        [(c.student.pk, digest_of(c.text), c.text[-2:], c.expires_at) for c in issued],
        {
            "root_account_id": actor.root_account.pk,
            "issued_by_id": actor.real.pk,
            "surface": surface,
            "course_id": course_id,
            "created_at": now,
        },
    )


def codes_to_be_superseded(*, actor: Actor, student: User, limit: int) -> list[PairingCode]:
    """The live codes that issuing one more would end; the dialog names them before it does.

    More than one where the limit has been lowered since they were made.
    """
    live = PairingCode.objects.live().filter(student=student).select_related("issued_by")
    return _too_many(actor, list(live.order_by("created_at", "pk")), limit)


def _too_many(actor: Actor, live: list[PairingCode], limit: int) -> list[PairingCode]:
    """Of codes from old to new, those that must end before one more: the actor's own first."""
    own = [code for code in live if actor.real and code.issued_by_id == actor.real.pk]
    others = [code for code in live if code not in own]
    return [*own, *others][: max(0, len(live) - limit + 1)]


def _make_room(
    actor: Actor, students: Collection[User], limit: int, now: datetime
) -> list[PairingCode]:
    """End codes for one more of each student to be made; those that it ended.

    The students' rows are held, so nobody else makes codes meanwhile.
    """
    ids = [student.pk for student in students]
    active = PairingCode.objects.filter(among("student", ids), state=State.ACTIVE)
    codes = list(active.order_by("created_at", "pk"))
    if any(code.expires_at <= now for code in codes):
        active.filter(expires_at__lte=now).update(state=State.EXPIRED, ended_at=now)
    live = defaultdict(list)
    for code in codes:
        if code.expires_at > now:
            live[code.student_id].append(code)
    surplus = [code for own in live.values() for code in _too_many(actor, own, limit)]
    return _supersede(surplus, now) if surplus else []


def _supersede(codes: list[PairingCode], now: datetime) -> list[PairingCode]:
    """Those of the codes that ended now: one may have been redeemed or revoked meanwhile."""
    ids = json.dumps([code.pk for code in codes])
    ended = {pk for (pk,) in every(_SUPERSEDE.format(ids=listed("ids")), ids=ids, now=now)}
    return [code for code in codes if code.pk in ended]


_SUPERSEDE = """
UPDATE pairing_pairingcode SET state = 'superseded', ended_at = %(now)s
 WHERE id IN {ids} AND state = 'active'
RETURNING id
"""


@transaction.atomic
def revoke_code(*, actor: Actor, code: PairingCode) -> None:
    """End a live code. Raises Denied; NotLive when it had ended already."""
    require(actor, SEE_CODE, code)
    now = timezone.now()
    this = PairingCode.objects.live().filter(pk=code.pk)
    if not this.update(state=State.REVOKED, ended_at=now):
        raise NotLive
    record(actor, "code_revoked", subject=code.student, code=code.pk)


# --- Redeeming ---


@dataclass(frozen=True)
class Redemption:
    """Who observes whom now. Not `is_new`: they were linked already, and the code still lives."""

    student: User
    observer: User
    is_new: bool


def redeem_code(
    *, actor: Actor, observer: User, text: str, browser: str | None = None
) -> Redemption:
    """Link `observer` to the student that the code is for, and use the code up; all or nothing.

    Raises Denied (self registration off, or not theirs to redeem), TooManyGuesses, CodeRefused
    and OwnCode; none of these uses the code up.
    """
    code = read_code(text)
    guesser = guesser_of(actor, browser)
    student: User | None = None
    with transaction.atomic():
        people = {user.pk for user in (actor.real, observer) if user is not None}
        held = _hold(actor, people, code)
        require(actor, REDEEM, observer)
        admit(guesser)
        used = _use(actor, observer, code, held) if code else None
        if used is not None:
            _link(actor, observer, used.student, how="code", code=used.code_id)
        else:
            student = _student_of_live(actor, code)
            if student is None:
                count_wrong(actor, guesser)
    # From here on everything has been kept, the count of a wrong guess too.
    if used is not None:
        return _told(actor, observer, used.student)
    return _refused_or_linked(observer, student)


def _hold(actor: Actor, people: Collection[int], code: str | None) -> dict[int, User]:
    """Hold the settings against change, these people, and the student whom the code is for.

    All at once and in one order: whoever issues codes ends others, too, and holds the student
    first; of two who began with different ends each would wait for the other. The people as they
    are now, by id; without those whom somebody changed while we waited, who are held as well, and
    nobody where transactions that write exclude each other anyway.
    """
    if not connection.features.has_select_for_update:
        return {}
    digests = digests_of(code) if code else [""]
    ids = json.dumps(list(people))
    held = User.objects.by_hand(_HOLD, root=actor.root_account.pk, digests=digests, people=ids)
    return {user.pk: user for user, _ in held}


_HOLD = f"""
SELECT {PERSON} FROM accounts_rootaccountsettings s JOIN accounts_user u ON u.id IN (
       SELECT value::bigint FROM json_array_elements_text(%(people)s::json)
        UNION ALL SELECT student_id FROM pairing_pairingcode
                   WHERE digest IN %(digests)s AND root_account_id = %(root)s)
 WHERE s.account_id = %(root)s ORDER BY u.id FOR SHARE OF s FOR NO KEY UPDATE OF u
"""


def _refused_or_linked(observer: User, student: User | None) -> Redemption:
    """What it means that the code could not be used; `student` is whom a live one is for."""
    if student is None:
        raise CodeRefused
    if student == observer:
        raise OwnCode
    return Redemption(student, observer, is_new=False)


def _told(actor: Actor, observer: User, student: User) -> Redemption:
    """Student and observer hear of their new link by e-mail, once it is committed."""
    root = actor.root_account
    tell_after_commit(root, [student], "linked_student", observer_name=observer.name)
    if observer.is_active:  # else it may be somebody else's address, who is not to hear of a child
        tell_after_commit(root, [observer], "linked_observer", student_name=student.name)
    return Redemption(student, observer, is_new=True)


class _Used(NamedTuple):
    student: User
    code_id: int


def _use(actor: Actor, observer: User, code: str, held: dict[int, User]) -> _Used | None:
    """Active to redeemed, and whose code it was; None when this observer can't use it.

    One UPDATE with every condition in it: exactly one of many who try gets the row. `held` is what
    `_hold` gave.
    """
    row = first(
        _USE,
        now=timezone.now(),
        observer=observer.pk,
        digests=digests_of(code),
        root=actor.root_account.pk,
    )
    if row is None:
        return None
    student_id, code_id = row
    return _Used(held.get(student_id) or User.objects.held(student_id), code_id)


_USE = """
UPDATE pairing_pairingcode
   SET state = 'redeemed', ended_at = %(now)s, redeemed_by_id = %(observer)s
 WHERE digest IN %(digests)s AND root_account_id = %(root)s
   AND state = 'active' AND expires_at > %(now)s AND student_id <> %(observer)s
   AND EXISTS (SELECT 1 FROM accounts_user s
                WHERE s.id = student_id AND s.state <> 'deleted')
   AND NOT EXISTS (SELECT 1 FROM pairing_observationlink l
                    WHERE l.observer_id = %(observer)s AND l.state = 'active'
                      AND l.student_id = pairing_pairingcode.student_id)
RETURNING student_id, id
"""


def _student_of_live(actor: Actor, code: str | None) -> User | None:
    """Whom a code is for that can be used now."""
    if code is None:
        return None
    root = actor.root_account.pk
    found = User.objects.by_hand(_LIVE, digests=digests_of(code), root=root, now=timezone.now())
    return found[0][0] if found else None


_LIVE = f"""
SELECT {PERSON} FROM pairing_pairingcode c JOIN accounts_user u ON u.id = c.student_id
 WHERE c.digest IN %(digests)s AND c.root_account_id = %(root)s
   AND c.state = 'active' AND c.expires_at > %(now)s AND u.state <> 'deleted'
"""


def student_of_code(*, actor: Actor, text: str, browser: str | None = None) -> User:
    """Whom a live code is for, before a visitor registers with it. Counts like any other try.

    Raises RegistrationClosed, TooManyGuesses, CodeRefused.
    """
    with transaction.atomic():
        if not RootAccountSettings.objects.held(actor.root_account).is_open:
            raise RegistrationClosed
        guesser = guesser_of(actor, browser)
        if actor.real is not None:
            User.objects.hold([actor.real.pk])
        admit(guesser)
        student = _student_of_live(actor, read_code(text))
        if student is None:
            count_wrong(actor, guesser)
    if student is None:
        raise CodeRefused
    return student


def register_observer(
    *,
    actor: Actor,
    text: str,
    login_id: str,
    password: str | None,
    fields: dict[str, str],
    link_for: Callable[[User], str],
) -> Redemption:
    """A visitor becomes an observer: account and link together, or nothing.

    `student_of_code` comes first and counts the try. `fields` are name, and optionally sortable
    and short name, locale, time zone. Where e-mail addresses are confirmed the observer is not let
    in yet, and gets a mail with what `link_for` makes. Raises RegistrationClosed, CodeRefused,
    LoginTaken, ValidationError (password).
    """
    code = read_code(text)
    if code is None:
        raise CodeRefused
    # Before the transaction: hashing a password takes long, and would hold everyone up.
    observer = _newcomer(actor, login_id, password, fields)
    with transaction.atomic():
        settings = RootAccountSettings.objects.held(actor.root_account)
        if not settings.is_open:
            raise RegistrationClosed
        # Else the owner of an address, coming by single sign-on, is led to who took it here.
        by_sign_on = SignOnProvider.objects.lets_in_by("login", actor.root_account)
        if settings.confirms_email or by_sign_on:
            observer.state = User.State.UNPROVEN
        if User.objects.with_email(actor.root_account.pk, login_id).exists():
            raise LoginTaken  # a roster has this person already, perhaps under another login
        held = _hold(actor, [], code)
        _save_new(observer)
        used = _use(actor, observer, code, held)
        if used is None:
            raise CodeRefused
        themself = Actor(actor.root_account, observer, observer, actor.address)
        record(themself, "observer_registered", subject=observer)
        _link(themself, observer, used.student, how="registration", code=used.code_id)
        if not observer.is_active:
            tell_after_commit(
                actor.root_account, [observer], _mail_to_confirm(observer), link=link_for(observer)
            )
    return _told(themself, observer, used.student)


def _mail_to_confirm(observer: User) -> str:
    return "confirm_email" if observer.has_usable_password() else "first_sign_in"


def register_person(
    *, actor: Actor, login_id: str, fields: dict[str, str], link_for: Callable[[User], str]
) -> User:
    """A visitor makes an account of their own, without a student; only where everyone may.

    Whoever reads the mail to `login_id`, an address, chooses the password, with what `link_for`
    makes. Raises RegistrationClosed, LoginTaken.
    """
    user = _newcomer(actor, login_id, None, fields)
    with transaction.atomic():
        settings = RootAccountSettings.objects.held(actor.root_account)
        if settings.self_registration != RootAccountSettings.SelfRegistration.ALL:
            raise RegistrationClosed
        if User.objects.with_email(actor.root_account.pk, login_id).exists():
            raise LoginTaken
        _save_new(user)
        themself = Actor(actor.root_account, user, user, actor.address)
        record(themself, "person_registered", subject=user)
        tell_after_commit(actor.root_account, [user], "first_sign_in", link=link_for(user))
    return user


def _save_new(user: User) -> None:
    """The constraint decides, so that of two who take one login at once the second is told."""
    try:
        with transaction.atomic():
            user.save(force_insert=True)
    except IntegrityError as error:
        raise LoginTaken from error


def _newcomer(actor: Actor, login_id: str, password: str | None, fields: dict[str, str]) -> User:
    given = names(
        fields["name"],
        sortable=fields.get("sortable_name", ""),
        short=fields.get("short_name", ""),
    )
    user = User(
        root_account=actor.root_account,
        login_id=login_id,
        email=login_id,
        locale=fields.get("locale", ""),
        time_zone=fields.get("time_zone", ""),
        terms_accepted_at=timezone.now() if actor.root_account.settings.terms else None,
        **given,
    )
    if password is None:
        user.set_unusable_password()
    else:
        check_password(password, user)
        user.set_password(password)
    return user


# --- Links ---

# Saying it again within this time tells nobody anything new.
_SAID_AGAIN = timedelta(days=1)


@transaction.atomic
def link(*, actor: Actor, observer: User, student: User) -> bool:
    """Link two people by hand, or restore their link; whether it is new. Raises Denied, OwnCode."""
    User.objects.hold([observer.pk, student.pk])
    require(actor, MANAGE_OBSERVERS, observer)
    require(actor, MANAGE_OBSERVERS, student)
    if observer.pk == student.pk:
        raise OwnCode
    _require_there(observer, student, MANAGE_OBSERVERS)
    if ObservationLink.objects.active().filter(observer=observer, student=student).exists():
        return False
    _link(actor, observer, student, how="by hand")
    _told(actor, observer, student)
    return True


def link_by_proof(*, actor: Actor, observer: User, student: User, how: str) -> Redemption:
    """Link to a student whose login and password, or token, were given (spec "Redeeming" 7).

    The proof itself, and its limits, are the caller's. Raises Denied, OwnCode.
    """
    with transaction.atomic():
        RootAccountSettings.objects.hold(actor.root_account, {observer.pk, student.pk})
        require(actor, REDEEM, observer)
        if observer.pk == student.pk:
            raise OwnCode
        _require_there(observer, student, REDEEM)
        there = ObservationLink.objects.active().filter(observer=observer, student=student)
        if there.exists():
            return Redemption(student, observer, is_new=False)
        _link(actor, observer, student, how=how)
    return _told(actor, observer, student)


def _require_there(observer: User, student: User, rule: Rule) -> None:
    """Raise Denied when one of them has been deleted meanwhile; both are held."""
    if not User.objects.are_there([observer.pk, student.pk]):
        raise Denied(rule)


def _link(actor: Actor, observer: User, student: User, **told: Any) -> None:
    """The one row of the pair, new or restored, with everything that follows from it.

    `told` is what the event says of it: `how` it came about, and with which code.

    The caller holds the student, as does everyone who changes their enrolments
    (`pairing.following.follow`): of the two, the second sees what the first did.
    """
    now = timezone.now()
    this = ObservationLink(observer=observer, student=student)
    pair = {"observer": observer.pk, "student": student.pk, "now": now}
    is_first = first(_NEW_LINK, root=actor.root_account.pk, **pair) is not None
    if not is_first:
        ended = ObservationLink.objects.filter(observer=observer, student=student)
        ended.update(state=ObservationLink.State.ACTIVE, linked_at=now, ended_at=None)
    attach(this)
    if not is_first:
        bring_back(this)
    action = "link_created" if is_first else "link_restored"
    record(actor, action, subject=student, observer=observer.pk, **told)


_NEW_LINK = """
INSERT INTO pairing_observationlink (root_account_id, observer_id, student_id, state, linked_at)
VALUES (%(root)s, %(observer)s, %(student)s, 'active', %(now)s)
ON CONFLICT (observer_id, student_id) DO NOTHING
RETURNING id
"""


@transaction.atomic
def unlink(*, actor: Actor, link: ObservationLink) -> None:
    """End a link and the observer's enrolments that it carried. Raises Denied, NotLive."""
    require(actor, UNLINK, link)
    User.objects.hold([link.observer_id, link.student_id])
    now = timezone.now()
    this = ObservationLink.objects.active().filter(pk=link.pk)
    if not this.update(state=ObservationLink.State.DELETED, ended_at=now, questioned_at=None):
        raise NotLive
    detach(link)
    record(actor, "link_removed", subject=link.student, observer=link.observer_id)


@transaction.atomic
def enrol_observer(
    *, actor: Actor, user: User, student: User, section: Section, role: Role, wanted: Wanted
) -> Enrolment:
    """Put an observer into a section, beside a student whom their place names.

    It needs an active link between the two, or the right to make one: a course role alone never
    attaches an observer to a student (spec "The link"). Raises Denied, EnrolmentRefused.
    """
    # The rights first, then people, as everyone holds them who changes enrolments.
    hold_rights(actor, section.course.account)
    if user.pk == student.pk:
        raise EnrolmentRefused("Cannot observe yourself")
    User.objects.hold([user.pk, student.pk])
    require(actor, SEE_PERSON, student)
    if not ObservationLink.objects.active().filter(observer=user, student=student).exists():
        require(actor, MANAGE_OBSERVERS, user)
        require(actor, MANAGE_OBSERVERS, student)
    beside = replace(wanted, observed=student)
    return enrol(actor=actor, user=user, section=section, role=role, wanted=beside)


@transaction.atomic
def question_link(*, actor: Actor, link: ObservationLink) -> bool:
    """The student says that this observer isn't right; whether administrators are told of it now:
    they are once a day. Raises Denied, NotLive.
    """
    require(actor, QUESTION_LINK, link)
    this = ObservationLink.objects.active().filter(pk=link.pk)
    if not this.update(questioned_at=timezone.now()):
        raise NotLive
    told = Event.objects.filter(
        action="link_questioned", subject=link.student, created_at__gt=timezone.now() - _SAID_AGAIN
    )
    if told.filter(data__observer=link.observer_id).exists():
        return False
    record(actor, "link_questioned", subject=link.student, observer=link.observer_id)
    tell_after_commit(
        actor.root_account, _administrators(actor), "link_questioned",
        student_name=link.student.name, observer_name=link.observer.name,
    )  # fmt: skip
    return True


@transaction.atomic
def settle_question(*, actor: Actor, link: ObservationLink) -> None:
    """An administrator has looked into what the student said: the observer is right.

    Raises Denied, NotLive when nothing was asked, or somebody else has settled it.
    """
    require(actor, MANAGE_OBSERVERS, link.student)
    if not ObservationLink.objects.questioned().filter(pk=link.pk).update(questioned_at=None):
        raise NotLive
    record(actor, "link_question_settled", subject=link.student, observer=link.observer_id)


def _administrators(actor: Actor) -> QuerySet[User]:
    return (
        User.objects.active()
        .filter(
            memberships__state="active",
            memberships__account=actor.root_account,
            memberships__role__base_role="AccountAdmin",
        )
        .distinct()
    )
