from __future__ import annotations

import gc
import json
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from glyphgrad.codec.demo import DEMO
from glyphgrad.codec.formats import open_film
from glyphgrad.errors import ClipError, ConfigError
from glyphgrad.serve.films import Library, Show, name_of


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("films/demo.glyph", "demo"),
        ("demo@40x15.glyph", "demo"),
        ("Bad Apple!!.cast", "Bad-Apple"),
        ("\x1b[2J\x1b]0;pwned\x07.glyph", "2J-0-pwned"),
        ("../../etc/passwd", "passwd"),
        ("☺.glyph", "film"),
        ("@40x15.glyph", "film"),
    ],
)
def test_names_are_safe_everywhere(path: str, name: str) -> None:
    assert name_of(Path(path)) == name


def test_the_same_film_in_sizes(tmp_path: Path, films: Any) -> None:
    for name, rows, cols in (
        ("a.glyph", 30, 80),
        ("a@40x15.glyph", 15, 40),
        ("b.glyph", 4, 6),
        ("a@120x45.glyph", 45, 120),
    ):
        films.write(tmp_path / name, films.frames(rows, cols, 3))
    library = Library.open(sorted(tmp_path.iterdir()), 30)
    assert [(show.name, len(show.editions)) for show in library] == [("a", 3), ("b", 1)]
    show = library.get("a")
    assert show is not None
    for rows, cols, size in [
        (50, 200, "120x45"),
        (44, 200, "80x30"),
        (30, 80, "80x30"),
        (30, 79, "40x15"),
        (10, 20, "40x15"),
    ]:
        assert show.edition_for(rows, cols).header.size == size


def test_two_films_of_one_name_and_size_are_refused(tmp_path: Path, films: Any) -> None:
    paths = [films.write(tmp_path / name, films.frames(2, 3, 1)) for name in ("a.glyph", "a@3x2.glyph")]
    with pytest.raises(ConfigError, match="named 'a' of 3x2"):
        Library.open(paths, 30)


def test_without_films_there_is_no_server() -> None:
    with pytest.raises(ConfigError, match="demo"):
        Library.open([], 30)


@pytest.mark.parametrize("suffix", [".glyph", ".cast", ".txt", ""])
def test_any_kind_of_film_is_served(tmp_path: Path, films: Any, suffix: str) -> None:
    frames = films.frames(4, 6, 70)
    path = films.write(tmp_path / f"film{suffix}", frames)
    library = Library.open([path], 1000 / 33)
    edition = library[0].editions[0]
    assert edition.duration == pytest.approx(70 * 33, abs=10)  # a text's times are those of its rate
    assert edition.at(33.5 * 0.033, 0.0).frame == frames[33].frame


def test_what_is_no_film_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.glyph"
    path.write_bytes(bytes(100))
    with pytest.raises(ClipError, match="is no clip file"):
        Library.open([path], 30)
    with pytest.raises(ClipError, match="cannot be read"):
        Library.open([tmp_path / "missing.glyph"], 30)


def test_who_replaces_the_file_disturbs_nobody(tmp_path: Path, films: Any) -> None:
    path = films.write(tmp_path / "a.glyph", films.frames(4, 6, 200))
    library = Library.open([path], 30)
    path.write_bytes(b"")
    gc.collect()
    assert library[0].editions[0].at(0.033 * 150.5, 0.0).frame == films.frames(4, 6, 200)[150].frame


def test_a_title_cannot_reach_a_terminal_as_commands(tmp_path: Path) -> None:
    path = tmp_path / "film.cast"
    header = {"version": 2, "width": 6, "height": 2, "title": "\x1b[2J\x1b]0;pwned\x07\x9b31mA title"}
    path.write_text(json.dumps(header) + '\n[0.0, "o", "x"]\n')
    (show,) = Library.open([path], 30)
    assert show.title.isprintable()
    assert show.title.endswith("A title")


def test_titles_come_from_the_films(films: Any) -> None:
    assert films.show("x", 2, 3, 1, title="A title").title == "A title"
    assert films.show("x", 2, 3, 1).title == "x"


def test_the_demo_is_bundled_and_loops_without_a_seam() -> None:
    library = Library.open([Path(DEMO)], 30)
    show: Show = library[0]
    edition = show.editions[0]
    frames = [timed.frame for timed in edition.reel]
    changed = [(one.cells != other.cells).sum() for one, other in zip(frames, [*frames[1:], frames[0]], strict=True)]
    assert (show.name, edition.header.size) == ("demo", "80x30")
    assert edition.duration >= 20_000
    assert changed[-1] <= max(changed[:-1])
    assert min(changed) > 0


def test_the_demo_is_the_film_its_script_makes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its beginning: all of it takes minutes. The bundled one goes on from a round before."""
    import importlib.util

    where = Path(__file__).parents[2] / "examples" / "make_demo.py"
    spec = importlib.util.spec_from_file_location("make_demo", where)
    assert spec
    assert spec.loader
    make_demo = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(make_demo)
    pictures = make_demo.pictures
    monkeypatch.setattr(make_demo, "pictures", lambda *_: islice(pictures(), 6))
    with open_film(Path(make_demo.OUTPUT)) as film:
        bundled = list(film)
    made = list(make_demo.film(make_demo.FPS, rounds=1))
    assert [timed.start for timed in made] == [timed.start for timed in bundled[:6]]
    alike = [(one.frame.cells == made[5].frame.cells).mean() for one in bundled]
    assert int(np.argmax(alike)) in range(3, 9)  # what was held a round ago may still be, so they are not equal
    assert max(alike) > 0.9
