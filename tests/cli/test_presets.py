from __future__ import annotations

from collections.abc import Callable

from glyphgrad import PRESETS


def test_every_device_is_listed_with_its_numbers(run: Callable) -> None:
    code, out, err = run("presets")
    assert (code, err) == (0, "")
    assert [line.split(":")[0] for line in out.splitlines()[::2]] == ["epson (the default)", "discord", "terminal"]
    assert "42 x 21 cells of 12 x 24 pixels, row gap 6; cp437 without `\\; terminus-normal" in out
    assert out.count("black on white") == sum(not preset.dark for preset in PRESETS.values())
