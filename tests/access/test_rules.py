"""People × actions: who may do what to whom, as one table. `+` yes, `.` no.

By default: no override is given, self registration is on for observers.
"""

from __future__ import annotations

from typing import Any

import pytest
from django.db.models import Model

import pairing_service.urls  # noqa: F401 (every rule is there once every address is)
from oauth.models import DeveloperKey
from permissions.policy import RULES, may
from tests.cast import Cast

PEOPLE = [
    "root_admin", "sub_admin", "neighbour_admin", "teacher", "ta", "designer",
    "student", "classmate", "elsewhere", "observer", "deactivated_admin", "stranger", "anonymous",
]  # fmt: skip

# rule, target                                       r s n t T d S C E o x f a
TABLE = """
see_person                 student                   + + . + + + + + . . . . .
see_person                 elsewhere                 + . + . . . . . + . . . .
see_person                 root_admin                + . . . . . . . . . . . .
act_as                     student                   + . . . . . . . . . . . .
act_as                     root_admin                . . . . . . . . . . . . .
act_as                     sub_admin                 + . . . . . . . . . . . .
act_as                     deactivated_admin         . . . . . . . . . . . . .
edit_own_settings          student                   . . . . . . + . . . . . .
set_up_sign_in             student                   . . . . . . . . . . . . .
replace_password           student                   + . . . . . . . . . . . .
replace_password           root_admin                . . . . . . . . . . . . .
replace_password           sub_admin                 + . . . . . . . . . . . .
replace_password           deactivated_admin         . . . . . . . . . . . . .
manage_tokens              student                   + . . . . . + . . . . . .
manage_tokens              root_admin                + . . . . . . . . . . . .
manage_tokens              deactivated_admin         + . . . . . . . . . . . .
sign_out                   student                   + . . . . . + . . . . . .
sign_out                   root_admin                + . . . . . . . . . . . .
sign_out                   sub_admin                 + + . . . . . . . . . . .
sign_out                   deactivated_admin         + . . . . . . . . . . . .
add_person                 root                      + . . . . . . . . . . . .
add_person                 high                      + . . . . . . . . . . . .
see_account                root                      + + + + + + + + + + . . .
see_account                high                      + + . + + + . . . . . . .
see_account                science                   + + . + + + . . . . . . .
see_account                elementary                + . + . . . . . . . . . .
see_people_of_account      root                      + . . . . . . . . . . . .
see_people_of_account      high                      + + . . . . . . . . . . .
see_people_of_account      science                   + + . . . . . . . . . . .
administer_account         elementary                + . + . . . . . . . . . .
manage_account_settings    root                      + . . . . . . . . . . . .
manage_sign_on             root                      + . . . . . . . . . . . .
manage_sign_on             high                      . . . . . . . . . . . . .
manage_account_settings    science                   + + . . . . . . . . . . .
see_events                 root                      + . . . . . . . . . . . .
see_events                 science                   + + . . . . . . . . . . .
see_events                 elementary                + . + . . . . . . . . . .
manage_overrides           high                      + + . . . . . . . . . . .
see_course                 biology                   + + . + + + + + . . . . .
see_course                 reading                   + . + . . . . . + . . . .
see_course_people          biology                   + + . + + + + + . . . . .
see_course_people          reading                   + . + . . . . . + . . . .
see_courses_of_account     high                      + + . . . . . . . . . . .
see_courses_of_account     elementary                + . + . . . . . . . . . .
add_course                 root                      + . . . . . . . . . . . .
add_course                 science                   + + . . . . . . . . . . .
see_details                enrolment                 + + . + . . . . . . . . .
see_login_in_course        biology                   + + . + + . . . . . . . .
see_email_in_course        biology                   + + . + + . . . . . . . .
see_sis_in_course          biology                   + + . + . . . . . . . . .
enrol_student              biology                   + + . + + + . . . . . . .
enrol_student_at_once      biology                   + + . . . . . . . . . . .
enrol_teacher              biology                   + + . + . . . . . . . . .
unenrol_student            enrolment                 + + . + + + . . . . . . .
edit_course                biology                   + + . . . . . . . . . . .
publish_course             biology                   + + . + . + . . . . . . .
conclude_course            biology                   + + . + . + . . . . . . .
delete_course              biology                   + + . . . . . . . . . . .
restore_course             biology                   + + . . . . . . . . . . .
open_course_settings       biology                   + + . + . + . . . . . . .
manage_sis_of_course       biology                   + . . . . . . . . . . . .
enter_course               biology                   + + . + + + + + . . . . .
enter_course               reading                   + . + . . . . . + . . . .
add_section                biology                   + + . + . + . . . . . . .
edit_section               section                   + + . + . + . . . . . . .
delete_section             section                   + + . + . + . . . . . . .
see_sections               biology                   + + . + + + + + . . . . .
see_sections               reading                   + . + . . . . . + . . . .
see_sis_of_section         section                   + + . + . . . . . . . . .
see_sis_import_of_section  section                   + . . . . . . . . . . . .
see_ended_enrolment        enrolment                 + + . + . . . . . . . . .
see_enrolment_as_observer  enrolment                 . . . . . . . . . . . . .
answer_invitation          enrolment                 . . . . . . + . . . . . .
issue_code_on_settings     student                   . . . . . . + . . . . . .
issue_code_on_details      enrolment                 + + . . . . . . . . . . .
issue_codes_for_course     biology                   + + . . . . . . . . . . .
issue_codes_for_account    root                      + . . . . . . . . . . . .
issue_codes_for_account    science                   + + . . . . . . . . . . .
issue_code_as_administrator enrolment                + + . . . . . . . . . . .
issue_code_over_rest       student                   + + . . . . + . . . . . .
issue_code_over_rest       elsewhere                 + . + . . . . . + . . . .
issue_code_over_rest       teacher                   . . . . . . . . . . . . .
generate_over              enrolment                 + + . . . . . . . . . . .
oversee_codes_in_course    enrolment                 + + . . . . . . . . . . .
redeem_code                observer                  + . . . . . . . . + . . .
redeem_code                student                   + . . . . . + . . . . . .
manage_observers           student                   + . . . . . . . . . . . .
see_links                  student                   + . . . . . + . . . . . .
see_user_page              student                   + + . . . . . . . . . . .
see_login                  student                   + + . . . . . . . . . . .
see_email                  student                   + + . . . . + . . . . . .
see_sis_id                 student                   + + . . . . . . . . . . .
see_logins_of_account      high                      + + . . . . . . . . . . .
see_emails_of_account      high                      + + . . . . . . . . . . .
see_sis_ids_of_account     high                      + + . . . . . . . . . . .
set_up_sign_ins            high                      + . . . . . . . . . . . .
edit_details               student                   + . . . . . + . . . . . .
edit_details               root_admin                + . . . . . . . . . . . .
change_email               student                   + . . . . . . . . . . . .
change_email               root_admin                . . . . . . . . . . . . .
change_persons_sis_id      student                   + . . . . . . . . . . . .
change_integration_id      student                   + . . . . . . . . . . . .
give_login                 student                   + . . . . . . . . . . . .
give_login                 root_admin                + . . . . . . . . . . . .
manage_logins              student                   + . . . . . . . . . . . .
manage_logins              root_admin                + . . . . . . . . . . . .
see_logins_of              student                   + + . . . . + . . . . . .
suspend                    student                   + . . . . . . . . . . . .
suspend                    root_admin                . . . . . . . . . . . . .
delete_person              sub_admin                 + . . . . . . . . . . . .
delete_person              root_admin                . . . . . . . . . . . . .
give_sis_ids               root                      + . . . . . . . . . . . .
see_sis_import             student                   + . . . . . . . . . . . .
see_accounts_own_sis_id    high                      + . . . . . . . . . . . .
change_accounts_sis_id     high                      + . . . . . . . . . . . .
manage_administrators      root                      + . . . . . . . . . . . .
manage_administrators      high                      + + . . . . . . . . . . .
remove_administrator       membership                + + . . . . . . . . . . .
change_any_override        root                      + . . . . . . . . . . . .
change_any_override        science                   + + . . . . . . . . . . .
see_enrolments_of          student                   + . . . . . + . . . . . .
see_sis_of_enrolment       enrolment                 + + . + . . . . . . . . .
manage_developer_keys      root                      + . . . . . . . . . . . .
manage_developer_keys      high                      . . . . . . . . . . . . .
change_developer_key       developer_key             + . . . . . . . . . . . .
trust_developer_keys       root                      + . . . . . . . . . . . .
manage_integrations        student                   . . . . . . + . . . . . .
sign_in_by_qr              student                   . . . . . . + . . . . . .
see_sis_import_of_enrolment enrolment                + . . . . . . . . . . . .
import_sis                 root                      + . . . . . . . . . . . .
import_sis                 high                      + . . . . . . . . . . . .
""".strip().splitlines()


