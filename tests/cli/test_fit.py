"""`glyphgrad fit`: what it writes, what it says and where. The descent throughout, on small grids."""

from __future__ import annotations

import contextlib
import io
import json
import os
import pty
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import glyphgrad
from glyphgrad import PRESETS

TINY = ["-s", "6x3", "--iterations", "20", "--device", "cpu"]
STRONG = ["--diversity-weight", "10", "--lr", "0.3", "--charset", " #"]
STRONG_KEYWORDS = {"diversity_weight": 10.0, "lr": 0.3, "chars": " #"}
COLOUR = "\x1b["


def read(path: Path) -> np.ndarray:
    with Image.open(path) as image:
        return np.asarray(image)


# --- Files ---


def test_without_outputs_named_three_files_are_written(run: Callable, picture: Path, tmp_path: Path) -> None:
    code, out, err = run("fit", picture, *TINY)
    assert (code, out) == (0, "")
    assert err == "wrote output.png, output.txt, output.utf8.txt\n"
    utf8 = (tmp_path / "output.utf8.txt").read_text(encoding="utf-8")
    assert utf8 == glyphgrad.fit(picture, cols=6, rows=3, iterations=20, device="cpu").text
    assert (tmp_path / "output.txt").read_bytes() == utf8.encode("cp437")
    assert read(tmp_path / "output.png").shape == (3 * 24 + 2 * 6, 6 * 12)


def test_the_picture_is_the_text_as_the_device_prints_it(run: Callable, picture: Path, tmp_path: Path) -> None:
    run("fit", picture, *TINY, "--preset", "terminal")
    pixels = read(tmp_path / "output.png")
    figures = glyphgrad.score(tmp_path / "output.txt", pixels, "terminal", fit="stretch")
    assert figures["mse"] < 1e-5  # grey levels of 8 bits, an error of at most 1/510


def test_only_the_outputs_named_are_written(run: Callable, picture: Path, tmp_path: Path) -> None:
    err = run("fit", picture, *TINY, "-o", "a.utf8", "--output", "b.PNG").err
    assert err == "wrote a.utf8, b.PNG\n"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.utf8", "b.PNG", "picture.png"]


def test_output_text_and_output_utf8_need_no_suffix(run: Callable, picture: Path, tmp_path: Path) -> None:
    run("fit", picture, *TINY, "--charset", "█ ░", "--output-text", "native", "--output-utf8", "unicode")
    assert (tmp_path / "unicode").read_text(encoding="utf-8").encode("cp437") == (tmp_path / "native").read_bytes()


def test_the_same_seed_writes_the_same_bytes_and_another_others(run: Callable, picture: Path, tmp_path: Path) -> None:
    written = []
    for seed in (1, 1, 2):
        run("fit", picture, *TINY, "--seed", seed)
        written.append([(tmp_path / name).read_bytes() for name in ("output.png", "output.txt")])
    assert written[0] == written[1]
    assert all(one != other for one, other in zip(written[0], written[2], strict=True))


def test_save_steps_writes_every_report(run: Callable, picture: Path, tmp_path: Path) -> None:
    run("fit", picture, *TINY, "--save-steps", "--save-interval", "8", "-o", "art.txt")
    names = sorted(path.name for path in (tmp_path / "steps").iterdir())
    numbers = ["0000", "0008", "0016", "0019"]
    assert names == [f"i_iter_{n}.png" for n in numbers] + [f"t_iter_{n}.txt" for n in numbers]
    assert (tmp_path / "steps" / "t_iter_0019.txt").read_bytes() == (tmp_path / "art.txt").read_bytes()
    assert read(tmp_path / "steps" / "i_iter_0000.png").shape == (84, 72)


def test_steps_go_where_they_are_sent(run: Callable, picture: Path, tmp_path: Path) -> None:
    run("fit", picture, *TINY, "--save-steps", "--steps-dir", "deep/er")
    assert (tmp_path / "deep" / "er" / "t_iter_0000.txt").exists()


