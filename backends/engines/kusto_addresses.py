"""Addresses as Kusto's ``ipv4_`` and ``ipv6_`` functions read them, which duckdb-kql lacks.

Sources: Microsoft's KQL reference, pages "ipv4_is_in_range()", "ipv6_is_in_range()" ("null: If conversion
for one of the two ... strings wasn't successful") and "ipv6_compare()", whose examples show that an IPv4
address is ::ffff:a.b.c.d there. An address is kept as a text of digits that sorts as addresses do.
"""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from transpiler.engine import CannotRun

_MAPPED = 0xFFFF << 32
_UNSETTLED = re.compile(r"\s|[/%]|:.*\.")


def digits(text: str, version: int) -> str | None:
    """The address in 8 or 32 hexadecimal digits; None where the conversion is not successful."""
    try:
        address = ip_address(text)
    except ValueError:
        return None
    return _digits(address, version)


def _digits(address: IPv4Address | IPv6Address, version: int) -> str | None:
    if version == 4:
        return f"{int(address):08x}" if address.version == 4 else None
    return f"{int(address) | _MAPPED if address.version == 4 else int(address):032x}"


def unsettled(text: str) -> bool:
    """Whether the documents do not say how a text is converted: one with blanks, a prefix length or a zone."""
    return ("." in text or ":" in text) and _UNSETTLED.search(text) is not None


def bounds(text: str, version: int) -> tuple[str, str] | None:
    """The first and last address of a range in IP-prefix notation; None where it is none of that version.

    A range without a length is one address, and bits beyond the length do not count ("ipv4_is_in_range()",
    its two examples). Raises CannotRun for a form that the documents do not settle.
    """
    if _UNSETTLED.search(text.replace("/", "")):
        raise CannotRun(f"duckdb-kql: the range {text}")
    try:
        network: IPv4Network | IPv6Network = ip_network(text, strict=False)
    except ValueError:
        return None
    first, last = _digits(network[0], version), _digits(network[-1], version)
    return (first, last) if first and last else None
