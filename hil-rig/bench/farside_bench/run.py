"""One comparison: all its targets side by side, loaded by turns, and at the end the proof."""

import contextlib
import os
import pathlib
import random
import resource
import shutil
import subprocess
import sys
import tempfile
import time

from . import figures, fio, loop, machine
from .failure import Failure
from .loop import LoopDevices
from .processes import Family, busy_seconds, cpu_seconds
from .stage import Stage

_TICK_SECONDS = 0.01
_SETTLE_STEP_SECONDS = 0.1
_SETTLE_MAX_SECONDS = 30

# A JVM compiles what is hot, which takes a second or two of it, and so many requests: where each waits for a disk, that
# is long. On a busy machine its compiler waits its turn.
_WARM_UP_REQUESTS_MIN = 20_000
_WARM_UP_SECONDS_MAX = 40.0
_WARM_UP_SECONDS_MIN = 4.0


class Skipped(Exception):
    """This machine does not have what a comparison needs: the reason."""


def measure(options, comparison):
    """All rounds of one comparison; the facts about it, as they go into the JSON file."""
    parent = {"tmpfs": options.tmpfs_dir, "disk": options.disk_dir}[comparison.place]
    names = [name for name in options.targets if name in comparison.targets]
    _check(comparison, parent, len(names), options)
    reason = comparison.needs_loop_devices and loop.why_not(parent)
    if reason:
        raise Skipped(reason)
    with (
        _directory(parent, options.keep) as directory,
        _socket_directory() as sockets,
        LoopDevices() as loops,
        Family() as family,
    ):
        kind = machine.file_system_of(directory)
        _say(f"{comparison.name}: {directory} ({kind})")
        seed = random.getrandbits(32)
        targets = []
        for name in names:
            own = directory / name
            own.mkdir()
            stage = Stage(family, loops, own, sockets, options.volume_mib, seed)
            targets.append(comparison.targets[name](stage))
        for target in targets:
            fio.fill(family, target.uri, options.volume_mib << 20)
            if comparison.warm:
                fio.read_through(family, target.uri, options.volume_mib << 20)
        samples = _rounds(options, comparison, family, directory, targets)
        proofs = {target.name: target.verify_and_stop() for target in targets}
    return {
        "comparison": comparison.name,
        "what": comparison.what,
        "file_system": kind,
        "rows": figures.rows(samples, "peer", comparison.required),
        "samples": samples,
        "proofs": proofs,
    }


def _check(comparison, parent, target_count, options):
    parent.mkdir(parents=True, exist_ok=True)
    kind = machine.file_system_of(parent)
    is_memory = kind in ("tmpfs", "ramfs")
    if comparison.place == "tmpfs" and not is_memory:
        raise Failure(f"{parent} is on {kind}, not on a tmpfs. Name one: --tmpfs-dir DIR")
    if comparison.place == "disk" and is_memory:
        raise Failure(f"{parent} is on {kind}, which is memory. Name a directory on a disk: --disk-dir DIR")
    # Of each target two images, or one and its pattern; the other volumes of the rig (sparse), NVRAM, and some room.
    needed_bytes = (2 * target_count * options.volume_mib + 512) << 20
    free_bytes = shutil.disk_usage(parent).free
    if free_bytes < needed_bytes:
        raise Failure(f"{parent} has {free_bytes >> 20} MiB free, and {needed_bytes >> 20} are needed")


@contextlib.contextmanager
def _directory(parent, keep):
    path = pathlib.Path(tempfile.mkdtemp(prefix="farside-bench-", dir=parent)).resolve()
    try:
        yield path
    finally:
        if keep:
            _say(f"kept: {path}")
        else:
            shutil.rmtree(path, ignore_errors=True)


@contextlib.contextmanager
def _socket_directory():
    # A socket's path has 107 bytes, and a repository may lie deep.
    with tempfile.TemporaryDirectory(prefix="farside-bench-") as path:
        yield pathlib.Path(path)


def _rounds(options, comparison, family, directory, targets):
    """Round 0 warms up (a JVM compiles what is hot) and is thrown away."""
    samples = []
    for number in range(options.rounds + 1):
        # Whoever comes second may profit or suffer from the first: so they take turns.
        order = targets if number % 2 else list(reversed(targets))
        for load in options.loads or comparison.loads:
            for target in order:
                sample = _sample(options, family, directory, target, load, number)
                if number == 0:
                    _warm_up_further(options, family, target, load, sample.measurement.iops)
                _say(
                    f"  {'warm-up' if number == 0 else f'round {number}/{options.rounds}'} {load.name:22} "
                    f"{target.name:10} {sample.measurement.iops:10,.0f} IOPS"
                )
                if number > 0:
                    samples.append(sample)
    return samples


def _warm_up_further(options, family, target, load, iops):
    """Until a load that is slow has made as many requests as one that is fast makes in a few seconds."""
    done_seconds = max(options.seconds, _WARM_UP_SECONDS_MIN)
    left_seconds = min(_WARM_UP_REQUESTS_MIN / max(iops, 1), _WARM_UP_SECONDS_MAX) - done_seconds
    if left_seconds > 1:
        fio.measure(family, load, target.uri, options.volume_mib << 20, left_seconds)


def _sample(options, family, directory, target, load, number):
    seconds = max(options.seconds, _WARM_UP_SECONDS_MIN) if number == 0 else options.seconds
    before = _settled_cpu_seconds(target)
    clock = _Bystanders(target)
    measurement = fio.measure(family, load, target.uri, options.volume_mib << 20, seconds)
    others_share = clock.share()
    # What a write leaves to be done (destaging) is part of its price, and must not disturb the next one.
    after = _settled_cpu_seconds(target)
    # The same for what the kernel still has to bring to the disk. Its threads' time is nobody's here.
    subprocess.run(["sync", "-f", directory], check=False)
    return figures.Sample(target.name, load.name, number, measurement, after - before, others_share)


class _Bystanders:
    """How much of the processors others than the target's servers and the client take, from now on."""

    def __init__(self, target):
        self._target = target
        self._start = self._now()

    def share(self):
        seconds, others_seconds = (now - then for now, then in zip(self._now(), self._start))
        return max(0.0, others_seconds) / (seconds * len(os.sched_getaffinity(0)))

    def _now(self):
        children = resource.getrusage(resource.RUSAGE_CHILDREN)
        ours = cpu_seconds(self._target.pids) + children.ru_utime + children.ru_stime
        return time.monotonic(), busy_seconds() - ours


def _settled_cpu_seconds(target):
    """The processor time of the target's servers, as soon as they have nothing left to do."""
    deadline = time.monotonic() + _SETTLE_MAX_SECONDS
    used = cpu_seconds(target.pids)
    while time.monotonic() < deadline:
        time.sleep(_SETTLE_STEP_SECONDS)
        before, used = used, cpu_seconds(target.pids)
        if used - before <= _TICK_SECONDS * 1.5:
            break
    return used


def _say(line):
    print(line, file=sys.stderr, flush=True)
