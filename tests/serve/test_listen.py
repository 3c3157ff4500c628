from __future__ import annotations

import os
import socket
import subprocess
import sys

import pytest

from glyphgrad.errors import ConfigError, OutputError
from glyphgrad.serve.listen import Address, bind, inherited


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("2323", Address("localhost", 2323)),
        ("0.0.0.0:23", Address("0.0.0.0", 23)),
        (":23", Address("", 23)),
        ("[::]:23", Address("::", 23)),
        ("example.org:0", Address("example.org", 0)),
    ],
)
def test_addresses(text: str, address: Address) -> None:
    assert Address.parse(text) == address


@pytest.mark.parametrize("text", ["", "x", "70000", "host:", "::1:23", "[::1]", "1.2.3.4:5:6"])
def test_what_is_no_address(text: str) -> None:
    with pytest.raises(ConfigError, match="HOST:"):
        Address.parse(text)


def test_localhost_is_one_port() -> None:
    listeners = bind("telnet", Address("localhost", 0))
    assert len({one.port for one in listeners}) == 1
    for one in listeners:
        one.socket.close()


def test_a_port_that_is_taken_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(OutputError, match=rf"127.0.0.1:{port}.*--telnet"):
            bind("telnet", Address("127.0.0.1", port))


def test_processes_share_a_port() -> None:
    first = bind("telnet", Address("127.0.0.1", 0), share=True)
    second = bind("telnet", Address("127.0.0.1", first[0].port), share=True)
    for one in first + second:
        one.socket.close()


ASKS = """
import os
from glyphgrad.serve.listen import inherited
found = inherited(("telnet", "ssh"), dict(os.environ, LISTEN_PID=str(os.getpid())), os.getpid())
print([(one.protocol, one.port) for one in found])
"""


def test_sockets_of_systemd_are_taken_over() -> None:
    """As sd_listen_fds(3) has it: descriptors 3, 4, ... and their names."""
    with socket.create_server(("127.0.0.1", 0)) as telnet, socket.create_server(("127.0.0.1", 0)) as ssh:
        ports = [one.getsockname()[1] for one in (telnet, ssh)]
        command = 'exec 3<&"$1" 4<&"$2"; exec "$3" -c "$4"'
        environment = {**os.environ, "LISTEN_FDS": "2", "LISTEN_FDNAMES": "port23:ssh"}
        handles = [str(telnet.fileno()), str(ssh.fileno())]
        done = subprocess.run(
            ["bash", "-c", command, "-", *handles, sys.executable, ASKS],
            env=environment, capture_output=True, text=True, pass_fds=[telnet.fileno(), ssh.fileno()],
        )  # fmt: skip
    assert done.stdout == f"{[('telnet', ports[0]), ('ssh', ports[1])]}\n", done.stderr


def test_sockets_for_another_process_are_left_alone() -> None:
    assert inherited(("telnet",), {"LISTEN_PID": "1", "LISTEN_FDS": "1"}, 2) == []
    assert inherited(("telnet",), {}, 2) == []
