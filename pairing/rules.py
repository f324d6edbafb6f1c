"""Who may issue, see, redeem and undo: the tables of spec/pairing.md."""

from __future__ import annotations

from django.db.models import BooleanField, Exists, OuterRef, Q
from django.db.models.expressions import RawSQL

from accounts.actor import Actor
from accounts.models import Account, RootAccountSettings, User
from accounts.rules import (
    IS_ACTED_AS,
    IS_ACTIVE,
    IS_THEMSELF,
    IS_THEMSELF_NOT_ACTING,
    SEE_PERSON,
)
from courses.models import Course, Enrolment
from courses.rules import COUNTS, IS_STUDENT, SEE_ENROLMENTS_OF
from pairing.models import ObservationLink, PairingCode
from permissions.explaining.changes import ChangeSetting
from permissions.filters import EVERYTHING, NOTHING, where_any
from permissions.policy import (
    Condition,
    Row,
    Rule,
    Through,
    Whose,
    holds_in_account,
    holds_in_course,
    holds_in_root,
    permitted,
    rule,
)

GENERATE = "generate_observer_pairing_code"
ACT_AS_KEY = "become_user"
COURSE_ADMINISTRATION = "allow_course_admin_actions"

# --- Conditions ---

# By hand: asked once of the actor's tenant it needs no joins, which would be made for every target.
_IS_OPEN = """
EXISTS (SELECT 1 FROM accounts_rootaccountsettings
         WHERE account_id = %s AND self_registration IN (%s, %s))
"""


def _self_registration_is_on(actor: Actor) -> Q:
    params = (actor.root_account.pk, *map(str, RootAccountSettings.OPEN))
    return Q(RawSQL(_IS_OPEN, params, output_field=BooleanField()))  # noqa: S611


SELF_REGISTRATION_ON = Condition(
    "self registration is on",
    _self_registration_is_on,
    setting="self_registration",
    remedy=lambda target: ChangeSetting(
        "self_registration",
        RootAccountSettings.SelfRegistration.OBSERVER,
        target.root_account,
    ),
    otherwise="self registration is off",
)


def _with_enrolment(enrolments: Rule, sentence: str, key: str | None = None) -> Condition:
    """About a user: they have an enrolment in the permitted set of another rule."""
    return Condition(
        sentence,
        lambda actor: where_any(permitted(actor, enrolments).filter(user=OuterRef("pk"))),
        permission=key,
        through=Through(enrolments, "user"),
    )


# --- Issuing (spec "Who may issue a code") ---

# "Over S" is: in a course in which S's enrolment counts. Not a surface, but half of one.
GENERATE_OVER = rule("generate_over", Enrolment, "generate codes in a course of the student").row(
    "course of the student", COUNTS, holds_in_course(GENERATE, "course", whose=Whose.REAL)
)

ISSUE_ON_DETAILS = rule(
    "issue_code_on_details", Enrolment, "make a pairing code from User Details in a course"
).row(
    "details page",
    SELF_REGISTRATION_ON,
    COUNTS,
    holds_in_course(GENERATE, "course"),
    holds_in_course(COURSE_ADMINISTRATION, "course"),
)

OWN = (SELF_REGISTRATION_ON, IS_STUDENT, IS_THEMSELF_NOT_ACTING)
HOLDS_SETTINGS_PAIR = (
    IS_STUDENT,
    _with_enrolment(
        GENERATE_OVER, f"holds “{GENERATE}” in a course of the student that counts", GENERATE
    ),
    holds_in_root(ACT_AS_KEY, whose=Whose.REAL),
)
SETTINGS_PAIR = (SELF_REGISTRATION_ON, *HOLDS_SETTINGS_PAIR)

ISSUE_ON_SETTINGS = (
    rule("issue_code_on_settings", User, "make a pairing code from the student's User Settings")
    .row("own settings", *OWN)
    .row("settings, acting as the student", *SETTINGS_PAIR, IS_ACTED_AS)
)

ACTS_AS_NOBODY = Condition(
    "acts as nobody", lambda actor: NOTHING if actor.is_acting else EVERYTHING
)
# Where one of these fails, the surface is not the caller's: nothing they could be given changes it.
WHOSE_SURFACE = {IS_THEMSELF_NOT_ACTING, ACTS_AS_NOBODY, IS_ACTED_AS}
MAY_ON_DETAILS = _with_enrolment(ISSUE_ON_DETAILS, "may make a code from User Details in a course")

ISSUE_OVER_REST = (
    rule("issue_code_over_rest", User, "make a pairing code over REST")
    .row("own settings", *OWN)
    .row("settings pair", *SETTINGS_PAIR, ACTS_AS_NOBODY)
    .row("settings, acting as the student", *SETTINGS_PAIR, IS_ACTED_AS)
    # Acting as the student, this allows nothing that the row above does not: they hold no pair.
    .row("details page", MAY_ON_DETAILS)
)

# --- Issuing for many at once ---

