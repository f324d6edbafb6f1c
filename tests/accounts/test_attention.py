"""What an account's overview says needs attention, and where each item leads."""

import html
import re

import pytest
from django.utils import timezone

from accounts.models import User
from audit.models import Event
from courses.models import Enrolment
from pairing.actions import issue_code, link, question_link
from pairing.models import ObservationLink, PairingCode
from pairing.rules import ISSUE_OVER_REST
from permissions.models import Role
from tests.cast import enrol, make_account, make_account_role, make_admin, make_user


def text(response):
    return " ".join(html.unescape(response.content.decode()).split())


def items(client, account):
    """Sentences and where they lead."""
    shown = text(client.get(f"/accounts/{account.pk}"))
    if "Needs attention" not in shown:
        return {}
    panel = shown.split('id="attention-title"')[1].split("</section>")[0]
    rows = re.findall(r"<li> <span>(.*?)</span>(?: <a class=\"button\" href=\"(.*?)\")?", panel)
    return dict(rows)


def listed(client, url):
    return re.findall(
        r'<th scope="row" class="wrap lead"><a[^>]*>([^<]*)</a>', text(client.get(url))
    )


@pytest.fixture
def admin(cast, signed_in):
    return signed_in(cast.root_admin)


@pytest.fixture
def linked(cast):
    """Joy observes Ada."""
    link(actor=cast.actor(cast.root_admin), observer=cast.observer, student=cast.student)
    return ObservationLink.objects.get()


def code_for(cast, user):
    issue_code(actor=cast.actor(user), action=ISSUE_OVER_REST, target=user, surface="rest")


# --- Self registration ---


def test_codes_that_live_while_self_registration_is_off_are_counted(cast, admin):
    code_for(cast, cast.student)
    cast.set(self_registration="none")
    found = items(admin, cast.root)
    words = "Self registration is off: 1 live code can't be used, nor new ones made."
    assert found[words] == f"/accounts/{cast.root.pk}/settings"


# --- People ---


def test_students_without_an_observer_are_counted_and_listed(cast, admin, linked):
    url = items(admin, cast.root)["2 students have no observer."]
    assert listed(admin, url) == ["Ito, Ben", "Lind, Cora"]
    url = items(admin, cast.accounts.high)["1 student has no observer."]
    assert listed(admin, url) == ["Ito, Ben"]


def figures(client, account):
    found = re.findall(r"<dt>(.*?)</dt><dd>(\d+)</dd>", text(client.get(f"/accounts/{account.pk}")))
    return {name: int(number) for name, number in found}


def test_figures_are_of_the_account_and_all_below_it(cast, admin, linked):
    enrol(cast, cast.student, cast.courses.chemistry, "StudentEnrollment")
    code_for(cast, cast.student)
    code_for(cast, cast.elsewhere)
    of_high = {"Students": 2, "Observers": 1, "Live codes": 1, "Courses": 3}
    assert figures(admin, cast.accounts.high) == of_high
    of_all = {"Students": 3, "Observers": 1, "Live codes": 2, "Courses": 4}
    assert figures(admin, cast.root) == of_all
    of_elementary = {"Students": 1, "Observers": 0, "Live codes": 1, "Courses": 1}
    assert figures(admin, cast.accounts.elementary) == of_elementary


@pytest.mark.parametrize("state", ["rejected", "inactive", "deleted"])
def test_who_is_no_student_any_more_is_not_counted(cast, admin, state):
    Enrolment.objects.filter(user=cast.elsewhere).update(state=state)
    assert figures(admin, cast.root)["Students"] == 2
    assert figures(admin, cast.accounts.elementary)["Students"] == 0


def test_students_of_a_deleted_course_are_not_counted(cast, admin):
    type(cast.courses.reading).objects.filter(pk=cast.courses.reading.pk).update(state="deleted")
    assert figures(admin, cast.root)["Students"] == 2
    assert figures(admin, cast.accounts.elementary) == {
        "Students": 0,
        "Observers": 0,
        "Live codes": 0,
        "Courses": 0,
    }


def test_the_number_without_observer_is_that_of_the_list(cast, admin, linked):
    User.objects.filter(pk=cast.classmate.pk).update(state="deleted")
    url = items(admin, cast.root)["1 student has no observer."]
    assert listed(admin, url) == ["Lind, Cora"]
    assert not any("no observer" in words for words in items(admin, cast.accounts.high))


def test_students_elsewhere_are_not_counted_here(cast, admin):
    enrol(cast, cast.student, cast.courses.reading, "TaEnrollment")
    url = items(admin, cast.accounts.elementary)["1 student has no observer."]
    assert listed(admin, url) == ["Lind, Cora"]


def test_codes_that_are_about_to_end_are_counted_and_listed(cast, admin):
    code_for(cast, cast.student)
    assert not any("ends within a day" in words for words in items(admin, cast.root))
    soon = timezone.now() + timezone.timedelta(hours=5)
    PairingCode.objects.update(expires_at=soon)
    url = items(admin, cast.root)["1 student has an unused code that ends within a day."]
    assert listed(admin, url) == ["Okafor, Ada"]
    assert not any("ends within" in words for words in items(admin, cast.accounts.elementary))


def test_who_is_of_the_account_as_an_administrator_alone_is_told_of_too(cast, admin):
    code_for(cast, cast.student)
    PairingCode.objects.update(expires_at=timezone.now() + timezone.timedelta(hours=5))
    make_admin(cast, cast.student, cast.accounts.elementary)
    words = "1 student has an unused code that ends within a day."
    url = items(admin, cast.accounts.elementary)[words]
    assert listed(admin, url) == ["Okafor, Ada"]


