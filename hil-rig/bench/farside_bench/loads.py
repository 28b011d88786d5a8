"""A load, named in fio's own words: `randwrite-4k-qd1` is 4 KiB random writes, one at a time."""

import re
from dataclasses import dataclass

_NAME = re.compile(r"(randwrite|randread|write|read)-([1-9][0-9]*)([km])-qd([1-9][0-9]*)")
_BLOCK_MAX_BYTES = 32 << 20  # what an NBD server must take in one request, at most
_DEPTH_MAX = 256


@dataclass(frozen=True)
class Load:
    pattern: str
    block_bytes: int
    depth: int

    @staticmethod
    def parse(name):
        """The load of that name, or ValueError with the cure."""
        match = _NAME.fullmatch(name)
        if not match:
            raise ValueError(
                f"no load is called {name!r}. A name is PATTERN-SIZE-qdDEPTH, with PATTERN one of randwrite, "
                "randread, write, read, and SIZE in k or m: randwrite-4k-qd16"
            )
        pattern, count, unit, depth = match.groups()
        block_bytes = int(count) << {"k": 10, "m": 20}[unit]
        if block_bytes > _BLOCK_MAX_BYTES or int(depth) > _DEPTH_MAX:
            raise ValueError(f"load {name!r} is too big: at most {_BLOCK_MAX_BYTES >> 20}m and qd{_DEPTH_MAX}")
        return Load(pattern, block_bytes, int(depth))

    @property
    def name(self):
        if self.block_bytes % (1 << 20) == 0:
            return f"{self.pattern}-{self.block_bytes >> 20}m-qd{self.depth}"
        return f"{self.pattern}-{self.block_bytes >> 10}k-qd{self.depth}"

    @property
    def direction(self):
        """The part of fio's report that counts it."""
        return "read" if self.pattern.endswith("read") else "write"


STANDARD = tuple(Load.parse(name) for name in ("randwrite-4k-qd1", "randwrite-4k-qd16", "write-256k-qd4"))

# What Farside must reach, as a multiple of the peer's IOPS, where the drives cost nothing. On a disk's
# file system nothing is required: there the file system decides, and it is not ours.
REQUIRED = {
    ("tmpfs", "randwrite-4k-qd1"): 1.2,
    ("tmpfs", "randwrite-4k-qd16"): 2.0,
    ("tmpfs", "write-256k-qd4"): 2.0,
}