# --- Standard input and output ---


def test_a_picture_from_standard_input(run: Callable, picture: Path) -> None:
    from_file = run("fit", picture, *TINY, "-o", "-")
    assert run("fit", "-", *TINY, "-o", "-", stdin=picture.read_bytes()) == from_file


def test_text_alone_goes_to_standard_output(run: Callable, picture: Path, tmp_path: Path) -> None:
    code, out, err = run("fit", picture, *TINY, "-o", "-")
    assert (code, err) == (0, "")
    assert [len(line) for line in out.split("\n")] == [6, 6, 6, 0]
    assert [path.name for path in tmp_path.iterdir()] == ["picture.png"]


def test_text_to_standard_output_and_a_picture_to_a_file(run: Callable, picture: Path, tmp_path: Path) -> None:
    assert run("fit", picture, *TINY, "-o", "-", "-o", "art.png").out.count("\n") == 3
    assert (tmp_path / "art.png").exists()


def test_json_is_one_object_of_figures(run: Callable, picture: Path) -> None:
    code, out, _ = run("fit", picture, *TINY, "--json")
    said = json.loads(out)
    assert code == 0
    assert said["grid"] == {"cols": 6, "rows": 3}
    assert said["glyphs"] == 222
    assert said["seconds"] >= 0
    figures = glyphgrad.fit(picture, cols=6, rows=3, iterations=20, device="cpu").figures
    for name in ("mse", "multiscale", "objective", "unique_glyphs"):
        assert said[name] == figures[name]
    assert said["objective"] == pytest.approx(said["mse"] + 0.5 * said["multiscale"], abs=1e-9)  # float64 sums


def test_quiet_says_nothing(run: Callable, picture: Path) -> None:
    assert run("fit", picture, *TINY, "--quiet") == (0, "", "")


def test_show_prints_plain_art_where_there_is_no_terminal(run: Callable, picture: Path, tmp_path: Path) -> None:
    out = run("fit", picture, *TINY, "--show").out
    assert out == (tmp_path / "output.utf8.txt").read_text(encoding="utf-8")


# --- Options ---


@pytest.mark.parametrize(
    ("options", "grid"),
    [
        (["-s", "10x4"], (10, 4)),
        (["--grid-width", "10", "--grid-height", "4"], (10, 4)),
        (["-s", "10"], (10, 4)),  # 4 rows and 3 gaps: 114 of 120 pixels
        (["-s", "x5"], (12, 5)),
        (["--grid-width", "10"], (10, 4)),
        (["--preset", "terminal", "-s", "10x"], (10, 5)),
        (["-s", "10", "--row-gap", "0"], (10, 5)),
        (["-s", "10", "--fit", "stretch"], (10, 5)),  # as if there were no gaps
        (["-s", "10", "--char-width", "24"], (10, 8)),
    ],
)
def test_the_grid_of_a_square_picture(run: Callable, picture: Path, options: list[str], grid: tuple[int, int]) -> None:
    said = json.loads(run("fit", picture, "--iterations", "1", "--device", "cpu", "--json", *options).out)
    assert (said["grid"]["cols"], said["grid"]["rows"]) == grid


