"""REST: sections (contract §7.1)."""

from __future__ import annotations

from typing import TypedDict

from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import Http404
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.authentication import ApiRequest
from courses.actions import (
    SectionOccupied,
    WrongState,
    create_section,
    delete_section,
    update_section,
)
from courses.finding import told_sections
from courses.ids import find_section, get_course, get_section
from courses.models import Section
from courses.rules import SEE_COURSE, SEE_SECTIONS
from courses.serializers.sections import (
    ChangedSectionParams,
    NewSectionParams,
    SectionJson,
    section_fields,
    section_json,
    section_refused,
)
from pairing_service.http.described import Paged, described
from pairing_service.http.errors import FieldErrors, Message, Refusal
from pairing_service.http.pages import page_of
from pairing_service.http.params import params_of


class SectionsParams(TypedDict, total=False):
    include: list[str]


class SectionsOfCourse(APIView):
    @described(Paged[SectionJson], takes=SectionsParams)
    def get(self, request: ApiRequest, course_id: str) -> Response:
        """The sections of a course; `include[]=total_students` counts them."""
        course = get_course(request.actor, course_id, required=SEE_SECTIONS)
        include = params_of(request).texts("include")
        there = Section.objects.filter(course=course).exclude(state=Section.State.DELETED)
        return page_of(
            request,
            told_sections(there, request.actor, include).order_by("name", "pk"),
            lambda page: [section_json(section, include) for section in page],
        )

    @described(SectionJson, takes=NewSectionParams, refuses={400: FieldErrors})
    def post(self, request: ApiRequest, course_id: str) -> Response:
        """Add a section to a course."""
        course = get_course(request.actor, course_id, required=SEE_COURSE)
        fields = {"name": ""} | section_fields(params_of(request))
        try:
            section = create_section(actor=request.actor, course=course, **fields)
        except ValidationError as error:
            raise section_refused(error) from error
        return _shown(request, section)


class OneSectionOfCourse(APIView):
    @described(SectionJson, takes=SectionsParams)
    def get(self, request: ApiRequest, course_id: str, section_id: str) -> Response:
        """A section of the course."""
        course = get_course(request.actor, course_id, required=SEE_SECTIONS)
        section = find_section(request.actor, section_id, course)
        if section is None:
            raise Http404
        return _shown(request, section)


class OneSection(APIView):
    @described(SectionJson, takes=SectionsParams)
    def get(self, request: ApiRequest, section_id: str) -> Response:
        """A section."""
        section = get_section(request.actor, section_id, required=SEE_SECTIONS)
        return _shown(request, section)

    @described(SectionJson, takes=ChangedSectionParams, refuses={400: FieldErrors})
    def put(self, request: ApiRequest, section_id: str) -> Response:
        """Change a section's name, dates and SIS ids."""
        section = get_section(request.actor, section_id, required=SEE_COURSE)
        fields = section_fields(params_of(request))
        try:
            update_section(actor=request.actor, section=section, fields=fields)
        except ValidationError as error:
            raise section_refused(error) from error
        return _shown(request, section)

    @described(SectionJson, takes=SectionsParams, refuses={400: Message})
    def delete(self, request: ApiRequest, section_id: str) -> Response:
        """Delete a section in which nobody is."""
        section = get_section(request.actor, section_id, required=SEE_COURSE)
        try:
            delete_section(actor=request.actor, section=section)
        except SectionOccupied as error:
            said = "A section with people, or the one that its course has from the start, stays."
            raise Refusal(400, {"message": said}) from error
        except WrongState as error:
            raise Http404 from error
        return _shown(request, section)


def _shown(request: ApiRequest, section: Section) -> Response:
    """The section as it is now."""
    include = params_of(request).texts("include")
    this: QuerySet[Section] = Section.objects.filter(pk=section.pk)
    return Response(section_json(told_sections(this, request.actor, include).get(), include))
