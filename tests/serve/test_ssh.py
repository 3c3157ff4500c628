"""ssh by asyncssh's own client, from a real server."""

from __future__ import annotations

import asyncio
import stat
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import asyncssh
import pytest
from asyncssh.packet import String, UInt32

from glyphgrad.errors import OutputError
from glyphgrad.serve.ssh import host_key

ENTER, LEAVE = b"\x1b[?1049h", b"\x1b[?1049l"


@asynccontextmanager
async def login(running: Any, user: str = "guest") -> AsyncIterator[asyncssh.SSHClientConnection]:
    async with asyncssh.connect(
        "127.0.0.1", running.ports["ssh"], username=user, known_hosts=None, client_keys=None, config=[], agent_path=None
    ) as connection:
        yield connection


async def watch(connection: asyncssh.SSHClientConnection, **options: Any) -> asyncssh.SSHClientProcess[bytes]:
    terminal = {"term_type": "xterm", "term_size": (80, 24)} | options
    return await connection.create_process(encoding=None, **terminal)


def story(scenes: Any) -> None:
    async def whole() -> None:
        async with asyncio.timeout(10):
            await scenes

    asyncio.run(whole())


def test_anybody_sees_the_film_and_has_the_screen_restored(serve: Any, log: Any) -> None:
    running = serve("ssh")

    async def scenes() -> None:
        async with login(running) as connection:
            process = await watch(connection)
            assert (await process.stdout.readuntil(b"\x1b[24;1H")).startswith(ENTER)
            process.stdin.write(b"q")
            assert (await process.stdout.read()).endswith(LEAVE)
            await process.wait()
            assert process.exit_status == 0

    story(scenes())
    running.wait(lambda _: "protocol=ssh address=127.0.0.0/24" in log.text and "ended=quit" in log.text)


@pytest.mark.parametrize(("env", "sgr"), [({}, b"38;5;196"), ({"COLORTERM": "truecolor"}, b"38;2;250;0;5")])
def test_colours_are_those_that_the_terminal_has(serve: Any, films: Any, env: dict[str, str], sgr: bytes) -> None:
    running = serve("ssh", films=[films.colored()])

    async def scenes() -> None:
        async with login(running) as connection:
            process = await watch(connection, term_type="xterm-256color", env=env)
            await process.stdout.readuntil(b"\x1b[1;1H\x1b[" + sgr)

    story(scenes())


@pytest.mark.parametrize(("user", "film"), [("two", 1), ("one", 0)])
def test_the_user_name_picks_the_film(serve: Any, films: Any, user: str, film: int) -> None:
    shows = [films.show("one"), films.show("two")]
    running = serve("ssh", films=shows)

    async def scenes() -> None:
        async with login(running, user) as connection:
            process = await watch(connection)
            await process.stdout.readuntil(b"\x1b[24;1H")
            running.wait(lambda house: [one for one, _ in house.hub._watching.values()] == [shows[film].editions[0]])
            process.stdin.write(b"m")
            await process.stdout.readuntil(b"q quits")

    story(scenes())


@pytest.mark.parametrize("user", ["nobody", "../../etc/passwd", "\x1b[2J\x1b]0;pwned\x07", "x" * 500])
def test_other_names_get_the_menu_and_reach_no_log(
    serve: Any, films: Any, log: Any, monkeypatch: pytest.MonkeyPatch, user: str
) -> None:
    monkeypatch.setattr(asyncssh.connection, "saslprep", str)  # neither side refuses what RFC 4013 forbids
    running = serve("ssh", films=[films.show("one"), films.show("two")])

    async def scenes() -> None:
        async with login(running, user) as connection:
            process = await watch(connection)
            shown = await process.stdout.readuntil(b"q quits")
            assert user.encode() not in shown
            process.stdin.write(b"\x03")
            await process.wait()

    story(scenes())
    running.wait(lambda _: "ended=quit" in log.text)
    sent = [record.getMessage() for record in log.records if record.name.startswith("glyphgrad")]
    assert not any(user in line or not line.isprintable() for line in sent)