def test_codes_that_one_may_not_list_are_not_told(cast, signed_in):
    code_for(cast, cast.student)
    PairingCode.objects.update(expires_at=timezone.now() + timezone.timedelta(hours=5))
    make_admin(cast, cast.observer, cast.accounts.high, make_account_role(cast, "C", "read_roster"))
    client, high = signed_in(cast.observer), cast.accounts.high
    assert not any("ends within" in words for words in items(client, high))
    assert listed(client, f"/accounts/{high.pk}/users?show=code_ends") == []


def test_people_without_a_password_are_listed_for_who_can_help(cast, admin, signed_in):
    User.objects.filter(pk=cast.student.pk).update(password="!x")
    url = items(admin, cast.accounts.high)["1 person has no password yet and can't sign in."]
    assert listed(admin, url) == ["Okafor, Ada"]
    found = items(signed_in(cast.sub_admin), cast.accounts.high)
    assert not any("password" in words for words in found)


# --- Links that students question ---


@pytest.fixture
def questioned(cast, linked):
    question_link(actor=cast.actor(cast.student), link=linked)
    return linked


def test_a_link_that_a_student_questions_leads_to_the_student(cast, admin, questioned):
    url = items(admin, cast.root)["1 student says that an observer isn't right."]
    assert listed(admin, url) == ["Okafor, Ada"]
    page = text(admin.get(f"/users/{cast.student.pk}"))
    assert "that Joy Okafor isn't right." in page


def test_it_is_settled_by_keeping_the_link(cast, admin, questioned):
    url = f"/users/{cast.student.pk}/links/{questioned.pk}/settle"
    assert f'action="{url}"' in text(admin.get(f"/users/{cast.student.pk}"))
    page = text(admin.get(admin.post(url).headers["Location"]))
    assert "Joy Okafor keeps observing Ada Okafor." in page
    assert f'action="{url}"' not in page
    assert not any("isn't right" in words for words in items(admin, cast.root))
    event = Event.objects.get(action="link_question_settled")
    assert (event.subject, event.data["observer"]) == (cast.student, cast.observer.pk)
    assert admin.post(url).status_code == 404


def test_it_is_settled_by_removing_the_link_and_stays_so_when_that_is_undone(
    cast, admin, questioned
):
    path = f"/users/{cast.student.pk}/links/{questioned.pk}"
    admin.post(f"{path}/remove")
    assert not any("isn't right" in words for words in items(admin, cast.root))
    admin.post(f"{path}/restore")
    assert ObservationLink.objects.active().exists()
    assert not any("isn't right" in words for words in items(admin, cast.root))


def test_who_may_not_manage_observers_is_told_nothing_of_it(cast, signed_in, questioned):
    client, high = signed_in(cast.sub_admin), cast.accounts.high
    assert not any("isn't right" in words for words in items(client, high))
    assert listed(client, f"/accounts/{high.pk}/users?show=questioned") == []
    assert "isn't right" not in text(client.get(f"/users/{cast.student.pk}"))
    url = f"/users/{cast.student.pk}/links/{questioned.pk}/settle"
    assert client.post(url).status_code == 403


# --- Administrators and roles ---


def test_a_single_account_admin_is_told_to_find_a_second(cast, admin):
    words = "Only one person is Account Admin here. A second one can help out."
    assert items(admin, cast.root)[words] == f"/accounts/{cast.root.pk}/admins"
    make_admin(cast, cast.ta, cast.root)
    assert words not in items(admin, cast.root)


def test_suspended_people_who_keep_a_role_are_counted(cast, admin):
    words = "1 suspended person still has an administrator's role here or below."
    url = items(admin, cast.root)[words]
    assert url == f"/accounts/{cast.root.pk}/admins?show=suspended"
    assert "Gone, Olaf" in text(admin.get(url))
    assert words not in items(admin, cast.accounts.high)


def test_roles_that_are_deactivated_and_still_held_are_counted(cast, admin):
    clerk = make_account_role(cast, "Clerk", "read_roster")
    tutor = Role.objects.create(
        root_account=cast.root, account=cast.root, label="Tutor", base_role="TaEnrollment"
    )
    make_admin(cast, cast.observer, cast.accounts.science, clerk)
    place = enrol(cast, cast.observer, cast.courses.biology, "TaEnrollment")
    type(place).objects.filter(pk=place.pk).update(role=tutor)
    before = items(admin, cast.accounts.high)
    Role.objects.filter(pk__in=[clerk.pk, tutor.pk]).update(state="inactive")
    found = items(admin, cast.accounts.high)
    high = f"/accounts/{cast.accounts.high.pk}"
    assert {words: url for words, url in found.items() if words not in before} == {
        "1 administrator has a role that is deactivated.": f"{high}/admins?show=deactivated",
        "1 person in a course has a role that is deactivated.": f"{high}/permissions",
    }


def test_nobody_is_shown_what_they_can_do_nothing_about(cast, signed_in):
    User.objects.filter(pk=cast.student.pk).update(password="!x")
    make_admin(cast, cast.observer, cast.root, make_account_role(cast, "Nobody"))
    assert items(signed_in(cast.observer), cast.root) == {}


def test_an_empty_account_needs_nothing(cast, admin):
    assert items(admin, make_account(cast.root, "Empty")) == {}


def test_it_takes_few_statements_whatever_there_is(cast, admin, django_assert_max_num_queries):
    for n in range(20):
        user = make_user(cast.root, f"Child {n}")
        enrol(cast, user, cast.courses.biology, "StudentEnrollment")
        code_for(cast, user)
    admin.get(f"/accounts/{cast.root.pk}")
    with django_assert_max_num_queries(11):
        admin.get(f"/accounts/{cast.root.pk}")
