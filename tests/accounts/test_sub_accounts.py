"""The accounts below an account: the tree, adding, renaming, moving, removing."""

import html

import pytest

from accounts.models import Account
from audit.models import Event
from courses.models import Course
from permissions.policy import may
from permissions.rules import MANAGE_OVERRIDES
from tests.cast import make_account, make_account_role, make_admin, make_course


def text(response):
    return " ".join(html.unescape(response.content.decode()).split())


def page(account, *rest):
    return "/".join(["/accounts", str(account.pk), "sub_accounts", *map(str, rest)])


@pytest.fixture
def admin(cast, signed_in):
    return signed_in(cast.root_admin)


# --- The tree ---


def test_it_shows_what_is_below_with_all_courses_there(cast, admin):
    make_course(cast.accounts.high, "Art")
    shown = text(admin.get(page(cast.root)))
    assert shown.index("Elementary") < shown.index("High") < shown.index("Science")
    high = shown.split(">High<")[1].split("<ul>")[0]
    assert "4 courses" in high
    assert f'href="{page(cast.root, cast.accounts.science.pk)}"' in shown


def test_search_finds_accounts_with_the_way_to_them(cast, admin):
    found = text(admin.get(page(cast.root), {"q": "scien"})).split('id="accounts"')[1]
    assert "Science" in found
    assert "High" in found
    assert "Elementary" not in found
    assert "No account has such a name." in text(admin.get(page(cast.root), {"q": "zzz"}))


def test_the_list_of_accounts_is_searched_too(cast, admin, signed_in):
    found = text(admin.get("/accounts", {"q": "scien"})).split('id="accounts"')[1]
    assert "Northfield › High" in found
    found = text(signed_in(cast.sub_admin).get("/accounts", {"q": "s"})).split('id="accounts"')[1]
    assert "Northfield" not in found


def test_an_account_with_nothing_below_says_what_for(cast, admin):
    shown = text(admin.get(page(cast.accounts.science)))
    assert "No account is below Science." in shown
    assert shown.count(f'href="{page(cast.accounts.science, "new")}"') == 2


def test_it_takes_few_statements_whatever_is_below(cast, admin, django_assert_max_num_queries):
    for n in range(30):
        make_account(cast.accounts.science, f"Department {n}")
    admin.get(page(cast.root))
    with django_assert_max_num_queries(11):
        admin.get(page(cast.root))
    with django_assert_max_num_queries(13):
        admin.get(page(cast.root), {"q": "dep"})


def test_the_permission_opens_it(cast, signed_in):
    make_admin(cast, cast.observer, cast.accounts.high, make_account_role(cast, "C", "read_roster"))
    assert signed_in(cast.observer).get(page(cast.accounts.high)).status_code == 403


# --- Adding ---


def test_an_account_is_added_below_the_chosen_one(cast, admin):
    sent = {"name": "Chemistry", "parent": cast.accounts.science.pk}
    response = admin.post(page(cast.root, "new"), sent)
    assert response.headers["Location"] == page(cast.root)
    added = Account.objects.get(name="Chemistry")
    assert added.parent == cast.accounts.science
    assert added.path.startswith(cast.accounts.science.path)
    assert "Chemistry has been added." in text(admin.get(page(cast.root)))
    assert Event.objects.get(action="account_created").account == added


@pytest.mark.parametrize(
    ("name", "parent", "words"),
    [
        (" ", "science", "An account needs a name."),
        ("x" * 256, "science", "at most 255 characters"),
        ("New", "elementary", "Select a valid choice"),
        ("New", "root", "Select a valid choice"),
        ("a\0", "science", "Null characters"),
    ],
)
def test_what_is_wrong_is_said(cast, signed_in, name, parent, words):
    parent = cast.root if parent == "root" else getattr(cast.accounts, parent)
    sent = {"name": name, "parent": parent.pk}
    response = signed_in(cast.sub_admin).post(page(cast.accounts.high, "new"), sent)
    assert response.status_code == 422
    assert words in text(response)
    assert Account.objects.filter(root_account=cast.root).count() == 4


def test_too_many_below_one_another_are_refused_in_words(cast, admin):
    deep = cast.accounts.science
    while len(deep.path) < 236:
        deep = make_account(deep, "Deep")
    response = admin.post(page(cast.root, "new"), {"name": "Deeper", "parent": deep.pk})
    assert response.status_code == 422
    assert "too many accounts below one another" in text(response)


