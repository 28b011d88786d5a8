"""A load, named in fio's own words: `randwrite-4k-qd1` is 4 KiB random writes, one at a time.

With `-flush` at the end, a FLUSH follows each write, and the next write follows the FLUSH's answer.
"""

import re
from dataclasses import dataclass

_NAME = re.compile(r"(randwrite|randread|write|read)-([1-9][0-9]*)([km])-qd([1-9][0-9]*)(-flush)?")
_BLOCK_MAX_BYTES = 32 << 20  # what an NBD server must take in one request, at most
_DEPTH_MAX = 256


@dataclass(frozen=True)
class Load:
    pattern: str
    block_bytes: int
    depth: int
    flush: bool = False

    @staticmethod
    def parse(name):
        """The load of that name, or ValueError with the cure."""
        match = _NAME.fullmatch(name)
        if not match:
            raise ValueError(
                f"no load is called {name!r}. A name is PATTERN-SIZE-qdDEPTH, with PATTERN one of randwrite, "
                "randread, write, read, and SIZE in k or m: randwrite-4k-qd16; writes may have -flush at the end"
            )
        pattern, count, unit, depth, flush = match.groups()
        block_bytes = int(count) << {"k": 10, "m": 20}[unit]
        if block_bytes > _BLOCK_MAX_BYTES or int(depth) > _DEPTH_MAX:
            raise ValueError(f"load {name!r} is too big: at most {_BLOCK_MAX_BYTES >> 20}m and qd{_DEPTH_MAX}")
        load = Load(pattern, block_bytes, int(depth), flush is not None)
        if load.flush and load.direction == "read":
            raise ValueError(f"load {name!r}: a FLUSH after a read has nothing to do")
        return load

    @property
    def name(self):
        in_mib = self.block_bytes % (1 << 20) == 0
        size = f"{self.block_bytes >> 20}m" if in_mib else f"{self.block_bytes >> 10}k"
        return f"{self.pattern}-{size}-qd{self.depth}{'-flush' if self.flush else ''}"

    @property
    def direction(self):
        """The part of fio's report that counts it."""
        return "read" if self.pattern.endswith("read") else "write"