@pytest.mark.parametrize(
    ("options", "keyword"),
    [
        (["--no-gumbel"], {"gumbel": False}),
        (["--no-protect-whitespace", *STRONG], {"protect_whitespace": False} | STRONG_KEYWORDS),
        (["--penalize-whitespace", *STRONG], {"protect_whitespace": False} | STRONG_KEYWORDS),
        (["--lr", "0.3"], {"lr": 0.3}),
        (["--warmup", "0"], {"warmup": 0}),
        (["--diversity-weight", "0"], {"diversity_weight": 0.0}),
        (["--multiscale-weight", "0"], {"multiscale_weight": 0.0}),
        (["--multiscale-kernel", "6"], {"multiscale_kernel": 6}),
        (["--temp-start", "2", "--temp-end", "0.2"], {"temp_start": 2.0, "temp_end": 0.2}),
        (["--encoding", "ascii", "--ban-chars", "xyz"], {"encoding": "ascii", "ban": "xyz"}),
        (["--ban-blocks"], {"ban_blocks": True}),
        (["--dark-mode"], {"dark": True}),
        (["--preset", "terminal", "--light-mode"], {"dark": False, "preset": "terminal"}),
        (["--printer-font-size", "16", "--printer-y-offset", "0"], {"font_size": 16.0, "y_offset": 0}),
        (["--fit", "cover"], {"fit": "cover"}),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_options_are_the_librarys(
    run: Callable, picture: Path, tmp_path: Path, options: list[str], keyword: dict[str, object]
) -> None:
    keyword = dict(keyword)
    run("fit", picture, *TINY, *options, "-o", "art.png", "-o", "art.utf8")
    result = glyphgrad.fit(picture, cols=6, rows=3, iterations=20, device="cpu", **keyword)
    assert (tmp_path / "art.utf8").read_text(encoding="utf-8") == result.text
    np.testing.assert_array_equal(read(tmp_path / "art.png"), result.art.pixels)
    keyword.pop(next(iter(keyword)))
    without = glyphgrad.fit(picture, cols=6, rows=3, iterations=20, device="cpu", **keyword)
    assert not np.array_equal(result.art.pixels, without.art.pixels)  # else the option could be lost unseen


def test_a_font_of_the_users(run: Callable, picture: Path, tmp_path: Path) -> None:
    font = PRESETS["discord"].font
    run("fit", picture, *TINY, "--font", font, "--fallback-font", PRESETS["epson"].font, "-o", "art.png")
    result = glyphgrad.fit(picture, cols=6, rows=3, iterations=20, device="cpu", font=font)
    np.testing.assert_array_equal(read(tmp_path / "art.png")[:24], result.art.pixels[:24])


# --- On a terminal ---


class Terminal:
    """A pseudo-terminal; what is written to `file` is read in the background into `said`."""

    def __init__(self) -> None:
        self.reader, writer = pty.openpty()
        self.file = os.fdopen(writer, "w", encoding="utf-8")
        self.bytes = b""
        self.thread = threading.Thread(target=self._read)
        self.thread.start()

    def _read(self) -> None:
        with contextlib.suppress(OSError):  # the end, as Linux tells it
            while chunk := os.read(self.reader, 4096):
                self.bytes += chunk

    def close(self) -> str:
        self.file.close()
        self.thread.join()
        os.close(self.reader)
        return self.bytes.decode().replace("\r\n", "\n")


@pytest.fixture
def on_terminal(run: Callable, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., str]]:
    """Runs a command whose `stream` is a terminal, and gives what that terminal was told."""
    monkeypatch.setenv("TERM", "xterm-256color")
    for name in ("NO_COLOR", "COLORTERM", "FORCE_COLOR", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)

    def call(stream: str, *args: object) -> str:
        terminal = Terminal()
        with monkeypatch.context() as patch:
            patch.setattr(sys, stream, terminal.file)
            run(*args)
        return terminal.close()

    return call


@pytest.mark.parametrize(
    ("preset", "ink", "paper"), [("epson", "38;5;16", "48;5;231"), ("terminal", "38;5;231", "48;5;16")]
)
def test_art_on_a_terminal_is_on_its_own_paper(
    on_terminal: Callable, picture: Path, tmp_path: Path, preset: str, ink: str, paper: str
) -> None:
    said = on_terminal("stdout", "fit", picture, *TINY, "--preset", preset)
    assert said.startswith(f"\x1b[{ink};{paper}m")
    assert re.sub(r"\x1b\[[\d;]*m", "", said) == (tmp_path / "output.utf8.txt").read_text(encoding="utf-8")


def test_art_on_a_terminal_without_colours(
    on_terminal: Callable, picture: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    said = on_terminal("stdout", "fit", picture, *TINY)
    assert COLOUR not in said
    assert said == (tmp_path / "output.utf8.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize("option", ["--quiet", "--no-show", "--json"])
def test_art_is_not_shown_when_it_is_not_wanted(on_terminal: Callable, picture: Path, option: str) -> None:
    said = on_terminal("stdout", "fit", picture, *TINY, option)
    assert COLOUR not in said
    assert said.count("\n") == (option == "--json")


def test_text_asked_for_on_a_terminal_is_plain_and_not_shown_twice(on_terminal: Callable, picture: Path) -> None:
    said = on_terminal("stdout", "fit", picture, *TINY, "-o", "-")
    assert COLOUR not in said
    assert said.count("\n") == 3


def test_progress_is_drawn_on_a_terminal_only(on_terminal: Callable, run: Callable, picture: Path) -> None:
    said = on_terminal("stderr", "fit", picture, *TINY)
    for word in ("20/20", "recon", "div", "lr", "temp"):
        assert word in said
    assert "recon" not in run("fit", picture, *TINY).err


def test_quiet_draws_no_progress(on_terminal: Callable, picture: Path) -> None:
    assert on_terminal("stderr", "fit", picture, *TINY, "--quiet") == ""


# --- As a process ---


def test_the_command_as_a_process(picture: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "glyphgrad", "fit", "-", *TINY, "-o", "-"]
    done = subprocess.run(command, cwd=tmp_path, input=picture.read_bytes(), capture_output=True)
    assert (done.returncode, done.stderr) == (0, b"")
    result = glyphgrad.fit(io.BytesIO(picture.read_bytes()), cols=6, rows=3, iterations=20, device="cpu")
    assert done.stdout.decode() == result.text


def test_without_a_command_the_help_is_shown(run: Callable) -> None:
    code, out, err = run()
    assert (code, out) == (2, "")
    assert err.startswith("Usage: ")
    assert all(f"  {name} " in err for name in ("fit", "chars", "score", "presets"))


def test_the_version(run: Callable) -> None:
    assert run("--version").out == f"glyphgrad, version {glyphgrad.__version__}\n"


@contextlib.contextmanager
def running_fit(picture: Path, directory: Path, *options: str) -> Iterator[subprocess.Popen[str]]:
    """A fit that would take hours, once it has begun: its first step is there."""
    command = [sys.executable, "-m", "glyphgrad", "fit", str(picture), "-s", "6x3", "--iterations", "1000000000"]
    command += ["--save-steps", "--save-interval", "1000000", *options]
    first = directory / "steps" / "t_iter_0000.txt"
    process = subprocess.Popen(command, cwd=directory, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        while not first.exists() and process.poll() is None:
            threading.Event().wait(0.02)
        yield process
    finally:
        process.kill()
        process.communicate()


def test_ctrl_c_writes_what_there_is_and_says_so(picture: Path, tmp_path: Path) -> None:
    with running_fit(picture, tmp_path) as process:
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)  # a hang is a failure, not a figure
    assert (process.returncode, out) == (130, "")
    assert "interrupted" in err
    assert "Traceback" not in err
    assert len((tmp_path / "output.utf8.txt").read_text(encoding="utf-8").splitlines()) == 3
    assert read(tmp_path / "output.png").shape == (84, 72)


def test_a_fit_that_is_killed_leaves_the_files_there_were(picture: Path, tmp_path: Path) -> None:
    (tmp_path / "output.png").write_bytes(b"what an earlier run wrote")
    with running_fit(picture, tmp_path) as process:
        process.kill()
    assert (tmp_path / "output.png").read_bytes() == b"what an earlier run wrote"
    assert not list(tmp_path.glob(".glyphgrad-*"))