# Who may begin, and the rule that is asked about each student: in a course the details page's.
ISSUE_FOR_COURSE = rule(
    "issue_codes_for_course", Course, "make pairing codes for the students of a course"
).row(
    "the pair, in the course",
    SELF_REGISTRATION_ON,
    holds_in_course(GENERATE, "pk"),
    holds_in_course(COURSE_ADMINISTRATION, "pk"),
)

ISSUE_FOR_ACCOUNT = rule(
    "issue_codes_for_account", Account, "make pairing codes for the students of an account"
).row(
    "the pair, as an administrator",
    SELF_REGISTRATION_ON,
    holds_in_account(GENERATE),
    holds_in_account(COURSE_ADMINISTRATION),
)
ISSUE_AS_ADMINISTRATOR = rule(
    "issue_code_as_administrator", Enrolment, "make a student's code among those of an account"
).row(
    "the pair, as an administrator",
    SELF_REGISTRATION_ON,
    COUNTS,
    holds_in_course(GENERATE, "course", as_administrator=True),
    holds_in_course(COURSE_ADMINISTRATION, "course", as_administrator=True),
)

# --- Codes that are there (spec "The code", last point) ---

# Self registration is no part of it: codes from before it was switched off can still be revoked.
_ADMINISTRATOR_ON_DETAILS = rule(
    "oversee_codes_in_course", Enrolment, "oversee the pairing codes of a course's students"
).row(
    "details page",
    COUNTS,
    holds_in_course(GENERATE, "course", whose=Whose.REAL, as_administrator=True),
    holds_in_course(COURSE_ADMINISTRATION, "course", whose=Whose.REAL, as_administrator=True),
)


def _of_student_whom(conditions: tuple[Condition, ...]) -> Condition:
    def condition(actor: Actor) -> Q:
        of_whom = Row("", conditions).q(actor)
        if of_whom is NOTHING:
            return NOTHING
        students = User.objects.filter(of_whom, root_account=actor.root_account)
        return Q(Exists(students.filter(pk=OuterRef("student_id"))))

    return Condition("; ".join(c.sentence for c in conditions), condition)


def _names_the_caller(field: str, sentence: str) -> Condition:
    """The target's `field` is the caller, who acts as nobody."""
    return Condition(
        f"{sentence} the caller, who acts as nobody",
        lambda actor: NOTHING if actor.is_acting else Q(**{field: actor.real}),
    )


SEE_CODE = (
    rule("see_code", PairingCode, "list and revoke a live pairing code")
    .row("the student", _names_the_caller("student", "is for"))
    .row(
        "the issuer",
        Condition("was issued by the caller", lambda actor: Q(issued_by=actor.real)),
    )
    .row("an administrator who may issue (settings)", _of_student_whom(HOLDS_SETTINGS_PAIR))
    .row(
        "an administrator who may issue (details)",
        _of_student_whom((_with_enrolment(_ADMINISTRATOR_ON_DETAILS, "may issue in a course"),)),
    )
)

# --- Redeeming, and links ---

MANAGES_OBSERVERS = holds_in_root("manage_user_observers", whose=Whose.REAL)

REDEEM = (
    rule("redeem_code", User, "redeem a pairing code for a person")
    .row("themself", SELF_REGISTRATION_ON, IS_ACTIVE, IS_THEMSELF_NOT_ACTING)
    .row("administrator", SELF_REGISTRATION_ON, IS_ACTIVE, MANAGES_OBSERVERS)
)

MANAGE_OBSERVERS = rule("manage_observers", User, "link and unlink a person's observers").row(
    "administrator", MANAGES_OBSERVERS
)

# The gate of the contract's observees and observers (§3.1): the path's person, or a manager.
SEE_LINKS_OF = (
    rule("see_links", User, "see whom a person observes, and who observes them")
    .row("themself", IS_THEMSELF)
    .row("administrator", MANAGES_OBSERVERS)
)

UNLINK = (
    rule("unlink", ObservationLink, "end an observation link")
    .row("the observer", _names_the_caller("observer", "belongs to"))
    .row("administrator", MANAGES_OBSERVERS)
    .row(
        "the student, where the root account allows it",
        _names_the_caller("student", "lets somebody observe"),
        Condition(
            "students may remove observers",
            lambda actor: Q(root_account__settings__students_may_remove_observers=True),
            setting="students_may_remove_observers",
        ),
    )
)

QUESTION_LINK = rule("question_link", ObservationLink, "say that an observer isn't right").row(
    "the student", _names_the_caller("student", "lets somebody observe")
)

# --- Seeing people through links (spec "Who may issue", last point) ---


def _observes(actor: Actor) -> Q:
    active = ObservationLink.objects.active()
    return Q(Exists(active.filter(observer=actor.person, student=OuterRef("pk"))))


def _is_observer_of(actor: Actor) -> Q:
    active = ObservationLink.objects.active()
    return Q(Exists(active.filter(student=actor.person, observer=OuterRef("pk"))))


IS_OBSERVED = Condition("is observed by the caller", _observes)
SEE_PERSON.row("observed", IS_OBSERVED)
SEE_ENROLMENTS_OF.row("observed", IS_OBSERVED)
SEE_PERSON.row("observer", Condition("observes the caller", _is_observer_of))
