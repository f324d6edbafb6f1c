"""First sign-ins: one-time passwords on slips, links by e-mail; for one person, for a course."""

import re
from datetime import timedelta

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone

from accounts.models import User
from audit.models import Event
from pairing.mail import _post
from tests.cast import PASSWORD, enrol, make_account_role, make_admin, make_user


@pytest.fixture
def nora(cast):
    """From the roster: in Biology, without a password, with an e-mail address."""
    nora = make_user(cast.root, "Nora Newcomer", email="nora@x.example")
    User.objects.filter(pk=nora.pk).update(password="!roster")
    enrol(cast, nora, cast.courses.biology, "StudentEnrollment")
    nora.refresh_from_db()
    return nora


@pytest.fixture
def admin(cast, signed_in):
    return signed_in(cast.root_admin)


def passwords_in(response):
    text = response.content.decode()
    return re.findall(r">([2-9a-z]{4}-[2-9a-z]{4}-[2-9a-z]{4})<", text)


def sign_in(login, password):
    client = Client()
    client.post("/login", {"login": login, "password": password})
    return client


def hand_over(client, user):
    return client.post(f"/users/{user.pk}/first_sign_in")


def test_a_one_time_password_signs_in_and_leads_to_choosing_one(nora, admin):
    response = hand_over(admin, nora)
    [password] = passwords_in(response)
    for words in ("Nora Newcomer", "nora.newcomer", "http://testserver/login"):
        assert words in response.content.decode()
    client = sign_in("nora.newcomer", password)
    assert client.get("/").headers["Location"] == "/password/choose"


def test_the_slip_is_not_kept_anywhere(nora, admin):
    response = hand_over(admin, nora)
    [password] = passwords_in(response)
    assert "no-store" in response.headers["Cache-Control"]
    assert password not in admin.get(f"/users/{nora.pk}").content.decode()
    event = Event.objects.get(action="first_sign_in_given")
    assert (event.subject, event.data) == (nora, {})


def test_a_new_one_time_password_ends_the_old_one(nora, admin):
    [old], [new] = passwords_in(hand_over(admin, nora)), passwords_in(hand_over(admin, nora))
    assert "_auth_user_id" not in sign_in("nora.newcomer", old).session
    assert "_auth_user_id" in sign_in("nora.newcomer", new).session


def test_a_one_time_password_ends_after_two_weeks(nora, admin):
    import time_machine
    from django.utils import timezone

    [password] = passwords_in(hand_over(admin, nora))
    with time_machine.travel(timezone.now() + timezone.timedelta(days=14, minutes=1)):
        assert "_auth_user_id" not in sign_in("nora.newcomer", password).session


def test_who_has_a_password_of_their_own_gets_none(cast, admin):
    assert hand_over(admin, cast.student).status_code == 403
    assert "First sign-in" not in admin.get(f"/users/{cast.student.pk}").content.decode()


def test_who_is_suspended_gets_none(nora, cast, admin):
    User.objects.filter(pk=nora.pk).update(state="suspended")
    assert hand_over(admin, nora).status_code == 403
    assert passwords_in(admin.post(path(cast.courses.biology))) == []


def test_only_who_manages_logins_in_the_root_account_hands_any_over(nora, cast, signed_in):
    client = signed_in(cast.sub_admin)
    assert "First sign-in" not in client.get(f"/users/{nora.pk}").content.decode()
    assert hand_over(client, nora).status_code == 403
    assert client.post(f"/users/{nora.pk}/first_sign_in/mail").status_code == 403
    assert hand_over(signed_in(cast.teacher), nora).status_code == 404


def test_nobody_hands_one_to_an_administrator_who_holds_more(nora, cast, signed_in):
    keys = ("read_roster", "manage_user_logins", "become_user")
    make_admin(cast, cast.observer, cast.root, make_account_role(cast, "Clerk", *keys))
    make_admin(cast, nora, cast.accounts.high)
    assert hand_over(signed_in(cast.observer), nora).status_code == 403


