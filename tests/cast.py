"""The cast that everyone knows, in one small account tree. No random data.

Northfield (root) ── High ── Science        Biology, Chemistry (Science), History (High)
                  └─ Elementary             Reading
Southfield (root of another tenant, on southfield.localhost)
"""

from __future__ import annotations

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from django.utils import timezone

from accounts.actions import names, place
from accounts.actor import Actor
from accounts.hosts import root_account_for
from accounts.models import Account, User
from accounts.tokens import make_token
from courses.models import Course, Enrolment, Section
from pairing.actions import IssuedCode, issue_code
from pairing.rules import ISSUE_ON_DETAILS, ISSUE_ON_SETTINGS
from permissions.actions import create_root_account
from permissions.models import AccountMembership, Override, Role
from permissions.table import bump

PASSWORD = "correct-horse-battery"


@dataclass
class Cast:
    """The people, accounts and courses; fresh in every test."""

    root: Account
    accounts: SimpleNamespace
    courses: SimpleNamespace
    root_admin: User  # may do everything in Northfield
    sub_admin: User  # administers High and all below it
    neighbour_admin: User  # administers Elementary, next door
    teacher: User  # teaches Biology and History
    ta: User  # helps in Biology
    designer: User  # designs Biology
    student: User  # Ada, in Biology and History
    classmate: User  # Ben, in Biology and Chemistry
    elsewhere: User  # Cora, in Reading in Elementary
    observer: User  # Joy, a parent; linked to nobody yet
    deactivated_admin: User  # was a root administrator, is suspended
    stranger: User  # the administrator of Southfield
    roles: dict[str, Role] = field(default_factory=dict)

    def actor(self, user: User | None, acting_as: User | None = None) -> Actor:
        """A fresh actor, with the tenant as a request would read it."""
        host = (
            "southfield.localhost"
            if user and user.root_account_id != self.root.pk
            else "testserver"
        )
        root = root_account_for(host)
        assert root is not None
        actor = Actor(root, user, user, "192.0.2.1")
        return actor.acting_as(acting_as) if acting_as else actor

    def fresh(self) -> Account:
        """The root account with its settings as they are now."""
        return Account.objects.select_related("settings", "override_version").get(pk=self.root.pk)

    def enrolment(self, user: User, course: Course) -> Enrolment:
        return Enrolment.objects.get(user=user, course=course)

    def override(self, base: str, permission: str, enabled: bool = True, **more: Any) -> Override:
        """Give or take a permission; in the root account unless `account` says otherwise."""
        account = more.pop("account", self.root)
        row = Override.objects.create(
            root_account=self.root, account=account, role=self.roles[base],
            permission=permission, enabled=enabled, **more,
        )  # fmt: skip
        bump(self.root)
        return row

    def set(self, **settings: Any) -> None:
        """Change the tenant's settings."""
        type(self.root.settings).objects.filter(account=self.root).update(**settings)
        bump(self.root)

    def code(self, student: User | None = None) -> IssuedCode:
        """A code that a student (Ada) makes in their own settings."""
        student = student or self.student
        return issue_code(
            actor=self.actor(student),
            action=ISSUE_ON_SETTINGS,
            target=student,
            surface="own_settings",
        )

    def code_by(self, user: User) -> IssuedCode:
        """A code that somebody makes for Ada on User Details in Biology."""
        return issue_code(
            actor=self.actor(user),
            action=ISSUE_ON_DETAILS,
            target=self.enrolment(self.student, self.courses.biology),
            surface="user_details",
        )

    def token(self, user: User) -> str:
        """One that is in use already: noting the first use would be a statement more."""
        return make_token(user, "tests", last_used_at=timezone.now())[1]