def test_a_resize_is_followed(serve: Any) -> None:
    running = serve("ssh")

    async def scenes() -> None:
        async with login(running) as connection:
            process = await watch(connection)
            await process.stdout.readuntil(b"\x1b[24;1H")
            process.change_terminal_size(40, 12)
            shown = await process.stdout.readuntil(b"\x1b[2J")
            shown = await process.stdout.readuntil(b"\x1b[12;1H")
            assert b"\x1b[13;1H" not in shown

    story(scenes())


@pytest.mark.parametrize("options", [{"term_type": None}, {"term_size": (0, 0)}, {"term_size": (65535, 65535)}])
def test_terminals_that_tell_nothing_and_too_much(serve: Any, log: Any, options: dict[str, Any]) -> None:
    running = serve("ssh")

    async def scenes() -> None:
        async with login(running) as connection:
            process = await watch(connection, **options)
            shown = await process.stdout.readuntil(b"\x1b[2;1H")
            assert (b"\x1b[?" in shown) == ("term_type" not in options)
            process.stdin.write_eof()
            await process.wait()

    story(scenes())
    size = "300x100" if options.get("term_size", (0, 0))[0] else "80x24"
    running.wait(lambda _: f"size={size} " in log.text)


def test_help_is_the_only_command(serve: Any, films: Any) -> None:
    running = serve("ssh", films=[films.show("one"), films.show("two")])

    async def scenes() -> None:
        async with login(running) as connection:
            done = await connection.run("help")
            assert "one, two" in str(done.stdout)
        for command in ("id", "help; id", "scp -t /tmp"):
            async with login(running) as connection:
                with pytest.raises(asyncssh.ChannelOpenError):
                    await connection.run(command)

    story(scenes())


def test_nothing_but_a_session_is_given(serve: Any) -> None:
    running = serve("ssh")

    async def scenes() -> None:
        async with login(running) as connection:
            with pytest.raises(asyncssh.ChannelOpenError):
                await connection.start_sftp_client()
        async with login(running) as connection:
            with pytest.raises(asyncssh.ChannelOpenError):
                await connection.open_connection("127.0.0.1", running.ports["ssh"])
            with pytest.raises(asyncssh.ChannelListenError):
                await connection.start_server(lambda *_: None, "", 0)
            with pytest.raises(asyncssh.ChannelOpenError):
                await connection.open_unix_connection("/run/x")
            await watch(connection)
            with pytest.raises(asyncssh.ChannelOpenError):
                await watch(connection)  # a second session

    story(scenes())


@pytest.mark.parametrize("wish", [b"auth-agent-req@openssh.com", b"x11-req"])
def test_nothing_is_forwarded_back(serve: Any, wish: bytes) -> None:
    """What `ssh -A` and `ssh -X` ask for; the first bytes of the second are those of an X11 request."""
    running = serve("ssh")

    async def scenes() -> None:
        async with login(running) as connection:
            process = await watch(connection)
            await process.stdout.readuntil(ENTER)
            details = [bytes(1), String("MIT-MAGIC-COOKIE-1"), String("00"), UInt32(0)] if b"x11" in wish else []
            assert not await process.channel._make_request(wish, *details)

    story(scenes())


def test_a_login_without_a_session_is_ended(serve: Any) -> None:
    """`ssh -N`."""
    running = serve("ssh", request_seconds=0.2)

    async def scenes() -> None:
        async with login(running) as connection:
            running.wait(lambda house: len(house.gate.viewers) == 1)
            await connection.wait_closed()
        running.wait(lambda house: not len(house.gate.viewers))

    story(scenes())


