"""What a server grants to strangers: the limits, and who counts them.

Every default is here and nowhere else: the command line and the configuration file read them from
`Limits`. An address counts as itself for IPv4 and as its /64 for IPv6, which is what one customer has.
"""

from __future__ import annotations

import ipaddress
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, fields, replace
from typing import Any

from glyphgrad.errors import ConfigError

Clock = Callable[[], float]
"""Seconds that only ever go forwards, such as `time.monotonic`."""


def _limit(default: float, about: str) -> Any:
    return field(default=default, metadata={"about": about})


@dataclass(frozen=True)
class Limits:
    """The limits, each above 0; `about` in the metadata of a field tells what it is. Raises ConfigError.

    With several worker processes each of them counts for itself: see `share`.
    """

    viewers: int = _limit(512, "viewers in all")
    viewers_per_address: int = _limit(8, "viewers of one address")
    arrivals: int = _limit(10, "connections that one address may open at once")
    arrivals_per_minute: float = _limit(20, "further connections of one address a minute")
    http_arrivals: int = _limit(60, "HTTP connections that one address may open at once: a page takes several")
    http_arrivals_per_minute: float = _limit(300, "further HTTP connections of one address a minute")
    logins: int = _limit(64, "ssh connections in all that have not logged in")
    logins_per_address: int = _limit(4, "ssh connections of one address that have not logged in")
    login_seconds: float = _limit(15, "for an ssh login, or the header of a proxy")
    request_seconds: float = _limit(10, "from an ssh login to the session, or for an HTTP request")
    keepalive_seconds: float = _limit(15, "between ssh keep-alives; three unanswered end the connection")
    session_seconds: float = _limit(1800, "that a session may last")
    stall_seconds: float = _limit(
        20, "without progress until a viewer who does not read is dropped, or from a ping to its answer"
    )
    negotiate_seconds: float = _limit(1, "that telnet has for its options")
    subnegotiation_bytes: int = _limit(256, "of one telnet subnegotiation, escapes counted")
    option_commands: int = _limit(64, "telnet option commands that are answered")
    min_cols: int = _limit(20, "columns of the smallest terminal")
    max_cols: int = _limit(300, "columns of the largest terminal")
    min_rows: int = _limit(10, "rows of the smallest terminal")
    max_rows: int = _limit(100, "rows of the largest terminal")
    sizes: int = _limit(64, "kinds and sizes of terminal for which one film is encoded")
    resizes_per_second: float = _limit(5, "resizes of a terminal that are followed a second")
    input_per_minute: int = _limit(4096, "bytes that a viewer may send a minute")

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if not 0 < value < float("inf"):
                raise ConfigError(f"{option_of(name)} is {value}: give a number above 0")
        for side in ("cols", "rows"):
            low, high = vars(self)[f"min_{side}"], vars(self)[f"max_{side}"]
            if low > high:
                raise ConfigError(f"--min-{side} is {low} and --max-{side} {high}: the first must not be the larger")

    @classmethod
    def of(cls, given: dict[str, Any]) -> Limits:
        """The limits with those that are given by name. Raises ConfigError for a name or a kind of value there is not."""
        known = {item.name: item.type for item in fields(cls)}
        for name, value in given.items():
            if name not in known:
                raise ConfigError(f"limit {name!r} is unknown: choose among {', '.join(known)}")
            if isinstance(value, bool) or not isinstance(value, int if known[name] == "int" else int | float):
                raise ConfigError(f"limit {name} is {value!r}: give a {'whole ' * (known[name] == 'int')}number")
        return cls(**given)

    def share(self, workers: int) -> Limits:
        """Those of one of several processes: together they have the same viewers and logins in all, but each
        counts addresses for itself."""
        return replace(self, viewers=-(-self.viewers // workers), logins=-(-self.logins // workers))

    def clamp(self, rows: int, cols: int) -> tuple[int, int]:
        """A terminal's size as it is taken: (rows, cols)."""
        return (
            min(max(rows, self.min_rows), self.max_rows),
            min(max(cols, self.min_cols), self.max_cols),
        )


def option_of(name: str) -> str:
    """The command line's name of a limit: viewers_per_address -> --viewers-per-address."""
    return "--" + name.replace("_", "-")


def network_of(address: str) -> str:
    """What an address is counted as: an IPv4 address, also one in IPv6's clothes, or the /64 of an IPv6 one."""
    return str(_network(address, 32, 64).network_address)


def masked(address: str) -> str:
    """An address as it is written to a log: its /24 or /48."""
    return str(_network(address, 24, 48))


def _network(address: str, v4: int, v6: int) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
    found = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(found, ipaddress.IPv6Address):
        found = found.ipv4_mapped or found
    return ipaddress.ip_network((found, v4 if found.version == 4 else v6), strict=False)


class Bucket:
    """A token bucket: `size` at once, then `rate` a second. `level` and `time` are what it held, and when."""

    __slots__ = ("level", "rate", "size", "time")

    def __init__(self, size: float, rate: float, now: float):
        self.size, self.rate = size, rate
        self.level, self.time = size, now

    def take(self, now: float, count: float = 1) -> bool:
        """Whether there were `count` tokens, which then are gone."""
        self.level = min(self.size, self.level + self.rate * max(0.0, now - self.time))
        self.time = now
        if self.level < count:
            return False
        self.level -= count
        return True

    def full_at(self) -> float:
        """When it will have forgotten everything."""
        return self.time + (self.size - self.level) / self.rate


class Arrivals:
    """A bucket for every address that has come lately; those that are full again are forgotten."""

    _ENOUGH = 1024

    def __init__(self, size: float, rate: float):
        self._size, self._rate = size, rate
        self._buckets: dict[str, Bucket] = {}
        self._most = self._ENOUGH

    def __len__(self) -> int:
        return len(self._buckets)

    def take(self, network: str, now: float) -> bool:
        if len(self._buckets) >= self._most:
            self._buckets = {name: bucket for name, bucket in self._buckets.items() if bucket.full_at() > now}
            self._most = max(self._ENOUGH, 2 * len(self._buckets))
        if network not in self._buckets:
            self._buckets[network] = Bucket(self._size, self._rate, now)
        return self._buckets[network].take(now)


class Crowd:
    """How many are in, in all and of each address."""

    def __init__(self, most: int, most_per_address: int):
        self._most, self._each = most, most_per_address
        self._of: Counter[str] = Counter()

    def __len__(self) -> int:
        return self._of.total()

    def refusal(self, network: str) -> str | None:
        """Why one more would not be let in: "full", "address", or None if it would."""
        if self._of.total() >= self._most:
            return "full"
        return "address" if self._of[network] >= self._each else None

    def enter(self, network: str) -> None:
        self._of[network] += 1

    def leave(self, network: str) -> None:
        self._of[network] -= 1
        if not self._of[network]:
            del self._of[network]


class Gate:
    """Counts who is in. Everything here is asked on the event loop, so nothing needs a lock."""

    def __init__(self, limits: Limits, clock: Clock):
        self._clock = clock
        self._arrivals = Arrivals(limits.arrivals, limits.arrivals_per_minute / 60)
        self._http = Arrivals(limits.http_arrivals, limits.http_arrivals_per_minute / 60)
        self.viewers = Crowd(limits.viewers, limits.viewers_per_address)
        self.logins = Crowd(limits.logins, limits.logins_per_address)
        self.leaving = Crowd(limits.logins, limits.logins_per_address)
        """Those that are not let in, and waited for until they have read why."""

    def arrive(self, address: str, protocol: str) -> bool:
        """Whether this address may open another connection now."""
        arrivals = self._http if protocol == "http" else self._arrivals
        return arrivals.take(network_of(address), self._clock())
