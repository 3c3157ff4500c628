"""A running fit: a bar on standard error, the steps directory, the film of it, and Ctrl-C."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glyphgrad.codec import export, picture, text
from glyphgrad.core.layout import Layout
from glyphgrad.core.presets import Preset
from glyphgrad.core.raster import colored, pixels
from glyphgrad.fit.progress import Step


class Interrupt:
    """Answers True once Ctrl-C has been pressed; a second time it ends the program as usual."""

    def __init__(self) -> None:
        self.asked = False

    def __enter__(self) -> Interrupt:
        self.before = signal.signal(signal.SIGINT, self._ask)
        return self

    def __exit__(self, *_: object) -> None:
        signal.signal(signal.SIGINT, self.before)

    def __call__(self) -> bool:
        return self.asked

    def _ask(self, *_: object) -> None:
        if self.asked:
            raise KeyboardInterrupt
        self.asked = True


class Watch:
    """Shows each step on a bar, saves it in a directory, films it as `device` shows it.

    Where none is wanted `on_step` is None.
    """

    def __init__(self, bar: bool, steps_dir: Path | None, film: Path | None, device: Preset):
        self.steps_dir, self.film, self.device = steps_dir, film, device
        self.bar: Any = _bar() if bar else None
        self.task: Any = None
        self.record: Callable[[NDArray[np.uint8]], None] | None = None
        self.open = ExitStack()

    def __enter__(self) -> Watch:
        for old in self.steps_dir.glob("[it]_iter_[0-9]*.???") if self.steps_dir else ():
            old.unlink()  # of an earlier fit: a film of both would be neither's
        if self.film:
            from glyphgrad.codec import film

            self.record = self.open.enter_context(film.recording(self.film))
        if self.bar:
            self.bar.start()
            self.open.callback(self.bar.stop)
        return self

    def __exit__(self, *error: Any) -> None:
        self.open.__exit__(*error)

    @property
    def on_step(self) -> Callable[[Step], None] | None:
        return self._step if self.bar or self.steps_dir or self.film else None

    def _step(self, step: Step) -> None:
        if self.bar:
            self._move(step)
        if not (self.steps_dir or self.record):
            return
        shown = self._drawn(step)
        if self.steps_dir:
            name = f"iter_{max(0, step.step - 1):04}"
            export.write(self.steps_dir / f"i_{name}.png", picture.png(shown))
            export.write(self.steps_dir / f"t_{name}.txt", text.encode_native(step.frame))
        if self.record:
            self.record(shown)

    def _drawn(self, step: Step) -> NDArray[np.uint8]:
        if step.frame.colors is None:
            return pixels(step.soft, self.device.dark)
        width, height = self.device.cell
        layout = Layout(step.frame.rows, step.frame.cols, height, width, self.device.row_gap)
        return colored(step.soft, step.frame.colors, layout, self.device.dark)

    def _move(self, step: Step) -> None:
        figures = f"recon {step.recon:.4f}  div {step.diversity:.3f}"
        if step.steps:
            figures += f"  lr {step.rate:.5f}  temp {step.temperature:.3f}"
        if self.task is None:
            self.task = self.bar.add_task("fit", total=step.steps or None, figures=figures)
        self.bar.update(self.task, completed=step.step, figures=figures)


def _bar() -> Any:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[figures]}"), TimeRemainingColumn())
    return Progress(*columns, console=Console(stderr=True), transient=True)


@contextmanager
def film_bar(duration: int | None, shown: bool) -> Iterator[Callable[[int], None]]:
    """What is told after every frame how many milliseconds of a film (of `duration`) are done.

    If `shown` it draws a bar with frames a second and the time left.
    """
    if not shown:
        yield lambda _: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (BarColumn(), TextColumn("{task.fields[figures]}"), TimeRemainingColumn())
    begun, frames = time.monotonic(), count(1)
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("animate", total=duration, figures="")

        def advance(done: int) -> None:
            made = next(frames)
            rate = made / max(time.monotonic() - begun, 1e-3)
            bar.update(task, completed=done, figures=f"{made} frames, {rate:.0f} a second")

        yield advance
