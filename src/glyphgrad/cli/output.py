"""Where a fit's result goes: files, standard output, the terminal."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from glyphgrad.cli.discord import DISCORD, Posting
from glyphgrad.errors import ConfigError

if TYPE_CHECKING:
    from glyphgrad.fit.fit import FitResult

_DEFAULT_OUTPUTS = (Path("output.png"), Path("output.txt"), Path("output.utf8.txt"))
_PRINTED = {Path("-"): ".utf8", DISCORD: ".discord"}
"""Names that stand for standard output, and what goes there."""


class Writer:
    """Where a fit's result goes: files, standard output, the terminal."""

    def __init__(self, outputs: tuple[Path, ...], native: Path | None, utf8: Path | None, says: dict[str, Any]):
        self.says = says
        self.named_picture = next((path for path in outputs if path.suffix.lower() == ".png"), None)
        texts = [(path, suffix) for path, suffix in ((native, ".txt"), (utf8, ".utf8")) if path]
        named = dict.fromkeys([*outputs, *(path for path, _ in texts)])
        self.printed = [path for path in named if path in _PRINTED]
        self.posting: Posting | None = says["posting"]
        wanted = outputs if outputs or texts or self.posting else _DEFAULT_OUTPUTS
        self.paths = [path for path in wanted if path not in _PRINTED]
        self.text_paths = [(path, suffix) for path, suffix in texts if path not in _PRINTED]
        self.steps_dir: Path | None = says["steps_dir"] if says["save_steps"] else None
        if self.printed and says["as_json"]:
            raise ConfigError(f"-o {self.printed[0]} and --json both want standard output: choose one")

    def check(self, image: str) -> None:
        """Every way to fail that can be known before the work."""
        from glyphgrad.codec import export

        for path in self.paths:
            export.encoder_for(path)
        for path in [*self.paths, *(path for path, _ in self.text_paths)]:
            export.check(path)
            if path.exists() and Path(image).exists() and path.samefile(image):
                raise ConfigError(f"output {str(path)!r} is the picture itself: name another file")
        if self.says["progress_gif"]:
            from glyphgrad.codec import film

            film.suffix_of(self.says["progress_gif"])
            export.check(self.says["progress_gif"])
        for directory in (self.steps_dir, self.says["diagnostics"]):
            if directory:
                export.make_directory(directory)

    def write(self, result: FitResult) -> None:
        from glyphgrad.codec import export

        targets = [(path, export.encoder_for(path, self.says["label"])) for path in self.paths]
        targets += [(path, export.ENCODERS[suffix]) for path, suffix in self.text_paths]
        files = [(path, encode(result.art)) for path, encode in targets]
        printed = b"".join(export.ENCODERS[_PRINTED[path]](result.art) for path in self.printed)
        for path, data in files:
            export.write(path, data)
        if self.printed:
            click.echo(printed, nl=not printed.endswith(b"\n"))  # UTF-8, whatever the locale
        else:
            self._show(result)
        if result.bound is not None and not self.says["as_json"]:
            figures = result.figures
            bound = "objective {objective:.6f}, bound {bound:.6f}, gap {gap:.2%}".format(**figures)
            click.echo(bound, err=True)
        if result.contrast and not self.says["quiet"]:
            from glyphgrad.fit.contrast_chart import curve_text, map_text

            click.echo(f"{map_text(result.contrast)}{curve_text(result.contrast)}", err=True, nl=False)
        if self.says["diagnostics"]:
            from glyphgrad.cli.diagnostics import diagnostics

            for name, picture in diagnostics(result).items():
                export.write(self.says["diagnostics"] / f"{name}.png", picture)
        if targets and not self.says["quiet"]:
            click.echo("wrote " + ", ".join(str(path) for path, _ in targets), err=True)
        if self.posting:
            self.posting.post(result.art)

    def _show(self, result: FitResult) -> None:
        if self.says["as_json"]:
            click.echo(json.dumps(summary(result)))
        elif self.shows:
            from glyphgrad.cli.show import show

            show(result.art)

    @property
    def shows(self) -> bool:
        if self.says["show"] is not None:
            return bool(self.says["show"])
        return sys.stdout.isatty() and not self.says["quiet"]


def summary(result: FitResult) -> dict[str, Any]:
    """What --json prints."""
    layout = result.art.layout
    return {
        "grid": {"cols": layout.cols, "rows": layout.rows},
        "glyphs": len(result.art.atlas.chars),
        "seconds": round(result.seconds, 4),
        "interrupted": result.interrupted,
        "solver": result.config.solver,
        "minimised": result.config.objective,
        **result.figures,
    }
