"""What is compared with what: each comparison has its place, its targets, its loads, and what Farside must reach."""

from collections.abc import Callable
from dataclasses import dataclass

from .farside import LocalFarside, MirroredFarside
from .loads import Load
from .local_peer import Nbdkit, QemuNbd
from .peer import MirroredPeer

TARGETS = ("farside", "peer", "peer-uring", "unmirrored", "nbdkit")


@dataclass(frozen=True)
class Required:
    """As multiples of the peer's: IOPS at least, processor time per I/O at most. None: nothing is required."""

    iops: float | None = None
    cpu: float | None = None


@dataclass(frozen=True, eq=False)
class Comparison:
    name: str
    what: str
    place: str
    """Where images and NVRAM lie: tmpfs, where drives cost nothing and only the path counts, or disk."""
    targets: dict[str, Callable]
    """How each target is started on its `Stage`, by name."""
    required: dict[str, Required]
    """By the names of its loads, in the order in which they are put on."""
    needs_loop_devices: bool = False
    warm: bool = False
    """The volume is read once before the rounds: what can be in memory shall be there."""

    @property
    def loads(self):
        return tuple(Load.parse(name) for name in self.required)


_RECEIVED = {
    "farside": lambda stage: MirroredFarside(stage, "received"),
    "peer": lambda stage: MirroredPeer(stage),
    "peer-uring": lambda stage: MirroredPeer(stage, "peer-uring", aio="io_uring"),
    "unmirrored": lambda stage: QemuNbd(stage, "unmirrored", "writeback", "threads"),
}

ALL = (
    Comparison(
        "mirrored-tmpfs",
        "a mirrored volume, ack: received; images on tmpfs",
        "tmpfs",
        _RECEIVED,
        {
            "randwrite-4k-qd1": Required(iops=1.5),
            "randwrite-4k-qd16": Required(iops=3.0, cpu=0.5),
            "write-256k-qd4": Required(iops=2.5),
        },
    ),
    # Nothing is required here: the file system decides, and it is not ours.
    Comparison(
        "mirrored-disk",
        "a mirrored volume, ack: received; images on the machine's file system",
        "disk",
        _RECEIVED,
        {"randwrite-4k-qd1": Required(), "randwrite-4k-qd16": Required(), "write-256k-qd4": Required()},
    ),
    # qemu's mirror passes neither FLUSH nor FUA to its target (tried with 7.2, by strace). So that both promise
    # the same, its far end makes every write stable before it answers.
    Comparison(
        "stored-disk",
        "a mirrored volume, ack: stored; images on the machine's file system",
        "disk",
        {
            "farside": lambda stage: MirroredFarside(stage, "stored", direct=True),
            "peer": lambda stage: MirroredPeer(stage, near_cache="none", far_cache="directsync"),
        },
        {"randwrite-4k-qd1-flush": Required(iops=1.0)},
    ),
    Comparison(
        "local-tmpfs",
        "a local volume, all of it in the cache; images on tmpfs",
        "tmpfs",
        {
            "farside": lambda stage: LocalFarside(stage, 64, read_cache_mib=stage.volume_mib),
            "peer": lambda stage: QemuNbd(stage, "peer", "writeback", "threads"),
            "nbdkit": Nbdkit,
        },
        {"randwrite-4k-qd16": Required(iops=1.3), "randread-4k-qd16": Required(iops=1.3)},
        warm=True,
    ),
    # The sequential read is cold without more ado: who reads in order four times what the cache holds never finds
    # again what it keeps.
    Comparison(
        "local-loop",
        "a local volume of four times the cache; raw loop devices over files on tmpfs",
        "tmpfs",
        {
            "farside": lambda stage: LocalFarside(
                stage, max(8, stage.volume_mib // 4), read_cache_mib=stage.volume_mib // 4, on_loop_device=True
            ),
            "peer": lambda stage: QemuNbd(stage, "peer", "none", "native", on_loop_device=True),
        },
        {
            "randwrite-4k-qd16": Required(iops=1.0),
            "randread-4k-qd16": Required(iops=1.0),
            "read-256k-qd4": Required(iops=1.0),
        },
        needs_loop_devices=True,
    ),
)

BY_NAME = {comparison.name: comparison for comparison in ALL}
