"""Who may do what to courses, enrolments, and the people in them."""

from __future__ import annotations

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Length

from accounts.actor import Actor
from accounts.models import Account, User
from accounts.rules import IS_THEMSELF, SEE_ACCOUNT, SEE_PERSON
from courses.models import Course, Enrolment, Section
from permissions.explaining.changes import Activate
from permissions.filters import EVERYTHING, NOTHING, all_of, any_of, where_any
from permissions.grants import Area, grants_of, held_keys, path_of
from permissions.models import AccountMembership
from permissions.policy import (
    Condition,
    Need,
    Rule,
    Through,
    Whose,
    holds_in_account,
    holds_in_course,
    holds_in_root,
    is_in,
    may,
    permitted,
    rule,
    within,
)
from permissions.table import Piece

State = Enrolment.State
Type = Enrolment.Type

# --- What an enrolment is good for (spec/pairing.md "Words" and "counts") ---

IN_EXISTING_COURSE = ~Q(course__state=Course.State.DELETED)
# Whatever has become of the course, as the two below; for `places_in`, which knows of the course.
STUDENT_THERE = Q(type=Type.STUDENT) & ~Q(state__in=[State.REJECTED, State.INACTIVE, State.DELETED])
SOMEONE_THERE = ~Q(state__in=[State.REJECTED, State.DELETED])
# A student is who has one of these; they count for nobody's rights by themselves.
OF_A_STUDENT = STUDENT_THERE & IN_EXISTING_COURSE
# A student's enrolment that lends rights: accepted, imported, or made by an administrator.
THAT_COUNTS = (
    Q(type=Type.STUDENT, state__in=[State.ACTIVE, State.COMPLETED], activated_at__isnull=False)
    & IN_EXISTING_COURSE
)
OF_SOMEONE_THERE = SOMEONE_THERE & IN_EXISTING_COURSE


def _activate(enrolment: Enrolment) -> Activate | None:
    """What would make it count, unless it has ended or its course has."""
    is_over = enrolment.state in (State.REJECTED, State.DELETED)
    if is_over or enrolment.type != Type.STUDENT or enrolment.course.state == Course.State.DELETED:
        return None
    return Activate(enrolment)


COUNTS = Condition(
    "the student's enrolment in the course counts",
    lambda actor: THAT_COUNTS,
    remedy=_activate,
    otherwise="the student's enrolment in the course does not count: it was never accepted, or it"
    " has ended",
)
IS_STUDENT = Condition(
    "is a student",
    lambda actor: Q(Exists(Enrolment.objects.filter(OF_A_STUDENT, user=OuterRef("pk")))),
    otherwise="is no student in any course",
)

# --- Seeing people ---

SEE_ENROLLED = rule("see_enrolled", Enrolment, "see a person through one of their enrolments").row(
    "shares the course, or administers it",
    holds_in_course("read_roster", "course"),
    Condition("is there", lambda actor: OF_SOMEONE_THERE),
)

SEE_PERSON.row(
    "roster",
    Condition(
        "shares a course in which the caller holds “read_roster”",
        lambda actor: where_any(permitted(actor, SEE_ENROLLED).filter(user=OuterRef("pk"))),
        permission="read_roster",
        through=Through(SEE_ENROLLED, "user"),
    ),
)


def _is_of_an_account_where(key: str) -> Condition:
    """`key` is held, by each of the two people, in an account that the person is of."""
    return within(
        f"is of an account in which the caller holds “{key}”",
        lambda grants: grants.area(key, as_administrator=True),
        _is_of,
        None,
        permission=key,
        need=Need(_accounts_of, Whose.EACH, as_administrator=True),
    )


def _accounts_of(actor: Actor, user: User) -> list[Account]:
    """The accounts that the person is of, the lowest first; everyone is of the root account."""
    enrolments, memberships = ties_to(Area((Piece(actor.root_account.path),)))
    paths = {
        *enrolments.filter(user=user).values_list("course__account__path", flat=True),
        *memberships.filter(user=user).values_list("account__path", flat=True),
        actor.root_account.path,
    }
    ids = {int(part) for path in paths for part in path.split("/") if part}
    accounts = Account.objects.filter(pk__in=ids, root_account=actor.root_account)
    return list(accounts.order_by(Length("path").desc(), "pk"))


def ties_to(area: Area) -> tuple[QuerySet[Enrolment], QuerySet[AccountMembership]]:
    """What makes people be *of* an account in the area (spec/permissions.md "Answering")."""
    return (
        Enrolment.objects.filter(area.people("course__account__path"), OF_SOMEONE_THERE),
        AccountMembership.objects.active().filter(area.people("account__path")),
    )


