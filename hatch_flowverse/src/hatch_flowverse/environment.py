"""The environment: Hatch's own virtual one, which is in sync only if the flow modules of its projects are."""

# mypy: allow-untyped-calls
# Hatch says the types of its arguments, and of no answers.

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from flowverse import api
from hatch.config.constants import AppEnvVars
from hatch.env.utils import get_env_var_option
from hatch.env.virtual import VirtualEnvironment

from hatch_flowverse._relay import listen
from hatch_flowverse._say import Voice

__all__ = ["FlowVerseEnvironment"]

_BASE = VirtualEnvironment.PLUGIN_NAME


class Home(NamedTuple):
    """A project that declares flow modules and is installed for editing: its distribution's name, and its folder."""

    name: str
    root: Path


class FlowVerseEnvironment(VirtualEnvironment):
    """`type = "flowverse"`.

    What needs no Hub is done in Hatch's own process, where it is quick and where what goes wrong is said plainly. What
    needs it is left to the build hook, which has a Hub client: the project is installed again.
    """

    PLUGIN_NAME = "flowverse"

    def __init__(self, *args: Any) -> None:
        # The places are those of the base, so that environments which are there, and `dirs.env.virtual`, stay in use.
        *project, _, _, platform, verbosity, app = args
        places = (app.get_env_directory(_BASE), app.data_dir / "env" / _BASE)
        super().__init__(*project, *places, platform, verbosity, app)
        self._new = False

    def get_env_var_option(self, option: str) -> str:
        """Those of the base, too: `HATCH_ENV_TYPE_VIRTUAL_PATH` and the like."""
        return super().get_env_var_option(option) or get_env_var_option(plugin_name=_BASE, option=option)

    # --- the life cycle (https://hatch.pypa.io/latest/plugins/environment/reference/#life-cycle) ---------------------

    def create(self) -> None:
        """Hatch asks for this once, in front of everything below."""
        self._new = True
        super().create()

    def install_project(self) -> None:
        """Install a build of the project, which holds the flow modules as they are locked."""
        with self._whole():
            if api.declared(Path(self.root)):
                self._install(self.apply_features(str(self.root)))
            else:
                super().install_project()

    def install_project_dev_mode(self) -> None:
        """Sync, and install the project for editing."""
        with self._whole():
            if homes := self._homes():
                for home in homes:
                    self._sync(home)
                self._install("--editable", self.apply_features(str(self.root)))
                self._check_hook(homes)
            else:
                super().install_project_dev_mode()

    def dependency_hash(self) -> str:
        """Asked for by every `run`, `test` and `shell`: half a millisecond if nothing changed."""
        own: str = super().dependency_hash()
        parts = [own, *(api.fingerprint(home.root) for home in self._homes())]
        return hashlib.sha256("\0".join(parts).encode()).hexdigest() if len(parts) > 1 else own

    def dependencies_in_sync(self) -> bool:
        """Asked for if the hash is another one than last time."""
        in_place = (api.in_sync(home.root) and self._importable(home) for home in self._homes())
        return super().dependencies_in_sync() and all(in_place)

    def sync_dependencies(self) -> None:
        """Bring the flow modules, then everything else."""
        with self._whole():
            for home in self._homes():
                synced = api.in_sync(home.root) or self._sync(home)
                if not synced or not self._importable(home):
                    features = self.apply_features(str(home.root)) if home.root == self.root else str(home.root)
                    self._install("--editable", features)
            if not super().dependencies_in_sync():  # older versions would install the project again in any case
                super().sync_dependencies()

    # --- the flow modules --------------------------------------------------------------------------------------------

    def _homes(self) -> list[Home]:
        # As in `local_dependencies_complex`; but to ask those for their paths takes Hatch a parser of URLs.
        own = [(self.metadata, self.root)] if self.dev_mode and not self.skip_install else []
        members = [(member.project.metadata, member.project.location) for member in self.workspace.members]
        declaring = ((meta, root) for meta, root in (*own, *members) if "flowverse" in meta.config.get("tool", {}))
        return [Home(meta.name, Path(root)) for meta, root in declaring]

    def _check_hook(self, homes: list[Home]) -> None:
        """Say it if a project was built and has no tree: its build does not know of flow modules."""
        if any(not api.modules_dir(home.root).exists() for home in homes):
            what = "[tool.hatch.build.hooks.flowverse] is missing in pyproject.toml, so flow modules were not synced"
            Voice(self.app).lines([api.Line("warning", what)])

    def _importable(self, home: Home) -> bool:
        """Whether the project was installed here when it declared its flow modules already."""
        wanted = api.editable_files(home.root, home.name)
        with self.safe_activation():
            places = [Path(place) for place in self.virtual_env.sys_path]
        return all(any(_holds(place / name, text) for place in places) for name, text in wanted.items())

    def _sync(self, home: Home) -> bool:
        """Sync here if that needs no Hub, and say whether it is done."""
        from flowverse.errors import FlowverseError

        voice = Voice(self.app)
        try:
            with self.get_env_vars():
                settings = api.Settings.from_environ(os.environ)
            if api.needs_hub(home.root, settings):
                return False
            with self.app.status("Syncing flow modules"):
                voice.result(api.sync(home.root, settings, reporter=voice))
        except FlowverseError as error:
            voice.fail(error)
        return True

    def _install(self, *requirement: str) -> None:
        """Install a project. Of what an installer says nothing is shown but what the hook says, or its own failure."""
        command = self.construct_pip_install_command([*requirement])
        quiet = self.verbosity <= 0
        with self.safe_activation(), listen() as heard, self.app.status("Syncing flow modules"):
            process = self.platform.run_command(command, capture_output=quiet)
            lines, code = heard.read()
        voice = Voice(self.app)
        if process.returncode and code is not None:
            voice.end(lines, code)
        if process.returncode:
            shown = ((process.stdout or b"") + (process.stderr or b"")).decode(errors="replace")
            self.app.abort(shown.rstrip(), code=process.returncode)
        voice.lines(lines)
        for outdated in ("distributions", "missing_dependencies"):
            vars(self).pop(outdated, None)

    @contextmanager
    def _whole(self) -> Iterator[None]:
        """Remove a new environment that could not be finished: Hatch would take it for a good one the next time."""
        try:
            yield
        except BaseException:
            if self._new and not os.environ.get(AppEnvVars.KEEP_ENV):
                self.remove()
            raise


def _holds(path: Path, text: str) -> bool:
    try:
        return path.read_text(encoding="utf-8") == text
    except OSError:
        return False
