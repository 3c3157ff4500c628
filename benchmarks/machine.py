"""What a bench ran on, and the peak memory of a piece of work."""

from __future__ import annotations

import json
import os
import platform
import re
import resource
import shutil
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
OUT = HERE / "out"
THREADS = 1
"""Of everything that is timed: a core against a core, whatever else the machine does."""


def about(command: str) -> str:
    """Lines of Markdown: cores, versions, command."""
    packages = [f"{name} {_version(name)}" for name in ("numpy", "torch", "pillow", "scikit-image")]
    programs = [f"{name} {_program_version(name)}" for name in ("chafa", "jp2a")]
    return (
        f"- machine: {len(os.sched_getaffinity(0))} cores ({platform.machine()}), shared with other work: "
        "trust ratios of one run, not single times\n"
        f"- Python {platform.python_version()}, {', '.join(packages)}; {', '.join(programs)}\n"
        f"- made by `{command}`\n"
    )


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


def _program_version(program: str) -> str:
    if not shutil.which(program):
        return "not installed"
    done = subprocess.run([program, "--version"], capture_output=True, text=True)
    found = re.search(r"\d+(\.\d+)+", done.stdout + done.stderr)
    return found[0] if found else "of unknown version"


def peak_mb() -> float:
    """Peak resident memory of this process so far, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def in_child(script: str, *arguments: str) -> dict[str, Any]:
    """Run a script of this folder in a process of its own, whose last line of output is a JSON object.

    A process is the only honest measure of peak memory.
    """
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), str(THREADS))
    command = [sys.executable, str(HERE / script), *arguments]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, env=os.environ | threads)
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer
