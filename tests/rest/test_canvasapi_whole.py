"""The whole of `canvasapi` where the two meet: each method is called live, or is out of scope.

Out of scope is what spec/api.md does not name: content, grades, groups, messages, reports and what
belongs to them. A newer canvasapi with a new method in these classes fails until it is in one of
the two; and so does an endpoint that is served here while its method is on the list.
"""

from __future__ import annotations

import inspect
import itertools
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from canvasapi import Canvas
from canvasapi.account import Account, Admin
from canvasapi.authentication_provider import AuthenticationProvider
from canvasapi.course import Course
from canvasapi.current_user import CurrentUser
from canvasapi.enrollment import Enrollment
from canvasapi.exceptions import BadRequest
from canvasapi.login import Login
from canvasapi.paginated_list import PaginatedList
from canvasapi.pairing_code import PairingCode
from canvasapi.section import Section
from canvasapi.sis_import import SisImport
from canvasapi.user import User
from django.urls import resolve

from tests.cast import PASSWORD, Cast, make_user

pytestmark = pytest.mark.filterwarnings("ignore:Canvas may respond unexpectedly")

CLASSES = (
    Canvas, Account, Admin, User, CurrentUser, Course, Section, Enrollment, Login, SisImport,
    AuthenticationProvider, PairingCode,
)  # fmt: skip

OUT_OF_SCOPE = """
Canvas: clear_course_nicknames conversations_batch_update conversations_get_running_batches
    conversations_mark_all_as_read conversations_unread_count create_account
    create_appointment_group create_calendar_event create_conversation create_group create_jwt
    create_planner_note create_planner_override create_poll get_account_calendars
    get_activity_stream_summary get_announcements get_appointment_group get_appointment_groups
    get_brand_variables get_calendar_event get_calendar_events get_comm_messages get_conversation
    get_conversations get_course_nickname get_course_nicknames get_eportfolio get_epub_exports
    get_file get_folder get_group get_group_category get_group_participants get_outcome
    get_outcome_group get_planner_note get_planner_notes get_planner_override
    get_planner_overrides get_poll get_polls get_progress get_root_outcome_group get_todo_items
    get_upcoming_events get_user_participants graphql refresh_jwt reserve_time_slot
    search_accounts search_all_courses search_recipients set_course_nickname
Account: add_grading_standards close_notification_for_user create_account create_content_migration
    create_enrollment_term create_external_tool create_group_category create_notification
    create_report delete_grading_period get_account_calendar get_all_account_calendars
    get_all_outcome_links_in_context get_authentication_events get_content_migration
    get_content_migrations get_department_level_grade_data_completed
    get_department_level_grade_data_current get_department_level_grade_data_with_given_term
    get_department_level_participation_data_completed
    get_department_level_participation_data_current
    get_department_level_participation_data_with_given_term
    get_department_level_statistics_completed get_department_level_statistics_current
    get_department_level_statistics_with_given_term get_enabled_features get_enrollment_term
    get_enrollment_terms get_external_tool get_external_tools get_feature_flag get_features
    get_global_notification get_grading_periods get_grading_standards get_group_categories
    get_groups get_index_of_reports get_migration_systems get_outcome_group
    get_outcome_groups_in_context get_outcome_import_status get_report get_reports
    get_root_outcome_group get_rubric get_rubrics get_scopes get_single_grading_standard
    get_user_notifications import_outcome query_audit_by_account show_account_auth_settings
    update_account_auth_settings update_account_calendar_visibility
    update_many_account_calendars_visibility
User: create_communication_channel create_content_migration create_folder export_content
    get_assignments get_authentication_events get_avatars get_calendar_events_for_user
    get_closed_poll_sessions get_color get_colors get_communication_channels get_content_export
    get_content_exports get_content_migration get_content_migrations get_enabled_features
    get_eportfolios get_feature_flag get_features get_file get_file_quota get_files get_folder
    get_folders get_grade_change_events_for_grader get_grade_change_events_for_student
    get_licenses get_migration_systems get_missing_submissions get_open_poll_sessions
    get_page_views merge_into moderate_all_eportfolios remove_usage_rights resolve_path
    set_usage_rights update_color upload
CurrentUser: add_favorite_course add_favorite_group create_bookmark get_bookmark get_bookmarks
    get_favorite_courses get_favorite_groups get_groups reset_favorite_courses
    reset_favorite_groups
Course: add_grading_standards column_data_bulk_update create_assignment create_assignment_group
    create_assignment_overrides create_content_migration create_custom_column
    create_discussion_topic create_epub_export create_external_feed create_external_tool
    create_folder create_group_category create_late_policy create_lti_resource_link create_module
    create_new_quiz create_page create_quiz create_rubric create_rubric_association
    delete_external_feed edit_front_page edit_late_policy export_content
    get_all_outcome_links_in_context get_assignment get_assignment_group get_assignment_groups
    get_assignment_overrides get_assignments get_assignments_for_group get_blueprint
    get_collaborations get_content_export get_content_exports get_content_migration
    get_content_migrations get_course_level_assignment_data get_course_level_participation_data
    get_course_level_student_summary_data get_custom_columns get_discussion_topic
    get_discussion_topics get_enabled_features get_epub_export get_external_feeds
    get_external_tool get_external_tools get_feature_flag get_features get_file get_file_quota
    get_files get_folder get_folders get_full_discussion_topic get_grade_change_events
    get_gradebook_history_dates get_gradebook_history_details get_grading_period
    get_grading_periods get_grading_standards get_group_categories get_groups get_late_policy
    get_licenses get_lti_resource_link get_lti_resource_links get_migration_systems get_module
    get_modules get_multiple_submissions get_new_quiz get_new_quizzes get_outcome_group
    get_outcome_groups_in_context get_outcome_import_status get_outcome_result_rollups
    get_outcome_results get_page get_pages get_quiz get_quiz_overrides get_quizzes
    get_recent_students get_root_outcome_group get_rubric get_rubrics get_settings
    get_single_grading_standard get_submission_history get_tabs get_todo_items
    get_uncollated_submissions get_user_in_a_course_level_assignment_data
    get_user_in_a_course_level_messaging_data get_user_in_a_course_level_participation_data
    import_outcome list_blueprint_subscriptions preview_html query_audit_by_course
    remove_usage_rights reorder_pinned_topics reset resolve_path set_new_quizzes_accommodations
    set_quiz_extensions set_usage_rights show_front_page smartsearch submissions_bulk_update
    update_assignment_overrides update_settings upload
Section: cross_list_section decross_list_section get_assignment_override
    get_multiple_submissions submissions_bulk_update
Login: get_authentication_events
"""
# Served under that address is something else: an account whose id is "search", which nobody has.
NOT_WHAT_IT_ASKS_FOR = {"Canvas.search_accounts"}