def make_cast() -> Cast:
    """Everyone, in Northfield, which answers on every host, and Southfield."""
    root_admin = create_root_account(
        name="Northfield", login_id="root@northfield.example", password=PASSWORD,
        self_registration="observer", domain=None,
    )  # fmt: skip
    stranger = create_root_account(
        name="Southfield", login_id="root@southfield.example", password=PASSWORD,
        self_registration="observer", domain="southfield.localhost",
    )  # fmt: skip
    root = Account.objects.select_related("settings").get(pk=root_admin.root_account_id)
    high = make_account(root, "High")
    accounts = SimpleNamespace(
        high=high,
        science=make_account(high, "Science"),
        elementary=make_account(root, "Elementary"),
    )
    courses = SimpleNamespace(
        biology=make_course(accounts.science, "Biology"),
        chemistry=make_course(accounts.science, "Chemistry"),
        history=make_course(accounts.high, "History"),
        reading=make_course(accounts.elementary, "Reading"),
    )
    people = {
        "sub_admin": make_user(root, "Hugo Stern"),
        "neighbour_admin": make_user(root, "Elena Price"),
        "teacher": make_user(root, "Tomas Varga"),
        "ta": make_user(root, "Tia Moreno"),
        "designer": make_user(root, "Dana Kim"),
        "student": make_user(root, "Ada Okafor", sis_id="s-ada"),
        "classmate": make_user(root, "Ben Ito"),
        "elsewhere": make_user(root, "Cora Lind"),
        "observer": make_user(root, "Joy Okafor"),
        "deactivated_admin": make_user(root, "Olaf Gone"),
    }
    cast = Cast(root, accounts, courses, root_admin, stranger=stranger, **people)
    cast.roles = {r.base_role: r for r in Role.objects.filter(root_account=root)}
    make_admin(cast, cast.sub_admin, accounts.high)
    make_admin(cast, cast.neighbour_admin, accounts.elementary)
    make_admin(cast, cast.deactivated_admin, root)
    User.objects.filter(pk=cast.deactivated_admin.pk).update(state=User.State.SUSPENDED)
    cast.deactivated_admin.refresh_from_db()
    _enrol_all(cast)
    return cast


def _enrol_all(cast: Cast) -> None:
    biology, history = cast.courses.biology, cast.courses.history
    enrol(cast, cast.teacher, biology, "TeacherEnrollment")
    enrol(cast, cast.teacher, history, "TeacherEnrollment")
    enrol(cast, cast.ta, biology, "TaEnrollment")
    enrol(cast, cast.designer, biology, "DesignerEnrollment")
    enrol(cast, cast.student, biology, "StudentEnrollment")
    enrol(cast, cast.student, history, "StudentEnrollment")
    enrol(cast, cast.classmate, biology, "StudentEnrollment")
    enrol(cast, cast.classmate, cast.courses.chemistry, "StudentEnrollment")
    enrol(cast, cast.elsewhere, cast.courses.reading, "StudentEnrollment")


def make_account(parent: Account, name: str) -> Account:
    account = Account.objects.create(
        name=name, parent=parent, root_account_id=parent.root_account_id
    )
    place(account, parent)
    return account


def make_course(account: Account, name: str, **more: Any) -> Course:
    """A published course with its default section."""
    course = Course.objects.create(
        root_account_id=account.root_account_id, account=account, name=name, course_code=name[:3].upper(),
        **{"state": Course.State.AVAILABLE, **more},
    )  # fmt: skip
    Section.objects.create(
        root_account_id=account.root_account_id, course=course, name=name, is_default=True
    )
    return course


def make_user(root: Account, name: str, **more: Any) -> User:
    """A person who signs in as `first.last` with PASSWORD; without an e-mail address."""
    user = User(root_account=root, login_id=name.lower().replace(" ", "."), **(names(name) | more))
    user.set_password(PASSWORD)
    user.save()
    return user


def make_admin(
    cast: Cast, user: User, account: Account, role: Role | None = None
) -> AccountMembership:
    return AccountMembership.objects.create(
        root_account=cast.root, account=account, user=user, role=role or cast.roles["AccountAdmin"]
    )


def make_account_role(cast: Cast, label: str, *keys: str) -> Role:
    """A custom account role that holds just these permissions."""
    role = Role.objects.create(
        root_account=cast.root, account=cast.root, label=label, base_role="AccountMembership"
    )
    for key in keys:
        Override.objects.create(
            root_account=cast.root, account=cast.root, role=role, permission=key, enabled=True
        )
    bump(cast.root)
    return role


def enrol(
    cast: Cast, user: User, course: Course, type_: str, state: str = "active", **more: Any
) -> Enrolment:
    """An enrolment as an import makes it: an active or completed one counts."""
    counts = state in ("active", "completed")
    return Enrolment.objects.create(
        root_account=cast.root, user=user, course=course, section=course.sections.get(is_default=True),
        role=cast.roles[type_], type=type_, state=state,
        activated_at=more.pop("activated_at", timezone.now() if counts else None), **more,
    )  # fmt: skip


def enrol_in_many(cast: Cast, student: User, number: int) -> None:
    """As a student, in so many new courses of the root account: a hundred take a few statements."""
    own = {"root_account": cast.root}
    courses = Course.objects.bulk_create(
        Course(account=cast.root, name=f"Course {n}", course_code="COU", state="available", **own)
        for n in range(number)
    )
    sections = Section.objects.bulk_create(
        Section(course=course, name=course.name, is_default=True, **own) for course in courses
    )
    Enrolment.objects.bulk_create(
        Enrolment(
            user=student, course=section.course, section=section, type="StudentEnrollment",
            role=cast.roles["StudentEnrollment"], state="active", activated_at=timezone.now(),
            **own,
        )
        for section in sections
    )  # fmt: skip
