"""The administrators of an account: the list, adding, another role, taking it away."""

import html
import re

import pytest

from accounts.models import User
from audit.models import Event
from permissions.models import AccountMembership, Role
from tests.cast import make_account_role, make_admin, make_user


def text(response):
    return " ".join(html.unescape(response.content.decode()).split())


def page(account, *rest):
    return "/".join(["/accounts", str(account.pk), "admins", *map(str, rest)])


def names(response):
    return re.findall(r'<th scope="row" class="wrap">(?:<a[^>]*>)?([^<]+)<', text(response))


def active(account):
    there = AccountMembership.objects.active().filter(account=account)
    return set(there.values_list("user__login_id", "role__label"))


@pytest.fixture
def admin(cast, signed_in):
    return signed_in(cast.root_admin)


@pytest.fixture
def clerk_role(cast):
    return make_account_role(cast, "Clerk", "read_roster")


# --- The list ---


def test_it_lists_who_has_a_role_in_the_account_itself(cast, admin, clerk_role):
    make_admin(cast, cast.observer, cast.accounts.high, clerk_role)
    response = admin.get(page(cast.accounts.high))
    assert names(response) == ["Okafor, Joy", "Stern, Hugo"]
    shown = text(response)
    assert "Clerk" in shown
    assert "Account Admin" in shown
    above = shown.split("From the accounts above")[1]
    assert f'<a href="{page(cast.root)}">Northfield</a>' in above
    assert "1 administrator" in above  # the suspended one is none


def test_names_of_administrators_above_are_not_for_those_below(cast, signed_in):
    shown = text(signed_in(cast.sub_admin).get(page(cast.accounts.high)))
    assert "root@northfield.example" not in shown
    assert "Northfield" in shown.split("From the accounts above")[1]
    assert page(cast.root) not in shown


def test_suspended_people_and_deactivated_roles_are_marked(cast, admin, clerk_role):
    make_admin(cast, cast.observer, cast.root, clerk_role)
    Role.objects.filter(pk=clerk_role.pk).update(state="inactive")
    shown = text(admin.get(page(cast.root)))
    assert '<span class="badge badge--warning">deactivated</span>' in shown
    assert '<span class="badge badge--danger">suspended</span>' in shown


def test_search_and_order(cast, admin, clerk_role):
    make_admin(cast, cast.observer, cast.accounts.high, clerk_role)
    high = page(cast.accounts.high)
    assert names(admin.get(high, {"q": "jo ok"})) == ["Okafor, Joy"]
    assert names(admin.get(high, {"q": "account adm"})) == ["Stern, Hugo"]
    assert names(admin.get(high, {"q": "hugo.st"})) == ["Stern, Hugo"]
    assert names(admin.get(high, {"sort": "-name"})) == ["Stern, Hugo", "Okafor, Joy"]
    assert names(admin.get(high, {"sort": "role"})) == ["Stern, Hugo", "Okafor, Joy"]
    assert names(admin.get(high, {"sort": "x"})) == ["Okafor, Joy", "Stern, Hugo"]
    assert "No administrator here fits this search." in text(admin.get(high, {"q": "zzz"}))


def test_those_below_are_listed_with_their_accounts(cast, admin, clerk_role, signed_in):
    make_admin(cast, cast.observer, cast.accounts.science, clerk_role)
    Role.objects.filter(pk=clerk_role.pk).update(state="inactive")
    found = {
        show: names(admin.get(page(cast.root), {"show": show}))
        for show in ("below", "suspended", "deactivated")
    }
    everyone = ["Gone, Olaf", "Okafor, Joy", "Price, Elena", "root@northfield.example"]
    assert found["below"] == [*everyone, "Stern, Hugo"]
    assert (found["suspended"], found["deactivated"]) == (["Gone, Olaf"], ["Okafor, Joy"])
    shown = text(admin.get(page(cast.root), {"show": "deactivated"}))
    assert ">Science</td>" in shown
    assert page(cast.accounts.science, cast.observer.memberships.get().pk) in shown
    found = names(signed_in(cast.sub_admin).get(page(cast.accounts.high), {"show": "below"}))
    assert found == ["Okafor, Joy", "Stern, Hugo"]