def test_ten_megabytes_of_input_end_the_session(serve: Any, log: Any) -> None:
    running = serve("ssh")

    async def scenes() -> None:
        async with login(running) as connection:
            process = await watch(connection)
            process.stdin.write(b"x" * 10_000_000)
            await connection.wait_closed()

    story(scenes())
    running.wait(lambda _: "ended=input" in log.text)


def test_many_who_do_not_log_in(serve: Any) -> None:
    running = serve("ssh", logins_per_address=4, login_seconds=0.5)
    clients = [running.connect().socket for _ in range(50)]
    running.wait(lambda house: house.metrics.rejected["logins"] == 46)
    greeted = 0
    for client in clients:
        try:
            while data := client.recv(4096):
                greeted += data.startswith(b"SSH-2.0-glyphgrad")
        except ConnectionResetError:
            pass
    assert greeted == 4
    running.wait(lambda house: not len(house.gate.logins))

    async def scenes() -> None:
        async with login(running) as connection:
            await (await watch(connection)).stdout.readuntil(ENTER)

    story(scenes())


def test_random_bytes_are_no_login(serve: Any) -> None:
    running = serve("ssh")
    for data in (b"GET / HTTP/1.1\r\n\r\n", bytes(range(256)) * 40, b"SSH-2.0-x\r\n" + bytes(5000)):
        client = running.connect()
        client.send(data)
        client.rest()
    running.wait(lambda house: house.metrics.rejected["login"] == 3)


def test_a_full_house_says_so(serve: Any) -> None:
    running = serve("ssh", viewers=1)

    async def scenes() -> None:
        async with login(running) as first:
            await (await watch(first)).stdout.readuntil(ENTER)
            async with login(running) as second:
                await second.wait_closed()
        assert running.house.metrics.rejected["full"] == 1

    story(scenes())


@pytest.mark.parametrize("window", [0, 2 << 20])
def test_who_stops_reading_is_dropped(serve: Any, films: Any, window: int) -> None:
    """With a window of 0 nothing may be sent at all; with the usual one only TCP says that nobody reads."""
    running = serve("ssh", films=[films.show(rows=100, cols=300)], stall_seconds=1)

    async def scenes() -> None:
        async with login(running) as connection:
            process = await connection.create_process(
                encoding=None, term_type="xterm", term_size=(300, 100), window=window or 1
            )
            if window:
                connection._transport.pause_reading()  # type: ignore[attr-defined]
            while not running.house.hub._watching:
                await asyncio.sleep(0.01)
            (viewer,) = running.house.hub._watching
            while running.house.metrics.viewers["ssh"]:
                await asyncio.sleep(0.05)
            assert viewer.drops > 10
            assert viewer.bytes < 1_500_000  # less than the window: it was TCP that said so
            connection.abort()
            del process

    story(scenes())


def test_the_host_key_stays_and_is_its_owners_alone(tmp_path: Path) -> None:
    path = tmp_path / "state" / "key"
    made, again = host_key(path), host_key(path)
    assert made.get_fingerprint() == again.get_fingerprint()
    assert made.get_algorithm() == "ssh-ed25519"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_host_key_that_is_none(tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_text("no key")
    with pytest.raises(OutputError, match="--host-key"):
        host_key(path)


def test_a_frame_is_one_packet(serve: Any, films: Any) -> None:
    """asyncssh would send an empty one before each."""
    running = serve("ssh", films=[films.show(count=600)])

    async def scenes() -> None:
        async with login(running) as connection:
            process = await watch(connection)
            await process.stdout.readuntil(b"\x1b[24;1H")
            running.wait(lambda house: len(house.hub._watching) == 1)
            (viewer,) = running.house.hub._watching
            first, before = connection._recv_seq, viewer.frames
            running.wait(lambda _: viewer.frames >= before + 20)
            await asyncio.sleep(0.1)  # until they are here
            frames, packets = viewer.frames - before, connection._recv_seq - first
            assert packets <= frames + 5  # a few may have been under way

    story(scenes())
