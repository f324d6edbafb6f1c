"""The account tree, an account's overview, its settings."""

import pytest

from accounts.models import Account, RootAccountSettings
from accounts.tree import tree_of
from audit.models import Event
from pairing.actions import link
from tests.cast import make_account, make_account_role, make_admin

SETTINGS = {
    "name": "Northfield Schools",
    "time_zone": "Europe/Madrid",
    "self_registration": "all",
    "lifetime": "36",
    "lifetime_unit": "hours",
    "live_codes_per_student": "3",
    "students_may_remove_observers": "on",
    "own_networks": " 192.0.2.0/24\n\n2001:db8::/32 ",
    "terms": "Be kind.",
    "school_site": "https://northfield.example/",
    "contact": "555 0100",
}


def get(client, path, status=200):
    response = client.get(path)
    assert response.status_code == status
    return response.content.decode()


def save(client, account, **changes):
    return client.post(f"/accounts/{account.pk}/settings", SETTINGS | changes)


# --- The tree ---


def test_the_tree_begins_where_one_is_an_administrator(cast, signed_in):
    text = get(signed_in(cast.sub_admin), "/accounts")
    assert "High" in text
    assert "Science" in text
    assert "Elementary" not in text


def test_who_administers_nothing_is_told_so(cast, signed_in):
    assert "You look after no account." in get(signed_in(cast.teacher), "/accounts")


def test_accounts_hang_below_their_parents(cast):
    tree, hidden = tree_of(Account.objects.filter(root_account=cast.root))
    assert hidden == 0
    [root] = tree
    assert [node.account.name for node in root.below] == ["Elementary", "High"]
    assert [node.account.name for node in root.below[1].below] == ["Science"]


def test_of_very_many_accounts_two_levels_are_shown(cast):
    for n in range(200):
        make_account(cast.accounts.science, f"Department {n}")
    [root], hidden = tree_of(Account.objects.filter(root_account=cast.root))
    high = root.below[1]
    assert (high.below, high.hidden, hidden) == ([], 201, 201)


# --- Who sees an account's pages ---

WHO_SEES = [
    # person, account, overview, people, settings
    ("root_admin", "root", 200, 200, 200),
    ("root_admin", "science", 200, 200, 200),
    ("sub_admin", "high", 200, 200, 200),
    ("sub_admin", "science", 200, 200, 200),
    ("sub_admin", "root", 404, 404, 404),
    ("sub_admin", "elementary", 404, 404, 404),
    ("neighbour_admin", "high", 404, 404, 404),
    ("teacher", "science", 404, 404, 404),
    ("student", "science", 404, 404, 404),
    ("deactivated_admin", "root", 302, 302, 302),
    ("stranger", "root", 302, 302, 302),
    (None, "root", 302, 302, 302),
]


@pytest.mark.parametrize(("who", "where", "overview", "people", "settings"), WHO_SEES)
def test_an_account_is_there_for_its_administrators_only(
    cast, signed_in, who, where, overview, people, settings
):
    client = signed_in(getattr(cast, who) if who else None)
    account = cast.root if where == "root" else getattr(cast.accounts, where)
    paths = [f"/accounts/{account.pk}{rest}" for rest in ("", "/users", "/settings")]
    assert [client.get(path).status_code for path in paths] == [overview, people, settings]


def test_an_account_of_another_tenant_is_not_there(cast, signed_in):
    other = cast.stranger.root_account_id
    get(signed_in(cast.root_admin), f"/accounts/{other}", 404)


@pytest.mark.parametrize(
    ("keys", "people", "settings"),
    [
        ([], 403, 403),
        (["read_roster"], 200, 403),
        (["manage_account_settings"], 403, 200),
    ],
)
def test_the_permission_opens_the_page(cast, signed_in, keys, people, settings):
    role = make_account_role(cast, "Clerk", *keys)
    make_admin(cast, cast.observer, cast.accounts.high, role)
    client, path = signed_in(cast.observer), f"/accounts/{cast.accounts.high.pk}"
    get(client, f"{path}/users", people)
    get(client, f"{path}/settings", settings)
    rail = get(client, path)
    assert (f"{path}/users" in rail) == (people == 200)
    assert (f"{path}/settings" in rail) == (settings == 200)


# --- Overview ---


def figures(text):
    return text[text.index('class="figures"') : text.index("</dl>")].replace(" ", "")


def test_the_overview_counts_what_is_there_and_below(cast, signed_in):
    link(actor=cast.actor(cast.root_admin), observer=cast.observer, student=cast.student)
    cast.code(cast.elsewhere)
    client = signed_in(cast.root_admin)
    root = figures(get(client, f"/accounts/{cast.root.pk}"))
    for words in (
        "Students</dt><dd>3",
        "Observers</dt><dd>1",
        "codes</dt><dd>1",
        "Courses</dt><dd>4",
    ):
        assert words in root
    high = figures(get(client, f"/accounts/{cast.accounts.high.pk}"))
    for words in (
        "Students</dt><dd>2",
        "Observers</dt><dd>1",
        "codes</dt><dd>0",
        "Courses</dt><dd>3",
    ):
        assert words in high


def test_an_account_without_anything_counts_nothing(cast, signed_in):
    empty = make_account(cast.root, "Empty")
    assert (
        figures(get(signed_in(cast.root_admin), f"/accounts/{empty.pk}")).count("<dd>0</dd>") == 4
    )


