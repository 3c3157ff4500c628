"""What a server counts."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field


@dataclass
class Metrics:
    """Since the start: frames and bytes sent, frames dropped for viewers who were not ready, sessions by
    protocol, rejections by reason. Now: viewers by protocol."""

    frames_sent: int = 0
    frames_dropped: int = 0
    bytes_sent: int = 0
    viewers: Counter[str] = field(default_factory=Counter)
    sessions: Counter[str] = field(default_factory=Counter)
    rejected: Counter[str] = field(default_factory=Counter)
