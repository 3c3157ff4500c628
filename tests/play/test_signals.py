from __future__ import annotations

import os
import select
import signal

import pytest

from glyphgrad.play.signals import CONTINUED, RESIZED, SUSPEND, Signals


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_some_end_the_program(number: signal.Signals, code: int) -> None:
    with Signals(), pytest.raises(SystemExit) as end:
        signal.raise_signal(number)
    assert end.value.code == code


def test_others_are_told_and_end_a_wait() -> None:
    with Signals() as signals:
        assert select.select([signals], [], [], 0)[0] == []
        for number in (signal.SIGWINCH, signal.SIGTSTP, signal.SIGCONT):
            os.kill(os.getpid(), number)
        assert select.select([signals], [], [], 10)[0] == [signals]
        assert signals.take() == [RESIZED, SUSPEND, CONTINUED]
        assert select.select([signals], [], [], 0)[0] == []
        assert signals.take() == []


def test_leaving_is_not_interrupted() -> None:
    with Signals() as signals:
        signals.ignore()
        for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGTSTP):
            signal.raise_signal(number)


def test_afterwards_all_is_as_it_was() -> None:
    numbers = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGTSTP, signal.SIGCONT, signal.SIGWINCH)
    before = [signal.getsignal(number) for number in numbers]
    with Signals():
        assert [signal.getsignal(number) for number in numbers] != before
    assert [signal.getsignal(number) for number in numbers] == before
    wakeup = signal.set_wakeup_fd(-1)
    signal.set_wakeup_fd(wakeup)
    assert wakeup == -1
