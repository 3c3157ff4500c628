from __future__ import annotations

import math
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from glyphgrad.play import audio
from glyphgrad.play.audio import PLAYERS, Audio, player_there

FAKE = """#!/bin/sh
echo "$$ $*" >>"$0.log"
trap 'echo "$$ ends" >>"$0.log"; kill $sleeping; exit' TERM
sleep 60 & sleeping=$!
wait
"""


@pytest.fixture
def player(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A player that writes down what it is told and when it is ended."""
    path = tmp_path / "bin" / "mpv"
    path.parent.mkdir()
    path.write_text(FAKE)
    path.chmod(0o755)
    monkeypatch.setenv("PATH", str(path.parent), prepend=os.pathsep)
    return path


def told(player: Path, lines: int) -> list[str]:
    """What it has written, its process numbers left out, when there are so many lines."""
    log = Path(f"{player}.log")
    for _ in range(2000):
        found = log.read_text().splitlines() if log.exists() else []
        if len(found) >= lines:
            return [line.split(" ", 1)[1] for line in found]
        time.sleep(0.01)
    raise AssertionError(f"only {found}")


def test_it_plays_from_the_position_and_ends(player: Path, tmp_path: Path) -> None:
    first = f"--no-video --no-terminal --start=1.500 --speed=2 {tmp_path / 'film.mp4'}"
    with Audio("mpv", tmp_path / "film.mp4") as sound:
        sound.play(1500, 2)
        assert told(player, 1) == [first]
        sound.play(500, 1)
        assert set(told(player, 3)) == {first, "ends", first.replace("1.500", "0.500").replace("=2", "=1")}
    assert told(player, 4)[3] == "ends"
    sound.stop()


def test_it_ends_with_us_even_when_we_are_killed(player: Path, tmp_path: Path) -> None:
    code = (
        "import os, pathlib, sys, time; from glyphgrad.play.audio import Audio\n"
        "Audio('mpv', pathlib.Path(sys.argv[1])).play(0, 1); print(flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", code, tmp_path / "a"], stdout=subprocess.PIPE) as process:
        assert process.stdout
        process.stdout.readline()
        told(player, 1)
        process.kill()
    assert told(player, 2)[1] == "ends"


def test_a_player_that_ends_by_itself_is_not_missed(player: Path, tmp_path: Path) -> None:
    player.write_text('#!/bin/sh\necho "0 was here" >>"$0.log"\n')
    with Audio("mpv", tmp_path / "a") as sound:
        sound.play(0, 1)
        assert told(player, 1) == ["was here"]
        sound.play(0, 1)
        assert told(player, 2) == ["was here"] * 2


def test_the_first_player_on_the_path(monkeypatch: pytest.MonkeyPatch) -> None:
    there = {"sh", "mplayer", "mpv"}
    monkeypatch.setattr(audio.shutil, "which", lambda name: name if name in there else None)
    assert player_there() == "mpv"
    there.add("ffplay")
    assert player_there() == "ffplay"
    there.remove("sh")
    assert player_there() is None


@pytest.mark.parametrize(("speed", "count"), [(1, 1), (1.5, 1), (2, 1), (4, 2), (0.25, 2), (3, 2)])
def test_ffplay_s_tempo_is_within_what_its_filter_takes(speed: float, count: int) -> None:
    arguments = PLAYERS["ffplay"]("a", 1.5, speed)
    trim, *filters = arguments[arguments.index("-af") + 1].split(",")
    assert trim == "atrim=start=1.500"
    stages = [float(one.removeprefix("atempo=")) for one in filters]
    assert len(stages) == count
    assert all(0.5 <= stage <= 2 for stage in stages)
    assert math.prod(stages) == pytest.approx(speed, rel=1e-5)  # six decimals are written
