"""Modules that call `sync_dependencies` of a package that is not installed: they need no more of it than that."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
from flowverse.model import PACKAGE

from tests.trees import make_package, make_tree
from tests.trees import run as run_flat

PACKAGES = ["aiflows", "flows", "flowverse"]


def run(code: str, **how: Any) -> list[Any]:
    return run_flat(dedent(code), **how)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    make_tree(tmp_path / "project", {"saibo/ChatFlows": {"__init__.py": "x = 1\n"}})
    return tmp_path / "project"


@pytest.mark.parametrize("package", PACKAGES)
def test_module_syncs_without_the_package(root: Path, package: str) -> None:
    """`from flows import flow_verse` and the call that follows work where nobody installed `flows`."""
    code = f"""
    import flow_modules
    from {package} import flow_verse
    print(json.dumps(flow_verse.sync_dependencies([{{"url": "saibo/ChatFlows", "revision": "main"}}])))
    """
    assert run(code, path=[root]) == [[str(root / PACKAGE / "saibo/ChatFlows")]]


@pytest.mark.parametrize("package", PACKAGES)
def test_whoever_wants_more_is_told_that_the_package_is_missing(root: Path, package: str) -> None:
    """The stand-in does not pretend to be the package: importing anything else of it names what is not installed."""
    code = f"""
    import flow_modules, {package}
    try:
        import {package}.base_flows
    except ModuleNotFoundError as error:
        print(json.dumps([str(error), error.name]))
    """
    assert run(code, path=[root]) == [[f"No module named '{package}'", package]]


def test_module_outside_the_tree_is_an_error_that_says_what_to_do(root: Path) -> None:
    """Nothing can sync a module that is not there: the error names it, and the table to declare it in."""
    code = """
    import flow_modules
    from flows import flow_verse
    try:
        flow_verse.sync_dependencies([{"url": "saibo/ChatFlows"}, {"url": "other/Flow"}])
    except ModuleNotFoundError as error:
        print(json.dumps(str(error)))
    """
    (message,) = run(code, path=[root])
    assert message.startswith("other/Flow is asked for and not in flow_modules")
    assert "[tool.flowverse.dependencies]" in message


def test_installed_package_is_used(tmp_path: Path, root: Path) -> None:
    """A package that is there is never stood in for."""
    site = make_package(tmp_path / "site", "flows")
    code = "import flow_modules, flows\nprint(json.dumps(flows.__file__))"
    assert run(code, path=[root, site]) == [str(site / "flows/__init__.py")]


def test_no_stand_in_with_the_guard_off(root: Path) -> None:
    """FLOWVERSE_GUARD=0 leaves the import system alone."""
    code = """
    import flow_modules
    try:
        import flows
    except ModuleNotFoundError as error:
        print(json.dumps(error.name))
    """
    assert run(code, path=[root], env={"FLOWVERSE_GUARD": "0"}) == ["flows"]
