"""Metrics as Prometheus reads them: https://prometheus.io/docs/instrumenting/exposition_formats, version 0.0.4."""

from __future__ import annotations

from collections.abc import Mapping

from glyphgrad.serve.metrics import Metrics

TYPE = "text/plain; version=0.0.4; charset=utf-8"


def exposition(metrics: Metrics) -> str:
    """All counters."""
    return "".join(
        (
            _family("viewers", "gauge", "Who watches now.", metrics.viewers, "protocol"),
            _family("sessions_total", "counter", "Visits since the start.", metrics.sessions, "protocol"),
            _family("rejected_total", "counter", "Clients that were not let in.", metrics.rejected, "reason"),
            _family("frames_sent_total", "counter", "Frames sent.", {"": metrics.frames_sent}),
            _family(
                "frames_dropped_total", "counter", "Frames not sent to a slow viewer.", {"": metrics.frames_dropped}
            ),
            _family("bytes_sent_total", "counter", "Bytes of frames sent.", {"": metrics.bytes_sent}),
        )
    )


def _family(name: str, kind: str, about: str, values: Mapping[str, int], label: str = "") -> str:
    name = f"glyphgrad_{name}"
    lines = [f"# HELP {name} {about}", f"# TYPE {name} {kind}"]
    for key, value in sorted(values.items()):
        told = f'{{{label}="{key}"}}' if label else ""
        lines.append(f"{name}{told} {value}")
    return "\n".join(lines) + "\n"
