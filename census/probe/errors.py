"""The one table from what can go wrong on the network to the outcome that a target ends in.

SilentError       -> timed_out    no answer to the connection attempt
OSError (connect) -> refused, unreachable, timed_out by its number, else broken_off
TlsError          -> tls_failed   connected, but no TLS session
ClientResponseError and other faults of the HTTP parser -> not_http
everything else of aiohttp, and resets -> broken_off
TimeoutError      -> too_slow     the deadline of the whole target
OptedOutError     -> opted_out    the opt-out list grew meanwhile
"""

from __future__ import annotations

import errno

import aiohttp
from aiohttp.http_exceptions import HttpProcessingError

from census.facts import Outcome


class SilentError(Exception):
    """The connection attempt was answered by nothing within its time."""


class TlsError(Exception):
    """The connection stood but no TLS session came about; the message is OpenSSL's."""


class ForbiddenError(Exception):
    """A question outside the allow-list was about to be asked: a fault in this program, never a target's."""


class OptedOutError(Exception):
    """The target asked to be left alone, by the opt-out list, before the next word was said to it."""


_BY_NUMBER = {
    errno.ECONNREFUSED: Outcome.REFUSED,
    errno.ETIMEDOUT: Outcome.TIMED_OUT,
    errno.ENETUNREACH: Outcome.UNREACHABLE,
    errno.EHOSTUNREACH: Outcome.UNREACHABLE,
    errno.ENETDOWN: Outcome.UNREACHABLE,
    errno.EHOSTDOWN: Outcome.UNREACHABLE,
    errno.EADDRNOTAVAIL: Outcome.UNREACHABLE,
    errno.EACCES: Outcome.UNREACHABLE,
    errno.EPERM: Outcome.UNREACHABLE,
    errno.EINVAL: Outcome.UNREACHABLE,  # a v6 address on a machine without v6, a broadcast address
}
_OURS = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM}

# In order: the first type that fits decides.
_BY_TYPE: tuple[tuple[type[BaseException], Outcome], ...] = (
    (SilentError, Outcome.TIMED_OUT),
    (TlsError, Outcome.TLS_FAILED),
    (aiohttp.ClientResponseError, Outcome.NOT_HTTP),
    (HttpProcessingError, Outcome.NOT_HTTP),
    (aiohttp.ClientError, Outcome.BROKEN_OFF),
    (TimeoutError, Outcome.TOO_SLOW),
    (OptedOutError, Outcome.OPTED_OUT),
    (OSError, Outcome.BROKEN_OFF),
)


def outcome_of(error: BaseException) -> Outcome | None:
    """The outcome that `error` makes of a target; None when the fault is ours and must not pass for the target's."""
    number = getattr(error, "errno", None)
    if isinstance(error, OSError) and number in _OURS:
        return None
    if isinstance(error, OSError) and not isinstance(error, aiohttp.ClientError) and number in _BY_NUMBER:
        return _BY_NUMBER[number]
    for kind, outcome in _BY_TYPE:
        if isinstance(error, kind):
            return outcome
    return None
