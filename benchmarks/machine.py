"""What the numbers are of: the machine and the versions. Never a name or a path of it."""

from __future__ import annotations

import os
import platform
import subprocess
from collections.abc import Mapping
from pathlib import Path

from uv import find_uv_bin

from benchmarks.places import Places

__all__ = ["machine", "versions"]


def machine() -> Mapping[str, str]:
    """Processor, memory, system and Python."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return {
        "processor": f"{_processor()}, {os.cpu_count()} cores",
        "memory": f"{memory:.0f} GiB",
        "system": f"{platform.system()} {platform.release().partition('-')[0]}",
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
