"""Numbers about an account and all below it, and what in it needs attention: four statements."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db.models import Count, IntegerField, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.actor import Actor
from accounts.models import Account, User
from accounts.people import has_no_observer, is_student_in, shown
from courses.models import Course, Enrolment
from courses.rules import SOMEONE_THERE, STUDENT_THERE, places_in
from pairing.models import ObservationLink, PairingCode
from permissions.catalogue import BaseRole
from permissions.models import AccountMembership, Role

if TYPE_CHECKING:
    from accounts.sight import SeenAccount


@dataclass(frozen=True)
class Counts:
    students: int
    unobserved: int
    observers: int
    live_codes: int
    courses: int


def counts_of(account: Account) -> Counts:
    """How many students (and of them without an observer), observers, live codes, courses."""
    theirs: dict[str, Any] = {"root_account_id": account.root_account_id}
    if not account.is_root:
        theirs["student__in"] = places_in(account, STUDENT_THERE).values("user")
    courses = Course.objects.existing().filter(account__path__startswith=account.path)
    row = _numbers(
        account,
        observers=(ObservationLink.objects.active().filter(**theirs), "observer"),
        live_codes=(PairingCode.objects.live().filter(**theirs), "pk"),
        courses=(courses.filter(root_account_id=account.root_account_id), "pk"),
    )
    return Counts(**_students(account), **row)


def _students(account: Account) -> dict[str, int]:
    """Both numbers of one walk through all the students, which takes longer than all the rest."""
    students = User.objects.filter(is_student_in(account), root_account_id=account.root_account_id)
    # Of these, those whom the people's page lists.
    is_listed = ~Q(state=User.State.DELETED) & has_no_observer(account)
    return students.aggregate(students=Count("pk"), unobserved=Count("pk", filter=is_listed))


def _numbers(account: Account, **counted: tuple[QuerySet[Any], str]) -> dict[str, int]:
    """How many different values of a field each of some rows have: one statement."""
    columns = {name: _number(rows, field) for name, (rows, field) in counted.items()}
    # Beside the columns of accounts, which may be called the same.
    row = Account.objects.filter(pk=account.pk).values_list(*columns.values()).get()
    return dict(zip(columns, row, strict=True))


def _number(rows: QuerySet[Any], field: str) -> Coalesce:
    one_group = rows.order_by().annotate(all=Value(1)).values("all")
    number = one_group.annotate(number=Count(field, distinct=True)).values("number")
    return Coalesce(Subquery(number, output_field=IntegerField()), 0)


@dataclass(frozen=True)
class Item:
    """What needs attention in a sentence, and the button that leads to where it is dealt with."""

    text: str
    action: str = ""
    url: str = ""


def attention(actor: Actor, account: SeenAccount, counts: Counts) -> list[Item]:
    """The worst first, and only what the actor can see to: two statements."""
    inside = {"account__path__startswith": account.path, "root_account": account.root_account_id}
    admins = AccountMembership.objects.active().filter(**inside)
    switched_off = {"role__state": Role.State.INACTIVE}
    numbers = _numbers(
        account,
        questioned=(shown(actor, account, "questioned"), "pk"),
        code_ends=(shown(actor, account, "code_ends"), "pk"),
        without_sign_in=(shown(actor, account, "without_sign_in"), "pk"),
        chiefs=(_chiefs(account), "user"),
        suspended=(admins.filter(user__state=User.State.SUSPENDED), "user"),
        old_admins=(admins.filter(**switched_off), "user"),
        old_enrolments=(_in_old_roles(account), "user"),
    )
    numbers["unobserved"] = counts.unobserved
    return [
        *_about_registration(actor, account, counts),
        *_about_administrators(account, numbers),
        *(_about_people(account, numbers) if account.may_see_people else ()),
    ]


def _chiefs(account: Account) -> QuerySet[AccountMembership]:
    """The active Account Admins of the account itself."""
    return AccountMembership.objects.active().filter(
        account=account,
        role__base_role=BaseRole.ACCOUNT_ADMIN,
        user__state=User.State.ACTIVE,
    )


def _in_old_roles(account: Account) -> QuerySet[Enrolment]:
    """Those there whose role is deactivated: one statement, for the roles.

    By their types, too, which the enrolments' index has.
    """
    roles = Role.objects.filter(
        root_account=account.root_account_id, state=Role.State.INACTIVE
    ).values_list("pk", "base_role")
    there = places_in(account, SOMEONE_THERE)
    found = dict(roles)
    return there.filter(role__in=list(found), type__in=set(found.values()))


def _about_registration(actor: Actor, account: SeenAccount, counts: Counts) -> Iterator[Item]:
    if not account.is_root or actor.root_account.settings.is_open:
        return
    text = _("Self registration is off: no pairing codes can be made or used.")
    if counts.live_codes:
        text = ngettext(
            "Self registration is off: %(count)d live code can't be used, nor new ones made.",
            "Self registration is off: %(count)d live codes can't be used, nor new ones made.",
            counts.live_codes,
        ) % {"count": counts.live_codes}
    if account.may_manage:
        url = reverse("accounts:account-settings", args=[account.pk])
        yield Item(text, _("Open the settings"), url)
    else:
        yield Item(text)


def _about_administrators(account: SeenAccount, numbers: dict[str, int]) -> Iterator[Item]:
    if account.may_manage_admins:
        admins = reverse("accounts:admins", args=[account.pk])
        if account.is_root and numbers["chiefs"] == 1:
            text = _("Only one person is Account Admin here. A second one can help out.")
            yield Item(text, _("Show the administrators"), admins)
        if number := numbers["suspended"]:
            yield Item(
                ngettext(
                    "%(count)d suspended person still has an administrator's role here or below.",
                    "%(count)d suspended people still have an administrator's role here or below.",
                    number,
                )
                % {"count": number},
                _("Show them"),
                f"{admins}?show=suspended",
            )
        if number := numbers["old_admins"]:
            yield Item(
                ngettext(
                    "%(count)d administrator has a role that is deactivated.",
                    "%(count)d administrators have a role that is deactivated.",
                    number,
                )
                % {"count": number},
                _("Show them"),
                f"{admins}?show=deactivated",
            )
    if account.may_manage_roles and (number := numbers["old_enrolments"]):
        yield Item(
            ngettext(
                "%(count)d person in a course has a role that is deactivated.",
                "%(count)d people in courses have a role that is deactivated.",
                number,
            )
            % {"count": number},
            _("Show the roles"),
            reverse("permissions:grid", args=[account.pk]),
        )


def _about_people(account: SeenAccount, numbers: dict[str, int]) -> Iterator[Item]:
    sentences = {
        "questioned": ngettext(
            "%(count)d student says that an observer isn't right.",
            "%(count)d students say that an observer isn't right.",
            numbers["questioned"],
        ),
        "without_sign_in": ngettext(
            "%(count)d person has no password yet and can't sign in.",
            "%(count)d people have no password yet and can't sign in.",
            numbers["without_sign_in"],
        ),
        "code_ends": ngettext(
            "%(count)d student has an unused code that ends within a day.",
            "%(count)d students have an unused code that ends within a day.",
            numbers["code_ends"],
        ),
        "unobserved": ngettext(
            "%(count)d student has no observer.",
            "%(count)d students have no observer.",
            numbers["unobserved"],
        ),
    }
    if not account.may_set_up_sign_ins:
        del sentences["without_sign_in"]
    people = reverse("accounts:account-people", args=[account.pk])
    for which, text in sentences.items():
        if numbers[which]:
            yield Item(text % {"count": numbers[which]}, _("Show them"), f"{people}?show={which}")