def test_self_registration_that_is_off_needs_attention(cast, signed_in):
    client, path = signed_in(cast.root_admin), f"/accounts/{cast.root.pk}"
    assert "Self registration is off" not in get(client, path)
    cast.set(self_registration="none")
    assert "Self registration is off" in get(client, path)


def test_people_without_a_password_need_attention_of_who_can_help_them(cast, signed_in):
    type(cast.student).objects.filter(pk=cast.student.pk).update(password="!x")
    words = "1 person has no password yet"
    path = f"/accounts/{cast.accounts.high.pk}"
    assert words in get(signed_in(cast.root_admin), path)
    assert words not in get(signed_in(cast.sub_admin), path)


@pytest.mark.parametrize("rest", ["", "/settings"])
def test_the_pages_take_few_statements(cast, signed_in, django_assert_max_num_queries, rest):
    client, path = signed_in(cast.sub_admin), f"/accounts/{cast.accounts.science.pk}{rest}"
    client.get(path)
    with django_assert_max_num_queries(15):
        client.get(path)


# --- Settings ---


def test_the_root_account_s_settings_are_saved(cast, signed_in):
    assert save(signed_in(cast.root_admin), cast.root).status_code == 302
    root = cast.fresh()
    held = root.settings
    assert (root.name, root.time_zone) == ("Northfield Schools", "Europe/Madrid")
    assert (held.self_registration, held.code_lifetime_hours) == ("all", 36)
    assert held.own_networks == "192.0.2.0/24\n2001:db8::/32"
    assert held.students_may_remove_observers
    assert held.terms == "Be kind."


def test_a_change_of_settings_is_recorded_with_old_and_new(cast, signed_in):
    save(signed_in(cast.root_admin), cast.root)
    events = Event.objects.filter(action="settings_changed", account=cast.root)
    changed = {key: value for event in events for key, value in event.data["before"].items()}
    assert changed["self_registration"] == "observer"
    assert set(events.values_list("real_actor", flat=True)) == {cast.root_admin.pk}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"name": ""}, "An account needs a name."),
        ({"time_zone": "Mars"}, "Select a valid choice"),
        ({"self_registration": "some"}, "Select a valid choice"),
        ({"lifetime": "0"}, "Choose from 1 hour to 30 days."),
        ({"lifetime": "31", "lifetime_unit": "days"}, "Choose from 1 hour to 30 days."),
        ({"lifetime": "721", "lifetime_unit": "hours"}, "Choose from 1 hour to 30 days."),
        ({"live_codes_per_student": "51"}, "Choose from 1 to 50."),
        ({"own_networks": "192.0.2.0/24\n10.0.0.1/8"}, "“10.0.0.1/8” is no network"),
        ({"school_site": "javascript:alert(1)"}, "Enter a valid URL"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_saved(cast, signed_in, changes, words):
    response = save(signed_in(cast.root_admin), cast.root, **changes)
    assert response.status_code == 422
    assert words in response.content.decode()
    assert cast.fresh().settings.self_registration == "observer"
    assert cast.fresh().name == "Northfield"


def test_below_the_root_the_root_s_settings_are_read_and_not_changed(cast, signed_in):
    client, high = signed_in(cast.sub_admin), cast.accounts.high
    text = get(client, f"/accounts/{high.pk}/settings")
    assert "Set by Northfield" in text
    assert 'name="self_registration"' not in text
    assert save(client, high).status_code == 302
    high.refresh_from_db()
    assert high.name == "Northfield Schools"
    assert cast.fresh().settings.self_registration == "observer"
    assert not RootAccountSettings.objects.filter(account=high).exists()


@pytest.mark.parametrize(("hours", "shown"), [(168, "7 days"), (36, "36 hours")])
def test_the_lifetime_is_shown_in_the_unit_that_fits(cast, signed_in, hours, shown):
    cast.set(code_lifetime_hours=hours)
    number, unit = shown.split()
    text = get(signed_in(cast.root_admin), f"/accounts/{cast.root.pk}/settings")
    assert f'value="{number}"' in text
    assert f'<option value="{unit}" selected' in text
    below = get(signed_in(cast.root_admin), f"/accounts/{cast.accounts.high.pk}/settings")
    assert shown in below


def test_acting_as_an_administrator_lends_no_rights(cast, signed_in):
    role = make_account_role(cast, "Helper", "become_user")
    make_admin(cast, cast.observer, cast.root, role)
    make_admin(cast, cast.ta, cast.accounts.high, make_account_role(cast, "Nobody"))
    client = signed_in(cast.observer)
    assert client.post(f"/users/{cast.ta.pk}/masquerade").status_code == 302
    get(client, f"/accounts/{cast.accounts.high.pk}/settings", 403)


def test_the_title_names_the_school_once(cast, signed_in):
    admin = signed_in(cast.root_admin)
    assert (
        f"<title>{cast.root.name}</title>"
        in admin.get(f"/accounts/{cast.root.pk}").content.decode()
    )


def test_only_the_root_s_time_zone_is_said_to_be_everyone_s(cast, signed_in):
    admin = signed_in(cast.root_admin)
    words = "Used for people who have not chosen one."
    for account, is_said in [(cast.root, True), (cast.accounts.high, False)]:
        page = admin.get(f"/accounts/{account.pk}/settings").content.decode()
        assert (words in page) is is_said
