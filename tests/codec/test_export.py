from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from glyphgrad import Art, GlyphAtlas, Layout
from glyphgrad.codec import export
from glyphgrad.errors import ConfigError, OutputError


@pytest.fixture
def art() -> Art:
    atlas = GlyphAtlas(" █", np.stack([np.zeros((2, 2)), np.ones((2, 2))]).astype(np.float32))
    return Art(atlas.frame(np.array([[0, 1]])), atlas, Layout(1, 2, 2, 2))


@pytest.mark.parametrize(
    ("name", "start"),
    [("a.txt", b" \xdb\n"), ("a.utf8", " █\n".encode()), ("a.utf8.txt", " █\n".encode()), ("A.PNG", b"\x89PNG")],
)
def test_the_suffix_picks_the_format(art: Art, name: str, start: bytes) -> None:
    assert export.encoder_for(Path(name))(art).startswith(start)


@pytest.mark.parametrize("name", ["art.jpg", "art", "png", "txt.d"])
def test_a_suffix_that_names_no_format_is_refused(name: str) -> None:
    with pytest.raises(ConfigError, match=f"'{name}'.*use one of .txt, .utf8, .utf8.txt, .png"):
        export.encoder_for(Path(name))


def test_writing_replaces_a_file_and_leaves_nothing_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "art.txt"
    for data in (b"first", b"second"):
        export.write(path, data)
        assert path.read_bytes() == data
    assert os.listdir(tmp_path) == ["art.txt"]


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_a_write_that_fails_leaves_the_file_there_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    def fail(*_: object) -> None:
        raise error

    path = tmp_path / "art.txt"
    path.write_bytes(b"before")
    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises((OutputError, KeyboardInterrupt)):
        export.write(path, b"after")
    assert path.read_bytes() == b"before"
    assert os.listdir(tmp_path) == ["art.txt"]


def test_permissions_are_those_of_the_file_before_or_of_any_new_file(tmp_path: Path) -> None:
    plain, private = tmp_path / "plain", tmp_path / "private"
    for path in (plain, private):
        path.write_bytes(b"")
    private.chmod(0o600)
    export.write(tmp_path / "new", b"")
    export.write(private, b"")
    assert (tmp_path / "new").stat().st_mode == plain.stat().st_mode
    assert private.stat().st_mode & 0o777 == 0o600


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "real.txt").write_bytes(b"before")
    (tmp_path / "link.txt").symlink_to("real.txt")
    export.write(tmp_path / "link.txt", b"after")
    assert (tmp_path / "link.txt").is_symlink()
    assert (tmp_path / "real.txt").read_bytes() == b"after"


def test_a_device_is_written_to_and_not_replaced() -> None:
    export.check(Path(os.devnull))
    export.write(Path(os.devnull), b"away")
    assert not Path(os.devnull).is_file()


def test_the_longest_name_can_be_written(tmp_path: Path) -> None:
    path = tmp_path / ("a" * 251 + ".txt")  # 255 bytes, what file systems allow
    export.check(path)
    export.write(path, b"art")
    assert path.read_bytes() == b"art"


@pytest.mark.parametrize("name", ["", "missing/art.txt", "file/art.txt", "a" * 300 + ".txt"])
def test_what_cannot_be_written_is_found_before_the_work(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").touch()
    for attempt in (export.check, lambda path: export.write(path, b"art")):
        with pytest.raises(OutputError, match="output '"):
            attempt(tmp_path / name)
    assert os.listdir(tmp_path) == ["file"]


def test_a_read_only_file_is_not_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "art.txt"
    path.write_bytes(b"keep me")
    monkeypatch.setattr(os, "access", lambda _, mode: mode != os.W_OK)  # as for a user who is not root
    with pytest.raises(OutputError, match=r"art\.txt' is read-only"):
        export.check(path)


def test_directories_are_made_with_those_above(tmp_path: Path) -> None:
    export.make_directory(tmp_path / "a" / "b")
    export.make_directory(tmp_path / "a" / "b")
    assert (tmp_path / "a" / "b").is_dir()


def test_a_directory_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for name in ("file", "file/below"):
        with pytest.raises(OutputError, match=name):
            export.make_directory(tmp_path / name)
