"""REST: courses, their people, sections and enrolments (contract §7)."""
