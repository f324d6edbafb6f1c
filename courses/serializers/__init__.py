"""JSON of courses, sections and enrolments, out and in (contract §7)."""
