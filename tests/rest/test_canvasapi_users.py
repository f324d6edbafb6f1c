"""Users, logins and the sign-in provider with the real `canvasapi` (contract §5.3, §6, §8.1)."""

from __future__ import annotations

import pytest
from canvasapi.exceptions import BadRequest, Forbidden, ResourceDoesNotExist

from accounts.models import User
from tests.cast import PASSWORD, Cast

pytestmark = pytest.mark.filterwarnings("ignore:Canvas may respond unexpectedly")


@pytest.fixture
def account(cast: Cast, canvas):
    return canvas(cast.root_admin).get_account(cast.root.pk)


def test_people_are_searched_page_by_page(cast: Cast, account):
    found = account.get_users(search_term="oka", sort="username", include=["email"], per_page=1)
    assert [user.name for user in found] == ["Ada Okafor", "Joy Okafor"]
    assert {user.name for user in account.get_users(enrollment_type="ta")} == {"Tia Moreno"}
    with pytest.raises(BadRequest):
        list(account.get_users(search_term="ok"))


def test_a_person_is_signed_out_everywhere(cast: Cast, canvas):
    ada = canvas(cast.root_admin).get_user(cast.student.pk)
    assert ada.terminate_sessions() == "ok"
    assert User.objects.get(pk=cast.student.pk).sessions_ended_at is not None


def test_a_person_is_added_changed_and_deleted(cast: Cast, account, canvas):
    nora = account.create_user(
        {"unique_id": "nora", "password": PASSWORD, "sis_user_id": "n-1"},
        user={"name": "Nora New", "skip_registration": True},
        communication_channel={"type": "email", "address": "nora@x.example"},
    )
    assert (nora.login_id, nora.sis_user_id) == ("nora", "n-1")
    nora.edit(user={"short_name": "N", "email": "n@x.example", "time_zone": "Asia/Tokyo"})
    assert (nora.short_name, nora.email, nora.time_zone) == ("N", "n@x.example", "Asia/Tokyo")
    assert nora.get_profile()["primary_email"] == "n@x.example"
    assert nora.update_settings(collapse_global_nav=True)["collapse_global_nav"] is True
    nora.edit(user={"event": "suspend"})
    assert User.objects.get(pk=nora.id).state == "suspended"
    nora.edit(user={"event": "unsuspend"})
    assert account.delete_user(nora).id == nora.id
    with pytest.raises(ResourceDoesNotExist):
        canvas(cast.root_admin).get_user(nora.id)
    with pytest.raises(BadRequest) as refused:
        account.create_user({"unique_id": "ada.okafor"})
    assert "taken" in str(refused.value)


def test_the_caller(cast: Cast, canvas):
    me = canvas(cast.student).get_current_user()
    assert me.edit(user={"name": "Ada Lovelace"}).sortable_name == "Lovelace, Ada"
    assert me.get_profile()["login_id"] == "ada.okafor"
    assert [login.unique_id for login in me.get_user_logins()] == ["ada.okafor"]
    assert me.update_settings(manual_mark_as_read=1)["manual_mark_as_read"] is True
    with pytest.raises(Forbidden):
        me.edit(user={"name": "Ada", "email": "ada@x.example"})


def test_logins(cast: Cast, account, canvas):
    login = account.create_user_login({"id": cast.student.pk}, {"unique_id": "Zebra"})
    assert (login.unique_id, login.user_id) == ("Zebra", cast.student.pk)
    assert login.edit(login={"unique_id": "giraffe"}).unique_id == "giraffe"
    of_account = account.get_user_logins(user={"id": cast.student.pk})
    assert [one.unique_id for one in of_account] == ["ada.okafor", "giraffe"]
    ada = canvas(cast.root_admin).get_user("giraffe", "sis_login_id")
    assert ada.id == cast.student.pk
    assert [one.unique_id for one in ada.get_user_logins()] == ["ada.okafor", "giraffe"]
    assert login.delete().id == login.id
    with pytest.raises(BadRequest):
        ada.get_user_logins()[0].delete()


def test_the_provider(cast: Cast, account):
    [provider] = account.get_authentication_providers()
    assert provider.update(self_registration="all") == "canvas"
    assert cast.fresh().settings.self_registration == "all"
    again = account.get_authentication_provider(provider)
    assert (again.auth_type, again.self_registration) == ("canvas", "all")
    assert again.update(self_registration="none") == "canvas"
    with pytest.raises(BadRequest):
        account.add_authentication_providers(auth_type="canvas", self_registration="all")
    with pytest.raises(BadRequest):
        again.delete()
    assert cast.fresh().settings.self_registration == "none"
