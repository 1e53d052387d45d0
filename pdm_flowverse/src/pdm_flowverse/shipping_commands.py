"""The commands of `pdm flowverse` about what leaves the project."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from pdm.cli.options import Option, project_option, verbose_option

from pdm_flowverse.subcommand import Subcommand

if TYPE_CHECKING:
    from argparse import Namespace

    from pdm.project import Project

__all__ = ["COMMANDS"]


class RequirementsCommand(Subcommand):
    """`pdm flowverse requirements`."""

    description = "Show what the modules need of Python, who asks for it, and what cannot be had at the same time"
    arguments = (
        verbose_option,
        project_option,
        Option("--write", dest="group_to_write", metavar="GROUP", help="Make this dependency group what is needed"),
    )

    def handle(self, project: Project, options: Namespace) -> None:
        """Show them, or write them; the exit code is 1 if some clash."""
        from flowverse import api, shipping

        from pdm_flowverse.terminal import show
        from pdm_flowverse.work import plainly

        ui, group = project.core.ui, options.group_to_write
        with plainly(ui):
            asked = shipping.python_requirements(project.root)
            lines = api.render_requirements(asked)
            if group is not None:
                written = shipping.write_group(project.root, group)
                lines = [written, *(line for line in lines if line.kind == "warning")]
        show(ui, lines, asked=True)
        if asked.clashes:
            raise SystemExit(1)


class LicensesCommand(Subcommand):
    """`pdm flowverse licenses`."""

    description = "Show the licence of every module, and the files that hold it"

    def handle(self, project: Project, options: Namespace) -> None:  # noqa: ARG002
        """Show them."""
        from flowverse import api, shipping

        from pdm_flowverse.work import show_view

        show_view(project, lambda _: api.render_licenses(shipping.licenses(project.root)))


class ExportCommand(Subcommand):
    """`pdm flowverse export`."""

    description = "Write what the project is made of, for other programs"
    arguments = (
        verbose_option,
        project_option,
        Option("--format", dest="export_format", choices=("cyclonedx", "requirements", "json"), default="json"),
        Option("-o", "--output", dest="export_to", metavar="FILE", help="The file to write [default: standard output]"),
    )

    def handle(self, project: Project, options: Namespace) -> None:
        """Write it."""
        from flowverse import api, shipping

        from pdm_flowverse.terminal import show
        from pdm_flowverse.work import plainly

        with plainly(project.core.ui):
            settings = api.Settings.from_environ(os.environ)
            if options.export_to is None:
                print(shipping.export(project.root, options.export_format, settings), end="")  # noqa: T201 - for a pipe
                return
            written = shipping.write_export(project.root, options.export_format, settings, Path(options.export_to))
        show(project.core.ui, [written])


class VerifyCommand(Subcommand):
    """`pdm flowverse verify`."""

    description = "Check an installed distribution, a wheel or an sdist against the SBOM or the lock in it"
    arguments = (
        verbose_option,
        project_option,
        Option(
            "target", metavar="DIST-OR-ARCHIVE", help="One that is installed in the project's environment, or a path"
        ),
    )

    def handle(self, project: Project, options: Namespace) -> None:
        """Check it."""
        from flowverse import api, shipping

        from pdm_flowverse.work import show_view

        def view(_: api.Settings) -> list[api.Line]:
            archive = options.target.endswith((".whl", ".tar.gz"))
            paths = {} if archive else project.environment.get_paths()
            places = None if archive else [paths["purelib"], paths["platlib"]]
            return api.render_verified(shipping.verify(options.target, places))

        show_view(project, view)


COMMANDS = {
    "requirements": RequirementsCommand,
    "licenses": LicensesCommand,
    "export": ExportCommand,
    "verify": VerifyCommand,
}