def test_an_account_without_own_administrators_says_who_looks_after_it(cast, admin):
    shown = text(admin.get(page(cast.accounts.science)))
    assert "Nobody has a role in this account itself." in shown
    assert shown.count(f'href="{page(cast.accounts.science, "new")}"') == 2


def test_many_come_in_pages_with_few_statements(
    cast, admin, clerk_role, django_assert_max_num_queries
):
    for n in range(55):
        make_admin(cast, make_user(cast.root, f"Clerk {n:02}"), cast.accounts.high, clerk_role)
    admin.get(page(cast.accounts.high))
    with django_assert_max_num_queries(14):
        response = admin.get(page(cast.accounts.high), {"q": "clerk"})
    assert "1–50 of 55" in text(response)


def test_the_permission_opens_it_and_shows_it_in_the_rail(cast, signed_in, clerk_role):
    make_admin(cast, cast.observer, cast.accounts.high, clerk_role)
    client, high = signed_in(cast.observer), cast.accounts.high
    assert client.get(page(high)).status_code == 403
    assert page(high) not in text(client.get(f"/accounts/{high.pk}"))
    role = make_account_role(cast, "Chief", "manage_account_memberships")
    make_admin(cast, cast.observer, high, role)
    assert f'href="{page(high)}"' in text(client.get(f"/accounts/{high.pk}"))
    assert client.get(page(high)).status_code == 200


# --- Adding ---


@pytest.mark.parametrize("words", ["joy", "oka jo", "JOY.okafor"])
def test_a_person_is_found_and_made_an_administrator(cast, admin, words):
    high = cast.accounts.high
    found = text(admin.get(page(high, "new"), {"q": words}))
    assert f'type="radio" name="person" value="{cast.observer.pk}"' in found
    sent = {"person": cast.observer.pk, "role": cast.roles["AccountAdmin"].pk}
    response = admin.post(page(high, "new"), sent)
    assert response.headers["Location"] == page(high)
    assert ("joy.okafor", "Account Admin") in active(high)
    assert "Joy Okafor is Account Admin of High now." in text(admin.get(page(high)))
    event = Event.objects.get(action="administrator_added")
    assert (event.subject, event.account) == (cast.observer, high)


def test_who_is_one_already_is_told(cast, admin):
    found = text(admin.get(page(cast.accounts.high, "new"), {"q": "hugo"}))
    assert "here already: Account Admin" in found


def test_only_roles_within_one_s_own_rights_are_offered(cast, signed_in, clerk_role):
    role = make_account_role(cast, "Chief", "manage_account_memberships", "read_roster")
    make_admin(cast, cast.ta, cast.accounts.high, role)
    client, high = signed_in(cast.ta), cast.accounts.high
    shown = text(client.get(page(high, "new"))).split('name="role"')[1]
    assert "Clerk" in shown
    assert "Account Admin" not in shown.split("</select>")[0]
    sent = {"person": cast.student.pk, "role": cast.roles["AccountAdmin"].pk}
    assert client.post(page(high, "new"), sent).status_code == 422
    assert client.post(page(high, "new"), sent | {"role": clerk_role.pk}).status_code == 302