def listed(text: str) -> set[str]:
    """`Class: method method …` as {"Class.method", …}."""
    found, of = set(), ""
    for word in text.split():
        if word.endswith(":"):
            of = word[:-1]
        else:
            found.add(f"{of}.{word}")
    return found


def methods() -> dict[str, Callable[..., Any]]:
    """Every public method that these classes have of their own, by its name."""
    return {
        f"{cls.__name__}.{name}": function
        for cls in CLASSES
        for name, function in vars(cls).items()
        if inspect.isfunction(function) and not name.startswith("_")
    }


# --- Called live ---


@pytest.fixture
def called(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """The names of the methods that were called and came back, or were refused with a reason."""
    names: set[str] = set()
    for name, function in methods().items():
        cls = next(one for one in CLASSES if one.__name__ == name.split(".")[0])
        monkeypatch.setattr(cls, function.__name__, noting(names, name, function))
    return names


def noting(names: set[str], name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    def noted(*args: Any, **kwargs: Any) -> Any:
        try:
            answer = function(*args, **kwargs)
        except BadRequest:
            names.add(name)
            raise
        if isinstance(answer, PaginatedList):
            answer = list(answer)  # it asks only when it is read
        names.add(name)
        return answer

    return noted


def test_each_method_is_called_live_or_out_of_scope(
    cast: Cast, canvas: Callable[[Any], Canvas], called: set[str], tmp_path: Path, settings: Any
) -> None:
    settings.TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}  # as it is served
    admin = canvas(cast.root_admin)
    call_accounts(admin, cast)
    call_roles(admin.get_account(cast.root.pk), cast)
    call_people(admin, admin.get_account(cast.root.pk))
    call_pairing(admin, canvas(cast.observer), cast)
    call_courses(admin, cast)
    call_enrolments(admin, canvas, cast)
    call_imports(admin.get_account(cast.root.pk), tmp_path)
    out_of_scope = listed(OUT_OF_SCOPE)
    assert called & out_of_scope == set()
    assert methods().keys() - called - out_of_scope == set(), "neither called nor out of scope"
    assert out_of_scope - methods().keys() == set(), "canvasapi has them no more"


def call_accounts(admin: Canvas, cast: Cast) -> None:
    assert [one.id for one in admin.get_accounts()] == [cast.root.pk]
    assert admin.get_course_accounts() == []
    root = admin.get_account(cast.root.pk)
    assert root.update(account={"name": "Northfield District"}) is True
    music = root.create_subaccount({"name": "Music"})
    assert "Music" in {one.name for one in root.get_subaccounts()}
    assert music.delete() is True
    [provider] = root.get_authentication_providers()
    assert provider.update(self_registration="all") == "canvas"
    assert root.get_authentication_provider(provider.id).self_registration == "all"
    with pytest.raises(BadRequest):  # it is the built-in one, and the only one over REST
        provider.delete()
    with pytest.raises(BadRequest):
        root.add_authentication_providers(auth_type="canvas", self_registration="all")


def call_roles(root: Account, cast: Cast) -> None:
    role = root.create_role("Counsellor", base_role_type="TaEnrollment")
    assert root.get_role(role.id).label == "Counsellor"
    assert root.update_role(role, label="Coach").label == "Coach"
    assert root.deactivate_role(role).workflow_state == "inactive"
    assert root.activate_role(role).workflow_state == "active"
    assert role.id in {one.id for one in root.get_roles()}
    appointed = root.create_admin(cast.designer.pk, role="AccountAdmin")
    assert cast.designer.pk in {one.user["id"] for one in root.get_admins()}
    assert root.delete_admin(cast.designer.pk, role_id=appointed.role_id).id == appointed.id


def call_people(admin: Canvas, root: Account) -> None:
    nora = root.create_user({"unique_id": "nora", "password": PASSWORD}, user={"name": "Nora"})
    assert admin.get_user(nora.id).edit(user={"short_name": "No"}).short_name == "No"
    assert nora.get_profile()["login_id"] == "nora"
    assert nora.update_settings(collapse_global_nav=True)["collapse_global_nav"] is True
    assert (nora.get_courses(), nora.get_enrollments()) == ([], [])
    second = root.create_user_login({"id": nora.id}, {"unique_id": "nora.2"})
    assert second.edit(login={"unique_id": "nora.3"}).unique_id == "nora.3"
    assert len(root.get_user_logins(user={"id": nora.id})) == len(nora.get_user_logins()) == 2
    assert second.delete().id == second.id
    assert nora.terminate_sessions() == "ok"
    assert nora.id in {one.id for one in root.get_users()}
    assert root.delete_user(nora).id == nora.id


def call_pairing(admin: Canvas, parent: Canvas, cast: Cast) -> None:
    joy, ada = parent.get_current_user(), admin.get_user(cast.student.pk)
    code = ada.create_pairing_code()
    assert joy.add_observee_with_credentials(pairing_code=code.code).id == ada.id
    assert [one.id for one in joy.get_observees()] == [ada.id]
    assert [one.id for one in ada.get_observers()] == [joy.id]
    assert joy.show_observee(ada.id).id == joy.remove_observee(ada.id).id == ada.id
    assert admin.get_user(joy.id).add_observee(ada.id).id == ada.id


def call_courses(admin: Canvas, cast: Cast) -> None:
    root = admin.get_account(cast.root.pk)
    art = root.create_course(course={"name": "Art"})
    assert art.update(course={"event": "offer"}) == "Art"
    assert art.id in {one.id for one in root.get_courses()}
    evening = admin.get_course(art.id).create_course_section(course_section={"name": "Evening"})
    assert art.get_section(evening.id).name == admin.get_section(evening.id).name == "Evening"
    assert evening.id in {one.id for one in art.get_sections()}
    place = evening.enroll_user(cast.student.pk, enrollment={"enrollment_state": "active"})
    assert place.id in {one.id for one in evening.get_enrollments()}
    assert art.get_user(cast.student.pk).id in {one.id for one in art.get_users()}
    assert evening.edit(course_section={"name": "Late"}).name == "Late"
    place.deactivate("delete")
    assert evening.delete().id == evening.id
    assert (art.conclude(), art.delete()) == (True, True)
    assert admin.get_courses() == []


def call_enrolments(admin: Canvas, canvas: Callable[[Any], Canvas], cast: Cast) -> None:
    nina, ned = (make_user(cast.root, name) for name in ("Nina New", "Ned New"))
    biology = admin.get_course(cast.courses.biology.pk)
    for person, answer in ((nina, "accept"), (ned, "reject")):
        invited = biology.enroll_user(person.pk, enrollment={"enrollment_state": "invited"})
        [own] = canvas(person).get_current_user().get_enrollments(state=["invited"])
        assert own.id == invited.id
        assert getattr(own, answer)() is True
    place = next(one for one in biology.get_enrollments() if one.user_id == nina.pk)
    assert place.deactivate("inactivate").enrollment_state == "inactive"
    assert place.reactivate().enrollment_state == "active"
    assert admin.get_account(cast.root.pk).get_enrollment(place.id).user_id == nina.pk


def call_imports(root: Account, folder: Path) -> None:
    roster = folder / "users.csv"
    roster.write_text("user_id,login_id,full_name,status\nu1,mei,Mei Lin,active\n")
    waiting = root.create_sis_import(str(roster))
    assert root.get_sis_import(waiting.id).workflow_state == "created"
    assert [one.id for one in root.get_sis_imports()] == [waiting.id]
    assert root.get_sis_imports_running() == []
    assert waiting.abort().workflow_state == "aborted"
    assert root.abort_sis_imports_pending() is True
    with pytest.raises(BadRequest, match="can't be restored"):
        waiting.restore_states()


# --- Out of scope ---


class Asked(Exception):
    """What a method would have sent: the HTTP method and the path below /api/v1/."""


class Elsewhere:
    """A requester that sends nothing and tells what it was asked for."""

    base_url = new_quizzes_url = original_url = graphql = "http://testserver/api/v1/"

    def request(self, method: str, endpoint: str | None = None, *_: Any, **__: Any) -> None:
        raise Asked(method, endpoint)


# Each argument is tried as all of these, until the method takes them and asks.
OF_ALL = dict.fromkeys(
    ("id", "name", "value", "title", "context_code", "subject", "message", "start_at", "end_at"),
    "1",
) | {"question": "x", "user_id": 1}
ANYTHING = (1, "x", OF_ALL, ["1"], [OF_ALL], "read")


# Files to upload, and arguments that depend on one another: looked at by hand, nothing is served.
NOT_ASKED = {
    "Canvas.conversations_batch_update", "Course.create_external_tool", "Course.upload",
    "User.upload",
}  # fmt: skip


def test_nothing_that_is_out_of_scope_is_served() -> None:
    asked = {
        name: one
        for name in listed(OUT_OF_SCOPE) - NOT_WHAT_IT_ASKS_FOR
        for one in asked_for(methods()[name], name.split(".")[0])
    }
    assert {name for name, one in asked.items() if is_served(*one)} == set()
    assert listed(OUT_OF_SCOPE) - NOT_WHAT_IT_ASKS_FOR - asked.keys() == NOT_ASKED


def asked_for(function: Callable[..., Any], of: str) -> Iterator[tuple[str, str]]:
    """What the method asks for first; nothing when no arguments are found that it takes."""
    cls = next(one for one in CLASSES if one.__name__ == of)
    it = cls.__new__(cls)
    ids = ("id", "account_id", "course_id", "user_id", "root_account_id", "sis_import_id")
    it.__dict__ |= dict.fromkeys(ids, 1) | {
        "_requester": Elsewhere(),
        "_Canvas__requester": Elsewhere(),
    }
    needed = [
        one
        for one in list(inspect.signature(function).parameters.values())[1:]
        if one.default is one.empty and one.kind is one.POSITIONAL_OR_KEYWORD
    ]
    for arguments in itertools.product(ANYTHING, repeat=len(needed)):
        try:
            answer = function(it, *arguments)
            if isinstance(answer, PaginatedList):
                list(answer)
        except Asked as asked:
            yield asked.args  # type: ignore[misc]
            return
        except Exception:
            continue


def is_served(method: str, endpoint: str) -> bool:
    view = getattr(resolve(f"/api/v1/{endpoint}").func, "view_class", None)
    return view is not None and hasattr(view, method.lower())


def test_the_readme_tells_how_many() -> None:
    readme = (Path(__file__).parents[2] / "README.md").read_text()
    [told] = re.findall(
        r"(\d+) of its methods are called live.*?(\d+) are out of scope", readme, re.S
    )
    out_of_scope = len(listed(OUT_OF_SCOPE))
    assert tuple(map(int, told)) == (len(methods()) - out_of_scope, out_of_scope)
