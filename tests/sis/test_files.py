"""Files in, rows out: headers, encodings, broken rows, zips."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from accounts.models import User
from sis.archives import Unusable
from sis.importing import import_files
from sis.report import Report
from tests.cast import Cast
from tests.sis.conftest import Take, reasons

HEAD = "user_id,login_id,full_name,status\n"
USERS = HEAD + "u1,mei,Mei Lin,active\n"


@pytest.fixture
def take_bytes(cast: Cast, tmp_path: Path) -> Callable[[bytes], Report]:
    def take_bytes(content: bytes) -> Report:
        path = tmp_path / "given.csv"
        path.write_bytes(content)
        return import_files(root_account=cast.root, paths=[path])

    return take_bytes


def names() -> set[str]:
    return set(User.objects.filter(sis_id__startswith="u").values_list("name", flat=True))


def test_a_byte_order_mark_and_line_ends_of_windows_do_not_matter(take_bytes: Any) -> None:
    report = take_bytes(b"\xef\xbb\xbf" + USERS.replace("\n", "\r\n").encode())
    assert (report.errors, names()) == ([], {"Mei Lin"})


def test_old_line_ends_do_not_matter(take_bytes: Any) -> None:
    assert not take_bytes(USERS.replace("\n", "\r").encode()).errors
    assert names() == {"Mei Lin"}


def test_headers_may_be_in_any_order_and_case_with_spaces(take: Take) -> None:
    take(u="Status, LOGIN_ID ,full_name,user_id\nactive, mei ,Mei Lin,u1")
    assert User.objects.get(sis_id="u1").login_id == "mei"


def test_another_encoding_refuses_the_whole_file_and_names_the_line(take_bytes: Any) -> None:
    report = take_bytes(USERS.encode() + "u2,ana,José,active\n".encode("latin-1"))
    assert [(p.file, p.line) for p in report.errors] == [("given.csv", None)]
    assert "Line 3 is not UTF-8" in reasons(report)[0]
    assert (names(), report.refused_files) == (set(), 1)


def test_utf_16_is_told(take_bytes: Any) -> None:
    assert "Line 1 is not UTF-8" in reasons(take_bytes(USERS.encode("utf-16")))[0]


def test_a_character_cut_at_the_end_of_the_file_is_told(take_bytes: Any) -> None:
    assert "not UTF-8" in reasons(take_bytes(USERS.encode() + "é".encode()[:1]))[0]


def test_a_bad_file_does_not_stop_the_others(take: Take) -> None:
    report = take(a="what,is,this\n1,2,3", u=USERS)
    assert reasons(report) == ["The header is not one of a roster file: what, is, this"]
    assert names() == {"Mei Lin"}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "The file has no header: its first line must name the columns."),
        ("\n" + USERS, "The file has no header: its first line must name the columns."),
        ("user_id,login_id,user_id,status\n", "The header names the column user_id twice."),
        ("user_id,login_id\n", "A file of users needs the column status."),
        (
            "user_id,course_id,status\n",
            "A file of enrollments needs the column role or role_id.",
        ),
        ("account_id,name,status\n", "A file of accounts needs the column parent_account_id."),
        ('user_id,"login', "The header can't be read: unexpected end of data."),
    ],
)
def test_a_header_that_will_not_do_is_told(take: Take, text: str, reason: str) -> None:
    assert reasons(take(f=text)) == [reason]


@pytest.mark.parametrize(
    ("header", "kind"),
    [
        ("term_id,name,status", "terms"),
        ("user_id,login_id,existing_user_id", "logins"),
        ("group_id,name,status", "groups"),
        ("xlist_course_id,section_id,status", "xlists"),
    ],
)
def test_a_kind_that_is_not_taken_is_a_message_and_no_error(
    take: Take, header: str, kind: str
) -> None:
    report = take(f=f"{header}\n1,2,3", u=USERS)
    assert [problem.reason for problem in report.warnings] == [
        f"A file of {kind}: nothing of it is needed here, so it was left out."
    ]
    assert (report.errors, report.refused_files, names()) == ([], 0, {"Mei Lin"})


def test_a_column_that_nobody_knows_is_a_message(take: Take) -> None:
    report = take(u="user_id,login_id,full_name,status,emial,pronouns\nu1,mei,Mei Lin,active,x,y")
    assert [str(problem) for problem in report.warnings] == [
        "u.csv, line 1: Unknown columns were left out: emial"
    ]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("u1,mei,Mei", "The row has 3 values, the header has 4."),
        ("u1,mei,Mei,active,x", "The row has 5 values, the header has 4."),
        ("u1,mei,M\0i,active", "A value holds a NUL character."),
        (f"u1,mei,{'M' * 256},active", "A value has 256 characters; the most is 255."),
        ('u1,"m"ei,Mei,active', "The line can't be read as CSV: ',' expected after '\"'."),
        (
            f"u1,mei,{'M' * 140_000},active",
            "A value is longer than 131,072 characters; is a closing quote missing?",
        ),
    ],
)
def test_a_broken_row_is_told_and_the_next_one_is_taken(take: Take, line: str, reason: str) -> None:
    report = take(u=f"{HEAD}{line}\nu2,ana,Ana Vega,active")
    assert [(p.line, p.reason) for p in report.errors] == [(2, reason)]
    assert names() == {"Ana Vega"}


def test_a_quote_that_is_never_closed_is_told_where_it_opens(take: Take) -> None:
    report = take(u=f'{USERS}u2,"ana,Ana,active\nu3,bo,Bo,active')
    assert [p.line for p in report.errors] == [3]
    assert "never closed" in reasons(report)[0]


def test_lines_are_counted_over_values_of_several_lines(take: Take) -> None:
    report = take(u=f'{HEAD}u1,mei,"Mei\nLin",active\nu2,,Ana,active')
    assert [p.line for p in report.errors] == [4]


def test_blank_lines_are_passed_by(take: Take) -> None:
    report = take(u=f"{HEAD}\nu1,mei,Mei Lin,active\n\n , ,,\n")
    assert (report.errors, names()) == ([], {"Mei Lin"})


def test_a_file_without_lines_is_refused_before_it_fills_the_memory(take_bytes: Any) -> None:
    report = take_bytes(HEAD.encode() + b"x" * (3 << 20))
    assert reasons(report) == ["A line is longer than a million characters; is this a CSV file?"]


# --- Zips ---


def zipped(path: Path, **files: str) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(f"{name}.csv", text)
    return path


def test_a_zip_is_imported_in_the_order_of_the_kinds(cast: Cast, tmp_path: Path) -> None:
    path = zipped(
        tmp_path / "roster.zip",
        a="course_id,user_id,role,status\nalg,u1,student,active",
        b=USERS,
        c="course_id,short_name,long_name,status\nalg,ALG,Algebra,published",
    )
    report = import_files(root_account=cast.root, paths=[path])
    assert not report.errors
    assert report.changes["enrollments"] == {"created": 1}


def test_errors_in_a_zip_name_the_file_in_it(cast: Cast, tmp_path: Path) -> None:
    path = zipped(tmp_path / "roster.zip", users=HEAD + ",mei,Mei,active")
    report = import_files(root_account=cast.root, paths=[path])
    assert str(report.errors[0]) == "roster.zip/users.csv, line 2: No user_id given for a user"


def test_names_in_a_zip_lead_nowhere(cast: Cast, tmp_path: Path) -> None:
    folder = tmp_path / "below"
    folder.mkdir()
    with zipfile.ZipFile(folder / "roster.zip", "w") as archive:
        archive.writestr("../../evil.csv", USERS)
        archive.writestr("__MACOSX/._users.csv", b"\x00\x05")
    report = import_files(root_account=cast.root, paths=[folder / "roster.zip"])
    assert (report.errors, names()) == ([], {"Mei Lin"})
    assert sorted(p.name for p in tmp_path.rglob("*")) == ["below", "roster.zip"]


def test_a_zip_that_was_cut_off_is_told(cast: Cast, tmp_path: Path) -> None:
    path = zipped(tmp_path / "roster.zip", users=USERS)
    path.write_bytes(path.read_bytes()[:-60])
    with pytest.raises(Unusable, match=r"^roster\.zip is a zip that is damaged or was cut off\.$"):
        import_files(root_account=cast.root, paths=[path])


def test_a_pipe_is_told(cast: Cast) -> None:
    out, into = os.pipe()
    os.write(into, USERS.encode())
    os.close(into)
    try:
        with pytest.raises(Unusable, match="is not a file that can be read twice"):
            import_files(root_account=cast.root, paths=[Path(f"/dev/fd/{out}")])
    finally:
        os.close(out)


def test_a_zip_bomb_is_refused(cast: Cast, tmp_path: Path) -> None:
    path = zipped(tmp_path / "bomb.zip", users=HEAD + "\n" * 20_000_000)
    with pytest.raises(Unusable, match="packed more than 200 to one"):
        import_files(root_account=cast.root, paths=[path])


def test_a_zip_that_says_to_unpack_to_too_much_is_refused(cast: Cast, tmp_path: Path) -> None:
    path = zipped(tmp_path / "large.zip", users=USERS)
    content = bytearray(path.read_bytes())
    size = content.index(b"PK\x01\x02") + 24
    content[size : size + 4] = (3 << 30).to_bytes(4, "little")
    path.write_bytes(content)
    with pytest.raises(Unusable, match="unpacks to"):
        import_files(root_account=cast.root, paths=[path])


def test_a_zip_of_too_many_files_is_refused(cast: Cast, tmp_path: Path) -> None:
    path = zipped(tmp_path / "many.zip", **{f"f{n}": USERS for n in range(201)})
    with pytest.raises(Unusable, match="holds 201 files"):
        import_files(root_account=cast.root, paths=[path])


def test_an_entry_whose_sum_is_wrong_is_refused_as_a_file(cast: Cast, tmp_path: Path) -> None:
    path = tmp_path / "roster.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("users.csv", USERS)
    path.write_bytes(path.read_bytes().replace(b"Mei Lin", b"Mei Lun"))
    report = import_files(root_account=cast.root, paths=[path])
    assert reasons(report)[0].startswith("It can't be read: Bad CRC-32")
    assert names() == set()


def test_what_is_not_there_stops_the_run_before_it_begins(cast: Cast, tmp_path: Path) -> None:
    (tmp_path / "users.csv").write_text(USERS)
    paths = [tmp_path / "users.csv", tmp_path / "missing.csv"]
    with pytest.raises(Unusable, match=r"missing\.csv"):
        import_files(root_account=cast.root, paths=paths)
    assert names() == set()
