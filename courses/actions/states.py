"""What can't be done to a thing in the state that it is in."""


class WrongState(Exception):
    """The course or enrolment is not in a state from which this can be done."""
