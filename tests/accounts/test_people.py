"""People of an account: who is listed, what is shown of them, search, order, cost."""

import re

import pytest

from accounts.models import User
from tests.cast import enrol, make_account_role, make_admin, make_user


def people(client, account, query="", status=200):
    response = client.get(f"/accounts/{account.pk}/users{query}")
    assert response.status_code == status
    return response.content.decode()


def names(text):
    return re.findall(r'<th scope="row" class="wrap lead"><a[^>]*>([^<]*)</a>', text)


@pytest.fixture
def admin(cast, signed_in):
    return signed_in(cast.root_admin)


def test_everyone_is_of_the_root_account(cast, admin):
    listed = names(people(admin, cast.root))
    assert len(listed) == 11
    assert listed == sorted(listed, key=str.lower)
    assert "Gone, Olaf" in listed


def test_the_deleted_and_other_tenants_are_not_listed(cast, admin):
    User.objects.filter(pk=cast.classmate.pk).update(state="deleted")
    listed = names(people(admin, cast.root))
    assert "Ito, Ben" not in listed
    assert "root@southfield.example" not in listed


def test_below_the_root_people_are_those_of_its_courses_and_its_administrators(cast, signed_in):
    enrol(cast, cast.elsewhere, cast.courses.history, "StudentEnrollment", "rejected")
    listed = names(people(signed_in(cast.sub_admin), cast.accounts.high))
    assert listed == [
        "Ito, Ben",
        "Kim, Dana",
        "Moreno, Tia",
        "Okafor, Ada",
        "Stern, Hugo",
        "Varga, Tomas",
    ]


def test_an_account_without_people_says_what_to_do(cast, admin):
    from tests.cast import make_account

    empty = make_account(cast.root, "Empty")
    assert "Nobody is in this account yet." in people(admin, empty)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("kaf", ["Okafor, Ada", "Okafor, Joy"]),
        ("ADA OK", ["Okafor, Ada"]),
        ("okafor, a", ["Okafor, Ada"]),
        ("Ada.Okafor", ["Okafor, Ada"]),
        ("kafor.example", []),
        ("S-ADA", ["Okafor, Ada"]),
        ("-ada", []),
        ("ben@", ["Ito, Ben"]),
        ("ada q oka", []),
        ("oka ad", ["Okafor, Ada"]),
        ("fa jo", []),
        ("özl özt", ["Öztürk, Özlem"]),
        ("x " * 5000, []),
        ("%", []),
        ("_", []),
        ("öztürk", ["Öztürk, Özlem"]),
        ("  ", None),
    ],
)
def test_search_finds_parts_of_names_and_beginnings_of_ids(cast, admin, text, found):
    make_user(cast.root, "Özlem Öztürk")
    User.objects.filter(pk=cast.classmate.pk).update(email="Ben@x.example")
    listed = names(people(admin, cast.root, f"?q={text}".replace("%", "%25")))
    assert len(listed) == 12 if found is None else listed == found


@pytest.mark.parametrize(
    ("key", "column", "secret", "text"),
    [
        ("view_user_logins", "Login", "ada.okafor", "ada.okafor"),
        ("read_email_addresses", "E-mail", "hidden@x.example", "hidden@"),
        ("read_sis", "SIS ID", "s-ada", "s-ada"),
    ],
)
def test_an_id_is_shown_and_searched_with_its_permission_only(
    cast, signed_in, key, column, secret, text
):
    User.objects.filter(pk=cast.student.pk).update(email="hidden@x.example")
    make_admin(cast, cast.observer, cast.accounts.high, make_account_role(cast, "A", "read_roster"))
    make_admin(cast, cast.ta, cast.accounts.high, make_account_role(cast, "B", "read_roster", key))
    without = people(signed_in(cast.observer), cast.accounts.high)
    assert (column in without, secret in without) == (False, False)
    assert names(people(signed_in(cast.observer), cast.accounts.high, f"?q={text}")) == []
    with_it = people(signed_in(cast.ta), cast.accounts.high)
    assert (column in with_it, secret in with_it) == (True, True)
    assert names(people(signed_in(cast.ta), cast.accounts.high, f"?q={text}")) == ["Okafor, Ada"]


def test_the_words_of_a_name_are_found_in_any_order_and_with_gaps(cast, admin):
    make_user(cast.root, "Ada Q. Northfield")
    make_user(cast.root, "Ada Surname-Northfield-Smith")
    assert names(people(admin, cast.root, "?q=ada north")) == ["Northfield, Ada Q."]
    assert names(people(admin, cast.root, "?q=north, ada")) == ["Northfield, Ada Q."]


def test_small_letters_stand_among_the_capital_ones(cast, admin):
    make_user(cast.root, "Lin van Dyke", sortable_name="van Dyke, Lin")
    listed = names(people(admin, cast.root))
    assert listed.index("van Dyke, Lin") < listed.index("Varga, Tomas")
    assert names(people(admin, cast.root, "?sort=-name")) == listed[::-1]


def test_the_list_is_sorted_both_ways(cast, admin):
    by_login = names(people(admin, cast.root, "?sort=login"))
    assert by_login[0] == "Okafor, Ada"
    assert names(people(admin, cast.root, "?sort=-login")) == by_login[::-1]
    assert names(people(admin, cast.root, "?sort=password")) == names(people(admin, cast.root))


def test_the_order_by_an_id_that_is_not_shown_is_not_given(cast, signed_in):
    make_admin(cast, cast.observer, cast.accounts.high, make_account_role(cast, "A", "read_roster"))
    client = signed_in(cast.observer)
    assert names(people(client, cast.accounts.high, "?sort=-login")) == names(
        people(client, cast.accounts.high)
    )


def test_only_people_without_a_first_sign_in_are_shown(cast, admin):
    User.objects.filter(pk=cast.student.pk).update(password="!x")
    assert names(people(admin, cast.root, "?show=without_sign_in")) == ["Okafor, Ada"]
    assert names(people(admin, cast.root, "?show=suspended")) == ["Gone, Olaf"]


def test_who_can_not_hand_over_a_first_sign_in_is_told_who_can(cast, admin, signed_in):
    words = "gets their first sign-in from an administrator of"
    sub_admin = signed_in(cast.sub_admin)
    assert words not in people(sub_admin, cast.accounts.high)
    User.objects.filter(pk=cast.student.pk).update(password="!x")
    assert words in people(sub_admin, cast.accounts.high)
    assert words not in people(admin, cast.accounts.high)


def test_a_search_without_result_says_so(cast, admin):
    assert "Nobody here fits this search." in people(admin, cast.root, "?q=nobody")


@pytest.mark.parametrize("number", ["2", "99", "x", "-1"])
def test_pages_hold_fifty(cast, admin, number):
    for n in range(50):
        make_user(cast.root, f"Zed {n:02d}")
    listed = names(people(admin, cast.root, f"?page={number}"))
    assert len(listed) == (50 if number == "x" else 11)


def test_the_list_takes_few_statements_whatever_its_length(
    cast, signed_in, django_assert_max_num_queries
):
    client = signed_in(cast.sub_admin)
    people(client, cast.accounts.high)
    for n in range(20):
        enrol(cast, make_user(cast.root, f"Zed {n}"), cast.courses.history, "StudentEnrollment")
    with django_assert_max_num_queries(12):
        people(client, cast.accounts.high, "?q=e&show=&sort=-login")
