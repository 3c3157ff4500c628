"""What `glyphgrad serve` may be told: on the command line, or in a TOML file of the same names."""

from __future__ import annotations

import os
from dataclasses import dataclass, field, fields
from datetime import datetime
from pathlib import Path
from typing import Any

from glyphgrad.codec.defaults import FPS
from glyphgrad.codec.toml_file import read_settings
from glyphgrad.errors import ConfigError
from glyphgrad.serve.limits import Limits

PORTS = {"telnet": 2323, "ssh": 2222, "http": 8080}
"""Protocol -> port, on localhost, where nothing says otherwise."""

_KINDS: dict[str, tuple[type, ...]] = {
    "clips": (list,), "telnet": (str, int), "ssh": (str, int), "http": (str, int),
    "epoch": (int, float, str, datetime), "workers": (int,),
    "proxy_protocol": (bool,), "host_key": (str,), "fps": (int, float), "live": (list,), "size": (str, int),
    "limits": (dict,),
}  # fmt: skip
"""Name in a configuration file -> what its value may be."""


def _key_path() -> Path:
    """Where a service keeps its state, by systemd's or the desktop's word."""
    home = os.environ.get("STATE_DIRECTORY") or os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(home) / "glyphgrad" / "ssh_host_ed25519_key"


@dataclass(frozen=True)
class ServeConfig:
    """What is served where. `telnet`, `ssh` and `http` are [HOST:]PORT, or None for not at all.

    `epoch`: when the films began, in seconds since 1970. `host_key` is made when it is not there. `fps` is
    for clips that hold no times. `live` are videos to fit meanwhile, on a grid of `size`, as the command line
    has it. Raises ConfigError.
    """

    clips: tuple[Path, ...] = ()
    telnet: str | None = None
    ssh: str | None = None
    http: str | None = None
    epoch: float = 0.0
    workers: int = 1
    proxy_protocol: bool = False
    host_key: Path = field(default_factory=_key_path)
    fps: float = FPS
    live: tuple[Path, ...] = ()
    size: str = "80"
    limits: Limits = field(default_factory=Limits)

    def __post_init__(self) -> None:
        if not 1 <= self.workers <= 64:
            raise ConfigError(f"--workers is {self.workers}: give 1 to 64 processes")
        if self.live and self.workers > 1:
            raise ConfigError(f"--live with --workers {self.workers}: the processes would not be in step, give one")

    @property
    def addresses(self) -> dict[str, str]:
        """Protocol -> [HOST:]PORT of those that are served; without any choice all, on localhost."""
        given = {protocol: getattr(self, protocol) for protocol in PORTS if getattr(self, protocol) is not None}
        return given or {protocol: str(port) for protocol, port in PORTS.items()}


def configuration(given: dict[str, Any], limits: dict[str, Any], file: Path | None = None) -> ServeConfig:
    """The configuration: what is `given`, else what is in the file, else the defaults. Raises ConfigError.

    `given` and `limits` hold fields of ServeConfig and of Limits; None is not given.
    """
    found = _read(file) if file else {}
    chosen = found | {name: value for name, value in given.items() if value is not None}
    granted = found.get("limits", {}) | {name: value for name, value in limits.items() if value is not None}
    changes = {name: _CONVERTED.get(name, lambda value: value)(value) for name, value in chosen.items()}
    return ServeConfig(**changes | {"limits": Limits.of(granted)})


def _read(file: Path) -> dict[str, Any]:
    """What a TOML file holds, as far as it may hold it; paths of clips and of the key start from its directory."""
    found = read_settings(file, _KINDS, "see the configuration in the README")
    from glyphgrad.codec.demo import DEMO

    if "clips" in found:
        found["clips"] = [clip if clip == DEMO else file.parent / str(clip) for clip in found["clips"]]
    if "live" in found:
        found["live"] = [file.parent / str(video) for video in found["live"]]
    if "host_key" in found:
        found["host_key"] = file.parent / found["host_key"]
    return found


def _epoch(value: object) -> float:
    """Seconds since 1970, or a date and time as ISO 8601 writes it."""
    try:
        return float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        pass
    try:
        return (value if isinstance(value, datetime) else datetime.fromisoformat(str(value))).timestamp()
    except ValueError:
        raise ConfigError(f"epoch is {value!r}: give seconds since 1970, or a time such as 2026-01-01T00:00Z") from None


_CONVERTED: dict[str, Any] = {
    "clips": lambda clips: tuple(map(Path, clips)),
    "live": lambda videos: tuple(map(Path, videos)),
    "size": str,
    "telnet": str,
    "ssh": str,
    "http": str,
    "host_key": Path,
    "epoch": _epoch,
    "fps": float,
}

assert _KINDS.keys() == {item.name for item in fields(ServeConfig)}
