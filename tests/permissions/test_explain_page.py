"""The page that explains: what it shows, whom and what it finds, what it keeps to itself."""

from __future__ import annotations

import re

import pytest

from accounts.models import User
from tests.cast import Cast, enrol, make_account_role, make_admin, make_user

GENERATE = "generate_observer_pairing_code"


@pytest.fixture
def ask(cast: Cast, signed_in):
    def get(asker, account=None, **given):
        given = {"what": "action:issue_code", "target": "", "context": "", **given}
        url = f"/accounts/{(account or cast.root).pk}/permissions/explain"
        return signed_in(asker).get(url, given)

    return get


def test_the_form_alone(cast: Cast, signed_in):
    page = signed_in(cast.root_admin).get(f"/accounts/{cast.root.pk}/permissions/explain")
    assert page.status_code == 200
    assert "Make a pairing code for a student" in page.content.decode()


def test_the_answer_first_then_the_picture_then_what_would_change_it(cast: Cast, ask):
    cast.override("TeacherEnrollment", GENERATE, False, locked=True, account=cast.accounts.high)
    page = ask(cast.root_admin, person="varga", target="ada okafor", context="biology")
    body = page.content.decode()
    answer = body.index("No: Tomas Varga may not make a pairing code from User Details")
    picture = body.index('<svg class="chain__picture"')
    sentences = body.index("High: switched off and locked.")
    change = body.index("What would have to change")
    assert answer < picture < sentences < change
    assert f'href="/accounts/{cast.accounts.high.pk}/permissions/roles/' in body[change:]
    assert " style=" not in body


def _ways_to_change(cast: Cast, ask, asker) -> dict[str, str]:
    """What would have to change, each with the page where it is done."""
    make_account_role(cast, "Reader", "read_roster")
    enrol(cast, cast.observer, cast.courses.biology, "TaEnrollment", "invited")
    cast.set(self_registration="none")
    asked = [
        {"person": "tomas.varga", "what": f"permission:{GENERATE}", "context": "Biology"},
        {"person": "joy.okafor", "what": "permission:read_roster", "context": "Biology"},
        {"person": "ada.okafor", "target": "ada.okafor"},
    ]
    found = {}
    for question in asked:
        body = ask(asker, cast.accounts.high, **question).content.decode()
        for sentence, url in re.findall(r'<p>([^<]*)<a href="([^"]*)">Change it', body):
            found[sentence] = url
    return found


def test_every_change_has_a_page_that_opens(cast: Cast, ask, signed_in):
    found = _ways_to_change(cast, ask, cast.root_admin)
    begin = ("Switch on “", "Switch on self", "Add ", "Make ", "Joy Okafor accepts")
    assert all(any(sentence.startswith(b) for sentence in found) for b in begin), found
    for url in found.values():
        assert signed_in(cast.root_admin).get(url).status_code == 200, url


def test_a_yes_has_nothing_that_would_have_to_change(cast: Cast, ask):
    page = ask(cast.root_admin, person="hugo.stern", target="ada.okafor", context="Biology")
    body = page.content.decode()
    assert "Yes: Hugo Stern may make a pairing code" in body
    assert "What would have to change" not in body


def test_of_several_people_one_is_chosen(cast: Cast, ask, signed_in):
    page = ask(cast.root_admin, person="okafor", what="permission:read_roster")
    body = page.content.decode()
    assert page.status_code == 422
    assert "Which one do you mean?" in body
    [joy] = re.findall(r'<a href="(/accounts[^"]*)">Joy Okafor</a>', body)
    chosen = signed_in(cast.root_admin).get(joy.replace("&amp;", "&"))
    body = chosen.content.decode()
    assert "Joy Okafor does not hold “Users - view list” in Northfield" in body
    assert 'name="person" value="Joy Okafor"' in body  # not the number that was chosen


def test_places_where_one_may_not_ask_are_not_named(cast: Cast, ask):
    role = make_account_role(cast, "Desk", "read_roster")
    here_only = {"applies_to_descendants": False, "root_account": cast.root, "account": cast.root}
    role.overrides.create(permission="manage_role_overrides", enabled=True, **here_only)
    make_admin(cast, cast.observer, cast.root, role)
    page = ask(cast.observer, person="joy.okafor", what="permission:read_roster", context="i")
    assert page.status_code == 200  # the one place of which they may ask
    assert "Biology" not in page.content.decode()


