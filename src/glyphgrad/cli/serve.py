"""`glyphgrad serve`: films of characters, live, to telnet, nc, ssh, browsers and curl."""

from __future__ import annotations

import dataclasses
import logging
import signal
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from multiprocessing import Pipe, get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from glyphgrad.cli.options import grid
from glyphgrad.codec.defaults import FPS
from glyphgrad.serve.config import PORTS, ServeConfig, configuration
from glyphgrad.serve.limits import Limits, option_of

if TYPE_CHECKING:
    from glyphgrad.serve.films import Show
    from glyphgrad.serve.listen import Listener

_LOOK_AHEAD = 8
"""Pictures of a live film that are looked at before the first is shown."""
_CALLS = {"telnet": "telnet {host} {port}", "ssh": "ssh -p {port} {host}", "http": "http://{host}:{port}"}
"""What a client types, or opens."""


def _limit_options(command: Callable[..., Any]) -> Callable[..., Any]:
    for limit in reversed(dataclasses.fields(Limits)):
        kind = int if limit.type == "int" else float
        told = f"Limit: {limit.metadata['about']}.  [{limit.default:g}]"
        command = click.option(option_of(limit.name), type=kind, help=told)(command)
    return command


@click.command
@click.argument("clips", nargs=-1, metavar="CLIP...")
@click.option("--telnet", metavar="[HOST:]PORT", help=f"Serve telnet and nc there.  [localhost:{PORTS['telnet']}]")
@click.option("--ssh", metavar="[HOST:]PORT", help=f"Serve ssh there.  [localhost:{PORTS['ssh']}]")
@click.option("--http", metavar="[HOST:]PORT", help=f"Serve browsers and curl there.  [localhost:{PORTS['http']}]")
@click.option("--epoch", help="When the films began: seconds since 1970, or an ISO date and time.  [1970]")
@click.option("--workers", type=int, help="Processes.  [1]")
@click.option("--host-key", type=Path, help="The ssh key of this server, made on first use.")
@click.option("--proxy-protocol", is_flag=True, default=None, help="A balancer tells who connects (PROXY v1, v2).")
@click.option("--config", type=Path, help="TOML file with any of these options; the command line goes before it.")
@click.option("--fps", type=float, help=f"Frames a second of a clip that holds no times.  [{FPS:g}]")
@click.option(
    "--live",
    type=Path,
    multiple=True,
    metavar="VIDEO",
    help="A video that is fitted while it is served; again for more.",
)
@click.option("-s", "--size", metavar="COLSxROWS", help=f"Grid of the --live ones.  [{ServeConfig.size}]")
@_limit_options
def serve(clips: tuple[str, ...], config: Path | None, live: tuple[Path, ...], **given: Any) -> None:
    """Show the films CLIP..., in a loop, to everyone who connects: the same moment for all.

    `demo` is a bundled film. demo.glyph and demo@40x15.glyph are two sizes of one film, of which every
    terminal gets the one that suits it. Without --telnet, --ssh and --http all are served, on localhost.
    """
    limits = {limit.name: given.pop(limit.name) for limit in dataclasses.fields(Limits)}
    chosen = configuration({**given, "clips": clips or None, "live": live or None}, limits, config)
    from glyphgrad.serve import server

    with ExitStack() as stack:
        shows = [stack.enter_context(_fitting(video, grid(chosen.size, None, None))) for video in chosen.live]
        server.run(chosen, _tell, _log_to_stderr, shows)


@contextmanager
def _fitting(video: Path, sides: dict[str, int]) -> Iterator[Show]:
    """The show of a video that a process of its own fits meanwhile; there is something to see when it is there."""
    from glyphgrad.serve.films import Show, name_of
    from glyphgrad.serve.live import LiveEdition

    here, there = Pipe(duplex=False)
    process = get_context("spawn").Process(target=_fit, args=(there, str(video), sides), daemon=True)
    process.start()
    there.close()
    try:
        yield Show(name_of(video), (LiveEdition.open(here, str(video)),))
    finally:
        process.kill()
        process.join()


def _fit(pipe: Connection, video: str, sides: dict[str, Any]) -> None:
    from glyphgrad import api
    from glyphgrad.cli.main import show_warning
    from glyphgrad.serve import live

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the server's Ctrl-C
    warnings.showwarning = show_warning  # type: ignore[assignment]
    options: dict[str, Any] = {"effort": "fast", "look_ahead": _LOOK_AHEAD, "keep_going": True, "workers": 1, **sides}
    live.send(lambda: api.animate(video, "terminal", **options), pipe)


def _log_to_stderr() -> None:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")


def _tell(listeners: Sequence[Listener]) -> None:
    """The lines to type."""
    shown = dict.fromkeys(_call(one) for one in listeners)
    click.echo("serving; to watch:\n" + "\n".join(f"  {call}" for call in shown) + "\nCtrl-C ends it", err=True)


def _call(listener: Listener) -> str:
    host = str(listener.socket.getsockname()[0])
    host = "localhost" if host in ("127.0.0.1", "::1", "0.0.0.0", "::") else host
    return _CALLS[listener.protocol].format(host=host, port=listener.port)
