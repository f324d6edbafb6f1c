"""Who may make pairing codes in a course, asked of the engine and of what others would use.

Each gets the same tables, and for a question the same person and course, read beforehand with its
account. What a library cannot know by itself is given to it in the form that suits it best:

- django-guardian and casbin know no inheritance: the answers of the overrides are written out for
  them, as one permission of a group (a role in a course, a role in an account) on each course.
  Changing an override would mean writing out anew, which is not in their figures.
- rules has no storage: its predicate asks the same tables in three queries and merges.
- the walk is the plain way through the models, account by account.

To be imported after `django.setup()`; guardian must be among the installed apps.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cached_property
from typing import Any

import casbin
import rules
from casbin.model import FastModel
from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType
from django.db import connection, models
from guardian.core import ObjectPermissionChecker
from guardian.models import GroupObjectPermissionBase, UserObjectPermissionBase
from guardian.shortcuts import get_objects_for_user

from accounts.actor import Actor
from accounts.hosts import root_account_for
from accounts.models import Account, User
from bench.district import PAIRING, District, insert
from courses.models import Course, Enrolment
from courses.rules import THAT_COUNTS
from pairing.rules import COURSE_ADMINISTRATION, GENERATE, ISSUE_ON_DETAILS
from permissions.catalogue import PERMISSIONS
from permissions.inheritance import Row, resolve
from permissions.models import AccountMembership, Override, Role
from permissions.policy import holds_in_course, may, permitted, rule

Ask = Callable[[Course], bool]


class Contender:
    """`request` is what a request does before its first question; it gives what answers them."""

    name: str
    lists = False  # whether it can be asked for all students at once

    def __init__(self, district: District) -> None:
        """Prepare what is there before any request."""

    def request(self, user: User) -> Ask:
        raise NotImplementedError

    def students(self, user: User) -> Any:
        """The ids of the students whom the person may pair."""
        raise NotImplementedError


# --- The engine ---

MAKE_CODES = rule("bench_make_codes", Course, "make pairing codes in a course").row(
    "course", holds_in_course(GENERATE, "pk"), holds_in_course(COURSE_ADMINISTRATION, "pk")
)


class Engine(Contender):
    """As a request has it: the tenant with its version is read, then the person's grants."""

    name = "this engine"
    lists = True

    @staticmethod
    def actor(user: User) -> Actor:
        root_account = root_account_for("bench.example")
        assert root_account is not None
        return Actor(root_account, user, user)

    def request(self, user: User) -> Ask:
        actor = self.actor(user)
        return lambda course: may(actor, MAKE_CODES, course)

    def students(self, user: User) -> Any:
        allowed = permitted(self.actor(user), ISSUE_ON_DETAILS)
        return allowed.values_list("user_id", flat=True).distinct()


# --- django-guardian ---

# The product's people are in no groups. These get Django's, and guardian its quickest kind of
# permission, with foreign keys instead of generic relations.
User.add_to_class(
    "groups", models.ManyToManyField(Group, related_name="user_set", related_query_name="user")
)
User.is_superuser = False


class PairGroup(GroupObjectPermissionBase):
    content_object = models.ForeignKey(Course, models.CASCADE)

    class Meta(GroupObjectPermissionBase.Meta):
        app_label = "guardian"


class PairUser(UserObjectPermissionBase):
    content_object = models.ForeignKey(Course, models.CASCADE)

    class Meta(UserObjectPermissionBase.Meta):
        app_label = "guardian"


class Groups:
    """The overrides written out: which group may pair in which course, and who is in which."""

    def __init__(self, district: District) -> None:
        self._district = district

    @cached_property
    def ids(self) -> dict[tuple[str, int, int], int]:
        """By what it is (a role in a course, or in an account), and both ids."""
        found = {key for _, key in self.members()}
        return {key: n for n, key in enumerate(sorted(found), start=1)}

    def members(self) -> Iterator[tuple[int, tuple[str, int, int]]]:
        for user_id, held in self._district.enrolments.items():
            for role_id, course_id in held:
                yield user_id, ("course", role_id, course_id)
        for user_id, held in self._district.memberships.items():
            for role_id, account_id in held:
                yield user_id, ("account", role_id, account_id)

    def allowed(self) -> Iterator[tuple[int, int]]:
        """Group and course."""
        district = self._district
        for (kind, role_id, place), group in self.ids.items():
            held_at = None if kind == "course" else place
            for course_id in [place] if held_at is None else self._below(place):
                account_id = district.courses[course_id]
                if all(district.gives(role_id, key, account_id, held_at) for key in PAIRING):
                    yield group, course_id

    def _below(self, account_id: int) -> list[int]:
        chains = self._district.accounts
        return [c for c, above in self._district.courses.items() if account_id in chains[above]]


