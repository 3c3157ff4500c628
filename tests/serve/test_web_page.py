"""The page in headless Chromium, driven over its DevTools protocol. Pictures of it are kept in $ARTIFACTS, if that is set."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from websockets.sync.client import connect

from glyphgrad import Colors, Depth, Frame
from glyphgrad.core.clip import TimedFrame
from glyphgrad.serve.films import Show

DESKTOP, PHONE = (1280, 800, 1, False), (390, 844, 3, True)
"""Width, height, device pixels each, and whether it is a phone."""


class Browser:
    """Chromium, with one page. https://chromedevtools.github.io/devtools-protocol"""

    def __init__(self, directory: Path):
        flags = ["--headless=new", "--no-sandbox", "--disable-gpu", "--remote-debugging-port=0", "--no-first-run"]
        self._process = subprocess.Popen(
            ["chromium", *flags, f"--user-data-dir={directory}", "about:blank"], stderr=subprocess.PIPE, text=True
        )
        assert self._process.stderr
        told = next(line for line in self._process.stderr if "DevTools listening" in line)
        self._opened = ExitStack()
        self._socket = self._opened.enter_context(connect(told.split()[-1], max_size=None))
        self._number, self._session = 0, ""
        self.errors: list[str] = []

    def open(self) -> None:
        """A page without a past."""
        self._context = self.call("Target.createBrowserContext")["browserContextId"]
        allowed = ["clipboardReadWrite", "clipboardSanitizedWrite"]
        self.call("Browser.grantPermissions", permissions=allowed, browserContextId=self._context)
        target = self.call("Target.createTarget", url="about:blank", browserContextId=self._context)["targetId"]
        self._session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log"):
            self.call(f"{domain}.enable")

    def call(self, method: str, **params: Any) -> Any:
        self._number += 1
        words = {"id": self._number, "method": method, "params": params}
        self._socket.send(json.dumps(words | ({"sessionId": self._session} if self._session else {})))
        while True:
            found = json.loads(self._socket.recv(timeout=10))
            if found.get("id") == self._number:
                assert "error" not in found, found
                return found["result"]
            if found.get("method") in ("Runtime.exceptionThrown", "Log.entryAdded"):
                self.errors.append(json.dumps(found["params"]))

    def leave(self) -> None:
        """Close the page, and all its connections."""
        self._session = ""
        self.call("Target.disposeBrowserContext", browserContextId=self._context)

    def visit(self, url: str, window: tuple[int, int, int, bool] = DESKTOP, still: bool = False) -> None:
        """A page in a window of that size, for a visitor who likes things to be `still` or does not mind."""
        width, height, scale, mobile = window
        self.errors.clear()
        self.call(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=scale, mobile=mobile
        )
        features = [{"name": "prefers-reduced-motion", "value": "reduce" if still else "no-preference"}]
        self.call("Emulation.setEmulatedMedia", features=features)
        self.call("Page.navigate", url=url)
        self.until(
            "document.readyState === 'complete' && location.href !== 'about:blank' && document.fonts.status === 'loaded'"
        )

    def run(self, script: str) -> Any:
        """What an expression is, awaited if it is a promise."""
        found = self.call(
            "Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True, userGesture=True
        )
        assert "exceptionDetails" not in found, found
        return found["result"].get("value")

    def until(self, script: str) -> None:
        end = time.monotonic() + 10
        while not self.run(script):
            assert time.monotonic() < end, script
            time.sleep(0.02)

    def press(self, key: str, code: str = "") -> None:
        self.call("Input.dispatchKeyEvent", type="keyDown", key=key, code=code or key)
        self.call("Input.dispatchKeyEvent", type="keyUp", key=key, code=code or key)

    def picture(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(base64.b64decode(self.call("Page.captureScreenshot")["data"]))

    def close(self) -> None:
        self._opened.close()
        self._process.terminate()
        self._process.communicate(timeout=10)


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    if not shutil.which("chromium"):
        pytest.skip("NO CHROMIUM HERE: apt-get install chromium to run this test")
    found = Browser(tmp_path_factory.mktemp("chromium"))
    yield found
    found.close()


@pytest.fixture
def artifacts(tmp_path: Path) -> Path:
    return Path(os.environ.get("ARTIFACTS", tmp_path))


@pytest.fixture
def watch(serve: Any, films: Any, browser: Browser) -> Iterator[Callable[..., Any]]:
    """watch(path, window, still, films=..., **limits): a server whose page is open and shows something."""

    def start(path: str = "/", window: Any = DESKTOP, still: bool = False, **options: Any) -> Any:
        running = serve("http", **{"films": [films.show("one", title="First"), films.show("two", 9, 30)], **options})
        browser.visit(f"http://127.0.0.1:{running.port}{path}", window, still)
        return running

    browser.open()
    yield start
    browser.leave()


DRAWN = "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(true))))"
"""A frame that the page has heard before it was told to pause is on the screen."""
ADVANCES = "new Promise((seen) => { const was = film.textContent; const look = () => film.textContent === was ? requestAnimationFrame(look) : seen(true); look() })"


def test_the_film_advances(watch: Any, films: Any, browser: Browser, artifacts: Path) -> None:
    watch()
    for _ in range(5):
        assert browser.run(ADVANCES)
    assert browser.run("film.textContent") in {timed.frame.text for timed in films.frames(24, 80, 30)}
    browser.until("viewers.textContent === '1 watching'")
    browser.picture(artifacts / "desktop.png")
    assert browser.errors == []


@pytest.mark.parametrize("way", ["key", "button"])
def test_pause_stops_it_for_the_server_too(watch: Any, browser: Browser, way: str) -> None:
    running = watch()
    browser.run(ADVANCES)
    press: Callable[[], Any] = lambda: browser.press(" ") if way == "key" else browser.run("pause.click()")  # noqa: E731
    press()
    running.wait(lambda house: not house.hub._watching)
    browser.run(DRAWN)
    shown, sent = browser.run("film.textContent"), running.house.metrics.frames_sent
    assert browser.run("pause.textContent") == "Play"
    time.sleep(0.2)
    assert (browser.run("film.textContent"), running.house.metrics.frames_sent) == (shown, sent)
    press()
    assert browser.run(ADVANCES)


@pytest.mark.parametrize("secure", [True, False])
def test_a_frame_is_copied(watch: Any, browser: Browser, secure: bool) -> None:
    """Over plain HTTP a browser has no `navigator.clipboard`."""
    running = watch()
    browser.run(ADVANCES)
    browser.press(" ")
    running.wait(lambda house: not house.hub._watching)
    browser.run(DRAWN)
    browser.run("globalThis.clipboard = navigator.clipboard; clipboard.writeText('before')")
    if not secure:
        browser.run("Object.defineProperty(navigator, 'clipboard', { value: undefined })")
    browser.press("c")
    browser.until("copy.textContent === 'Copied'")
    assert browser.run("clipboard.readText()").split() == browser.run("film.textContent").split()


def test_arrows_change_the_film_and_the_address(watch: Any, browser: Browser) -> None:
    watch()
    browser.press("ArrowRight")
    browser.until("film.textContent.split('\\n').length === 10")
    assert browser.run("[location.pathname, document.title, cast.pathname]") == ["/two", "two", "/films/two.cast"]
    browser.run("history.back()")
    browser.until("film.textContent.split('\\n').length === 25")
    assert browser.run("[document.title, title.textContent]") == ["First", "First"]
    browser.press("ArrowLeft")
    browser.until("location.pathname === '/two'")


@pytest.mark.parametrize("size", [(30, 80), (21, 42), (100, 160)])
def test_a_phone_shows_all_of_it(
    watch: Any, films: Any, browser: Browser, artifacts: Path, size: tuple[int, int]
) -> None:
    watch(window=PHONE, films=[films.show("film", *size, title="A film", dark=size[1] != 42), films.show("other")])
    browser.run(ADVANCES)
    assert browser.run("document.documentElement.scrollWidth") == PHONE[0]
    box = browser.run("film.getBoundingClientRect().toJSON()")
    assert 0 <= box["left"] < box["right"] <= PHONE[0]
    assert 0 <= box["top"] < box["bottom"] <= PHONE[1]
    assert box["height"] / box["width"] == pytest.approx(2 * size[0] / size[1], rel=0.02)  # of pixels, which are whole
    assert box["width"] > 0.9 * PHONE[0] or box["height"] > 0.5 * PHONE[1]
    browser.picture(artifacts / f"phone-{size[1]}x{size[0]}.png")


def test_every_cell_is_as_wide_as_every_other(watch: Any, films: Any, browser: Browser) -> None:
    """Also where the characters are not those of every font."""
    timed = films.frames(4, 40, 1)[0]
    for row, char in enumerate("i▓─@"):
        timed.frame.cells[row] = ord(char)
    watch(films=[Show("film", (films.edition([timed]),))])
    browser.until("film.childNodes.length === 4 && film.textContent.startsWith('i')")
    widths = browser.run(
        "[...film.childNodes].map((row) => { const range = new Range(); range.setStart(row, 0); range.setEnd(row, 40);"
        " return range.getBoundingClientRect().width })"
    )
    assert max(widths) - min(widths) < 0.5  # of 40 cells


@pytest.mark.parametrize("background", [False, True])
def test_a_film_in_colours_is_shown_in_them(
    watch: Any, films: Any, browser: Browser, artifacts: Path, background: bool
) -> None:
    rng = np.random.default_rng(8)
    cells = rng.integers(33, 127, (3, 12, 30), dtype=np.uint32)
    fg, bg = rng.integers(0, 256, (2, 3, 12, 30, 3), dtype=np.uint8)
    cells[:, 3], fg[1:, 5], bg[1:, 5] = ord("█"), fg[:2, 5], bg[:2, 5]  # blocks; a row that changes characters only
    frames = [
        TimedFrame(100 * i, 100 * (i + 1), Frame(cells[i], Colors(Depth.C256, fg[i], bg[i] if background else None)))
        for i in range(3)
    ]
    running = watch(films=[Show("film", (films.edition(frames),))])
    for _ in range(4):
        assert browser.run(ADVANCES)
    browser.press(" ")
    running.wait(lambda house: not house.hub._watching)
    time.sleep(0.1)
    text = browser.run("film.textContent")
    shown = next(one.frame for one in frames if one.frame.text == text)
    assert shown.colors is not None
    seen = browser.run(
        "[...film.children].map((row) => [...row.children].flatMap((run) => [...run.textContent].map(() =>"
        " [getComputedStyle(run).color, getComputedStyle(run).backgroundColor])))"
    )
    told = lambda plane: [[f"rgb({', '.join(map(str, cell))})" for cell in row] for row in plane.tolist()]  # noqa: E731
    assert [[cell[0] for cell in row] for row in seen] == told(shown.colors.fg)
    if shown.colors.bg is not None:
        assert [[cell[1] for cell in row] for row in seen] == told(shown.colors.bg)
    boxes = browser.run("[...film.children].map((row) => row.firstElementChild.getBoundingClientRect().toJSON())")
    line = browser.run("parseFloat(getComputedStyle(film).lineHeight)")
    assert {round(box["height"], 1) for box in boxes} == {round(line, 1)}
    browser.picture(artifacts / f"colours-{background}.png")
    assert browser.errors == []


def test_who_likes_it_still_begins_with_a_pause(watch: Any, browser: Browser) -> None:
    running = watch(still=True)
    assert browser.run("pause.textContent") == "Play"
    assert browser.run("film.textContent").count("#") == 24
    assert not running.house.metrics.frames_sent
    browser.run("pause.click()")
    assert browser.run(ADVANCES)


def test_it_connects_again(watch: Any, browser: Browser) -> None:
    running = watch()
    browser.run(ADVANCES)
    running._loop.call_soon_threadsafe(lambda: [one.end("left") for one in running.house._sessions])
    running.wait(lambda house: house.metrics.sessions["web"] == 2)
    assert browser.run(ADVANCES)
    assert browser.run("document.querySelector('#status').textContent") == ""


def test_it_says_when_its_time_is_over(watch: Any, browser: Browser) -> None:
    watch(session_seconds=0.4)
    browser.until("document.querySelector('#status').textContent.startsWith('Your time is up')")
    browser.run("pause.click()")
    assert browser.run(ADVANCES)


def test_without_a_script_there_is_a_frame(watch: Any, films: Any, browser: Browser, artifacts: Path) -> None:
    browser.call("Emulation.setScriptExecutionDisabled", value=True)
    try:
        watch()
        browser.picture(artifacts / "without-script.png")
        text = browser.call("DOM.getDocument", depth=-1)
        told = json.dumps(text)
    finally:
        browser.call("Emulation.setScriptExecutionDisabled", value=False)
    assert "This is one frame of the film" in told
    assert any(timed.frame.lines[0] in told for timed in films.frames(24, 80, 30))


def test_titles_are_text(watch: Any, films: Any, browser: Browser) -> None:
    title = "<img src=x onerror=alert(1)>&amp;"
    watch(films=[films.show("one", title=title), films.show("two")])
    browser.run(ADVANCES)
    browser.press("ArrowRight")
    browser.press("ArrowLeft")
    assert browser.run("[document.title, title.textContent]") == [title, title]
    assert browser.run("document.images.length") == 0
    assert browser.errors == []
