"""Where a permission is held: the answers from sets of paths against going through every piece."""

from __future__ import annotations

from itertools import product

from hypothesis import given
from hypothesis import strategies as st

from permissions.grants import Area
from permissions.table import Piece

# Every account has a child "9" that no piece names: one that may be made tomorrow.
NAMED = ["1/", *(f"1/{a}/" for a in (2, 3)), *(f"1/{a}/{b}/" for a, b in product((2, 3), (4, 22)))]
PATHS = [*NAMED, *(f"{path}9/" for path in NAMED), "11/"]

pieces = st.builds(Piece, st.sampled_from(NAMED), here=st.booleans(), below=st.booleans())


def has(piece: Piece, path: str) -> bool:
    return piece.here if path == piece.path else piece.below and path.startswith(piece.path)


@given(st.lists(pieces, max_size=4))
def test_an_area_has_the_accounts_of_its_pieces(held: list[Piece]) -> None:
    there = {path for path in PATHS if any(has(piece, path) for piece in held)}
    assert {path for path in PATHS if Area(tuple(held)).has_account(path)} == there


@given(st.lists(pieces, max_size=4), pieces)
def test_an_area_covers_a_piece_when_it_has_all_of_its_accounts(
    held: list[Piece], asked: Piece
) -> None:
    area = Area(tuple(held))
    inside = [path for path in PATHS if has(asked, path)]
    assert area.covers(asked) == all(area.has_account(path) for path in inside)


def test_two_roles_together_cover_what_neither_does() -> None:
    here, below = Piece("1/2/", below=False), Piece("1/2/", here=False)
    assert Area((here, below)).covers(Piece("1/2/"))
    assert not Area((here,)).covers(Piece("1/2/"))
    assert not Area((below,)).covers(Piece("1/2/"))
