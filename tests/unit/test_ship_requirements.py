"""The Python requirements of modules: read, merged into a project's own, and held against each other."""

from __future__ import annotations

from dataclasses import replace

import pytest
from flowverse._ship.requirements import PythonRequirement, Requirements, merged, requirements_of, unsatisfiable
from flowverse.model import Pin
from hypothesis import given
from hypothesis import strategies as st
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from tests.unit.making import hub_pin


def pin(id: str, *lines: str) -> Pin:
    return replace(hub_pin(id), requirements=lines)


def clashes(*lines: str, own: tuple[str, ...] = ()) -> list[str]:
    """What cannot be had together if each line is a module's."""
    pins = [pin(f"a/M{number}", line) for number, line in enumerate(lines)]
    return [str(clash) for clash in requirements_of(pins, own).clashes]


def test_every_line_has_its_name_and_its_asker() -> None:
    """By name and asker, as they are written."""
    found = requirements_of([pin("b/B", "Py_YAML >= 6", "torch[x]==2 ; os_name == 'nt'"), pin("a/A", "py-yaml")])
    assert found == Requirements(
        rows=(
            PythonRequirement(name="py-yaml", text="py-yaml", asker="a/A"),
            PythonRequirement(name="py-yaml", text="Py_YAML >= 6", asker="b/B"),
            PythonRequirement(name="torch", text="torch[x]==2 ; os_name == 'nt'", asker="b/B"),
        )
    )


@pytest.mark.parametrize(
    "line", ["-r other.txt", "--extra-index-url https://x", "git+https://x/y", "./folder", "", "a=1", "torch==", "?"]
)
def test_a_line_that_is_no_requirement_is_told(line: str) -> None:
    """With who asks for it; the others are used."""
    found = requirements_of([pin("a/A", line, "torch")])
    assert [row.text for row in found.rows] == ["torch"]
    (clause,) = found.unusable
    assert clause == f"a/A asks for {line!r}, which is not a Python requirement (PEP 508)"


def test_what_the_project_asks_for_is_not_the_modules() -> None:
    """It counts for clashes only, and what is no requirement there is somebody else's to say."""
    assert requirements_of([pin("a/A", "torch")], ["numpy", "-e ."]).rows == requirements_of([pin("a/A", "torch")]).rows
    assert requirements_of([], ["-e ."]) == Requirements()


# --- merging ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lines", "own", "added"),
    [
        (["b", "a"], [], ["a", "b"]),
        (["PyYAML>=6", "pyyaml >= 6"], [], ["PyYAML>=6"]),
        (["x>=1,<2", "x<2,>=1"], [], ["x>=1,<2"]),
        (["x>=1", "x>=2"], [], ["x>=1", "x>=2"]),
        (["x[a]", "x"], [], ["x[a]", "x"]),
        (["x[a,b]", "x[b,a]"], [], ["x[a,b]"]),
        (["x;os_name=='nt'", 'x ; os_name == "nt"'], [], ["x;os_name=='nt'"]),
        (["Zope.Interface", "x"], ["zope-interface", "-e ."], ["x"]),
        (["x @ https://h/x.whl"], ["x@https://h/x.whl"], []),
        (["x"], ["x>=1"], ["x"]),
        (["-r other.txt"], [], []),
    ],
)
def test_lines_to_add(lines: list[str], own: list[str], added: list[str]) -> None:
    """Each once, however it is spelled; what the project has already is not added."""
    found = requirements_of([pin(f"a/M{number}", line) for number, line in enumerate(lines)])
    assert list(merged(found, own)) == added


def test_the_order_of_pins_does_not_matter() -> None:
    """The same metadata from the same lock."""
    pins = [pin("b/B", "x>=1", "Y"), pin("a/A", "x >= 1", "z", "z"), pin("c/C", "y")]
    assert merged(requirements_of(pins)) == merged(requirements_of(pins[::-1])) == ("x >= 1", "Y", "z")


# --- clashes ---------------------------------------------------------------------------------------------------------


def test_a_clash_names_every_side() -> None:
    """And who asks for it; the project is one of them."""
    found = requirements_of([pin("a/A", "Torch<2", "numpy"), pin("b/B", "numpy")], ["torch>=2"])
    (clash,) = found.clashes
    assert str(clash) == "no torch can be torch>=2 (pyproject.toml) and Torch<2 (a/A)"
    assert clash.name == "torch"


