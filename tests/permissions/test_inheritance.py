"""The rules of the spec, "Overrides", one example each, then what must hold for every tree.

The chain is root, district, school. Rows read as sentences: `on()`, `off(locked=True)`,
`on(here=False)` for "below only", `on(below=False)` for "self only".
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from permissions.catalogue import PERMISSIONS, BaseRole, Level, Permission, permission
from permissions.inheritance import (
    OFF,
    ON,
    Decision,
    GridCell,
    Note,
    Reach,
    Row,
    cell,
    resolve,
)

CHAIN = ("root", "district", "school")
ROSTER = permission("read_roster")  # on by default for teachers
CODE = permission("generate_observer_pairing_code")  # off by default for teachers
ACT_AS = permission("become_user")  # root level, on by default for account admins
COURSES = permission("read_course_list")  # off by default for custom account roles


def on(*, here: bool = True, below: bool = True, locked: bool = False) -> Row:
    return Row(enabled=True, locked=locked, applies_to_self=here, applies_to_descendants=below)


def off(*, here: bool = True, below: bool = True, locked: bool = False) -> Row:
    return Row(enabled=False, locked=locked, applies_to_self=here, applies_to_descendants=below)


def enrolled(
    asked: Permission,
    chain: tuple[str, ...] = CHAIN,
    base_role: str = BaseRole.TEACHER,
    **rows: Row,
) -> Decision[str]:
    """A teacher of a course in the last account of the chain."""
    return resolve(asked, base_role, chain, rows, held_at=None)


def administers(
    held_at: str, asked: Permission = COURSES, chain: tuple[str, ...] = CHAIN, **rows: Row
) -> Decision[str]:
    """Someone with a custom role in an account, asked about the last of the chain."""
    return resolve(asked, BaseRole.ACCOUNT_MEMBERSHIP, chain, rows, held_at=held_at)


def shown(
    asked: Permission,
    chain: tuple[str, ...] = CHAIN,
    base_role: str = BaseRole.TEACHER,
    **rows: Row,
) -> GridCell:
    """What the grid of the last account shows about teachers."""
    return cell(asked, base_role, chain, rows)


# --- 1, 2, 3: the start ---


def test_without_rows_it_is_the_default() -> None:
    assert enrolled(ROSTER)
    assert not enrolled(CODE)
    assert not enrolled(ROSTER, base_role=BaseRole.OBSERVER)


def test_not_available_to_the_base_role_nobody_can_switch_it_on() -> None:
    assert not enrolled(CODE, base_role=BaseRole.STUDENT, school=on(), root=on(locked=True))


def test_not_available_and_on_by_default_nobody_can_switch_it_off() -> None:
    admins = permission("manage_role_overrides")

    assert resolve(admins, BaseRole.ACCOUNT_ADMIN, CHAIN, {"school": off()}, held_at="school")


def test_root_level_counts_only_when_held_in_the_root_account() -> None:
    admin = BaseRole.ACCOUNT_ADMIN

    assert resolve(ACT_AS, admin, CHAIN, {}, held_at="root")
    assert not resolve(ACT_AS, admin, CHAIN, {"school": on()}, held_at="school")
    assert not resolve(ACT_AS, admin, CHAIN, {}, held_at=None)


# --- 4: the walk ---


def test_a_row_decides_here_and_below() -> None:
    assert enrolled(CODE, root=on())
    assert enrolled(CODE, school=on())
    assert not enrolled(ROSTER, district=off())


def test_the_lowest_row_decides() -> None:
    assert not enrolled(CODE, root=on(), district=off())
    assert enrolled(CODE, root=on(), district=off(), school=on())


def test_self_only_is_on_there_and_off_below() -> None:
    assert enrolled(CODE, chain=("root", "district"), district=on(below=False))
    assert not enrolled(CODE, district=on(below=False))


def test_below_only_is_off_there_and_on_below() -> None:
    assert not enrolled(CODE, chain=("root", "district"), district=on(here=False))
    assert enrolled(CODE, district=on(here=False))


def test_below_only_stays_on_all_the_way_down() -> None:
    assert enrolled(CODE, root=on(here=False))


def test_a_disabled_row_is_off_here_and_below_whatever_it_applies_to() -> None:
    assert not enrolled(ROSTER, district=off(below=False))
    assert not enrolled(ROSTER, school=off(here=False))


def test_what_arrives_from_above_is_whole_or_nothing() -> None:
    assert enrolled(CODE, district=on(here=False)).reach == ON
    assert enrolled(CODE, district=on(below=False)).reach == OFF


def test_a_locked_row_ends_the_walk() -> None:
    assert not enrolled(CODE, root=off(locked=True), school=on())
    assert enrolled(ROSTER, district=on(locked=True), school=off(locked=True))


def test_a_locked_row_has_no_say_above_itself() -> None:
    assert enrolled(ROSTER, chain=("root", "district"), school=off(locked=True))


def test_a_locked_self_only_row_is_off_below() -> None:
    assert not enrolled(CODE, root=on(below=False, locked=True))


# --- Where a membership is held ---


def test_down_to_where_it_is_held_every_row_counts() -> None:
    assert not administers("school", root=on(), district=off())
    assert not administers("school", root=on(), school=off())


def test_below_it_a_row_never_takes_away() -> None:
    assert administers("root", root=on(), school=off())
    assert administers("district", root=on(), school=off())


def test_below_it_a_row_adds_where_it_is_off() -> None:
    assert administers("root", school=on())
    assert administers("root", root=off(), district=on())


def test_below_it_the_first_row_that_is_on_is_the_last_that_counts() -> None:
    assert administers("root", district=on(), school=off())
    assert not administers("root", district=on(below=False), school=on())


@pytest.mark.parametrize("row", [on(below=False), on(here=False)])
def test_on_in_part_where_it_is_held_is_on(row: Row) -> None:
    answer = administers("district", district=row, school=on())

    assert answer.allowed is row.applies_to_descendants
    assert answer.trail[-1].note is Note.IGNORED_ALREADY_ON


def test_self_only_from_above_counts_as_on_where_it_is_held() -> None:
    assert not administers("district", root=on(below=False), school=on())


def test_below_it_a_lock_still_ends_the_walk() -> None:
    assert not administers("root", district=off(locked=True), school=on())


def test_an_enrolment_is_judged_all_the_way_down() -> None:
    assert not enrolled(ROSTER, root=on(), school=off())


def test_a_root_level_membership_gains_below_the_root_like_any_other() -> None:
    assert administers("root", asked=ACT_AS, school=on())


# --- The question itself ---


@pytest.mark.parametrize(("chain", "held_at"), [((), None), (CHAIN, "elsewhere")])
def test_a_question_that_makes_no_sense(chain: tuple[str, ...], held_at: str | None) -> None:
    with pytest.raises(ValueError, match="not in the chain"):
        resolve(ROSTER, BaseRole.TEACHER, chain, {}, held_at)


def test_a_value_that_is_off_everywhere_is_false() -> None:
    assert not Reach(here=False, below=False)
    assert Reach(here=True, below=False)
    assert Reach(here=False, below=True)


# --- The trail ---


def test_the_trail_of_a_default() -> None:
    assert [(step.account, step.note) for step in enrolled(ROSTER).trail] == [
        (None, Note.DEFAULT),
        ("root", Note.INHERITED),
        ("district", Note.INHERITED),
        ("school", Note.INHERITED),
    ]
    assert enrolled(ROSTER).decided_by is None


def test_the_trail_names_the_row_that_decided_and_what_was_ignored() -> None:
    answer = enrolled(CODE, district=on(locked=True), school=off())

    assert [(step.account, step.row, step.note) for step in answer.trail[2:]] == [
        ("district", on(locked=True), Note.ROW),
        ("school", off(), Note.IGNORED_LOCKED_ABOVE),
    ]
    assert (answer.decided_by, answer.locked_by) == ("district", "district")


def test_an_ignored_locked_row_locks_nothing() -> None:
    answer = administers("root", root=on(), school=on(locked=True))

    assert answer.trail[-1].note is Note.IGNORED_ALREADY_ON
    assert answer.locked_by is None


@pytest.mark.parametrize(
    ("answer", "start"),
    [
        (enrolled(CODE, base_role=BaseRole.STUDENT, root=on()), Note.NOT_AVAILABLE),
        (administers("school", asked=ACT_AS, root=on()), Note.NOT_HELD_IN_ROOT),
    ],
)
def test_the_trail_of_what_cannot_be_changed(answer: Decision[str], start: Note) -> None:
    assert [step.note for step in answer.trail] == [start, Note.IGNORED_NOT_CHANGEABLE]
    assert not answer.changeable
    assert answer.decided_by is None


def test_the_trail_tells_what_becomes_of_half_a_value() -> None:
    assert enrolled(CODE, root=on(here=False)).trail[-1].note is Note.BELOW_ONLY_ARRIVES
    assert enrolled(CODE, root=on(below=False)).trail[-1].note is Note.SELF_ONLY_STAYS_ABOVE


# --- What the grid shows ---


def test_a_cell_without_a_row() -> None:
    assert shown(ROSTER) == GridCell(
        enabled=True,
        locked=False,
        readonly=False,
        explicit=False,
        prior_default=None,
        applies_to_self=True,
        applies_to_descendants=True,
    )


def test_a_cell_with_a_row_of_its_own() -> None:
    found = shown(CODE, school=on(here=False))

    assert (found.enabled, found.explicit, found.prior_default) == (True, True, False)
    assert (found.applies_to_self, found.applies_to_descendants) == (False, True)


def test_prior_default_is_what_comes_from_above() -> None:
    assert shown(CODE, root=on(here=False), school=off()).prior_default is True
    assert shown(CODE, root=on(below=False), school=off()).prior_default is False


def test_a_row_above_is_not_explicit() -> None:
    assert not shown(CODE, district=on()).explicit


def test_locked_here_can_be_changed_here() -> None:
    found = shown(CODE, school=on(locked=True))

    assert (found.locked, found.readonly, found.explicit) == (True, False, True)


def test_locked_above_is_readonly_and_never_explicit() -> None:
    found = shown(CODE, root=on(locked=True), school=off(locked=True))

    assert (found.enabled, found.locked, found.readonly) == (True, True, True)
    assert (found.explicit, found.prior_default) == (False, None)


def test_locked_above_shows_the_reach_of_the_locked_row() -> None:
    found = shown(CODE, root=on(below=False, locked=True))

    assert (found.enabled, found.applies_to_self, found.applies_to_descendants) == (
        True,
        True,
        False,
    )
    assert not enrolled(CODE, root=on(below=False, locked=True))


def test_not_available_is_readonly_and_never_explicit() -> None:
    found = shown(CODE, base_role=BaseRole.STUDENT, school=on())

    assert (found.enabled, found.locked, found.readonly) == (False, True, True)
    assert not found.explicit


def test_root_level_below_the_root_cannot_be_set() -> None:
    found = shown(ACT_AS, base_role=BaseRole.ACCOUNT_ADMIN, school=on())

    assert (found.enabled, found.locked, found.readonly) == (False, True, True)
    assert not found.explicit


def test_root_level_in_the_root_is_a_cell_like_any_other() -> None:
    found = shown(ACT_AS, chain=("root",), base_role=BaseRole.ACCOUNT_ADMIN, root=off())

    assert (found.enabled, found.readonly, found.explicit) == (False, False, True)
    assert found.prior_default is True


# --- What holds for every tree ---

LONG_CHAIN = (1, 2, 3, 4, 5, 6)
Question = tuple[Permission, str, dict[int, Row], int | None]

row_strategy = st.builds(Row, st.booleans(), st.booleans(), st.booleans(), st.booleans()).filter(
    lambda row: row.applies_to_self or row.applies_to_descendants
)
rows_strategy = st.dictionaries(st.sampled_from(LONG_CHAIN), row_strategy)
questions = st.tuples(
    st.sampled_from([ROSTER, CODE, ACT_AS, COURSES, permission("manage_role_overrides")]),
    st.sampled_from(list(BaseRole)),
    rows_strategy,
    st.none() | st.sampled_from(LONG_CHAIN),
)


def answer_to(question: Question, chain: tuple[int, ...] = LONG_CHAIN) -> Decision[int]:
    asked, base_role, rows, held_at = question
    return resolve(asked, base_role, chain, rows, held_at)


@given(questions, st.data())
def test_accounts_without_a_row_may_be_left_out(question: Question, data: st.DataObject) -> None:
    rows, held_at = question[2:]
    needed = {LONG_CHAIN[0], LONG_CHAIN[-1], held_at, *rows}
    kept = needed | data.draw(st.sets(st.sampled_from(LONG_CHAIN)))
    whole = answer_to(question)
    short = answer_to(question, tuple(a for a in LONG_CHAIN if a in kept))

    assert (short.allowed, short.reach) == (whole.allowed, whole.reach)
    assert (short.decided_by, short.locked_by) == (whole.decided_by, whole.locked_by)
    assert [s for s in short.trail if s.row] == [s for s in whole.trail if s.row]


@given(questions)
def test_so_may_they_for_the_grid(question: Question) -> None:
    asked, base_role, rows, _ = question
    kept = tuple(a for a in LONG_CHAIN if a in {LONG_CHAIN[0], LONG_CHAIN[-1], *rows})

    assert cell(asked, base_role, kept, rows) == cell(asked, base_role, LONG_CHAIN, rows)


@given(questions, row_strategy)
def test_nothing_below_a_lock_matters(question: Question, lock: Row) -> None:
    asked, base_role, rows, held_at = question
    locked_at = 3
    above = {a: row for a, row in rows.items() if a < locked_at}
    above[locked_at] = Row(lock.enabled, True, lock.applies_to_self, lock.applies_to_descendants)
    whole, cut = ((asked, base_role, r, held_at) for r in (rows | above, above))

    assert answer_to(whole).allowed is answer_to(cut).allowed


@given(questions)
def test_rows_below_a_membership_never_take_away(question: Question) -> None:
    asked, base_role, rows, held_at = question
    down_to = LONG_CHAIN[-1] if held_at is None else held_at
    without = {a: row for a, row in rows.items() if a <= down_to}

    if answer_to((asked, base_role, without, held_at)):
        assert answer_to(question)


@given(questions)
def test_rows_that_are_off_below_a_membership_change_nothing_unless_locked(
    question: Question,
) -> None:
    asked, base_role, rows, held_at = question
    kept = {
        a: row
        for a, row in rows.items()
        if held_at is None or a <= held_at or row.enabled or row.locked
    }

    assert answer_to((asked, base_role, kept, held_at)).allowed is answer_to(question).allowed


@given(questions)
def test_a_membership_at_the_end_of_the_chain_is_judged_like_an_enrolment(
    question: Question,
) -> None:
    asked, base_role, rows, _ = question
    if asked.level is not Level.ROOT:
        held_there, enrolment = (
            answer_to((asked, base_role, rows, held_at)) for held_at in (LONG_CHAIN[-1], None)
        )
        assert held_there.trail == enrolment.trail


@given(questions)
def test_the_cell_is_on_where_the_role_held_there_is_on(question: Question) -> None:
    asked, base_role, rows, _ = question
    found = cell(asked, base_role, LONG_CHAIN, rows)

    held_there = answer_to((asked, base_role, rows, LONG_CHAIN[-1]))
    from_above = found.applies_to_descendants
    assert held_there.allowed is (from_above if found.readonly else found.applies_to_self)


@given(questions)
def test_a_cell_does_not_contradict_itself(question: Question) -> None:
    asked, base_role, rows, _ = question
    found = cell(asked, base_role, LONG_CHAIN, rows)

    assert found.enabled is (found.applies_to_self or found.applies_to_descendants)
    assert found.explicit is (found.prior_default is not None)
    assert found.locked or not found.readonly
    assert not (found.explicit and found.readonly)
    own_reach_or_that_of_a_lock = found.explicit or found.readonly
    assert own_reach_or_that_of_a_lock or found.applies_to_self is found.applies_to_descendants


@given(st.sampled_from(list(PERMISSIONS.values())), st.sampled_from(list(BaseRole)), rows_strategy)
def test_no_row_gives_what_is_not_available(
    asked: Permission, base_role: str, rows: dict[int, Row]
) -> None:
    if base_role not in asked.available_to:
        assert answer_to((asked, base_role, rows, None)).allowed is (base_role in asked.true_for)


@given(questions)
def test_every_row_of_the_chain_is_in_the_trail_once(question: Question) -> None:
    trail = answer_to(question).trail

    assert {step.account: step.row for step in trail if step.row} == question[2]
    assert len({step.account for step in trail}) == len(trail)
