"""The demo: `hatch run demo`.

Starts a Hub on this machine with the modules of `examples/hub`, then brings them, for real, into a Hatch project and
into a PDM project, and runs what was built on them.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import uv

EXAMPLES = Path(__file__).parents[1]
ROOT = EXAMPLES.parent
IMPORT = "from flow_modules.saibo.ChatFlows import ChatGPT4; print(ChatGPT4)"


def main() -> None:
    """Run it all, in a folder that is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="flowverse-demo-") as name:
        folder = Path(name).resolve()
        wheels = folder / "wheels"
        say("Building wheels of the three distributions, as they would come from the index")
        for distribution in ("core", "hatch_flowverse", "pdm_flowverse"):
            run([uv.find_uv_bin(), "build", "--quiet", "--wheel", "--out-dir", str(wheels), str(ROOT / distribution)])
        log = folder / "requests.log"
        with hub(log) as endpoint:
            say(f"A Hub with the modules of examples/hub answers at {endpoint}")
            environ = surroundings(folder, wheels, endpoint)
            with_hatch(copy("with_hatch", folder), environ, log)
            with_pdm(copy("with_pdm", folder), wheels, environ, log)
        say("The Hub is off: everything still runs")
        run([sys.executable, "-m", "hatch", "run", "python", "demo.py"], folder / "with_hatch", environ)
        run([sys.executable, "-m", "pdm", "run", "python", "demo.py"], folder / "with_pdm", environ)
        ship(folder / "with_hatch", folder, environ)
        say("That was: two projects, two build tools, the same modules, and no request at any import.")


def with_hatch(project: Path, environ: Mapping[str, str], log: Path) -> None:
    """The Hatch project: create the environment, look, run, and run again."""
    hatch = [sys.executable, "-m", "hatch"]
    say("A Hatch project: hatch env create")
    run([*hatch, "env", "create"], project, environ)
    show_tree(project)
    say("hatch run python demo.py, and an import from another folder")
    run([*hatch, "run", "python", "demo.py"], project, environ)
    python = executable([*hatch, "run", "python"], project, environ)
    run([python, "-c", IMPORT], project.parent, environ)
    say(f"Requests so far: {count_requests(log)}")


def with_pdm(project: Path, wheels: Path, environ: Mapping[str, str], log: Path) -> None:
    """The PDM project, the same way."""
    before = count_requests(log)
    with (project / "pyproject.toml").open("a", encoding="utf-8") as file:
        # PDM does not know the variables that show pip and uv a folder of wheels.
        file.write(f'\n[[tool.pdm.source]]\nname = "wheels"\ntype = "find_links"\nurl = "{wheels.as_uri()}"\n')
    pdm = [sys.executable, "-m", "pdm"]
    say("A PDM project: pdm install")
    run([*pdm, "install"], project, environ)
    show_tree(project)
    say("pdm run python demo.py, and an import from another folder")
    run([*pdm, "run", "python", "demo.py"], project, environ)
    python = executable([*pdm, "run", "python"], project, environ)
    run([python, "-c", IMPORT], project.parent, environ)
    say(f"Requests of the second project: {count_requests(log) - before}, to resolve; all files were in the cache")


def ship(project: Path, folder: Path, environ: Mapping[str, str]) -> None:
    """The Hatch project as a wheel, in an environment with nothing else, and whether it arrived as it was sent."""
    say("hatch build, and the wheel in an environment with nothing but Python; the Hub is still off")
    run([sys.executable, "-m", "hatch", "build"], project, environ)
    wheel = next((project / "dist").glob("*.whl"))
    place = folder / "nothing but Python"
    run([uv.find_uv_bin(), "venv", "--quiet", "--python", sys.executable, str(place)])
    python = str(next(path for path in place.rglob("python*") if path.name in {"python", "python.exe"}))
    run([uv.find_uv_bin(), "pip", "install", "--quiet", "--no-index", "--python", python, str(wheel)])
    run([python, "-m", "demo"], folder, environ)
    say("flowverse verify")
    run([sys.executable, "-m", "flowverse", "verify", "flow-demo-hatch", "--python", python], folder, environ)


@contextmanager
def hub(log: Path) -> Iterator[str]:
    """The test Hub in a process of its own, for as long as it is needed; its address."""
    command = [sys.executable, "-m", "tests.hub", "--folder", str(EXAMPLES / "hub"), "--log", str(log)]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None  # noqa: S101 - for the type checker: both are pipes
        assert process.stdout is not None  # noqa: S101
        try:
            yield process.stdout.readline().strip()
        finally:
            process.stdin.close()


def surroundings(folder: Path, wheels: Path, endpoint: str) -> dict[str, str]:
    """The environment of every command: this Hub, these wheels, and nothing kept in the home folder."""
    inherited = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("FLOWVERSE_", "HF_", "HATCH_")) and name not in {"CI", "VIRTUAL_ENV"}
    }
    return {
        **inherited,
        "HF_ENDPOINT": endpoint,
        "HF_HOME": str(folder / "hf"),
        "HATCH_DATA_DIR": str(folder / "hatch"),
        "PIP_FIND_LINKS": " ".join([str(wheels), os.environ.get("PIP_FIND_LINKS", "")]).strip(),
        "UV_FIND_LINKS": str(wheels),
        "PDM_CACHE_DIR": str(folder / "pdm"),
        "PDM_CHECK_UPDATE": "0",
    }


def copy(name: str, folder: Path) -> Path:
    """A copy of an example, to work in."""
    return Path(shutil.copytree(EXAMPLES / name, folder / name))


def run(command: list[str], cwd: Path = ROOT, environ: Mapping[str, str] | None = None) -> None:
    """Run a command in sight; stop the demo with its exit code if it fails."""
    process = subprocess.run(command, cwd=cwd, env=environ, check=False)
    if process.returncode:
        sys.exit(f"demo: {' '.join(command)} ended with {process.returncode}")


def executable(python: list[str], project: Path, environ: Mapping[str, str]) -> str:
    """Where the Python of a project's environment is."""
    command = [*python, "-c", "import sys; print(sys.executable)"]
    done = subprocess.run(command, cwd=project, env=environ, check=True, stdout=subprocess.PIPE, text=True)
    return done.stdout.strip()


def show_tree(project: Path) -> None:
    """Print what was synced, as `tree` would."""
    say("The lock, and the tree:")
    print("   flowverse.lock")
    print("   flow_modules")
    root = project / "flow_modules"
    for path in sorted(root.rglob("*")):
        parts = path.relative_to(root).parts
        if ".flowverse" not in parts and "__pycache__" not in parts:
            print("   " + "    " * len(parts) + path.name)


def count_requests(log: Path) -> int:
    """How many requests the Hub has answered."""
    return len(log.read_text(encoding="utf-8").splitlines()) if log.exists() else 0


def say(sentence: str) -> None:
    """One step of the demo."""
    print(f"\n== {sentence}", flush=True)


if __name__ == "__main__":
    main()
