"""What each enforced permission allows here, page by page, and what else is needed.

In our own words, for the grid and the help endpoint. `{key}` stands for the label of that
permission, so that a text names what the reader sees in the grid; an unknown key fails at import.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from permissions.catalogue import PERMISSIONS


@dataclass(frozen=True, slots=True)
class Line:
    """A sentence or two about a place or a condition; `title` names it."""

    title: str
    description: str


@dataclass(frozen=True, slots=True)
class Help:
    """`details`: what it allows, page by page. `considerations`: what else is needed."""

    details: tuple[Line, ...]
    considerations: tuple[Line, ...]


_ROOT_ONLY = {
    "Root account only": "Counts only for an administrator of the root account itself,"
    " never for an administrator of an account below it."
}
_ALWAYS_ON_FOR_ADMINS = {
    "Account administrators": "Account Admins always hold it. Nobody can switch it off for them,"
    " so an account cannot lose its administrators."
}
_PEOPLE_PAGES = {"Lists of people": "The People pages also need {read_roster}."}


def _add_and_remove(kind: str, many: str) -> dict[str, tuple[dict[str, str], dict[str, str]]]:
    """The two texts for one kind of enrolment; `kind` as in the key, `many` as people say it."""
    return {
        f"add_{kind}_to_course": (
            {"Course > People": f"Add {many} to the course."},
            {
                "Who can be added": "Someone whose right comes from a course role adds only"
                " people whom they may already see, and as an invitation that the person accepts.",
                "By SIS ID": "Finding a person by SIS ID also needs {read_sis}.",
            }
            | _PEOPLE_PAGES,
        ),
        f"remove_{kind}_from_course": (
            {"Course > People": f"End or deactivate enrolments of {many}, and bring them back."},
            {
                "By SIS ID": "Finding a person by SIS ID also needs {read_sis}.",
            }
            | _PEOPLE_PAGES,
        ),
    }


_TEXTS: dict[str, tuple[dict[str, str], dict[str, str]]] = {
    "generate_observer_pairing_code": (
        {
            "A student's own User Settings": "A signed-in student makes their own code there and"
            " needs no permission for it.",
            "A student's User Settings, acting as the student": "Make a code, together with"
            " {become_user}. The student's enrolment must count in a course where you hold this"
            " permission.",
            "Course > People > User Details": "Make a code for that student, together with"
            " {allow_course_admin_actions} in the same course.",
            "Course > People > Export pairing codes": "Make a code for every student of the course,"
            " with the same two permissions in it.",
            "REST API, export of an account": "Make a code for every student of the account and all"
            " below it, with the same two permissions from an administrator's role. They are judged"
            " again in each student's course; students for whom they fail are left out and"
            " counted.",
            "Command line (issue_code)": "The rule of the page that it stands for, asked about the"
            " person it is done for. Whoever runs the server has no short cut.",
            "REST API": "As User Settings (with {become_user}), or as User Details in at least one"
            " course of the student. With as_user_id naming the student it is User Settings, and"
            " the real caller is judged. Exports of a course as on its page.",
        },
        {
            "Never alone": "For somebody else's code a second permission is always needed, and"
            " both must hold for the same student: one course with one of them and another course"
            " with the other are not a pair.",
            "Self registration": "The root account must let observers register themselves. While"
            " that is off, nobody gets a code anywhere.",
            "The student": "Must be a student in the same root account. Their enrolment counts once"
            " they have accepted it, or an import or an administrator has activated it.",
            "Acting as somebody else": "It never lends this right. On another person's behalf, on a"
            " User Details page, both you and that person need both permissions in the course.",
            "Observers": "An observer's role can be given this permission but neither of the second"
            " ones, so an observer's role alone never suffices.",
            "Students": "It cannot be given to a student's role.",
            "QR sign-in": "Has nothing to do with pairing; this permission does not touch it.",
        },
    ),
    "allow_course_admin_actions": (
        {
            "Course > People > User Details": "Open a person's details: names, enrolments,"
            " observers.",
            "Pair with observer": "One half of what is needed to make pairing codes in a course, on"
            " User Details and in exports. The other half is {generate_observer_pairing_code} in"
            " the same course.",
        },
        {
            "Login IDs": "Shown with {view_user_logins}.",
            "SIS IDs": "Shown with {read_sis}.",
            "Adding and removing people": "Needs the add or remove permission for that kind of"
            " person.",
            "Observers of a student": "Attaching one needs a pairing code or"
            " {manage_user_observers}; a course role alone never does it.",
        }
        | _PEOPLE_PAGES,
    ),
    "become_user": (
        {
            "User page > Act as": "Use the service as another person. A bar on every page says who"
            " acts as whom, and the record of events names both.",
            "User Settings of a student, acting as the student": "One half of what is needed to"
            " make a pairing code there; the other half is {generate_observer_pairing_code}.",
            "REST API": "The as_user_id parameter, with the same rules. With {manage_user_logins}"
            " also to see, make and end a person's access tokens.",
        },
        {
            "Not everyone": "Nobody acts as themself, as an administrator who holds a permission"
            " that they lack, or as a person of another root account.",
            "Pairing": "Your own rights decide, not those of the person acted as. Redeeming a code"
            " while acting also needs {manage_user_observers}.",
            "The way there": "A person's page also needs {read_roster}.",
        }
        | _ROOT_ONLY,
    ),
    "manage_user_observers": (
        {
            "User page": "Add, remove and restore a person's observers and the students whom they"
            " observe, without a pairing code.",
            "Redeeming": "Redeem a pairing code for another person, or while acting as them.",
            "Course > People": "Let an observer's enrolment name a student whom they are not linked"
            " with; the right to add observers to the course is needed too.",
            "REST API": "List, link and unlink observers and the students whom they observe.",
        },
        {"The way there": "A person's page also needs {read_roster}."} | _ROOT_ONLY,
    ),
    "manage_user_logins": (
        {
            "Account > People": "Add people.",
            "User page": "Change names and logins, suspend and delete people, hand over a first"
            " sign-in, and a new password to who forgot theirs; see where they are signed in, and"
            " sign them out everywhere.",
            "Course > People > First sign-ins": "Slips for all students without a password.",
            "REST API": "Create users and logins, change and delete them. With {become_user} also"
            " see, make and end a person's access tokens.",
        },
        {
            "The way there": "The People page and a person's page also need {read_roster}.",
            "A new password, another e-mail address": "Of somebody with a password of their own:"
            " need {become_user}, too, because whoever has them may sign in as the person.",
            "Single sign-on": "Where it lets people in by their login, another login needs"
            " {become_user}, too, for the same reason; and so does another SIS ID where it goes by"
            " that.",
            "Mightier people": "Nothing of an administrator who holds a permission that you lack"
            " can be changed, and nobody suspends or deletes themself.",
            "SIS IDs": "Seeing one needs {read_sis} or {manage_sis}; changing one, {manage_sis}.",
            "The last administrator": "The last Account Admin of a root account cannot be"
            " suspended, deleted or left without a login.",
        }
        | _ROOT_ONLY,
    ),
    "manage_role_overrides": (
        {
            "Account > Permissions": "Create, rename, deactivate and activate roles, and change the"
            " grid for this account and those below it.",
            "Account > Permissions > Explain": "See why a person may, or may not, do something.",
            "REST API": "Read and change roles.",
        },
        {
            "Locked above": "What an account above has locked cannot be changed below it.",
            "Custom roles": "Someone who holds this by a custom role switches on only what they"
            " hold there themself. Switching off is free.",
        }
        | _ALWAYS_ON_FOR_ADMINS,
    ),
    "manage_account_memberships": (
        {
            "Account > Administrators": "See, add and remove the account's administrators and their"
            " roles."
        },
        {
            "Custom roles": "Someone who holds this by a custom role gives only roles that hold"
            " nothing they lack.",
            "Whom they add": "Only people whom they may see: {read_roster} in an account that the"
            " person is of.",
            "The last administrator": "The last Account Admin of a root account who can sign in"
            " cannot be removed.",
        }
        | _ALWAYS_ON_FOR_ADMINS,
    ),
    "manage_account_settings": (
        {
            "Account > Settings": "Name and time zone. In the root account also self registration,"
            " how long pairing codes live and how many a student may have, QR sign-in and terms.",
            "Account > Sub-accounts": "Add, rename, move and remove accounts.",
            "Account > Events": "The record of events. Below the root account: those about people"
            " and courses of that account.",
        },
        {
            "Below the root account": "What belongs to the root account is shown there, and changed"
            " in the root account only."
        }
        | _ALWAYS_ON_FOR_ADMINS,
    ),
    "read_roster": (
        {
            "Course > People": "See who is in the course, search and filter.",
            "Account > People": "See the people of the account and of those below it, and open"
            " their pages.",
            "REST API": "List users and enrolments of a course or an account.",
        },
        {
            "Login IDs, e-mail addresses, SIS IDs": "Shown with {view_user_logins},"
            " {read_email_addresses} and {read_sis}.",
            "User Details in a course": "Also needs {allow_course_admin_actions}.",
        },
    ),
    "read_course_list": (
        {
            "Account > Courses": "See the courses of the account and of those below it: search,"
            " sort, how many students each has.",
        },
        {
            "Adding a course": "Needs {manage_courses_add}.",
            "The people of a course": "Opening a course of the list also needs {read_roster}.",
        },
    ),
    "manage_courses_add": (
        {"Account > Courses > Add a course": "Make a course in the account."},
        {
            "Without the list": "Someone who lacks {read_course_list} adds a course from the"
            " account's overview.",
            "Its people": "Adding them needs the add permission for that kind of person.",
        },
    ),
    "manage_courses_admin": (
        {"Course > Settings": "Change a course's name, code and dates."},
        {
            "Another account": "Moving a course is for Account Admins of both accounts: what roles"
            " give in it follows from where it is.",
            "SIS IDs": "Changing them needs {manage_sis}, too.",
            "The rest of that page": "Publishing, concluding and deleting need"
            " {manage_courses_publish}, {manage_courses_conclude} and {manage_courses_delete}.",
        },
    ),
    "manage_courses_publish": (
        {
            "Course > Settings": "Publish the course, so that people find it on their first"
            " page, or take it back."
        },
        {
            "A concluded course": "Opening it again also needs {manage_courses_conclude}. A course"
            " role can't: in a concluded course it only sees."
        },
    ),
    "manage_courses_conclude": (
        {
            "Course > Settings": "Conclude the course: everyone still sees it, and course"
            " roles change nothing there any more."
        },
        {"Opening it again": "Also needs {manage_courses_publish}, and is for administrators."},
    ),
    "manage_courses_delete": (
        {"Course > Settings": "Delete the course, with everyone's place in it."},
        {"Bringing it back": "Needs {undelete_courses}."},
    ),
    "undelete_courses": (
        {
            "Course > Settings of a deleted course": "Bring it back, unpublished, with everyone who"
            " was in it."
        },
        {"Deleting": "Needs {manage_courses_delete}."},
    ),
    "manage_sections_add": (
        {"REST API": "Add sections to a course."},
        {"SIS IDs": "Giving a section one needs {manage_sis}."},
    ),
    "manage_sections_edit": (
        {"REST API": "Change the names and dates of a course's sections."},
        {"SIS IDs": "Changing them needs {manage_sis}."},
    ),
    "manage_sections_delete": (
        {"REST API": "Delete sections of a course."},
        {
            "People": "A section in which somebody has a place stays, and so does the one that a"
            " course has from the start."
        },
    ),
    "view_user_logins": (
        {
            "Course > People > User Details": "See a person's login ID.",
            "Account > People, User page": "See login IDs there.",
        },
        {
            "User Details in a course": "Also needs {allow_course_admin_actions}.",
            "E-mail addresses": "A login ID that is an e-mail address is shown even without"
            " {read_email_addresses}.",
        }
        | _PEOPLE_PAGES,
    ),
    "read_email_addresses": (
        {"People pages, User Details, REST API": "See people's e-mail addresses."},
        {
            "Login IDs": "Without it, an e-mail address that is a login ID is still shown to"
            " those who hold {view_user_logins}."
        }
        | _PEOPLE_PAGES,
    ),
    "read_sis": (
        {"People pages, User Details, exports, REST API": "See SIS IDs."},
        {"Changing them": "Needs {manage_sis}, which also shows them."} | _PEOPLE_PAGES,
    ),
    "manage_sis": (
        {
            "Account pages, User page, REST API": "See and change SIS IDs.",
            "Course > People": "Name people by SIS ID when adding or removing them.",
        },
        {
            "Imports": "Need {import_sis}.",
            "A person's SIS ID": "Also needs {read_roster} and {manage_user_logins}.",
        }
        | _ROOT_ONLY,
    ),
    "manage_developer_keys": (
        {
            "Root account > Developer keys": "See, add and change the applications that may ask"
            " people here to act for them, switch them off and delete them.",
            "REST API": "The same.",
        },
        {
            "Root account only": "Developer keys belong to the root account: an administrator of an"
            " account below it sees none of them.",
            "Trusted applications": "Only an Account Admin of the root account adds or changes one"
            " about which people are not asked.",
        },
    ),
    "import_sis": (
        {
            "Account > Imports": "Upload files, follow their progress, see errors by file and"
            " line, and the history.",
            "REST API": "The same.",
        },
        {
            "Changing SIS IDs by hand": "Needs {manage_sis}.",
            "Observers": "An enrolment that makes someone a student's observer needs a link"
            " between the two, or {manage_user_observers}.",
            "Another e-mail address": "Of someone who can sign in already, also needs"
            " {become_user}: to it goes the link for a new password.",
            "A first e-mail address or password": "Of someone who is there already, also needs"
            " {manage_user_logins}.",
        }
        | _ROOT_ONLY,
    ),
}
for _kind, _many in [
    ("teacher", "teachers"),
    ("ta", "TAs"),
    ("designer", "designers"),
    ("observer", "observers"),
    ("student", "students"),
]:
    _TEXTS |= _add_and_remove(_kind, _many)
_TEXTS["add_student_to_course"][1]["Students of other schools"] = (
    "Whoever holds it in the root account adds them at once; everybody else sends an invitation,"
    " and the place counts for pairing once the student accepts."
)
_TEXTS["add_observer_to_course"][1]["Observing a student"] = (
    "An enrolment that names a student needs a link between the two, or {manage_user_observers}."
)


def _lines(texts: Mapping[str, str]) -> tuple[Line, ...]:
    labels = {key: f"“{permission.label}”" for key, permission in PERMISSIONS.items()}
    return tuple(Line(title, text.format_map(labels)) for title, text in texts.items())


HELP: Mapping[str, Help] = MappingProxyType(
    {
        key: Help(_lines(details), _lines(considerations))
        for key, (details, considerations) in _TEXTS.items()
    }
)
