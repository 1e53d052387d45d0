"""The environments of the benchmark, made with uv once for a state of the sources, and kept for the next run.

What is measured of ours are wheels, installed as users install them: nothing of this checkout is imported.
"""

from __future__ import annotations

import getpass
import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from benchmarks.desk import outside
from benchmarks.running import Progress
from tests.environments import AIFLOWS, AIFLOWS_INSTALLS, environment
from tests.hosts.wheelhouse import Wheelhouse, build_wheelhouse

__all__ = ["Places"]

PDM = ("pdm==2.29.3", "hishel[httpx]==1.2.1", "unearth<0.19")
"""PDM does not resolve cleanly with the newest of the other two."""


@dataclass(frozen=True)
class Environment:
    """A virtual environment."""

    python: Path

    def command(self, name: str) -> str:
        """The path of a command that is installed in it."""
        return str(self.python.with_name(name))

    def versions(self, *names: str) -> dict[str, str]:
        """The versions of distributions in it, by name."""
        code = "import sys\nfrom importlib.metadata import version\nfor name in sys.argv[1:]: print(version(name))"
        done = subprocess.run([self.python, "-I", "-c", code, *names], capture_output=True, text=True, check=True)
        return dict(zip(names, done.stdout.split(), strict=True))


class Places:
    """All environments; each is made when it is first asked for."""

    def __init__(self, say: Progress) -> None:
        self._say = say
        default = Path(tempfile.gettempdir()) / f"flowverse-bench-{getpass.getuser()}"
        self.cache = Path(os.environ.get("FLOWVERSE_BENCH_CACHE") or default)
        self.cache.mkdir(parents=True, exist_ok=True)

    @cached_property
    def wheels(self) -> Wheelhouse:
        """The wheels of this checkout."""
        self._say("building the wheels of this checkout")
        return build_wheelhouse(self.cache)

    @cached_property
    def ours(self) -> Environment:
        """`flowverse[cli]`, and with it the Hub's client."""
        return self._with_wheels("flowverse", f"flowverse[cli] @ {self.wheels.wheel('flowverse').as_uri()}")

    @cached_property
    def hatch(self) -> Environment:
        """Hatch, without our plugin."""
        return self._make("hatch", ["hatch", "uv"])

    @cached_property
    def hatch_with_plugin(self) -> Environment:
        """Hatch, with our plugin."""
        return self._with_wheels("hatch-flowverse", "hatch", "uv", "hatch-flowverse")

    @cached_property
    def pdm(self) -> Environment:
        """PDM, without our plugin."""
        return self._make("pdm", list(PDM))

    @cached_property
    def pdm_with_client(self) -> Environment:
        """PDM, and what the plugin brings but for the plugin: PDM imports more where it finds it."""
        return self._make("pdm-and-client", [*PDM, "huggingface-hub"])

    @cached_property
    def pdm_with_plugin(self) -> Environment:
        """PDM, with our plugin."""
        return self._with_wheels("pdm-flowverse", *PDM, "pdm-flowverse[hub]")

    @cached_property
    def aiflows(self) -> Environment:
        """The aiFlows that users have, with what its sync needs of its hundred requirements."""
        return self._make(AIFLOWS.replace("==", "-"), *AIFLOWS_INSTALLS)

    def made(self, name: str) -> bool:
        """Whether an environment was asked for in this run."""
        return name in self.__dict__

    def _with_wheels(self, name: str, *requirements: str) -> Environment:
        """An environment with wheels of ours; those of other states of the sources are not needed any more."""
        state = self.wheels.folder.name.removeprefix("wheels-")
        for old in self.cache.glob(f"{name}-at-*-py*"):
            if state not in old.name and old.is_dir():
                shutil.rmtree(old, ignore_errors=True)
        return self._make(f"{name}-at-{state}", ["--find-links", str(self.wheels.folder), *requirements])

    def _make(self, name: str, *installs: Sequence[str]) -> Environment:
        self._say(f"environment {name.partition('-at-')[0]}")
        compiled = [["--compile-bytecode", *install] for install in installs]
        return Environment(environment(name, *compiled, cache=self.cache))

    def installing(self) -> dict[str, str]:
        """The variables with which Hatch and uv find our wheels."""
        kept = outside()
        return {**kept, **self.wheels.find_links(kept)}