def places_in(account: Account, kind: Q) -> QuerySet[Enrolment]:
    """Enrolments of a kind in the existing courses of the account and of all below it.

    From the courses, with which the enrolments' index begins: joined to them, a database without
    statistics reads all the enrolments there are.
    """
    courses = Course.objects.existing().filter(root_account_id=account.root_account_id)
    if not account.is_root:
        courses = courses.filter(account__path__startswith=account.path)
    return Enrolment.objects.filter(kind, course__in=courses)


def _is_of(area: Area) -> Q:
    if area.holds_root:
        return EVERYTHING
    if not area.pieces:
        return NOTHING
    enrolments, memberships = ties_to(area)
    return Q(Exists(enrolments.filter(user=OuterRef("pk")))) | Q(
        Exists(memberships.filter(user=OuterRef("pk")))
    )


SEE_PERSON.row("of an account", _is_of_an_account_where("read_roster"))

# The page of a person, for administrators; classmates and teachers meet people in courses.
SEE_USER_PAGE = rule("see_user_page", User, "see a person's page").row(
    "administrator", _is_of_an_account_where("read_roster")
)
SEE_LOGIN = rule("see_login", User, "see a person's login").row(
    "administrator", _is_of_an_account_where("view_user_logins")
)
SEE_LOGINS_OF = (
    rule("see_logins_of", User, "see all the logins of a person")
    .row("themself", IS_THEMSELF)
    .row("administrator", _is_of_an_account_where("view_user_logins"))
    .row("manages logins", holds_in_root("manage_user_logins"))
)
SEE_EMAIL = (
    rule("see_email", User, "see a person's e-mail")
    .row("themself", IS_THEMSELF)
    .row("administrator", _is_of_an_account_where("read_email_addresses"))
)
SEE_SIS_ID = (
    rule("see_sis_id", User, "see a person's SIS id")
    .row("administrator", _is_of_an_account_where("read_sis"))
    .row("manages SIS data", holds_in_root("manage_sis"))
)

# The enrolments of one person, over REST (contract §7.3).
SEE_ENROLMENTS_OF = (
    rule("see_enrolments_of", User, "see all the enrolments of a person")
    .row("themself", IS_THEMSELF)
    .row("administrator", holds_in_root("read_roster"))
)
SEE_SIS_OF_ENROLMENT = rule("see_sis_of_enrolment", Enrolment, "see SIS ids in a course").row(
    "course", holds_in_course("read_sis", "course")
)
# Places that nobody has any more: declined, deleted.
SEE_ENDED_ENROLMENT = rule(
    "see_ended_enrolment", Enrolment, "see who declined a place in a course or was removed"
).row(
    "course administration",
    holds_in_course("allow_course_admin_actions", "course"),
    holds_in_course("read_roster", "course"),
    Condition("is in a course that exists", lambda actor: IN_EXISTING_COURSE),
)


def _is_own_or_observed(actor: Actor) -> Q:
    """The person's own places in courses in which they observe somebody, and the students' there.

    The student's place lends nothing: it is shown as long as the observer's own is there.
    """
    if actor.person is None:
        return NOTHING
    mine = Enrolment.objects.filter(
        OF_SOMEONE_THERE, user=actor.person, type=Type.OBSERVER, course=OuterRef("course")
    ).exclude(state=State.INACTIVE)
    of_student = mine.filter(associated_user=OuterRef("user"))
    own = Q(Exists(mine), user=actor.person)
    return OF_SOMEONE_THERE & (own | Q(Exists(of_student), type=Type.STUDENT))


SEE_ENROLMENT_AS_OBSERVER = rule(
    "see_enrolment_as_observer", Enrolment, "see one's own place and that of one's students"
).row(
    "observer",
    Condition("is the observer's own, or their student's in that course", _is_own_or_observed),
)

SEE_SIS_IMPORT_OF_ENROLMENT = rule(
    "see_sis_import_of_enrolment", Enrolment, "see which import an enrolment came from"
).row("administrator", holds_in_root("manage_sis"))

# --- Accounts ---

IS_ADMINISTERED = is_in(
    "is an account in which the caller is an administrator", lambda grants: grants.administers
)
ADMINISTER_ACCOUNT = rule("administer_account", Account, "see an account's pages").row(
    "administrator", IS_ADMINISTERED
)


def _teaches_below(actor: Actor) -> set[str]:
    return grants_of(actor, actor.person).teaches_below if actor.person else set()


SEE_ACCOUNT.row("administrator", IS_ADMINISTERED).row(
    "staff of a course",
    Condition(
        "has a course, or one below it has, that the person teaches, helps in or designs",
        lambda actor: Q(path__in=_teaches_below(actor)),
        known=lambda actor, account: account.path in _teaches_below(actor),
    ),
)