# --- Renaming and moving ---


def test_an_account_is_renamed(cast, admin):
    science = cast.accounts.science
    url = page(cast.root, science.pk)
    assert admin.post(url, {"form": "rename", "name": "Sciences"}).status_code == 302
    science.refresh_from_db()
    assert science.name == "Sciences"
    response = admin.post(url, {"form": "rename", "name": ""})
    assert response.status_code == 422
    assert "An account needs a name." in text(response)


def test_an_account_is_moved_with_what_is_below_and_who_governs_it_changes(cast, admin):
    high, elementary = cast.accounts.high, cast.accounts.elementary
    assert not may(cast.actor(cast.neighbour_admin), MANAGE_OVERRIDES, cast.accounts.science)
    response = admin.post(page(cast.root, high.pk), {"form": "move", "parent": elementary.pk})
    assert response.headers["Location"] == page(cast.root)
    cast.accounts.science.refresh_from_db()
    assert cast.accounts.science.path.startswith(elementary.path)
    assert may(cast.actor(cast.neighbour_admin), MANAGE_OVERRIDES, cast.accounts.science)
    event = Event.objects.get(action="account_moved")
    assert (event.data["before"], event.data["after"]) == (cast.root.pk, elementary.pk)


def test_what_moves_out_of_the_page_leads_to_where_it_is(cast, admin):
    science, elementary = cast.accounts.science, cast.accounts.elementary
    url = page(cast.accounts.high, science.pk)
    response = admin.post(url, {"form": "move", "parent": elementary.pk})
    assert response.headers["Location"] == page(elementary)


@pytest.mark.parametrize("where", ["high", "science"])
def test_no_account_moves_below_itself(cast, admin, where):
    sent = {"form": "move", "parent": getattr(cast.accounts, where).pk}
    response = admin.post(page(cast.root, cast.accounts.high.pk), sent)
    assert response.status_code == 422
    assert "Select a valid choice" in text(response)


def test_nobody_moves_an_account_to_where_they_manage_nothing(cast, signed_in):
    client, science = signed_in(cast.sub_admin), cast.accounts.science
    url = page(cast.accounts.high, science.pk)
    assert "Elementary" not in text(client.get(url))
    sent = {"form": "move", "parent": cast.accounts.elementary.pk}
    assert client.post(url, sent).status_code == 422


def test_what_is_not_below_is_not_there(cast, signed_in, admin):
    for account in (cast.accounts.elementary, cast.accounts.high, cast.root):
        assert (
            signed_in(cast.sub_admin).get(page(cast.accounts.high, account.pk)).status_code == 404
        )
    assert admin.get(page(cast.root, cast.stranger.root_account_id)).status_code == 404


# --- Removing ---


def test_an_empty_account_is_removed_asked_once(cast, admin):
    empty = make_account(cast.accounts.high, "Empty")
    make_admin(cast, cast.observer, empty)
    shown = text(admin.get(page(cast.root, empty.pk)))
    assert "the role of 1 administrator there. It can't be undone." in shown
    response = admin.post(page(cast.root, empty.pk, "remove"))
    assert response.headers["Location"] == page(cast.root)
    assert "Empty is removed." in text(admin.get(page(cast.root)))
    empty.refresh_from_db()
    assert empty.state == "deleted"
    assert admin.get(page(cast.root, empty.pk)).status_code == 404
    assert admin.post(page(cast.root, empty.pk, "remove")).status_code == 404


def test_an_account_with_something_in_it_says_what_and_stays(cast, admin):
    high = cast.accounts.high
    url = page(cast.root, high.pk)
    shown = text(admin.get(url))
    assert "Only an empty account can be removed." in shown
    assert f'href="{page(high)}"' in shown
    assert f'href="/accounts/{high.pk}/courses"' in shown
    assert f"{url}/remove" not in shown
    response = admin.post(f"{url}/remove")
    assert response.status_code == 422
    assert "Only an empty account can be removed." in text(response)
    high.refresh_from_db()
    assert high.state == "active"


def test_removed_courses_do_not_hold_an_account(cast, admin):
    Course.objects.filter(account=cast.accounts.elementary).update(state="deleted")
    url = page(cast.root, cast.accounts.elementary.pk, "remove")
    assert admin.post(url).status_code == 302