class Guardian(Contender):
    name = "django-guardian"
    lists = True

    def __init__(self, district: District) -> None:
        with connection.schema_editor() as editor:
            for model in (User.groups.through, PairGroup, PairUser):
                editor.create_model(model)
        permission = Permission.objects.create(
            content_type=ContentType.objects.get_for_model(Course), codename="pair", name="Pair"
        )
        groups = Groups(district)
        insert(Group(), [{"id": pk, "name": f"group {pk}"} for pk in groups.ids.values()])
        insert(
            User.groups.through(),
            [{"user_id": pk, "group_id": groups.ids[key]} for pk, key in groups.members()],
        )
        insert(
            PairGroup(permission=permission),
            [{"group_id": pk, "content_object_id": course} for pk, course in groups.allowed()],
        )

    def request(self, user: User) -> Ask:
        checker = ObjectPermissionChecker(user)
        return lambda course: checker.has_perm("pair", course)

    def students(self, user: User) -> Any:
        courses = get_objects_for_user(user, "courses.pair", Course, accept_global_perms=False)
        allowed = Enrolment.objects.filter(THAT_COUNTS, course__in=courses)
        return allowed.values_list("user_id", flat=True).distinct()


# --- rules ---


@rules.predicate
def makes_codes(user: User, course: Course) -> bool:
    chain = course.account.chain_ids
    enrolled = Enrolment.objects.filter(user=user, course=course, state=Enrolment.State.ACTIVE)
    appointed = AccountMembership.objects.active().filter(user=user, account__in=chain)
    fields = ("role_id", "role__base_role")
    held = [
        *((*one, None) for one in enrolled.values_list(*fields)),
        *appointed.values_list(*fields, "account_id"),
    ]
    found = Override.objects.filter(
        role__in={role_id for role_id, *_ in held}, permission__in=PAIRING, account__in=chain
    )
    rows: dict[tuple[int, str], dict[int, Row]] = {}
    for one in found:
        rows.setdefault((one.role_id, one.permission), {})[one.account_id] = _row(one)
    return all(
        any(
            resolve(PERMISSIONS[key], base, chain, rows.get((pk, key), {}), held_at).allowed
            for pk, base, held_at in held
        )
        for key in PAIRING
    )


def _row(one: Override) -> Row:
    return Row(one.enabled, one.locked, one.applies_to_self, one.applies_to_descendants)


class Rules(Contender):
    name = "rules"

    def __init__(self, district: District) -> None:
        rules.add_rule("pair", makes_codes)

    def request(self, user: User) -> Ask:
        return lambda course: rules.test_rule("pair", user, course)


# --- casbin ---


class Casbin(Contender):
    """Everything in memory, and nothing that tells it of a change in another process."""

    name = "casbin, warm, no version"

    MODEL = """
    [request_definition]
    r = sub, obj, act
    [policy_definition]
    p = sub, obj, act
    [role_definition]
    g = _, _
    [policy_effect]
    e = some(where (p.eft == allow))
    [matchers]
    m = r.obj == p.obj && r.act == p.act && g(r.sub, p.sub)
    """

    def __init__(self, district: District) -> None:
        groups = Groups(district)
        by = [1, 2]  # it looks for policies by object and action
        model = FastModel(by)
        model.load_model_from_text(self.MODEL)
        self._enforcer = casbin.FastEnforcer(model, cache_key_order=by)
        self._enforcer.add_policies([[f"g{g}", str(c), "pair"] for g, c in groups.allowed()])
        roles = self._enforcer.get_role_manager()
        for user_id, key in groups.members():
            roles.add_link(str(user_id), f"g{groups.ids[key]}")

    def request(self, user: User) -> Ask:
        return lambda course: self._enforcer.enforce(str(user.pk), str(course.pk), "pair")


# --- The plain walk ---


class Walk(Contender):
    """From the course's account up, then a query for each role and permission."""

    name = "plain ORM walk"

    def request(self, user: User) -> Ask:
        return lambda course: self._may(user, course)

    def _may(self, user: User, course: Course) -> bool:
        chain = [course.account]
        while chain[0].parent_id is not None:
            chain.insert(0, Account.objects.get(pk=chain[0].parent_id))
        enrolled = Enrolment.objects.filter(user=user, course=course, state="active")
        appointed = AccountMembership.objects.active().filter(user=user, account__in=chain)
        held = [
            *((one.role, None) for one in enrolled.select_related("role")),
            *((one.role, one.account_id) for one in appointed.select_related("role")),
        ]
        return all(
            any(self._gives(role, key, [a.pk for a in chain], held_at) for role, held_at in held)
            for key in PAIRING
        )

    def _gives(self, role: Role, key: str, chain: list[int], held_at: int | None) -> bool:
        overrides = Override.objects.filter(role=role, permission=key, account__in=chain)
        rows = {one.account_id: _row(one) for one in overrides}
        return resolve(PERMISSIONS[key], role.base_role, chain, rows, held_at).allowed


ALL: tuple[type[Contender], ...] = (Engine, Guardian, Rules, Casbin, Walk)