SEE_LOGINS_OF_ACCOUNT = rule("see_logins_of_account", Account, "see the logins of people").row(
    "administrator", holds_in_account("view_user_logins")
)
SEE_EMAILS_OF_ACCOUNT = rule("see_emails_of_account", Account, "see the e-mails of people").row(
    "administrator", holds_in_account("read_email_addresses")
)
SEE_SIS_IDS_OF_ACCOUNT = rule("see_sis_ids_of_account", Account, "see the SIS ids of people").row(
    "administrator", holds_in_account("read_sis")
)

# --- Courses ---


def _is_in_it(actor: Actor) -> Q:
    there = Enrolment.objects.filter(OF_SOMEONE_THERE, user=actor.person, course=OuterRef("pk"))
    return Q(Exists(there)) if actor.person else NOTHING


def _has_open_place(actor: Actor) -> Q:
    there = Enrolment.objects.filter(OF_SOMEONE_THERE, user=actor.person, course=OuterRef("pk"))
    open_ones = there.exclude(state=State.INACTIVE)
    return Q(Exists(open_ones)) if actor.person else NOTHING


ADMINISTERS_COURSE = is_in(
    "is in an account in which the caller is an administrator",
    lambda grants: grants.administers,
    "account",
)
SEE_COURSE = (
    rule("see_course", Course, "see that a course is there")
    .row("is in it", Condition("the person is in the course", _is_in_it))
    .row("administrator", ADMINISTERS_COURSE)
)
SEE_COURSES_OF_ACCOUNT = rule(
    "see_courses_of_account", Account, "see the courses of an account"
).row("administrator", holds_in_account("read_course_list"))
# Of its own: who lacks the list may still add a course (spec/permission-dependencies.md).
ADD_COURSE = rule("add_course", Account, "add a course to an account").row(
    "administrator", holds_in_account("manage_courses_add")
)

# What a course is called, when it is, where it hangs; what roles give in it follows from where.
EDIT_COURSE = rule("edit_course", Course, "change a course's name, code and dates").row(
    "administrator", holds_in_account("manage_courses_admin", "account")
)
PUBLISH_COURSE = rule("publish_course", Course, "publish a course, or take it back").row(
    "course", holds_in_course("manage_courses_publish", "pk")
)
CONCLUDE_COURSE = rule("conclude_course", Course, "conclude a course, or reopen it").row(
    "course", holds_in_course("manage_courses_conclude", "pk")
)
DELETE_COURSE = rule("delete_course", Course, "delete a course").row(
    "course", holds_in_course("manage_courses_delete", "pk")
)
# The page on which these are done: for whoever may do one of them.
OPEN_COURSE_SETTINGS = rule("open_course_settings", Course, "open a course's settings")
for _rule in (EDIT_COURSE, PUBLISH_COURSE, CONCLUDE_COURSE, DELETE_COURSE):
    for _row in _rule.rows:
        OPEN_COURSE_SETTINGS.row(_rule.name, *_row.conditions)
RESTORE_COURSE = rule("restore_course", Course, "bring back a deleted course").row(
    "administrator", holds_in_account("undelete_courses", "account")
)
MANAGE_SIS_OF_COURSE = rule(
    "manage_sis_of_course", Course, "change the SIS ids of a course and of its sections"
).row("administrator", holds_in_root("manage_sis"))
ENTER_COURSE = (
    rule("enter_course", Course, "see a course's name, code and dates")
    .row(
        "has a place that is not suspended",
        Condition("the person has a place there that is not suspended", _has_open_place),
    )
    .row("administrator", ADMINISTERS_COURSE)
)

# --- Sections ---

ADD_SECTION = rule("add_section", Course, "add a section to a course").row(
    "course", holds_in_course("manage_sections_add", "pk")
)
EDIT_SECTION = rule("edit_section", Section, "change a section's name and dates").row(
    "course", holds_in_course("manage_sections_edit", "course")
)
DELETE_SECTION = rule("delete_section", Section, "delete a section without people").row(
    "course", holds_in_course("manage_sections_delete", "course")
)

SEE_SECTIONS = (
    rule("see_sections", Course, "see the sections of a course")
    .row("roster", holds_in_course("read_roster", "pk"))
    .row("adds sections", holds_in_course("manage_sections_add", "pk"))
    .row("changes sections", holds_in_course("manage_sections_edit", "pk"))
    .row("deletes sections", holds_in_course("manage_sections_delete", "pk"))
)
SEE_SIS_OF_SECTION = rule("see_sis_of_section", Section, "see the SIS ids of a section").row(
    "course", holds_in_course("read_sis", "course")
)
SEE_SIS_IMPORT_OF_SECTION = rule(
    "see_sis_import_of_section", Section, "see which import a section came from"
).row("administrator", holds_in_root("manage_sis"))

