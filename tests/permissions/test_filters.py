"""What is the same for every target is known before a statement is composed, and says the same."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.db.models import Q
from django.test.utils import CaptureQueriesContext

from accounts.actor import Actor
from accounts.models import Account, User
from courses.rules import SEE_EMAIL, SEE_USER_PAGE
from permissions.filters import EVERYTHING, NOTHING, all_of, any_of, where_any
from permissions.grants import grants_of
from permissions.policy import RULES, Rule, answered_one, permitted, unmet
from tests.cast import Cast, make_account_role, make_admin
from tests.effort import some_of

ADA, BEN = Q(name="Ada"), Q(name="Ben")


def test_any_of() -> None:
    assert any_of([]) is NOTHING
    assert any_of([NOTHING, NOTHING]) is NOTHING
    assert any_of([ADA, EVERYTHING, BEN]) is EVERYTHING
    assert any_of([NOTHING, ADA, NOTHING]) == ADA
    assert any_of([ADA, BEN]) == ADA | BEN


def test_all_of() -> None:
    assert all_of([]) is EVERYTHING
    assert all_of([EVERYTHING, EVERYTHING]) is EVERYTHING
    assert all_of([ADA, NOTHING, BEN]) is NOTHING
    assert all_of([EVERYTHING, ADA, EVERYTHING]) == ADA
    assert all_of([ADA, BEN, Q(name="Ada")]) == ADA & BEN


def test_what_comes_after_one_that_never_holds_is_not_asked() -> None:
    def filters() -> Any:
        yield NOTHING
        pytest.fail("it was asked")

    assert all_of(filters()) is NOTHING


def test_the_database_agrees(cast: Cast) -> None:
    assert not User.objects.filter(NOTHING).exists()
    assert User.objects.filter(EVERYTHING).count() == User.objects.count()
    assert where_any(User.objects.none().filter(ADA)) is NOTHING


def test_who_holds_it_nowhere_asks_nothing(cast: Cast, django_assert_num_queries: Any) -> None:
    actor = cast.actor(cast.teacher)
    grants_of(actor, cast.teacher)
    with django_assert_num_queries(0):
        assert list(permitted(actor, SEE_USER_PAGE)) == []


def test_who_holds_it_everywhere_asks_for_the_tenant_alone(cast: Cast) -> None:
    actor = cast.actor(cast.root_admin)
    grants_of(actor, cast.root_admin)
    with CaptureQueriesContext(connection) as seen:
        everyone = set(permitted(actor, SEE_USER_PAGE))
    assert everyone == set(User.objects.filter(root_account=cast.root))
    [statement] = seen.captured_queries
    assert statement["sql"].partition("WHERE")[2].count("=") == 1


@pytest.mark.parametrize("model", [User, Account])
@pytest.mark.parametrize(
    ("number", "who"), [*enumerate(["root_admin", "sub_admin", "teacher", "observer"])]
)
def test_what_one_target_tells_is_what_is_permitted(
    cast: Cast, model: type[User | Account], number: int, who: str
) -> None:
    """All rules of its kind at once, and acting as somebody, too."""
    make_admin(cast, cast.ta, cast.root, make_account_role(cast, "Helper", "manage_user_logins"))
    cast.override("AccountAdmin", "read_roster", account=cast.accounts.science, enabled=False)
    person = getattr(cast, who)
    rules = {name: rule for name, rule in RULES.items() if rule.model is model}
    targets = some_of(model.objects.filter(root_account=cast.root).order_by("pk"), number)
    for actor in (cast.actor(person), cast.actor(cast.root_admin, acting_as=person)):
        told = {
            target.pk: answered_one(model.objects.filter(pk=target.pk), actor, **rules)
            for target in targets
        }
        for name, rule in rules.items():
            of_one = {pk for pk, target in told.items() if getattr(target, name)}
            of_all = set(permitted(actor, rule).values_list("pk", flat=True))
            assert of_one == of_all & told.keys(), name


def test_one_that_is_not_there(cast: Cast) -> None:
    assert answered_one(User.objects.none(), cast.actor(cast.root_admin)) is None


def test_without_anybody_nothing_is_met(cast: Cast) -> None:
    nobody = Actor(cast.actor(None).root_account)
    students = User.objects.filter(pk=cast.student.pk)
    assert all(failed for _, _, failed in unmet(nobody, SEE_EMAIL, students))


def test_a_row_without_a_condition_is_refused() -> None:
    with pytest.raises(ValueError, match="no condition"):
        Rule("open_to_all", User, "do anything").row("everybody")
