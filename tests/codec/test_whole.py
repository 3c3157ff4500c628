from __future__ import annotations

import os
from pathlib import Path

import pytest

from glyphgrad.codec.whole import whole_file
from glyphgrad.errors import OutputError, PictureError


def write(path: Path, *parts: bytes | BaseException) -> None:
    with whole_file(path) as file:
        for part in parts:
            if isinstance(part, BaseException):
                raise part
            file.write(part)


def test_the_file_is_there_when_all_of_it_is(tmp_path: Path) -> None:
    path = tmp_path / "film.gif"
    path.write_bytes(b"before")
    with whole_file(path) as file:
        file.write(b"af")
        assert path.read_bytes() == b"before"
        file.write(b"ter")
    assert path.read_bytes() == b"after"
    assert os.listdir(tmp_path) == ["film.gif"]


@pytest.mark.parametrize(
    ("failure", "seen"),
    [
        (KeyboardInterrupt(), KeyboardInterrupt),
        (OSError(28, "No space left on device"), OutputError),
        (PictureError("a picture of the film cannot be read"), PictureError),
    ],
)
def test_a_failure_leaves_the_file_there_was(tmp_path: Path, failure: BaseException, seen: type) -> None:
    path = tmp_path / "film.gif"
    path.write_bytes(b"before")
    with pytest.raises(seen):
        write(path, b"half", failure)
    assert path.read_bytes() == b"before"
    assert os.listdir(tmp_path) == ["film.gif"]


def test_a_link_stays_a_link_and_a_device_a_device(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("real")
    write(tmp_path / "link", b"film")
    write(Path(os.devnull), b"film")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_bytes() == b"film"
    assert not Path(os.devnull).is_file()


def test_permissions_are_those_of_any_new_file(tmp_path: Path) -> None:
    write(tmp_path / "whole", b"")
    (tmp_path / "plain").touch()
    assert (tmp_path / "whole").stat().st_mode == (tmp_path / "plain").stat().st_mode


@pytest.mark.parametrize("path", [Path("missing/film.gif"), Path("/dev/full")])
def test_what_cannot_be_written_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(OutputError, match=f"output '{path}' cannot be written"):
        write(path, b"film")