# --- The people of a course ---

SEE_COURSE_PEOPLE = rule("see_course_people", Course, "see who is in a course").row(
    "roster", holds_in_course("read_roster", "pk")
)

# The User Details page of one person in one course.
SEE_DETAILS = rule("see_details", Enrolment, "see a person's details in a course").row(
    "course administration",
    holds_in_course("allow_course_admin_actions", "course"),
    holds_in_course("read_roster", "course"),
    Condition("is there", lambda actor: OF_SOMEONE_THERE),
)
SEE_LOGIN_IN_COURSE = rule("see_login_in_course", Course, "see the logins of a course").row(
    "course", holds_in_course("view_user_logins", "pk")
)
SEE_EMAIL_IN_COURSE = rule("see_email_in_course", Course, "see the e-mails of a course").row(
    "course", holds_in_course("read_email_addresses", "pk")
)
SEE_SIS_IN_COURSE = rule("see_sis_in_course", Course, "see the SIS ids of a course").row(
    "course", holds_in_course("read_sis", "pk")
)

# --- Enrolling and removing, one rule per type ---

# The word of each type in the keys of permissions and in clients' parameters.
WORDS: dict[str, str] = {
    Type.STUDENT: "student",
    Type.TEACHER: "teacher",
    Type.TA: "ta",
    Type.DESIGNER: "designer",
    Type.OBSERVER: "observer",
}
ENROL: dict[str, Rule] = {
    type_: rule(f"enrol_{word}", Course, f"add a {word} to a course").row(
        "course", holds_in_course(f"add_{word}_to_course", "pk")
    )
    for type_, word in WORDS.items()
}
ENROL_AS_ADMINISTRATOR: dict[str, Rule] = {
    type_: rule(f"enrol_{word}_at_once", Course, f"add a {word} without an invitation").row(
        "administrator", holds_in_course(f"add_{word}_to_course", "pk", as_administrator=True)
    )
    for type_, word in WORDS.items()
}
UNENROL: dict[str, Rule] = {
    type_: rule(f"unenrol_{word}", Enrolment, f"remove a {word} from a course").row(
        "course", holds_in_course(f"remove_{word}_from_course", "course")
    )
    for type_, word in WORDS.items()
}


def may_give(actor: Actor, role_id: int, course: Course) -> bool:
    """Whether the course role gives nothing in the course that the actor lacks there: otherwise a
    course role would be a way to rights, one's own or those of whom one invites.

    An Account Admin of the course's account lacks nothing there: they may switch it all on.
    """
    path = path_of(actor, course, "account")
    people = [grants_of(actor, user) for user in {actor.person, actor.real} if user is not None]
    return bool(people) and all(
        grants.governs.has_account(path) or grants.covers_course_role(role_id, course.pk, path)
        for grants in people
    )


def may_place_at_once(actor: Actor, type_: str, course: Course, user: User) -> bool:
    """Whether they add this person to the course without asking them: administrators do, but for a
    student of other accounts only, be their places there accepted, suspended, or in courses that
    were deleted. Else whoever runs one school could put any child of the district into a course,
    and pair a stranger with them."""
    if not may(actor, ENROL_AS_ADMINISTRATOR[type_], course):
        return False
    if type_ != Type.STUDENT or adds_students_everywhere(actor):
        return True
    own = Q(course__in=permitted(actor, ENROL_AS_ADMINISTRATOR[type_]))
    places = Enrolment.objects.filter(user=user, type=Type.STUDENT)
    if places.filter(THAT_COUNTS, own).exists():
        return True
    elsewhere = places.exclude(own).exclude(state__in=[State.REJECTED, State.DELETED])
    return not elsewhere.exists()


def adds_students_everywhere(actor: Actor) -> bool:
    """Whether they do so as an administrator of the root account."""
    return bool(held_keys(actor, {"add_student_to_course"}, actor.root_account.path))


def removable(actor: Actor) -> Q:
    """Enrolments that the actor may end, suspend and bring back: each type has its own rule."""
    return any_of(all_of((Q(type=type_), of_type.q(actor))) for type_, of_type in UNENROL.items())


ANSWER_INVITATION = rule("answer_invitation", Enrolment, "accept or decline an invitation").row(
    "themself",
    Condition(
        "is the person's own, and they are not acting as anyone",
        lambda actor: NOTHING if actor.is_acting else Q(user=actor.person),
    ),
)
