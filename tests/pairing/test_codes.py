"""The text of a code: entry forgives, digests hide."""

from __future__ import annotations

import re

import pytest
from django.test import override_settings

from pairing.codes import ALPHABET, LENGTH, digest_of, digests_of, new_code, read_code, shown


def test_a_code_is_ten_characters_without_look_alikes() -> None:
    codes = {new_code() for _ in range(200)}
    assert len(codes) == 200
    assert all(len(code) == LENGTH and set(code) <= set(ALPHABET) for code in codes)
    assert not set("ILOU") & set(ALPHABET)


def test_it_is_shown_in_two_groups() -> None:
    assert re.fullmatch(r"[0-9A-Z]{5}-[0-9A-Z]{5}", shown(new_code()))


@pytest.mark.parametrize(
    "typed",
    [
        "K7QDM-2XR9T", "k7qdm2xr9t", " k7qdm 2xr9t ", "K7QDM–2XR9T", "K-7-Q-D-M-2-X-R-9-T",
        "Your code is K7QDM-2XR9T and ends on Monday, 30 November.",
        "Please use K7QDM2XR9T at https://school.example/register/observer",
        "please enter codes K7QDM-2XR9T here",
    ],
)  # fmt: skip
def test_entry_forgives_case_spaces_hyphens_and_sentences(typed: str) -> None:
    assert read_code(typed) == "K7QDM2XR9T"


def test_look_alikes_are_read_as_digits() -> None:
    assert read_code("OILO0-11111") == "0110011111"


@pytest.mark.parametrize(
    "typed", ["", "K7QDM", "K7QDM-2XR9", "U7QDM-2XR9T", "K7QDM-2XR9T1", "\x00"]
)
def test_what_is_no_code_is_none(typed: str) -> None:
    assert read_code(typed) is None


def test_the_digest_is_keyed_and_finds_codes_from_before_a_rotation() -> None:
    before = digest_of("K7QDM2XR9T")
    from django.conf import settings

    with override_settings(CODE_KEY="another", CODE_KEY_FALLBACKS=[settings.CODE_KEY]):
        assert digest_of("K7QDM2XR9T") != before
        assert before in digests_of("K7QDM2XR9T")
