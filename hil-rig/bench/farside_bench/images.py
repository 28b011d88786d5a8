"""Proof that a volume is where it should be: images, byte for byte."""

import os
import random

_CHUNK_BYTES = 1 << 20


def create(path, size_bytes):
    """An image with all its blocks allocated, so that no write has to find some."""
    with open(path, "wb") as image:
        os.posix_fallocate(image.fileno(), 0, size_bytes)


def create_pattern(path, size_bytes, seed):
    """An image of bytes that the seed decides, no two blocks of which are the same."""
    draw = random.Random(seed)
    with open(path, "wb") as image:
        for offset_bytes in range(0, size_bytes, _CHUNK_BYTES):
            image.write(draw.randbytes(min(_CHUNK_BYTES, size_bytes - offset_bytes)))


def difference(one, other, size_bytes):
    """None if the first bytes of both images are the same and not all zero; else what is wrong."""
    anything_written = False
    with open(one, "rb") as ours, open(other, "rb") as theirs:
        for offset_bytes in range(0, size_bytes, _CHUNK_BYTES):
            length_bytes = min(_CHUNK_BYTES, size_bytes - offset_bytes)
            left, right = ours.read(length_bytes), theirs.read(length_bytes)
            if len(left) < length_bytes or len(right) < length_bytes:
                return f"{one} or {other} is shorter than {size_bytes} bytes"
            if left != right:
                at = next(index for index in range(length_bytes) if left[index] != right[index])
                return f"{one} and {other} differ at byte {offset_bytes + at}"
            anything_written = anything_written or any(left)
    return None if anything_written else f"{one} and {other} hold nothing but zeros: nothing was written"
