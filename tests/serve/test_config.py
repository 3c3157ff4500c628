from __future__ import annotations

from pathlib import Path

import pytest

from glyphgrad.errors import ConfigError
from glyphgrad.serve.config import ServeConfig, configuration
from glyphgrad.serve.limits import Limits

TOML = """
clips = ["demo", "films/a.glyph"]
telnet = "0.0.0.0:23"
epoch = 2026-01-01T00:00:00Z
workers = 2
host_key = "key"
[limits]
viewers = 64
session_seconds = 60
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "serve.toml"
    path.write_text(TOML)
    return path


def test_without_a_word_everything_is_at_its_default() -> None:
    config = configuration({"clips": ("demo",), "telnet": None}, {"viewers": None})
    assert config == ServeConfig(clips=(Path("demo"),))
    assert config.addresses == {"telnet": "2323", "ssh": "2222", "http": "8080"}


def test_a_file_tells_all(file: Path) -> None:
    config = configuration({}, {}, file)
    assert config == ServeConfig(
        clips=(Path("demo"), file.parent / "films" / "a.glyph"),
        telnet="0.0.0.0:23",
        epoch=1767225600.0,
        workers=2,
        host_key=file.parent / "key",
        limits=Limits(viewers=64, session_seconds=60),
    )
    assert config.addresses == {"telnet": "0.0.0.0:23"}


def test_the_command_line_goes_before_the_file(file: Path) -> None:
    config = configuration({"workers": 1, "ssh": "22", "clips": ("b.glyph",)}, {"viewers": 7}, file)
    assert (config.workers, config.clips) == (1, (Path("b.glyph"),))
    assert config.addresses == {"telnet": "0.0.0.0:23", "ssh": "22"}
    assert config.limits == Limits(viewers=7, session_seconds=60)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("telent = '23'", "'telent' .* is unknown: choose among clips"),
        ("workers = 'two'", "workers .* is 'two'"),
        ("workers = true", "workers .* is True"),
        ("workers = 0", "--workers is 0"),
        ("clips = 'demo'", "clips .* is 'demo'"),
        ("live = 'a.mp4'", "live .* is 'a.mp4'"),
        ("live = ['a.mp4']\nworkers = 2", "--live with --workers 2"),
        ("[limits]\nveiwers = 3", "limit 'veiwers' is unknown"),
        ("[limits]\nviewers = 0", "--viewers is 0"),
        ("epoch = 'yesterday'", "epoch is 'yesterday'"),
        ("telnet = ", "cannot be read"),
    ],
)
def test_what_is_wrong_in_a_file_is_named(tmp_path: Path, text: str, told: str) -> None:
    path = tmp_path / "serve.toml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=told):
        configuration({}, {}, path)


def test_a_file_may_name_videos(tmp_path: Path) -> None:
    path = tmp_path / "serve.toml"
    path.write_text("live = ['a.mp4']\nsize = 60")
    config = configuration({}, {}, path)
    assert (config.live, config.size, config.clips) == ((tmp_path / "a.mp4",), "60", ())


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="No such file"):
        configuration({}, {}, tmp_path / "none.toml")


@pytest.mark.parametrize(
    ("given", "seconds"), [("0", 0.0), ("1767225600.5", 1767225600.5), ("2026-01-01T01:00+01:00", 1767225600.0)]
)
def test_epochs(given: str, seconds: float) -> None:
    assert configuration({"epoch": given}, {}).epoch == seconds


@pytest.mark.parametrize(("name", "value"), [("STATE_DIRECTORY", "/var/lib/x"), ("XDG_STATE_HOME", "/home/x/state")])
def test_the_key_lies_where_a_service_keeps_its_state(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.delenv("STATE_DIRECTORY", raising=False)
    monkeypatch.setenv(name, value)
    assert ServeConfig().host_key == Path(value) / "glyphgrad" / "ssh_host_ed25519_key"
