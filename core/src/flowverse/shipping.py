"""What leaves a project, for hosts and for people: archives, what their metadata says, licences, exports.

Needs `flowverse[build]`, each function what it uses of it, so that to import this needs nothing. Like `api`, everything
takes the folder of a project and raises `flowverse.errors.FlowverseError`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from flowverse._goal import goal
from flowverse._project import Project, parse_lock, read_lock_bytes
from flowverse._ship.values import Application, Format, Metadata, Shipment, Target
from flowverse.lock import Lock
from flowverse.model import Pin

if TYPE_CHECKING:
    from flowverse._render.lines import Line
    from flowverse._settings import Settings
    from flowverse._ship.licenses import LicenseRow
    from flowverse._ship.requirements import Requirements
    from flowverse._ship.verify import Verified
    from flowverse.ports import Reporter

__all__ = [
    "Metadata",
    "Shipment",
    "check_project",
    "check_wheel",
    "export",
    "licenses",
    "metadata",
    "python_requirements",
    "shipment",
    "verify",
    "write_export",
    "write_group",
]


def shipment(
    root: Path,
    settings: Settings,
    archive: Literal["wheel", "sdist"],
    *,
    name: str,
    version: str,
    scratch: Path,
    own: Sequence[str] = (),
    reporter: Reporter | None = None,
) -> Shipment:
    """What a wheel or an sdist of the distribution `name` must hold, verified against the lock.

    In a checkout, modules that are missing are synced first; an unpacked sdist is only verified. Files that have to be
    written for the archive go to the folder `scratch`, which must be there until it is built. `own` are the Python
    requirements of the distribution itself. Raises `StaleLock` or `NotShippable` for whatever is not exactly what the
    lock says.
    """
    from packaging.utils import canonicalize_name

    from flowverse._ship.contents import ship  # what it needs is not there in an environment that only syncs
    from flowverse._ship.refusals import check_lock, check_tree, is_exact

    frozen = settings.frozen
    project = Project.of(root, frozen=frozen)
    if not is_exact(project, frozen=frozen):
        if not project.unpacked:
            from flowverse import api

            api.sync(root, replace(settings, locked=not frozen), reporter=reporter)
            project = Project.of(root, frozen=frozen)
        check_lock(project, frozen=frozen)
        check_tree(project)
    application = Application(name=canonicalize_name(name), version=version)
    target = Target(archive=archive, application=application, own=tuple(own), scratch=scratch, epoch=settings.epoch)
    return ship(project, target)


def check_wheel(root: Path, wheel: Path, shipped: Sequence[str]) -> None:
    """Raise `InvalidManifest` if nobody could use the modules in a finished wheel.

    `shipped` are the names that the files of the shipment have in it.
    """
    into = Project.read(root).manifest.build.into
    if into is None:
        return
    import zipfile

    from flowverse._ship.refusals import check_package

    with zipfile.ZipFile(wheel) as archive:
        check_package(into, archive.namelist(), shipped)


def check_project(root: Path) -> None:
    """Raise `InvalidManifest` if, as far as it can be known, no wheel could have the modules where they are to be."""
    from flowverse._ship.refusals import check_free

    project = Project.read(root)
    if project.manifest.build.into is not None:
        check_free(project, project.manifest.build.into)


def metadata(root: Path, own: Sequence[str] = ()) -> Metadata:
    """What the metadata of the project's distribution has to say of its modules, from the lock as it is.

    `own` are the Python requirements of the distribution itself. Nothing where there is no lock.
    """
    from flowverse._ship.metadata import metadata_of

    project = Project.read(root)
    return metadata_of(project.manifest, _pins(project), own)


def python_requirements(root: Path, own: Sequence[str] | None = None) -> Requirements:
    """The Python requirements of all locked modules, with who asks.

    `own` are the project's own requirements, which are looked at for clashes; then nothing but the lock is read, and
    nothing is asked for where there is none. If it is None, those in `[project]` count, and having no lock is a
    `UsageError`.
    """
    from flowverse._ship.requirements import requirements_of  # nothing else needs `packaging`

    if own is None:
        project = Project.read(root)
        return requirements_of(project.locked.pins, project.dependencies)
    lock = parse_lock(read_lock_bytes(root))
    return requirements_of(lock.pins if lock is not None else (), own)


def write_group(root: Path, group: str) -> Line:
    """Make a dependency group of the project what its modules need of Python, and say so.

    Raises `UsageError` where there is no lock, or where such a group was written by somebody else.
    """
    from flowverse._render.lines import Line
    from flowverse._ship.requirements import merged, requirements_of

    project = Project.read(root)
    written = project.write_group(group, merged(requirements_of(project.locked.pins)))
    return Line("note", f"dependency-groups.{group} {'was written' if written else 'is up to date'}")


def licenses(root: Path) -> tuple[LicenseRow, ...]:
    """Under which licences the locked modules are. Raises `UsageError` where there is no lock."""
    from flowverse._ship.licenses import licenses_of

    project = Project.read(root)
    return licenses_of(_as_shipped(project).pins)


def export(root: Path, format: Format, settings: Settings) -> str:
    """What the project is made of, for other programs, from its lock. Raises `UsageError` where there is no lock."""
    from flowverse._ship.export import export

    project = Project.of(root, frozen=settings.frozen)
    return export(
        _as_shipped(project), Application(name=project.name, version=project.version), format, epoch=settings.epoch
    )


def write_export(root: Path, format: Format, settings: Settings, output: Path) -> Line:
    """Export to a file, which is replaced as a whole, and say so. Raises `TreeError` too."""
    from flowverse._cache import write
    from flowverse._render.lines import Line

    write(output, export(root, format, settings).encode())
    return Line("note", f"{output} was written")


def verify(target: str, path: Sequence[str] | None = None) -> Verified:
    """Check an installed distribution (found on `path`, default `sys.path`), a wheel or an sdist.

    It is held against the record that it has itself. Raises `NotVerified` with every difference.
    """
    from flowverse._ship.verify import verify

    return verify(target, path)


def _as_shipped(project: Project) -> Lock:
    """The lock with its pins as an archive holds them, patches and all. Raises `UsageError` where there is none."""
    return replace(project.locked, pins=_pins(project))


def _pins(project: Project) -> tuple[Pin, ...]:
    """The pins with their patches, whatever this machine takes from elsewhere."""
    return goal(replace(project, developed={}), strict=False)
