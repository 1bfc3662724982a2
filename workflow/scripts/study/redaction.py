"""Addresses without what must not be read: names, passwords and tokens."""

import re

HIDDEN = "***"

_START = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*://|url: |")
# An address, or what requests calls one: "Max retries exceeded with url: /mnist/x.gz?token=...".
# What ends a sentence or closes a bracket after it is no part of it.
_ADDRESS = re.compile(r"""(?:[a-zA-Z][a-zA-Z0-9+.-]*://|\burl: )\S+?(?=[:;,.)'"]*(?:\s|$))""")


def redact(text: str) -> str:
    """`text` with each address in it as `redact_address` shows it."""
    return _ADDRESS.sub(lambda address: redact_address(address[0]), text)


def redact_address(address: str) -> str:
    """Hide the user's part of an address (`user:password@`), its query and its fragment.

    All before the last `@` is hidden, for a password may have a slash in it. Where `?` or `#` comes
    before an `@` nobody can tell which is which, and all but the scheme is hidden.
    """
    start = _START.match(address)
    assert start  # which matches the empty string too
    place, at, rest = address[start.end() :].rpartition("@")
    if "?" in place or "#" in place:
        return start[0] + HIDDEN
    user = HIDDEN + at if at else ""
    return start[0] + user + re.sub(r"[?#].*", f"?{HIDDEN}", rest, flags=re.DOTALL)
