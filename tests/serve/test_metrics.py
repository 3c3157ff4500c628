from __future__ import annotations

from array import array

import pytest

from glyphgrad.serve.metrics import WIDTH, Metrics, shared_table


def test_processes_count_for_themselves_and_tell_the_sum() -> None:
    cells = array("q", bytes(8 * 2 * WIDTH))
    first, second = (Metrics(shared_table(cells, 2), number) for number in range(2))
    first.viewers["ssh"] += 3
    second.viewers["ssh"] += 4
    second.viewers["ssh"] -= 1
    second.rejected["rate"] += 1
    first.sent(5, 1, 99)
    second.sent(1, 0, 9)
    assert (first.viewers["ssh"], second.viewers["ssh"]) == (3, 3)
    for one in (first, second):
        found = one.of_all()
        assert found.viewers["ssh"] == found.viewers.total() == 6
        assert dict(found.rejected)["rate"] == found.rejected.total() == 1
        assert (found.frames_sent, found.frames_dropped, found.bytes_sent) == (6, 1, 108)
        assert not found.sessions.total()


def test_what_is_not_counted_is_no_name() -> None:
    with pytest.raises(KeyError):
        Metrics().rejected["weather"] += 1
