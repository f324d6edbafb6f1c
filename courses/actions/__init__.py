"""Every write to courses, sections and enrolments. State changes are one conditional UPDATE."""

from courses.actions.courses import (
    Step,
    change_course,
    conclude_course,
    create_course,
    delete_course,
    publish_course,
    restore_course,
    unpublish_course,
    update_course,
)
from courses.actions.enrolments import (
    EnrolmentRefused,
    Wanted,
    accept_invitation,
    bring_back,
    conclude,
    decline_invitation,
    enrol,
    enrol_all,
    inactivate,
    reactivate,
    remove,
)
from courses.actions.following import FOLLOWERS, Change, tell_followers, tell_of_return
from courses.actions.sections import (
    SectionOccupied,
    create_section,
    delete_section,
    update_section,
)
from courses.actions.states import WrongState

__all__ = [
    "FOLLOWERS",
    "Change",
    "EnrolmentRefused",
    "SectionOccupied",
    "Step",
    "Wanted",
    "WrongState",
    "accept_invitation",
    "bring_back",
    "change_course",
    "conclude",
    "conclude_course",
    "create_course",
    "create_section",
    "decline_invitation",
    "delete_course",
    "delete_section",
    "enrol",
    "enrol_all",
    "inactivate",
    "publish_course",
    "reactivate",
    "remove",
    "restore_course",
    "tell_followers",
    "tell_of_return",
    "unpublish_course",
    "update_course",
    "update_section",
]
