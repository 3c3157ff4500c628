"""The PROXY protocol, versions 1 and 2, without I/O: who is behind the balancer that has connected.

https://www.haproxy.org/download/3.0/doc/proxy-protocol.txt
"""

from __future__ import annotations

import ipaddress

MOST = 16 + 512
"""Bytes of a header that are taken: one of version 1 has at most 107, one of version 2 seldom more than 52."""

_V2 = b"\r\n\r\n\0\r\nQUIT\n"
_LINE = 107
_ADDRESS = {1: 4, 2: 16}
"""Address family of version 2 -> bytes of an address."""


class ProxyError(ValueError):
    """What came is no header of this protocol."""


def missing(head: bytes) -> int:
    """How many bytes at least are still to come of a header that begins so; 0 if it is whole. Raises ProxyError.

    Nothing behind the header belongs to it, so who reads no more than this reads nothing too much.
    """
    if head.startswith(_V2):
        if len(head) < 16:
            return 16 - len(head)
        size = 16 + int.from_bytes(head[14:16])
        if size > MOST:
            raise ProxyError(f"a header of {size} bytes")
        return size - len(head)
    if _V2.startswith(head):
        return max(1, len(_V2) - len(head))
    if not b"PROXY ".startswith(head[:6]) or len(head) > _LINE:
        raise ProxyError("no header")
    return 0 if head.endswith(b"\r\n") else 1 if head.endswith(b"\r") else 2 if len(head) >= 6 else 6 - len(head)


def address_of(header: bytes) -> str | None:
    """The client's address in a whole header; None where the balancer speaks for itself. Raises ProxyError."""
    return _address_v2(header) if header.startswith(_V2) else _address_v1(header)


def _address_v1(header: bytes) -> str | None:
    words = header.decode("latin-1").rstrip("\r\n").split(" ")
    if words[:2] == ["PROXY", "UNKNOWN"]:
        return None
    if len(words) != 6 or words[1] not in ("TCP4", "TCP6"):
        raise ProxyError("no header")
    return _checked(words[2])


def _address_v2(header: bytes) -> str | None:
    version, command, family = header[12] >> 4, header[12] & 15, header[13] >> 4
    if version != 2 or command > 1:
        raise ProxyError(f"version {version}, command {command}")
    if command == 0 or family not in _ADDRESS:
        return None
    size = _ADDRESS[family]
    if len(header) < 16 + 2 * size + 4:
        raise ProxyError("a header that ends too early")
    return str(ipaddress.ip_address(header[16 : 16 + size]))


def _checked(address: str) -> str:
    try:
        return str(ipaddress.ip_address(address))
    except ValueError:
        raise ProxyError("no address") from None