def test_of_several_places_one_is_chosen(cast: Cast, ask):
    page = ask(cast.root_admin, person="tomas.varga", what="permission:read_roster", context="hi")
    body = page.content.decode()
    assert "History (course in High)" in body
    assert f"context=account_{cast.accounts.high.pk}" in body


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"person": ""}, "Say about whom you ask."),
        ({"person": "nobody"}, "There is no “nobody” here."),
        ({"person": "tomas.varga", "what": "x"}, "Select a valid choice."),
        ({"person": "tomas.varga"}, "Say for whom."),
        ({"person": "tomas.varga", "target": "ada.okafor", "context": "Chemistry"},
         "Ada Okafor is not in Chemistry."),
        ({"person": "tomas.varga", "target": "ada.okafor", "context": "nowhere"},
         "There is no “nowhere” here."),
        ({"person": "x" * 300}, "at most 255 characters"),
    ],
)  # fmt: skip
def test_what_is_no_question_is_said_at_the_field(cast: Cast, ask, given, said):
    page = ask(cast.root_admin, **given)
    assert page.status_code == 422
    assert said in page.content.decode()


@pytest.mark.parametrize("hidden", ["Cora", "cora.lind", "Reading", "root@southfield.example"])
def test_what_the_asker_may_not_see_is_unknown(cast: Cast, ask, hidden):
    """As if it were not there."""
    for given in ({"person": hidden}, {"person": "tomas.varga", "context": hidden}):
        page = ask(cast.sub_admin, cast.accounts.high, what="permission:read_roster", **given)
        assert f"There is no “{hidden}” here." in page.content.decode()


def test_names_are_text(cast: Cast, ask):
    evil = make_user(cast.root, "<script>alert(1)</script>")
    User.objects.filter(pk=evil.pk).update(login_id="evil", login_key="evil")
    enrol(cast, evil, cast.courses.biology, "TaEnrollment")
    page = ask(cast.root_admin, person="evil", what="permission:read_roster", context="Biology")
    assert "<script>alert" not in page.content.decode()


# --- From a refusal ---


def test_from_a_refusal_an_administrator_gets_there_with_one_click(cast: Cast, signed_in):
    cast.set(self_registration="none")
    client = signed_in(cast.sub_admin)
    details = f"/courses/{cast.courses.biology.pk}/users/{cast.student.pk}"
    for refused in (details, f"{details}/pair"):
        [url] = re.findall(
            r'<a href="([^"]*)">See why, and what would have to change',
            client.get(refused).content.decode(),
        )
        body = client.get(url.replace("&amp;", "&")).content.decode()
        assert "Hugo Stern may not make a pairing code" in body
        assert "Self registration is off." in body


def test_a_teacher_who_is_refused_finds_no_link_that_would_refuse_them(cast: Cast, signed_in):
    details = f"/courses/{cast.courses.biology.pk}/users/{cast.student.pk}"
    body = signed_in(cast.teacher).get(details).content.decode()
    assert "To make a code for Ada Okafor you need" in body
    assert "See why" not in body


def test_acting_as_the_student_one_click_stops_and_explains(cast: Cast, signed_in):
    cast.set(self_registration="none")
    client = signed_in(cast.root_admin)
    client.post(f"/users/{cast.student.pk}/masquerade")
    body = client.get("/profile/settings").content.decode()
    assert "Stop acting, and see why" in body
    [url] = re.findall(r'name="next" value="([^"]*)"', body)
    page = client.post("/masquerade/stop", {"next": url.replace("&amp;", "&")}, follow=True)
    assert "acting as Ada Okafor, may not make a pairing code" in page.content.decode()
    assert "Acting as someone else" not in page.content.decode()


def test_stopping_leads_to_no_other_site(cast: Cast, signed_in):
    client = signed_in(cast.root_admin)
    client.post(f"/users/{cast.student.pk}/masquerade")
    answer = client.post("/masquerade/stop", {"next": "https://evil.example/"})
    assert answer["Location"] == f"/users/{cast.student.pk}"


def test_stopping_takes_no_text_for_the_name_of_a_page(cast: Cast, signed_in):
    for text in ("9", "accounts:settings"):
        answer = signed_in(cast.root_admin).post("/masquerade/stop", {"next": text})
        assert answer.status_code == 302
        assert "profile" not in answer["Location"]
