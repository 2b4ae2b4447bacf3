"""What a benchmark ran on, in words."""

import os
import platform
from importlib.metadata import version


def machine(*packages: str, use: str = "") -> str:
    """Describe this machine, how the benchmark used it, and the versions of `packages`."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    hardware = f"{os.cpu_count()} cores ({platform.machine()}), {memory:.0f} GiB of memory"
    software = [f"Python {platform.python_version()}", *(f"{p} {version(p)}" for p in packages)]
    return "; ".join(filter(None, [hardware, use, ", ".join(software)]))