def test_people_whom_one_does_not_see_are_neither_found_nor_added(cast, signed_in):
    client, high = signed_in(cast.sub_admin), cast.accounts.high
    found = text(client.get(page(high, "new"), {"q": "cora.lind"}))
    assert "Nobody whom you can choose fits this search." in found
    sent = {"person": cast.elsewhere.pk, "role": cast.roles["AccountAdmin"].pk}
    assert client.post(page(high, "new"), sent).status_code == 422
    sent["person"] = cast.stranger.pk
    assert client.post(page(high, "new"), sent).status_code == 422


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"person": ""}, "Find somebody first."),
        ({"person": "9" * 30}, "Select a valid choice"),
        ({"person": "x"}, "Select a valid choice"),
        ({"role": "x"}, "Select a valid choice"),
        ({"role": ""}, "Choose what they may do."),
    ],
)
def test_what_is_wrong_is_said_and_kept(cast, admin, changes, words):
    sent = {
        "q": "joy",
        "person": cast.observer.pk,
        "role": cast.roles["AccountAdmin"].pk,
    } | changes
    response = admin.post(page(cast.root, "new"), sent)
    assert response.status_code == 422
    assert words in text(response)
    assert "Joy Okafor" in text(response)


# --- Another role ---


def test_an_administrator_gets_another_role(cast, admin, clerk_role):
    membership = cast.sub_admin.memberships.get()
    url = page(cast.accounts.high, membership.pk)
    assert admin.post(url, {"role": clerk_role.pk}).status_code == 302
    assert active(cast.accounts.high) == {("hugo.stern", "Clerk")}
    assert admin.get(url).status_code == 404


def test_the_last_account_admin_keeps_the_role_and_it_says_why(cast, admin, clerk_role):
    membership = cast.root_admin.memberships.get()
    for url, sent in (
        (page(cast.root, membership.pk), {"role": clerk_role.pk}),
        (page(cast.root, membership.pk, "remove"), {}),
    ):
        response = admin.post(url, sent)
        assert response.status_code == 422
        assert "is the last Account Admin of Northfield who can sign in" in text(response)
    membership.refresh_from_db()
    assert membership.state == "active"


def test_a_role_that_ended_meanwhile_is_refused_in_words(cast, admin, clerk_role):
    membership = cast.sub_admin.memberships.get()
    Role.objects.filter(pk=clerk_role.pk).update(state="inactive")
    url = page(cast.accounts.high, membership.pk)
    assert admin.post(url, {"role": clerk_role.pk}).status_code == 422


# --- Taking it away ---


def test_a_role_is_taken_away_asked_once(cast, admin, signed_in):
    membership = cast.sub_admin.memberships.get()
    url = page(cast.accounts.high, membership.pk)
    shown = text(admin.get(url))
    assert "Hugo Stern is no longer Account Admin of High and of all below it." in shown
    assert shown.count('<details class="confirm">') == 1
    response = admin.post(f"{url}/remove")
    assert response.headers["Location"] == page(cast.accounts.high)
    assert active(cast.accounts.high) == set()
    assert signed_in(cast.sub_admin).get(f"/accounts/{cast.accounts.high.pk}").status_code == 404
    assert admin.post(f"{url}/remove").status_code == 404


def test_who_takes_their_own_role_is_warned_and_led_to_where_they_still_are(cast, signed_in):
    membership = cast.sub_admin.memberships.get()
    client, url = signed_in(cast.sub_admin), page(cast.accounts.high, membership.pk)
    assert "This is your own role" in text(client.get(url))
    assert client.post(f"{url}/remove").headers["Location"] == "/"


def test_nobody_touches_a_role_that_holds_more_than_their_own(cast, signed_in):
    role = make_account_role(cast, "Chief", "manage_account_memberships")
    make_admin(cast, cast.ta, cast.accounts.high, role)
    client, membership = signed_in(cast.ta), cast.sub_admin.memberships.get()
    url = page(cast.accounts.high, membership.pk)
    link = f'href="{url}"'
    assert link in text(signed_in(cast.root_admin).get(page(cast.accounts.high)))
    assert link not in text(client.get(page(cast.accounts.high)))
    assert client.get(url).status_code == 403
    assert client.post(f"{url}/remove").status_code == 403
    assert User.objects.get(pk=cast.sub_admin.pk).memberships.active().exists()


def test_a_role_in_another_account_is_not_there(cast, admin):
    membership = cast.sub_admin.memberships.get()
    assert admin.get(page(cast.root, membership.pk)).status_code == 404
