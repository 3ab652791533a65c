"""What keeps the code readable: short files and functions, and names that say what a thing is."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from support.source.house import House

ROOT = Path(__file__).parents[1]
HOUSE = House(ROOT / "chatbot_server")
LONGEST_FILE, LONGEST_FUNCTION, MEDIAN_FUNCTION, MOST_PARAMETERS = 400, 50, 10, 6
MOST_PARTICIPLES = 0.003  # of all locals
MOST_USED_ONCE = 0.12  # of all functions


def test_no_file_is_longer_than_a_reading() -> None:
    assert HOUSE.long_files(LONGEST_FILE) == []


def test_no_script_of_the_widget_is_longer_than_a_reading() -> None:
    sources = (ROOT / "widget" / "src").rglob("*.js")
    lengths = {file: len(file.read_text(encoding="utf-8").splitlines()) for file in sources}
    assert {file: length for file, length in lengths.items() if length > LONGEST_FILE} == {}


def test_functions_are_short() -> None:
    lengths = [function.line_count for function in HOUSE.functions]
    assert statistics.median(lengths) <= MEDIAN_FUNCTION
    assert HOUSE.long_functions(LONGEST_FUNCTION) == []


def test_functions_take_few_parameters() -> None:
    assert HOUSE.wide_functions(MOST_PARAMETERS) == []


def test_every_module_says_what_it_is() -> None:
    assert HOUSE.undocumented_modules() == []


def test_no_two_classes_have_one_name() -> None:
    assert HOUSE.repeated_class_names() == {}


def test_no_two_files_of_tests_have_one_name() -> None:
    """Of two, pytest reads only one when it collects both."""
    names = Counter(file.name for file in (ROOT / "tests").rglob("test_*.py"))
    assert [name for name, count in names.items() if count > 1] == []


def test_what_is_imported_from_the_package_is_there() -> None:
    assert HOUSE.missing_imports() == []


def test_values_are_named_by_what_they_are() -> None:
    participles = HOUSE.participles()
    share = len(participles) / HOUSE.local_count()
    assert share < MOST_PARTICIPLES, "\n".join([f"{share:.1%}", *participles])


def test_functions_are_cut_by_subject_and_not_for_their_length() -> None:
    used_once = HOUSE.used_once()
    share = len(used_once) / len(HOUSE.functions)
    assert share <= MOST_USED_ONCE, "\n".join([f"{share:.1%}", *used_once])


BAD_PACKAGE = {
    "silent.py": "VALUE = 1\n",
    "first.py": '"""One."""\nfrom bad.silent import VALUE, gone\n\nclass Piece:\n    pass\n',
    "second.py": '"""Two."""\n\nclass Piece:\n    pass\n',
    "long.py": '"""Long."""\n' + "\n" * 40,
    "functions.py": '''"""Functions."""

def wide(a, b, /, c, *, d):
    found = _shard(a)
    speed = found
    the_found = speed
    return the_found

def _shard(a):
    return a

class Machine:
    def narrow(self, a, b, *rest, **more):
        asked = self._shared(a) + self._shared(b)
        return asked

    def _shared(self, a):
        return a

    def start(self):
        return run(self._target)

    def _target(self):
        return None
''',
}


@pytest.fixture
def bad(tmp_path: Path) -> House:
    """A package that breaks every rule once."""
    package = tmp_path / "bad"
    package.mkdir()
    for name, text in BAD_PACKAGE.items():
        (package / name).write_text(text, encoding="utf-8")
    return House(package)


@pytest.mark.parametrize(
    ("rule", "offender"),
    [
        (lambda house: house.long_files(40), "long.py: 41"),
        (lambda house: house.long_functions(4), "functions.py:3 wide"),
        (lambda house: house.wide_functions(3), "functions.py:3 wide"),
        (House.undocumented_modules, "silent.py"),
        (House.repeated_class_names, "Piece"),
        (House.missing_imports, "first.py: bad.silent.gone"),
        (House.used_once, "functions.py:9 _shard"),
    ],
)
def test_a_rule_names_what_breaks_it_and_nothing_else(
    bad: House, rule: Callable[[House], list[str]], offender: str
) -> None:
    assert [name.removeprefix(f"{bad.package}/") for name in rule(bad)] == [offender]


def test_bare_participles_are_told_from_other_names(bad: House) -> None:
    names = [entry.rpartition(" ")[2] for entry in bad.participles()]
    assert (names, bad.local_count()) == (["found", "asked"], 4)
