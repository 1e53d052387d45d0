"""What the numbers are of: the machine and the versions. Never a name or a path of it."""

from __future__ import annotations

import os
import platform
import subprocess
from collections.abc import Mapping
from pathlib import Path

from uv import find_uv_bin

from benchmarks.places import Places

__all__ = ["load", "machine", "versions"]


def load() -> str:
    """How busy the machine is, as "12 on 2 cores"; nothing if less wants to run than there are cores."""
    now, cores = os.getloadavg()[0], os.cpu_count() or 1
    return f"{now:.0f} on {cores} cores" if now > cores else ""


def machine(place: Path) -> dict[str, str]:
    """Processor, memory, system, Python, and the kind of file system that `place` is on."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return {
        "processor": f"{_processor()}, {os.cpu_count()} cores",
        "memory": f"{memory:.0f} GiB",
        "system": f"{platform.system()} {platform.release().partition('-')[0]}",
        "files": _file_system(place),
        "Python": platform.python_version(),
    }


def versions(places: Places) -> Mapping[str, str]:
    """Of ours, and of what it was compared with: of the environments that rows asked for."""
    found = places.ours.versions("flowverse", "huggingface_hub")
    if places.made("aiflows"):
        client = places.aiflows.versions("huggingface_hub")["huggingface_hub"]
        found["aiflows"] = f"1.1.1, with huggingface_hub {client}"
    if places.made("hatch"):
        found |= places.hatch.versions("hatch", "hatchling")
    if places.made("pdm"):
        found |= places.pdm.versions("pdm")
    for name, command in {"git": "git", "uv": find_uv_bin()}.items():
        done = subprocess.run([command, "--version"], capture_output=True, text=True, check=True)
        found[name] = done.stdout.removeprefix(name).removeprefix(" version").split()[0]
    return found


def _processor() -> str:
    """The processor's name as the system tells it."""
    told = Path("/proc/cpuinfo")
    if told.exists():
        for line in told.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _file_system(place: Path) -> str:
    """The kind of the mount that a folder is below."""
    mounts = Path("/proc/mounts")
    if not mounts.exists():
        return "on disk"
    lines = [line.split() for line in mounts.read_text(encoding="utf-8").splitlines()]
    below = [(len(line[1]), line[2]) for line in lines if place.is_relative_to(line[1])]
    kind = max(below)[1]
    return "in memory (tmpfs)" if kind == "tmpfs" else f"on disk ({kind})"
