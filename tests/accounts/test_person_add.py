"""Adding a person: who may, what is wrong with what was typed, and where it leads."""

import html

import pytest

from accounts.models import User
from audit.models import Event
from tests.cast import make_account_role, make_admin

NEW = {"name": "Nora Q. Newcomer", "login_id": "Nora", "email": "n@x.example", "sortable_name": ""}


def add(client, account, **changes):
    return client.post(f"/accounts/{account.pk}/users/new", NEW | changes)


def text(response):
    return " ".join(html.unescape(response.content.decode()).split())


@pytest.fixture
def admin(cast, signed_in):
    return signed_in(cast.root_admin)


def test_a_person_is_added_and_their_first_sign_in_offered(cast, admin):
    response = add(admin, cast.root)
    nora = User.objects.with_login(cast.root.pk, "nora").get()
    assert response.headers["Location"] == f"/users/{nora.pk}"
    assert (nora.name, nora.sortable_name, nora.short_name, nora.email, nora.login_id) == (
        "Nora Q. Newcomer",
        "Newcomer, Nora Q.",
        "Nora Q. Newcomer",
        "n@x.example",
        "Nora",
    )
    assert (nora.has_usable_password(), nora.root_account) == (False, cast.root)
    page = text(admin.get(f"/users/{nora.pk}"))
    assert "Nora Q. Newcomer has been added." in page
    assert "Make a one-time password" in page
    assert admin.post(f"/users/{nora.pk}/first_sign_in").status_code == 200
    event = Event.objects.get(action="person_added")
    assert (event.subject, event.real_actor) == (nora, cast.root_admin)


def test_the_name_in_lists_can_be_given(cast, admin):
    add(admin, cast.root, sortable_name="Q. Newcomer, Nora")
    nora = User.objects.with_login(cast.root.pk, "nora").get()
    assert nora.sortable_name == "Q. Newcomer, Nora"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"name": ""}, "A person needs a name."),
        ({"name": "x" * 251}, "at most 250 characters"),
        ({"login_id": " "}, "Type in a login."),
        ({"login_id": "ADA.Okafor"}, "Somebody here has this login already."),
        ({"login_id": "ﷺ" * 20}, "This login is too long."),
        ({"login_id": "a\0"}, "Null characters are not allowed"),
        ({"email": "nora"}, "Enter a valid email address"),
    ],
)
def test_what_is_wrong_is_said_and_what_was_typed_is_kept(cast, admin, changes, words):
    before = User.objects.count()
    response = add(admin, cast.root, **changes)
    assert response.status_code == 422
    assert words in text(response)
    kept = "Nora Q. Newcomer" if "name" not in changes else "n@x.example"
    assert f'value="{kept}"' in text(response)
    assert User.objects.count() == before


def test_logins_of_other_tenants_and_of_the_deleted_are_free(cast, admin):
    User.objects.filter(pk=cast.classmate.pk).update(state="deleted")
    for login in ("ben.ito", "root@southfield.example"):
        assert add(admin, cast.root, login_id=login).status_code == 302


def test_below_the_root_the_page_says_where_the_person_will_be(cast, admin):
    page = text(admin.get(f"/accounts/{cast.accounts.high.pk}/users/new"))
    assert "They are among the people of High once they are in a course there." in page


def test_only_who_manages_logins_in_the_root_account_adds_anyone(cast, signed_in):
    client, high = signed_in(cast.sub_admin), cast.accounts.high
    assert f"/accounts/{high.pk}/users/new" not in text(client.get(f"/accounts/{high.pk}/users"))
    assert add(client, high).status_code == 403
    role = make_account_role(cast, "Clerk", "manage_user_logins")
    make_admin(cast, cast.observer, cast.root, role)
    assert add(signed_in(cast.observer), cast.root).status_code == 302
    make_admin(cast, cast.ta, high, role)
    assert add(signed_in(cast.ta), high).status_code == 403
