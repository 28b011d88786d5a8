"""What a user would pick for a mirrored volume: qemu-storage-daemon with a synchronous mirror to a qemu-nbd.

The peer has its best case: its mirror goes over a Unix socket (over TCP, depths above 1 show 40 ms
at the 99th percentile in qemu 7.2), and its images are allocated beforehand. Ratios are to the peer with
qemu's default file I/O, its thread pool; `peer-uring` can be measured beside it.
"""

import subprocess

from . import images
from .failure import Failure
from .processes import await_true, end, free_ports
from .qmp import Monitor

_EXPORT = "0010"


class MirroredPeer:
    """A volume whose writes are answered when both images have them."""

    def __init__(self, stage, name="peer", aio="threads", near_cache="writeback", far_cache="writeback"):
        """`aio` is how qemu does its file I/O: `threads`, its default, or `io_uring`.

        The caches are qemu-nbd's words: `writeback`, or of the near image `none` (O_DIRECT, stable after a FLUSH),
        and of the far one `directsync` (O_DIRECT, and stable before it is answered).
        """
        self.name = name
        self._volume_bytes = stage.volume_bytes
        self._primary = stage.directory / "primary.img"
        self._secondary = stage.directory / "secondary.img"
        for image in (self._primary, self._secondary):
            images.create(image, stage.volume_bytes)
        socket = stage.sockets / f"{self.name}.sock"
        log = stage.directory / "qemu-nbd.log"
        self._far = stage.family.start(
            [
                *("qemu-nbd", "--format", "raw", "--persistent", "--shared", "16", "--export-name", _EXPORT),
                *("--cache", far_cache, "--aio", aio, "--discard", "unmap", "--socket", socket, self._secondary),
            ],
            stdin=subprocess.DEVNULL,
            stdout=open(log, "w"),
            stderr=subprocess.STDOUT,
        )
        await_true(socket.exists, "qemu-nbd offers no socket", [self._far], log, 10)
        (port,) = free_ports(1)
        self.uri = f"nbd://127.0.0.1:{port}/{_EXPORT}"
        direct = "on" if near_cache == "none" else "off"
        near_file = f"filename={self._primary},aio={aio},cache.direct={direct},discard=unmap"
        self._near = stage.family.start(
            [
                "qemu-storage-daemon",
                *("--chardev", "stdio,id=console,signal=off"),
                *("--monitor", "chardev=console"),
                *("--blockdev", f"driver=file,node-name=file,{near_file}"),
                *("--blockdev", f"driver=raw,node-name=primary,file=file,cache.direct={direct},discard=unmap"),
                *("--blockdev", f"driver=nbd,node-name=secondary,server.type=unix,server.path={socket},export={_EXPORT}"),
                *("--nbd-server", f"addr.type=inet,addr.host=127.0.0.1,addr.port={port},max-connections=16"),
                # The export comes before the mirror, which slides its filter in under it.
                *("--export", f"type=nbd,id=export,node-name=primary,name={_EXPORT},writable=on"),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=open(stage.directory / "qemu-storage-daemon.log", "w"),
            text=True,
        )
        self._monitor = Monitor(self._near, "qemu-storage-daemon")
        mirror = {"job-id": "mirror", "device": "primary", "target": "secondary", "filter-node-name": "filter"}
        self._monitor.execute("blockdev-mirror", sync="full", **mirror, **{"copy-mode": "write-blocking"})
        self._monitor.await_event("BLOCK_JOB_READY", 120)

    @property
    def pids(self):
        return [self._near.pid, self._far.pid]

    def verify_and_stop(self):
        """Ends the mirror in order; a sentence that says what was proved, or Failure."""
        jobs = self._monitor.execute("query-block-jobs")
        if not any(job["device"] == "mirror" and job["ready"] for job in jobs):
            raise Failure(f"the peer's mirror did not last: {jobs} {self._monitor.events}")
        # Cancelling a ready mirror first writes out what is under way, then leaves a true copy.
        self._monitor.execute("block-job-cancel", device="mirror")
        self._monitor.await_event("BLOCK_JOB_COMPLETED", 60)
        if any(event["event"] == "BLOCK_JOB_ERROR" for event in self._monitor.events):
            raise Failure(f"the peer's mirror met errors: {self._monitor.events}")
        end(self._near, "qemu-storage-daemon")
        end(self._far, "qemu-nbd")
        wrong = images.difference(self._primary, self._secondary, self._volume_bytes)
        if wrong:
            raise Failure(f"the peer did not mirror: {wrong}")
        return f"the mirror stayed ready, and both images are the same, {self._volume_bytes >> 20} MiB byte for byte"
