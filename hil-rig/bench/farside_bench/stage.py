"""What a target is given to stand on."""

import pathlib
from dataclasses import dataclass

from .loop import LoopDevices
from .processes import Family


@dataclass(frozen=True)
class Stage:
    family: Family
    loops: LoopDevices
    directory: pathlib.Path
    """Of this target alone, in the place that is measured."""
    sockets: pathlib.Path
    """A short path: a Unix socket's has 107 bytes, and a repository may lie deep."""
    volume_mib: int
    seed: int
    """Decides the pattern that a local volume is proved with."""

    @property
    def volume_bytes(self):
        return self.volume_mib << 20
