from __future__ import annotations

import pytest

from glyphgrad.core.depth import depth_of_output, depth_of_terminal


@pytest.mark.parametrize(
    ("term", "colorterm", "depth"),
    [
        ("xterm-256color", "", "256"),
        ("xterm-256color", "truecolor", "true"),
        ("screen-256color", "24bit", "true"),
        ("xterm", "", "16"),
        ("XTERM-KITTY", "", "true"),
        ("xterm-direct", "", "true"),
        ("linux", "", "16"),
        ("vt220", "truecolor", "none"),
        ("dumb", "truecolor", "none"),
        ("", "truecolor", "none"),
        ("xterm-mono", "", "none"),
    ],
)
def test_what_a_terminals_type_tells(term: str, colorterm: str, depth: str) -> None:
    assert depth_of_terminal(term, colorterm) == depth


XTERM = {"TERM": "xterm-256color"}


@pytest.mark.parametrize(
    ("environment", "is_terminal", "depth"),
    [
        (XTERM, True, "256"),
        (XTERM, False, "none"),
        (XTERM | {"COLORTERM": "truecolor"}, True, "true"),
        (XTERM | {"NO_COLOR": "1"}, True, "none"),
        (XTERM | {"NO_COLOR": ""}, True, "256"),  # as no-color.org has it
        (XTERM | {"CLICOLOR_FORCE": "1"}, False, "256"),
        (XTERM | {"CLICOLOR_FORCE": "0"}, False, "none"),
        (XTERM | {"CLICOLOR_FORCE": "1", "NO_COLOR": "1"}, False, "none"),
        ({"CLICOLOR_FORCE": "1"}, False, "16"),
        ({"TERM": "dumb"}, True, "none"),
        ({}, True, "none"),
        ({"WT_SESSION": "1"}, True, "true"),
    ],
)
def test_what_the_environment_tells(environment: dict[str, str], is_terminal: bool, depth: str) -> None:
    assert depth_of_output(environment, is_terminal) == depth
