"""Posts to a Discord webhook.

Its URL is a secret: whoever knows it can post. It is never part of a message, a log or an error, not even
of one that has gone before.
"""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.client import HTTPException
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from glyphgrad.errors import ConfigError, OutputError
from glyphgrad.version import SOFTWARE

TIMEOUT = 20.0
"""Seconds to wait for an answer."""

_PATIENCE = 60.0
"""Seconds to wait, in all, when Discord says that there is too much."""

_LOCAL = {"127.0.0.1", "::1", "localhost"}


@dataclass(frozen=True)
class Webhook:
    """Where to post. Raises ConfigError for a URL that is none, without showing it."""

    url: str = field(repr=False)

    def __post_init__(self) -> None:
        try:
            parts = urlsplit(self.url)
            host, _ = parts.hostname, parts.port
        except ValueError:
            host = None
        if not host or not (parts.scheme == "https" or (parts.scheme == "http" and host in _LOCAL)):
            raise ConfigError(
                "the webhook's URL is not one (it is a secret, and not shown): "
                "copy it from Discord, it begins with https://discord.com/api/webhooks/"
            )

    def post(
        self,
        text: str = "",
        picture: bytes | None = None,
        timeout: float = TIMEOUT,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Post a text, a PNG picture or both; where Discord asks for it, after a while.

        Raises OutputError, for a while that is too long too.
        """
        body, kind = _form(text, picture) if picture else (_payload(text), "application/json")
        headers = {"Content-Type": kind, "User-Agent": SOFTWARE.replace(" ", "/")}  # Discord turns Python's away
        waited = 0.0
        while True:
            status, answer = self._send(body, headers, timeout)
            if status != 429:
                break
            pause = _retry_after(answer)
            waited += pause
            if waited > _PATIENCE:
                raise OutputError(f"Discord asks to wait for {pause:g} seconds: post again after that")
            sleep(pause)
        if not 200 <= status < 300:
            raise OutputError(_refusal(status, answer, self.url))

    def _send(self, body: bytes, headers: dict[str, str], timeout: float) -> tuple[int, bytes]:
        """(status, what was answered)"""
        try:
            with _OPENER.open(Request(self.url, body, headers), timeout=timeout) as answer:
                return answer.status, answer.read(_ANSWER)
        except HTTPError as error:
            with error:
                return error.code, error.read(_ANSWER)
        except TimeoutError:
            reason = f"no answer within {timeout:g} seconds"
        except (OSError, HTTPException, ValueError) as error:
            reason = _reason(error)
        raise OutputError(f"Discord cannot be reached ({reason}): is there a network?")  # outside: no URL comes along


class _NoRedirects(HTTPRedirectHandler):
    """A webhook stays where it is; its secret follows nobody."""

    def redirect_request(self, *_: Any) -> None:
        return None


_OPENER = build_opener(_NoRedirects)
_ANSWER = 1 << 16
"""Bytes of an answer that are read."""


def _payload(text: str) -> bytes:
    """The message; no name in it calls anybody."""
    return json.dumps({"content": text, "allowed_mentions": {"parse": []}}).encode()


def _form(text: str, picture: bytes) -> tuple[bytes, str]:
    """(multipart/form-data with the message and the picture, its content type)"""
    boundary = secrets.token_hex(16)
    parts = (
        ('name="payload_json"', "application/json", _payload(text)),
        ('name="files[0]"; filename="art.png"', "image/png", picture),
    )
    body = b"".join(
        f"--{boundary}\r\nContent-Disposition: form-data; {name}\r\nContent-Type: {kind}\r\n\r\n".encode()
        + data
        + b"\r\n"
        for name, kind, data in parts
    )
    return body + f"--{boundary}--\r\n".encode(), f"multipart/form-data; boundary={boundary}"


def _retry_after(answer: bytes) -> float:
    """Seconds."""
    try:
        return min(max(0.0, float(json.loads(answer)["retry_after"])), 1e6)
    except (ValueError, KeyError, TypeError):
        return 1.0


def _refusal(status: int, answer: bytes, url: str) -> str:
    try:
        said = str(json.loads(answer)["message"])[:200]
    except (ValueError, KeyError, TypeError):
        said = ""
    if not said or url.rpartition("/")[2] in said:  # the URL's last part is what is secret of it
        said = "it does not say why"
    advice = "is the webhook still there?" if status in (401, 403, 404) else "try again, or post less"
    return f"Discord refuses the message ({status}: {said}): {advice}"


def _reason(error: Exception) -> str:
    """What is wrong, in words that cannot hold the URL."""
    cause = getattr(error, "reason", error)
    if isinstance(cause, TimeoutError):
        return "no answer"
    return getattr(cause, "strerror", None) or type(cause).__name__
