from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glyphgrad.serve.logs import line


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("telnet", "telnet"),
        (12.34567, "12.346"),
        (7, "7"),
        ("", '""'),
        ("two words", '"two words"'),
        ('a="b"\\', '"a=\\"b\\"\\\\"'),
        ("\x1b[2J\x1b]0;pwned\x07", "[2J]0;pwned"),
        ("x\nsession protocol=forged", '"xsession protocol=forged"'),
    ],
)
def test_values(value: object, told: str) -> None:
    assert line("session", {"name": value}) == f"session name={told}"


@given(st.text())
def test_a_value_is_one_printable_line(value: str) -> None:
    found = line("session", {"a": value, "b": 1})
    assert found.isprintable()
    assert found.endswith(" b=1")
