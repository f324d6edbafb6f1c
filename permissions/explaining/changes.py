"""What an administrator can change so that somebody may do something (spec/permissions.md "Why").

Concrete proposals: each names the one thing to change. Nothing here writes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypedDict

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Account, User
from permissions.catalogue import permission

if TYPE_CHECKING:
    from courses.models import Course, Enrolment
    from permissions.models import Role


_SETTINGS = {"self_registration": gettext_lazy("self registration for observers")}


class ChangeIds(TypedDict, total=False):
    """What is to be changed, for machines; which keys there are depends on the kind of change."""

    permission: str
    setting: str
    value: str | bool
    role_id: int
    user_id: int
    account_id: int
    course_id: int
    enrollment_id: int


@dataclass(frozen=True)
class SwitchOn:
    """A permission for a role, on in an account and below it."""

    permission: str
    role: Role
    account: Account

    kind = "switch_on"

    @property
    def sentence(self) -> str:
        return _("Switch on “%(permission)s” for the role %(role)s in %(account)s.") % {
            "permission": permission(self.permission).label,
            "role": self.role.label,
            "account": self.account.name,
        }

    @property
    def ids(self) -> ChangeIds:
        return {
            "permission": self.permission,
            "role_id": self.role.pk,
            "account_id": self.account.pk,
        }


@dataclass(frozen=True)
class GiveRole:
    """An account role, held in an account."""

    user: User
    role: Role
    account: Account

    kind = "give_role"

    @property
    def sentence(self) -> str:
        return _("Make %(person)s an administrator of %(account)s with the role %(role)s.") % {
            "person": self.user.name,
            "account": self.account.name,
            "role": self.role.label,
        }

    @property
    def ids(self) -> ChangeIds:
        return {
            "user_id": self.user.pk,
            "role_id": self.role.pk,
            "account_id": self.account.pk,
        }


@dataclass(frozen=True)
class Enrol:
    """A course role, held in a course."""

    user: User
    role: Role
    course: Course

    kind = "enrol"

    @property
    def sentence(self) -> str:
        return _("Add %(person)s to %(course)s with the role %(role)s.") % {
            "person": self.user.name,
            "course": self.course.name,
            "role": self.role.label,
        }

    @property
    def ids(self) -> ChangeIds:
        return {"user_id": self.user.pk, "role_id": self.role.pk, "course_id": self.course.pk}


@dataclass(frozen=True)
class Activate:
    """An enrolment that is not active yet, or that its person never accepted."""

    enrolment: Enrolment

    kind = "activate_enrolment"

    @property
    def sentence(self) -> str:
        return _(
            "%(person)s accepts their place in %(course)s, or an administrator activates it."
        ) % {"person": self.enrolment.user.name, "course": self.enrolment.course.name}

    @property
    def ids(self) -> ChangeIds:
        return {"enrollment_id": self.enrolment.pk, "course_id": self.enrolment.course_id}


@dataclass(frozen=True)
class Reopen:
    """A course that has been concluded."""

    course: Course

    kind = "reopen_course"

    @property
    def sentence(self) -> str:
        return _("Reopen the course %(course)s, which is concluded.") % {"course": self.course.name}

    @property
    def ids(self) -> ChangeIds:
        return {"course_id": self.course.pk}


@dataclass(frozen=True)
class ChangeSetting:
    """A setting of the root account."""

    name: str
    value: str | bool
    account: Account

    kind = "change_setting"

    @property
    def sentence(self) -> str:
        return _("Switch on %(setting)s in the settings of %(account)s.") % {
            "setting": _SETTINGS[self.name],
            "account": self.account.name,
        }

    @property
    def ids(self) -> ChangeIds:
        return {"setting": self.name, "value": self.value, "account_id": self.account.pk}


Change = SwitchOn | GiveRole | Enrol | Activate | Reopen | ChangeSetting
