"""The real PCRE2, where the system has it."""

from __future__ import annotations

import ctypes
import ctypes.util
from typing import ClassVar


class Pcre:
    """The library, asked whether it finds an expression."""

    FLAGS: ClassVar[dict[str, int]] = {"i": 0x8, "m": 0x400, "s": 0x20}
    UTF = 0x80000

    def __init__(self, library: str) -> None:
        self.library = ctypes.CDLL(library)
        self.library.pcre2_compile_8.restype = self.library.pcre2_match_data_create_8.restype = ctypes.c_void_p
        self.data = ctypes.c_void_p(self.library.pcre2_match_data_create_8(64, None))

    def found(self, source: str, with_flags: str, texts: list[str]) -> list[bool] | None:
        """Whether it is found in each of the texts; None if PCRE refuses it."""
        options = self.UTF | sum([self.FLAGS[flag] for flag in with_flags])
        number, at, given = ctypes.c_int(), ctypes.c_size_t(), source.encode()
        code = self.library.pcre2_compile_8(
            given, ctypes.c_size_t(len(given)), ctypes.c_uint32(options), ctypes.byref(number), ctypes.byref(at), None
        )
        if not code:
            return None
        code = ctypes.c_void_p(code)
        results = [self.match(code, text.encode()) for text in texts]
        self.library.pcre2_code_free_8(code)
        return results

    def match(self, code: ctypes.c_void_p, text: bytes) -> bool:
        zero, size = ctypes.c_size_t(0), ctypes.c_size_t(len(text))
        return bool(self.library.pcre2_match_8(code, text, size, zero, ctypes.c_uint32(0), self.data, None) >= 0)


_LIBRARY = ctypes.util.find_library("pcre2-8")
PCRE = Pcre(_LIBRARY) if _LIBRARY else None
