"""Writes small Windows event logs, to test what reads them.

Layout: Microsoft, [MS-EVEN6] 2.2.12 (BinXml); the file and chunk headers as libevtx documents them.
Every record is a whole XML fragment of its own, without templates.
"""

from __future__ import annotations

import struct
from binascii import crc32
from pathlib import Path

_CHUNK = 0x10000
_RECORDS = 0x200

Element = tuple[str, dict[str, str], "str | list[Element]"]
"""Name, attributes, and the text or the elements inside."""


def write(path: Path, records: list[Element]) -> None:
    """A log of these records."""
    chunk = bytearray(_CHUNK)
    at = _RECORDS
    for number, element in enumerate(records, 1):
        data = _record(number, element, at)
        chunk[at : at + len(data)] = data
        last, at = at, at + len(data)
    struct.pack_into("<8sQQQQIIII", chunk, 0, b"ElfChnk\0", 1, len(records), 1, len(records), 128, last, at, 0)
    struct.pack_into("<I", chunk, 52, crc32(chunk[_RECORDS:at]))
    struct.pack_into("<I", chunk, 124, crc32(chunk[:120] + chunk[128:512]))
    header = bytearray(4096)
    struct.pack_into("<8sQQQIHHHH", header, 0, b"ElfFile\0", 0, 0, len(records) + 1, 128, 1, 3, 4096, 1)
    struct.pack_into("<I", header, 124, crc32(header[:120]))
    path.write_bytes(bytes(header) + bytes(chunk))


def _record(number: int, element: Element, at: int) -> bytes:
    """A record that begins at an offset of its chunk; names are written where they are first used."""
    body = b"\x0f\x01\x01\x00" + _element(element, at + 24 + 4) + b"\x00"
    size = 24 + len(body) + 4
    return (
        struct.pack("<4sIQQ", b"\x2a\x2a\0\0", size, number, 132_000_000_000_000_000) + body + struct.pack("<I", size)
    )


def _name(name: str, at: int) -> bytes:
    """A name written at an offset: the offset itself, no next name, a hash, the text."""
    text = name.encode("utf-16-le")
    return struct.pack("<IIHH", at + 4, 0, 0, len(name)) + text + b"\0\0"


def _text(text: str) -> bytes:
    return b"\x05\x01" + struct.pack("<H", len(text)) + text.encode("utf-16-le")


def _element(element: Element, at: int) -> bytes:
    name, attributes, inside = element
    head = _name(name, at + 5)
    place = at + 5 + len(head) + (4 if attributes else 0)
    listed = b""
    for index, (key, value) in enumerate(attributes.items()):
        token = b"\x46" if index + 1 < len(attributes) else b"\x06"
        listed += token + _name(key, place + len(listed) + 1) + _text(value)
    if attributes:
        head += struct.pack("<I", len(listed)) + listed
    content = b"\x02"
    if isinstance(inside, str):
        content += _text(inside) if inside else b""
    else:
        for each in inside:
            content += _element(each, at + 5 + len(head) + len(content))
    content += b"\x04"
    token = b"\x41" if attributes else b"\x01"
    return token + struct.pack("<I", len(head) + len(content)) + head + content
