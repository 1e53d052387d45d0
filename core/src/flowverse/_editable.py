"""What makes a project's tree importable from any folder: two small files for the site-packages of an environment.

A `.pth` file with the path of the project would do, but it would make importable whatever else lies there. Where a
wheel puts the modules below a package of the project, they are found there too, so that a program is written once.
"""

from __future__ import annotations

import re

__all__ = ["editable_files"]

# The guard joins every tree; this only has to bring the first one in. It looks at what Python's paths have first: what
# is there may come from a package that ships a folder of this name and guards nothing, as aiFlows does.
_FINDER = '''\
"""Makes the flow modules of a project importable from any folder. Written by flowverse for an editable install."""

import os
import sys

ROOT = %s
INTO = %s  # the package that they are below in a wheel, None if that is flow_modules itself


class Finder:
    """Finds the package `flow_modules`, and nothing else. The guard in that package reads where."""

    flowverse_folder = os.path.join(ROOT, "flow_modules")
    flowverse_finds = "flow_modules in %%s" %% ROOT
    flowverse_site = os.path.dirname(os.path.abspath(__file__))

    @staticmethod
    def find_spec(name, path=None, target=None):
        if name != "flow_modules":
            return None
        from importlib.machinery import PathFinder

        specs = (PathFinder.find_spec(name, place) for place in (None, [ROOT]))
        return next((spec for spec in specs if is_guarded(spec)), None)


class Alias:
    """Finds what is below INTO: the very modules of `flow_modules`, by another name."""

    flowverse_finds = "%%s in %%s" %% (INTO, ROOT)

    @staticmethod
    def find_spec(name, path=None, target=None):
        on_the_way = "." in name and INTO.startswith(name + ".")
        if not on_the_way and name != INTO and not name.startswith(INTO + "."):
            return None
        from importlib.machinery import ModuleSpec, PathFinder
        from importlib.util import find_spec

        if on_the_way:  # in a wheel it may be there only because of the modules
            there = PathFinder.find_spec(name, path)
            return there if there is not None else ModuleSpec(name, None, is_package=True)

        real = find_spec("flow_modules" + name[len(INTO) :])
        if real is None:
            return None
        spec = ModuleSpec(name, Loader(real), origin=real.origin)
        spec.has_location = real.has_location
        spec.submodule_search_locations = real.submodule_search_locations
        return spec


class Loader:
    def __init__(self, real):
        self.real = real

    def __getattr__(self, name):
        return getattr(self.real.loader, name)

    def create_module(self, spec):
        from importlib import import_module

        module = import_module(self.real.name)
        self.spec = module.__spec__
        return module

    def exec_module(self, module):
        module.__spec__ = self.spec  # the import system gave it that of the other name

    def get_code(self, name):  # for python -m
        return self.real.loader.get_code(self.real.name)


def is_guarded(spec):
    try:
        return b"flowverse-guard-" in spec.loader.get_data(spec.origin)
    except (AttributeError, OSError, TypeError):  # no such folder, or one without __init__.py
        return False


for finder in (Finder, Alias) if INTO else (Finder,):
    if all(getattr(other, "flowverse_finds", "") != finder.flowverse_finds for other in sys.meta_path):
        sys.meta_path.insert(0, finder)
'''


def editable_files(name: str, root: str, into: str | None = None) -> dict[str, str]:
    """Return the files for site-packages, by name: a `.pth` and the finder that it loads when Python starts.

    `name` is the distribution's, `root` the absolute path of the folder that holds (or will hold) `flow_modules`. The
    folder need not exist, neither now nor later. `into` is the package that the modules are to be found below, too.
    Both files are ASCII, whatever the path is.
    """
    module = "_flowverse_editable_" + re.sub(r"[^a-z0-9]+", "_", name.lower())
    return {f"{module}.pth": f"import {module}\n", f"{module}.py": _FINDER % (ascii(root), ascii(into))}
