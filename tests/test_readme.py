"""The README tells the truth: its commands run, its output is real, every command of ours is in it."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from glyphgrad.cli.main import COMMANDS as OURS
from glyphgrad.codec.export import ENCODERS
from glyphgrad.codec.film import recording
from glyphgrad.codec.formats import OPENERS

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()
SHELL = "\n".join(re.findall(r"```sh\n(.*?)```", README, re.DOTALL))
COMMANDS = [line.split("  #")[0].split(" # ")[0].strip() for line in SHELL.splitlines() if line.startswith("glyphgrad")]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where a newcomer would stand: the clone's files, a photograph, and what earlier commands left."""
    path = tmp_path_factory.mktemp("newcomer")
    shutil.copy(ROOT / "examples" / "astronaut.jpg", path / "photo.jpg")
    (path / "src").symlink_to(ROOT / "src")
    with recording(path / "film.mp4", fps=25, hold=0.04) as record:
        for step in range(25):
            record(np.roll(np.tile(np.arange(0, 256, 2, dtype=np.uint8), (96, 1)), step, axis=1))
    return path


def shell(command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    command = command.replace("glyphgrad", f"{shlex.quote(sys.executable)} -m glyphgrad", 1)
    return subprocess.run(command, shell=True, cwd=folder, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("command", COMMANDS)
def test_commands_run(command: str, folder: Path) -> None:
    done = shell(command, folder)
    assert done.returncode == 0, done.stderr
    assert done.stdout or "wrote" in done.stderr


def test_the_first_commands_are_targets_of_the_makefile() -> None:
    targets = re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    for target in re.findall(r"`?make (\w+)", README):
        assert target in targets


def test_python_runs(folder: Path) -> None:
    code = "\n".join(re.findall(r"```python\n(.*?)```", README, re.DOTALL))
    done = subprocess.run([sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1].startswith("100 ")  # the last step of a hundred


def test_the_art_shown_is_what_the_command_prints(folder: Path) -> None:
    command, shown = re.search(r"<!-- output: (.*?) -->\n~~~~text\n(.*?)~~~~\n", README, re.DOTALL).groups()
    printed = shell(command, folder).stdout
    assert [len(line) for line in printed.splitlines()] == [len(line) for line in shown.splitlines()]
    same = sum(a == b for a, b in zip(printed, shown, strict=True))
    assert same >= 0.95 * len(shown)  # another machine's BLAS rounds otherwise, and near ties fall the other way


def test_every_command_is_documented() -> None:
    assert all(f"glyphgrad {name}" in README for name in OURS)


@pytest.mark.parametrize(
    "page", ["README.md", "ARCHITECTURE.md", "benchmarks/README.md", "examples/README.md", "docs/ways-out.md"]
)
def test_every_link_leads_somewhere(page: str) -> None:
    links = re.findall(r"\]\(([^)#:]+)\)|<img src=\"([^\"]+)\"", (ROOT / page).read_text())
    assert all((ROOT / page).parent.joinpath(*link).exists() for link in links), links


def test_every_kind_of_output_is_on_its_page() -> None:
    page = (ROOT / "docs" / "ways-out.md").read_text()
    suffixes = {*ENCODERS, *OPENERS} - {".utf8.txt"}
    assert {suffix for suffix in suffixes if f"`{suffix}`" not in page} == set()


def test_every_script_of_a_way_out_has_its_result() -> None:
    """But for the receipt's picture, which is of megabytes."""
    folder = ROOT / "examples" / "ways_out"
    for script in sorted(folder.glob("*.sh")):
        result = re.findall(r"\b[\w.]+\.(?:ans|ansi|html|svg|escpos|md|png)\b", script.read_text())[-1]
        assert (folder / result).exists() or result == "receipt_picture.png", script
