"""Addresses of this app: pages, and its part of the REST API."""

from django.urls import path

from courses.api import courses, enrolments, sections
from courses.api import people as course_people
from courses.views import account_courses, enrolling, own, people, settings

pages = [
    # The person's courses
    path("courses", own.course_list, name="course-list"),
    path(
        "courses/invitations/<int:enrolment_id>/accept",
        own.invitation_answer,
        {"answer": "accept"},
        name="invitation-accept",
    ),
    path(
        "courses/invitations/<int:enrolment_id>/decline",
        own.invitation_answer,
        {"answer": "decline"},
        name="invitation-decline",
    ),
    # An account's courses
    path(
        "accounts/<int:account_id>/courses", account_courses.account_courses, name="account-courses"
    ),
    path("accounts/<int:account_id>/courses/new", account_courses.course_add, name="course-add"),
    # A course's settings
    path("courses/<int:course_id>/settings", settings.course_settings, name="course-settings"),
    path(
        "courses/<int:course_id>/settings/<str:step>", settings.course_change, name="course-change"
    ),
    # A course's people
    path("courses/<int:course_id>/users", people.people, name="people"),
    path("courses/<int:course_id>/users/<int:user_id>", people.user_details, name="user-details"),
    # Adding and removing them
    path("courses/<int:course_id>/users/new", enrolling.enrol, name="enrol"),
    path(
        "courses/<int:course_id>/users/<int:user_id>/enrolments",
        enrolling.enrolments,
        name="enrolments",
    ),
    path(
        "courses/<int:course_id>/enrolments/<int:enrolment_id>/<str:step>",
        enrolling.enrolment_change,
        name="enrolment-change",
    ),
]
api = [
    # Courses
    path("courses", courses.Courses.as_view()),
    path("courses/<str:course_id>", courses.OneCourse.as_view()),
    path("users/<str:user_id>/courses", courses.CoursesOfUser.as_view()),
    path("accounts/<str:account_id>/courses", courses.CoursesOfAccount.as_view()),
    path("accounts/<str:account_id>/courses/<str:course_id>", courses.OneCourseOfAccount.as_view()),
    # Their people
    path("courses/<str:course_id>/users", course_people.UsersOfCourse.as_view()),
    path("courses/<str:course_id>/search_users", course_people.SearchUsersOfCourse.as_view()),
    path("courses/<str:course_id>/users/<str:user_id>", course_people.OneUserOfCourse.as_view()),
    # Sections
    path("courses/<str:course_id>/sections", sections.SectionsOfCourse.as_view()),
    path(
        "courses/<str:course_id>/sections/<str:section_id>", sections.OneSectionOfCourse.as_view()
    ),
    path("sections/<str:section_id>", sections.OneSection.as_view()),
    # Enrolments
    path("courses/<str:course_id>/enrollments", enrolments.EnrolmentsOfCourse.as_view()),
    path("sections/<str:section_id>/enrollments", enrolments.EnrolmentsOfSection.as_view()),
    path(
        "courses/<str:course_id>/enrollments/<str:enrollment_id>",
        enrolments.OneEnrolment.as_view(),
    ),
    path(
        "courses/<str:course_id>/enrollments/<str:enrollment_id>/reactivate",
        enrolments.Reactivation.as_view(),
    ),
    path(
        "courses/<str:course_id>/enrollments/<str:enrollment_id>/accept",
        enrolments.Acceptance.as_view(),
    ),
    path(
        "courses/<str:course_id>/enrollments/<str:enrollment_id>/reject",
        enrolments.Rejection.as_view(),
    ),
    path(
        "accounts/<str:account_id>/enrollments/<str:enrollment_id>",
        enrolments.EnrolmentOfAccount.as_view(),
    ),
    path("users/<str:user_id>/enrollments", enrolments.EnrolmentsOfUser.as_view()),
]
