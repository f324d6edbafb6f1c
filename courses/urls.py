"""Addresses of this app: pages, and its part of the REST API."""

from django.urls import path

from courses.api import courses, enrolments
from courses.views import account_courses, enrolling, own, people

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
    # Enrolments
    path("users/<str:user_id>/enrollments", enrolments.EnrolmentsOfUser.as_view()),
]
