"""Pages with which administrators edit, suspend and delete people, and change their logins."""

from __future__ import annotations

import pytest

from accounts.models import User
from tests.cast import Cast, make_account_role, make_admin, make_user


@pytest.fixture
def admin(cast: Cast, signed_in):
    return signed_in(cast.root_admin)


@pytest.fixture
def office(cast: Cast, signed_in):
    """Somebody who manages logins, and can't act as anyone."""
    role = make_account_role(
        cast, "Office", "read_roster", "manage_user_logins", "view_user_logins"
    )
    make_admin(cast, cast.observer, cast.root, role)
    return signed_in(cast.observer)


def text(response) -> str:
    return " ".join(response.content.decode().split())


def fresh(user: User) -> User:
    return User.objects.get(pk=user.pk)


GIVEN = {"name": "Ada Lovelace", "short_name": "Ada", "sortable_name": "Lovelace, Ada"}


def test_details_are_edited(cast: Cast, admin):
    url = f"/users/{cast.student.pk}/edit"
    page = text(admin.get(url))
    assert 'value="s-ada"' in page
    response = admin.post(url, GIVEN | {"email": "ada@x.example", "sis_id": ""})
    assert response.headers["Location"] == f"/users/{cast.student.pk}"
    ada = fresh(cast.student)
    assert (ada.name, ada.short_name, ada.email, ada.sis_id) == (
        "Ada Lovelace", "Ada", "ada@x.example", None,
    )  # fmt: skip
    assert f'href="{url}"' in text(admin.get(f"/users/{ada.pk}"))


def test_what_is_wrong_is_said_at_the_field(cast: Cast, admin):
    make_user(cast.root, "Nora New", sis_id="n-1")
    response = admin.post(
        f"/users/{cast.student.pk}/edit", GIVEN | {"name": "", "email": "x", "sis_id": "n-1"}
    )
    assert response.status_code == 422
    assert "A person needs a name." in text(response)
    response = admin.post(f"/users/{cast.student.pk}/edit", GIVEN | {"sis_id": "n-1"})
    assert "Somebody here has this SIS ID already." in text(response)
    assert fresh(cast.student).name == "Ada Okafor"


def test_only_fields_that_may_be_changed_are_asked_for(cast: Cast, office):
    url = f"/users/{cast.student.pk}/edit"
    page = text(office.get(url))
    assert 'name="email"' not in page
    assert 'name="sis_id"' not in page
    assert office.post(url, GIVEN | {"email": "x@x.example", "sis_id": "x"}).status_code == 302
    ada = fresh(cast.student)
    assert (ada.name, ada.email, ada.sis_id) == ("Ada Lovelace", "", "s-ada")


def test_nothing_is_offered_of_what_may_not_be_done(cast: Cast, office, signed_in):
    for client, whom in ((office, cast.root_admin), (signed_in(cast.sub_admin), cast.student)):
        page = text(client.get(f"/users/{whom.pk}"))
        for door in ("edit", "suspend", "lift", "delete", "logins"):
            assert f'"/users/{whom.pk}/{door}"' not in page, door
            assert client.post(f"/users/{whom.pk}/{door}", {"login-login": "x"}).status_code == 403


def test_suspended_and_let_in_again(cast: Cast, admin, signed_in):
    own = signed_in(cast.student)
    page = text(admin.get(f"/users/{cast.student.pk}"))
    assert "is signed out everywhere, and can't sign in until you lift it" in page.replace(
        "&#x27;", "'"
    )
    response = admin.post(f"/users/{cast.student.pk}/suspend", follow=True)
    assert "Ada Okafor is suspended." in text(response)
    assert own.get("/profile/settings").status_code == 302
    assert f'/users/{cast.student.pk}/suspend"' not in text(response)
    response = admin.post(f"/users/{cast.student.pk}/lift", follow=True)
    assert "Ada Okafor may sign in again." in text(response)
    assert fresh(cast.student).state == "active"


def test_deleted(cast: Cast, admin):
    response = admin.post(f"/users/{cast.student.pk}/delete", follow=True)
    assert response.redirect_chain == [(f"/accounts/{cast.root.pk}/users", 302)]
    assert "Ada Okafor is deleted." in text(response)
    assert admin.get(f"/users/{cast.student.pk}").status_code == 404
    assert admin.post(f"/users/{cast.student.pk}/delete").status_code == 404


def test_the_last_account_admin_stays(cast: Cast, signed_in):
    other = make_user(cast.root, "Second Admin")
    make_admin(cast, other, cast.root)
    other.set_unusable_password()  # they come by a link that was mailed
    other.save()
    client = signed_in(other)
    for door in ("suspend", "delete"):
        response = client.post(f"/users/{cast.root_admin.pk}/{door}")
        assert response.status_code == 422
        assert "is the last Account Admin of Northfield" in text(response)
    assert fresh(cast.root_admin).state == "active"


def test_a_login_is_added_and_removed(cast: Cast, admin):
    at = f"/users/{cast.student.pk}"
    assert "Remove the login" not in text(admin.get(at))
    response = admin.post(f"{at}/logins", {"login-login": "Zebra"}, follow=True)
    assert "Ada Okafor also signs in as Zebra now." in text(response)
    response = admin.post(f"{at}/logins", {"login-login": "BEN.ito"})
    assert response.status_code == 422
    assert "Somebody here has this login already." in text(response)
    assert 'value="BEN.ito"' in text(response)
    first, second = cast.student.logins.order_by("pk")
    response = admin.post(f"{at}/logins/{first.pk}/remove", follow=True)
    assert "The login ada.okafor is removed." in text(response)
    response = admin.post(f"{at}/logins/{second.pk}/remove")
    assert response.status_code == 422
    assert fresh(cast.student).login_id == "Zebra"
    elsewhere = f"/users/{cast.classmate.pk}/logins/{second.pk}/remove"
    assert admin.post(elsewhere).status_code == 404


def test_a_change_of_language_leads_back_to_a_page_not_to_what_a_form_was_sent_to(
    cast: Cast, signed_in
):
    high = cast.accounts.high
    for sent_to, page in (
        (f"/users/{cast.student.pk}/logins", f"/users/{cast.student.pk}"),
        (
            f"/accounts/{cast.root.pk}/sub_accounts/{high.pk}/remove",
            f"/accounts/{cast.root.pk}/sub_accounts/{high.pk}",
        ),
        (f"/accounts/{cast.root.pk}/sis_imports/upload", f"/accounts/{cast.root.pk}/sis_imports"),
    ):
        answer = signed_in(cast.root_admin).post(sent_to)
        assert answer.status_code == 422
        assert f'name="next" value="{page}"' in answer.content.decode()
        assert signed_in(cast.root_admin).get(page).status_code == 200