def target_named(cast: Cast, name: str) -> Model:
    places: dict[str, Any] = {"root": cast.root, **vars(cast.accounts), **vars(cast.courses)}
    if name == "enrolment":
        return cast.enrolment(cast.student, cast.courses.biology)
    if name == "section":
        return cast.courses.biology.sections.get()
    if name == "membership":
        return cast.sub_admin.memberships.get()
    if name == "developer_key":
        return DeveloperKey.objects.create(root_account=cast.root, name="Reading App")
    return places.get(name) or getattr(cast, name)


def test_people_may_do_what_the_table_says(cast: Cast) -> None:
    people = [cast.actor(getattr(cast, person, None)) for person in PEOPLE]
    wrong = []
    for line in TABLE:
        name, target, *expected = line.split()
        asked = target_named(cast, target)
        answers = ["+" if may(person, RULES[name], asked) else "." for person in people]
        if answers != expected:
            wrong.append(f"{name} {target} {' '.join(answers)}")
    assert wrong == [], "\n".join(wrong)


def test_an_unknown_action_is_nobodys() -> None:
    with pytest.raises(KeyError):
        RULES["frobnicate"]


def test_a_target_of_another_kind_is_an_error(cast: Cast) -> None:
    with pytest.raises(TypeError):
        may(cast.actor(cast.root_admin), RULES["see_course_people"], cast.student)


# Rules whose targets come and go; their own tests walk them.
ELSEWHERE = {"see_code", "see_enrolled", "unlink", "question_link"}


def test_every_rule_has_a_row_here_or_tests_of_its_own() -> None:
    in_table = {line.split()[0] for line in TABLE}
    alike = {name for name in RULES if name.startswith(("enrol_", "unenrol_"))}
    assert set(RULES) - in_table - ELSEWHERE - alike == set()
