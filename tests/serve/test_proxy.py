from __future__ import annotations

import ipaddress
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glyphgrad.serve.proxy import MOST, ProxyError, address_of, missing

V2 = b"\r\n\r\n\0\r\nQUIT\n"


def v2(address: str, command: int = 0x21, extra: bytes = b"") -> bytes:
    found = ipaddress.ip_address(address)
    family, size = (0x11, 4) if found.version == 4 else (0x21, 16)
    content = found.packed + bytes(size) + struct.pack(">HH", 5000, 23) + extra
    return V2 + bytes([command, family]) + struct.pack(">H", len(content)) + content


def read(stream: bytes) -> tuple[str | None, bytes]:
    """As `listen` reads: never more than is missing. The address, and what is left."""
    head = b""
    while count := missing(head):
        assert stream, "it wants more than there is"
        head, stream = head + stream[:count], stream[count:]
    return address_of(head), stream


@pytest.mark.parametrize(
    ("header", "address"),
    [
        (b"PROXY TCP4 192.0.2.1 198.51.100.1 5000 23\r\n", "192.0.2.1"),
        (b"PROXY TCP6 2001:db8::1 2001:db8::2 5000 23\r\n", "2001:db8::1"),
        (b"PROXY UNKNOWN\r\n", None),
        (b"PROXY UNKNOWN ffff::1 ffff::2 1 2\r\n", None),
        (v2("192.0.2.1"), "192.0.2.1"),
        (v2("2001:db8::1"), "2001:db8::1"),
        (v2("192.0.2.1", extra=b"\x03\x00\x04abcd"), "192.0.2.1"),
        (v2("192.0.2.1", command=0x20), None),  # the balancer's own health check
        (V2 + bytes([0x21, 0x31, 0, 0]), None),  # a unix socket
    ],
)
def test_a_header_tells_the_address_and_nothing_behind_it_is_read(header: bytes, address: str | None) -> None:
    assert read(header + b"SSH-2.0-x\r\n") == (address, b"SSH-2.0-x\r\n")


@pytest.mark.parametrize(
    "header",
    [
        b"GET / HTTP/1.1\r\n",
        b"SSH-2.0-OpenSSH\r\n",
        b"\xff\xfb\x01\xff\xfb\x03",
        b"PROXY TCP4 \x1b[2J 198.51.100.1 5000 23\r\n",
        b"PROXY TCP4 192.0.2.1\r\n",
        b"PROXY TCP9 192.0.2.1 198.51.100.1 5000 23\r\n",
        b"PROXY " + b"x" * 200,
        V2 + bytes([0x21, 0x11, 0xFF, 0xFF]),
        V2 + bytes([0x31, 0x11, 0, 0]),
        V2 + bytes([0x21, 0x11, 0, 4]) + bytes(4),
    ],
)
def test_anything_else_is_refused(header: bytes) -> None:
    with pytest.raises(ProxyError):
        read(header + b"\n" * 200)


@given(st.binary(max_size=600))
def test_random_bytes_are_refused_soon(data: bytes) -> None:
    head = b""
    try:
        while count := missing(head):
            assert len(head) + count <= MOST
            if len(data) < len(head) + count:
                return
            head = data[: len(head) + count]
        address_of(head)
    except ProxyError:
        pass
