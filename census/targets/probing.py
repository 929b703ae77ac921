"""The probing.txt of RFC 9511: who probes and whom to write to, published where the probes come from."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from census.targets.scope import Scope

PATH = "/.well-known/probing.txt"


def probing_txt(scope: Scope, version: str) -> str:
    """The text of the file for a scope.

    Fields are those of RFC 9116 and the Description of RFC 9511, one on a line; the order is that of RFC 9511.
    """
    where = canonical(scope)
    fields = [
        *([("Canonical", where)] if where else []),
        ("Contact", _uri(scope.contact)),
        ("Expires", f"{scope.valid_until}T23:59:59Z"),
        ("Preferred-Languages", "en"),
        ("Description", _description(scope, version)),
    ]
    return "".join(f"{name}: {value}\n" for name, value in fields)


def canonical(scope: Scope) -> str | None:
    """Where the file would stand beside the page about the study; None without a page on https."""
    page = urlsplit(scope.info or "")
    return f"https://{page.netloc}{PATH}" if page.scheme == "https" and page.netloc else None


def _uri(contact: str) -> str:
    """A contact as the URI that Contact must be."""
    return contact if re.match(r"(?i)[a-z][a-z0-9+.-]*:", contact) or "@" not in contact else f"mailto:{contact}"


def _description(scope: Scope, version: str) -> str:
    about = f" More: {scope.info}" if scope.info else ""
    return (
        f"census/{version} asks listed addresses, read-only over HTTP, which AI inference server and models they show, "
        f"under the authorisation {scope.reference}. Write to the contact to be left out.{about}"
    )