@pytest.mark.parametrize(
    "lines",
    [
        ("x<1", "x>=1"),
        ("x==1", "x!=1"),
        ("x==1.*", "x==2.*"),
        ("x~=1.4", "x>=2"),
        ("x==1.0", "x==1.0.post1"),
        ("x>1", "x<1.0.post9"),
        ("x===1", "x===1.0"),
        ("x<1", "x>2"),
        ("x==1+local", "x==1+other"),
        ("x[a]<1", "X[b]>1"),
        ("x@https://h/1", "x@https://h/2"),
        ("x>=1!1", "x<2000"),
        ("x<1,>2", "x"),
        ("x>=1.0a1", "x<1"),  # which has no pre-release of 1 in it
    ],
)
def test_what_no_version_can_be(lines: tuple[str, ...]) -> None:
    """Said of two modules, and of a module and the project; in either order."""
    assert len(clashes(*lines)) == len(clashes(*lines[::-1])) == 1
    assert len(clashes(lines[0], own=lines[1:])) == 1


@pytest.mark.parametrize(
    "lines",
    [
        ("x>=1", "x<=1"),
        ("x", "x==7"),
        ("x<1", "x>=1 ; os_name == 'nt'"),
        ("x<1 ; os_name == 'posix'", "x>=1 ; os_name == 'nt'"),
        ("x>=1,<2", "x==1.*", "x!=1.0"),
        ("x==1", "x==1.0"),
        ("x<=1", "x>=1.0.0"),
        ("x==1", "x==1+local"),
        ("x<2", "x>1"),
        ("x>1.0.dev3", "x<1.0.dev5"),
        ("x>1.0a1", "x<1.0a2"),
        ("x@https://h/1", "x>=3"),
        ("x@https://h/1", "x @ https://h/1"),
        ("x<1", "y>1"),
        ("x===any", "x"),
        ("x>1!0", "x<2!0"),
    ],
)
def test_what_some_version_can_be(lines: tuple[str, ...]) -> None:
    """Also one between two releases; and nothing is said where a marker, or a URL, decides."""
    assert clashes(*lines) == clashes(*lines[::-1]) == []


_NUMBERS = st.sampled_from([0, 1, 2, 9, 10])


@st.composite
def versions(draw: st.DrawFn) -> str:
    release = ".".join(map(str, draw(st.lists(_NUMBERS, min_size=1, max_size=3))))
    epoch = draw(st.sampled_from(["", "", "", "1!"]))
    ends = ("", "", "a1", "b0", "rc2", ".post0", ".post1", ".dev0", ".dev3", "a1.post2", "rc1.dev1", ".post1.dev2")
    return epoch + release + draw(st.sampled_from(ends))


@st.composite
def specifiers(draw: st.DrawFn) -> str:
    operator = draw(st.sampled_from(["==", "!=", "<", "<=", ">", ">=", "~=", "==*", "!=*", "==+", "!=+"]))
    version = draw(versions())
    if operator.endswith("*") or operator == "~=":
        release = ".".join(map(str, draw(st.lists(_NUMBERS, min_size=2, max_size=3))))
        return operator.rstrip("*") + (f"{release}.*" if operator.endswith("*") else release)
    return f"{operator.rstrip('+')}{version}{'+local.1' if operator.endswith('+') else ''}"


SETS = st.lists(specifiers(), max_size=4).map(lambda texts: SpecifierSet(",".join(texts), prereleases=True))


@given(SETS)
def test_an_unsatisfiable_set_is_what_packaging_takes_for_one(together: SpecifierSet) -> None:
    """The library answers it itself since its version 26.1, which is newer than what is needed here."""
    assert unsatisfiable(together) == together.is_unsatisfiable()


@given(SETS, versions(), st.sampled_from(["", "+local.1", "+local.2"]))
def test_a_set_with_a_version_in_it_is_satisfiable(together: SpecifierSet, version: str, local: str) -> None:
    """A clash stops people: none may be made up."""
    if together.contains(version + local, prereleases=True):
        assert not unsatisfiable(together)


@given(st.lists(st.builds("{}{}".format, st.sampled_from(["x", "X", "y"]), specifiers()), max_size=4))
def test_merged_lines_ask_for_the_same(lines: list[str]) -> None:
    """No constraint is lost, and none is added."""
    found = merged(requirements_of([pin(f"a/M{number}", line) for number, line in enumerate(lines)]))
    assert {str(Requirement(line.lower())) for line in found} == {str(Requirement(line.lower())) for line in lines}
