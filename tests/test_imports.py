"""Who may import whom (design.md), read from the source of every file; and what an import loads."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "src" / "glyphgrad"

MAY_IMPORT = {
    "core": {"core", "errors"},
    "codec": {"codec", "core", "errors"},
    "fit": {"fit", "core", "errors"},
    "structure": {"structure", "codec", "core", "errors", "version"},
    "out": {"out", "codec", "core", "errors", "version"},
    "play": {"play", "fit", "codec", "core", "errors"},
    "serve": {"serve", "codec", "core", "errors"},
    "studio": {"studio", "serve", "codec", "fit", "core", "errors", "api"},
    "errors.py": set(),
}
"""Room -> the rooms and modules of ours that its files may import; the rest (cli, api) sees all but cli."""

FORBIDDEN = {
    "core": {"torch", "asyncio", "rich", "click", "scipy"},
    "codec": {"torch", "asyncio", "rich", "click", "scipy"},
    "fit": {"asyncio", "rich", "click"},
    "out": {"torch", "asyncio", "rich", "click", "scipy"},
    "play": {"torch", "asyncio", "rich", "click"},
    "serve": {"torch", "click"},
    "structure": {"asyncio", "rich", "click"},
    "studio": {"click"},
}
"""Room -> libraries that have no place in it."""

WITH_TORCH = {"fit/gradient.py", "fit/losses.py", "fit/soft_raster.py"}
"""The descent. All others import torch within functions: a plain fit starts in a fraction of a second."""

NETWORKS = ("structure/lora/", "structure/tiny/")
"""Training and the networks themselves, which are nothing without it, and are imported within functions."""

TORCH = {"torch", "diffusers", "transformers", "peft", "accelerate"}
"""torch and what imports it."""

FILES = sorted(PACKAGE.rglob("*.py"))


def room_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0]


def imports_of(path: Path, everywhere: bool = True) -> Iterator[str]:
    """The full names of the modules that a file imports; not `everywhere`: at its top level only."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    package = ["glyphgrad", *path.relative_to(PACKAGE).parent.parts]
    for node in ast.walk(tree) if everywhere else ast.iter_child_nodes(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            name = ".".join([*base, *([node.module] if node.module else [])])
            yield from (f"{name}.{alias.name}" for alias in node.names)


def ours(names: Iterator[str]) -> set[str]:
    """The rooms among some names: glyphgrad.core.frame.Frame -> core."""
    return {name.split(".")[1] for name in names if name.startswith("glyphgrad.")}


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_room_imports_only_what_it_may(path: Path) -> None:
    room = room_of(path)
    if room in MAY_IMPORT:
        assert ours(imports_of(path)) <= MAY_IMPORT[room]
    elif room not in ("cli", "__main__.py"):
        assert "cli" not in ours(imports_of(path))
    libraries = {name.split(".")[0] for name in imports_of(path)}
    assert not libraries & FORBIDDEN.get(room, set())


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_the_library_never_prints(path: Path) -> None:
    calls = [node.func for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.Call)]
    assert not [call for call in calls if isinstance(call, ast.Name) and call.id == "print"]


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_only_the_descent_and_networks_need_torch(path: Path) -> None:
    needs = any(module.split(".")[0] in TORCH for module in imports_of(path, everywhere=False))
    where = path.relative_to(PACKAGE).as_posix()
    if not where.startswith(NETWORKS):
        assert needs == (where in WITH_TORCH)


def test_the_rules_are_read_from_the_files() -> None:
    assert {"glyphgrad.core.layout.Layout", "torch.nn.functional.pad"} <= set(
        imports_of(PACKAGE / "fit" / "soft_raster.py")
    )
    assert ours(imports_of(PACKAGE / "api.py")) >= {"core", "codec", "fit", "errors"}


def run_python(code: str) -> str:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout


HEAVY = "[name for name in ('torch', 'scipy', 'asyncio', 'rich', 'av') if name in sys.modules]"


def test_importing_the_package_loads_no_torch() -> None:
    assert run_python(f"import sys, glyphgrad; print({HEAVY})") == "[]\n"


@pytest.mark.parametrize(
    "command",
    [
        [],
        ["fit"],
        ["chars"],
        ["score"],
        ["presets"],
        ["progress"],
        ["tune"],
        ["convert"],
        ["info"],
        ["animate"],
        ["play"],
        ["serve"],
        ["print"],
        ["structure"],
        ["structure", "dataset"],
        ["imagine"],
    ],
)
def test_help_loads_no_torch(command: list[str]) -> None:
    said = run_python(
        "import sys; from glyphgrad.cli.main import cli\n"
        f"cli.main({[*command, '--help']}, standalone_mode=False); print({HEAVY})"
    )
    assert said.startswith("Usage: ")
    assert said.endswith("\n[]\n")


def test_a_plain_fit_loads_no_torch() -> None:
    said = run_python(
        "import sys, glyphgrad, numpy as np\n"
        "glyphgrad.fit(np.eye(9), cols=4, rows=2, chars=' #', effort='fast')\n"
        f"print({HEAVY})"
    )
    assert said == "[]\n"


def test_fit_is_the_function_whatever_has_been_imported() -> None:
    said = run_python(
        "import importlib, pkgutil, glyphgrad\n"
        "names = [m.name for m in pkgutil.walk_packages(glyphgrad.__path__, 'glyphgrad.') if '__main__' not in m.name]\n"
        "for name in names: importlib.import_module(name)\n"
        "print(callable(glyphgrad.fit), len(names) > 30)"
    )
    assert said == "True True\n"