def test_a_link_by_mail_lets_the_person_choose_a_password(
    nora, admin, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        response = admin.post(f"/users/{nora.pk}/first_sign_in/mail")
    _post.submit(lambda: None).result()
    assert response.headers["Location"] == f"/users/{nora.pk}"
    [message] = mail.outbox
    link = re.search(r"http://testserver(\S+)", message.body)[1]
    client = Client()
    form = client.get(link).headers["Location"]
    client.post(form, {"password1": "my-very-own-horse"})
    assert "_auth_user_id" in sign_in("nora.newcomer", "my-very-own-horse").session
    assert link.split("-", 1)[1] not in str(list(Event.objects.values_list("data", flat=True)))


def test_without_an_address_there_is_no_link(nora, admin):
    User.objects.filter(pk=nora.pk).update(email="")
    assert "Send a link" not in admin.get(f"/users/{nora.pk}").content.decode()
    assert admin.post(f"/users/{nora.pk}/first_sign_in/mail").status_code == 404


# --- A form that is sent again ---


def newest_in(response):
    return re.search(r'name="newest" value="(\d+)"', response.content.decode())[1]


def test_the_page_of_a_slip_that_is_loaded_again_makes_nothing_new(nora, admin):
    sent = {"newest": newest_in(admin.get(f"/users/{nora.pk}"))}
    [password] = passwords_in(admin.post(f"/users/{nora.pk}/first_sign_in", sent))
    again = admin.post(f"/users/{nora.pk}/first_sign_in", sent)
    assert passwords_in(again) == []
    assert "This form was sent before." in again.content.decode()
    assert "_auth_user_id" in sign_in("nora.newcomer", password).session
    anew = {"newest": newest_in(admin.get(f"/users/{nora.pk}"))}
    assert len(passwords_in(admin.post(f"/users/{nora.pk}/first_sign_in", anew))) == 1


@pytest.mark.parametrize("newest", ["x", "-1", "9" * 30, "\0"])
def test_nonsense_in_its_place_is_a_form_of_before(nora, admin, newest):
    response = admin.post(f"/users/{nora.pk}/first_sign_in", {"newest": newest})
    assert (response.status_code, passwords_in(response)) == (200, [])


def test_the_sheet_of_a_course_that_is_loaded_again_makes_nothing_new(nora, cast, admin):
    sent = {"newest": newest_in(admin.get(path(cast.courses.biology))), "again": "on"}
    [password] = passwords_in(admin.post(path(cast.courses.biology), sent))
    again = admin.post(path(cast.courses.biology), sent)
    assert passwords_in(again) == []
    assert "This form was sent before." in again.content.decode()
    assert "_auth_user_id" in sign_in("nora.newcomer", password).session


# --- Who forgot their password ---


def forgotten(client, user, **data):
    return client.post(f"/users/{user.pk}/password", data)


def test_who_forgot_their_password_gets_a_new_one_and_is_signed_out(cast, admin, signed_in):
    theirs = signed_in(cast.student)
    assert theirs.get("/profile/settings").status_code == 200
    page = admin.get(f"/users/{cast.student.pk}").content.decode()
    assert "has no e-mail address to which a link could go" in page
    [password] = passwords_in(forgotten(admin, cast.student))
    assert theirs.get("/profile/settings").status_code == 302
    assert "_auth_user_id" not in sign_in("ada.okafor", PASSWORD).session
    assert sign_in("ada.okafor", password).get("/").headers["Location"] == "/password/choose"
    event = Event.objects.get(action="password_replaced")
    assert (event.subject, event.real_actor, event.data) == (cast.student, cast.root_admin, {})


def test_its_page_that_is_loaded_again_leaves_the_password_that_was_chosen_since(cast, admin):
    sent = {"newest": newest_in(admin.get(f"/users/{cast.student.pk}"))}
    [password] = passwords_in(forgotten(admin, cast.student, **sent))
    theirs = sign_in("ada.okafor", password)
    theirs.post("/password/choose", {"password": "my-very-own-horse"})
    assert passwords_in(forgotten(admin, cast.student, **sent)) == []
    assert "_auth_user_id" in sign_in("ada.okafor", "my-very-own-horse").session


def test_who_has_no_password_of_their_own_gets_a_first_sign_in_instead(nora, admin):
    assert forgotten(admin, nora).status_code == 403
    assert "Forgotten password" not in admin.get(f"/users/{nora.pk}").content.decode()


def test_nobody_s_password_is_replaced_by_who_may_not_act_as_them(cast, signed_in):
    """Whoever signs in with it holds all that they hold."""
    keys = ("read_roster", "manage_user_logins", "become_user")
    make_admin(cast, cast.observer, cast.root, make_account_role(cast, "Clerk", *keys))
    clerk = signed_in(cast.observer)
    assert forgotten(clerk, cast.student).status_code == 200
    for user in (cast.root_admin, cast.sub_admin, cast.observer, cast.deactivated_admin):
        assert forgotten(clerk, user).status_code == 403
        page = clerk.get(f"/users/{user.pk}").content.decode()
        assert "Forgotten password" not in page
    assert User.objects.get(pk=cast.sub_admin.pk).check_password(PASSWORD)


@pytest.mark.parametrize("age", [timedelta(0), timedelta(days=300)])
def test_a_replacement_is_no_first_sign_in_for_who_may_not_act_as_them(cast, admin, signed_in, age):
    """Unused, or over: before it they had a password of their own, and what it opens is theirs."""
    [password] = passwords_in(forgotten(admin, cast.student))
    until = timezone.now() + timedelta(days=1) - age
    User.objects.filter(pk=cast.student.pk).update(one_time_password_until=until)
    keys = ("read_roster", "manage_user_logins", "read_email_addresses")
    make_admin(cast, cast.observer, cast.root, make_account_role(cast, "Clerk", *keys))
    clerk = signed_in(cast.observer)
    assert hand_over(clerk, cast.student).status_code == 403
    assert forgotten(clerk, cast.student).status_code == 403
    names = {"name": "Ada", "short_name": "Ada", "sortable_name": "Ada"}
    clerk.post(f"/users/{cast.student.pk}/edit", names | {"email": "mallory@x.example"})
    assert User.objects.get(pk=cast.student.pk).email == ""
    page = admin.get(f"/users/{cast.student.pk}").content.decode()
    assert "Forgotten password" in page
    assert "has not used it. A new one ends it." in page
    assert passwords_in(admin.post(path(cast.courses.biology), {"again": "on"})) == []
    # Who may act as them gives another; and once they chose one, it is a password of theirs again.
    [password] = passwords_in(forgotten(admin, cast.student))
    sign_in("ada.okafor", password).post("/password/choose", {"password": "my-very-own-horse"})
    assert not User.objects.get(pk=cast.student.pk).one_time_password_replaces
    assert hand_over(clerk, cast.student).status_code == 403


def test_nobody_replaces_a_password_while_acting_as_someone(cast, admin):
    make_admin(cast, cast.ta, cast.root)
    admin.post(f"/users/{cast.ta.pk}/masquerade")
    assert forgotten(admin, cast.student).status_code == 403


# --- A whole course ---


def path(course):
    return f"/courses/{course.pk}/first_sign_ins"


def test_the_page_says_for_how_many_and_makes_none(nora, cast, admin):
    text = admin.get(path(cast.courses.biology)).content.decode()
    assert "1 student of this course has no password." in text
    nora.refresh_from_db()
    assert nora.one_time_password_until is None


def test_every_student_without_a_password_gets_a_slip(nora, cast, admin):
    User.objects.filter(pk=cast.classmate.pk).update(password="!roster")
    User.objects.filter(pk=cast.elsewhere.pk).update(password="!roster")
    User.objects.filter(pk=cast.ta.pk).update(password="!roster")
    response = admin.post(path(cast.courses.biology))
    text = response.content.decode()
    assert len(set(passwords_in(response))) == 2
    assert text.index("Ben Ito") < text.index("Nora Newcomer")
    assert "Ada Okafor" not in text
    assert Event.objects.filter(action="first_sign_in_given").count() == 2


def test_unused_slips_are_replaced_only_when_asked_for(nora, cast, admin):
    admin.post(path(cast.courses.biology))
    assert "unused one-time password" in admin.get(path(cast.courses.biology)).content.decode()
    assert passwords_in(admin.post(path(cast.courses.biology))) == []
    assert len(passwords_in(admin.post(path(cast.courses.biology), {"again": "on"}))) == 1


def test_a_course_in_which_everybody_has_a_password_says_so(cast, admin):
    text = admin.get(path(cast.courses.chemistry)).content.decode()
    assert "Every student of this course has a password." in text


@pytest.mark.parametrize(
    ("who", "status"),
    [("sub_admin", 403), ("teacher", 403), ("student", 403), ("elsewhere", 404), ("observer", 404)],
)
def test_only_who_manages_logins_makes_slips(nora, cast, signed_in, who, status):
    client = signed_in(getattr(cast, who))
    assert client.get(path(cast.courses.biology)).status_code == status
    assert client.post(path(cast.courses.biology)).status_code == status


def test_slips_take_few_statements_whatever_their_number(
    nora, cast, admin, django_assert_max_num_queries
):
    for n in range(20):
        user = make_user(cast.root, f"Zed {n}")
        User.objects.filter(pk=user.pk).update(password="!roster")
        enrol(cast, user, cast.courses.biology, "StudentEnrollment")
    with django_assert_max_num_queries(20):
        response = admin.post(path(cast.courses.biology))
    assert len(passwords_in(response)) == 21


def test_a_course_of_another_tenant_is_not_there(cast, admin):
    assert admin.get("/courses/999999/first_sign_ins").status_code == 404
