"""What a user would pick for a volume without a mirror: one server, one image."""

import subprocess

from . import images, local_proof
from .processes import await_true, end, free_ports

EXPORT = "0030"


class _LocalServer:
    """A server of one image over TCP, which writes its pid into a file as soon as it listens."""

    def __init__(self, stage, name, image, command):
        """`command` is made of the port and the pid file."""
        self.name = name
        self._stage = stage
        self._image = image
        (port,) = free_ports(1)
        self.uri = f"nbd://127.0.0.1:{port}/{EXPORT}"
        log, pid_file = stage.directory / f"{name}.log", stage.directory / f"{name}.pid"
        self._server = stage.family.start(
            command(port, pid_file), stdin=subprocess.DEVNULL, stdout=open(log, "w"), stderr=subprocess.STDOUT
        )
        await_true(pid_file.exists, f"{name} does not listen", [self._server], log, 10)

    @property
    def pids(self):
        return [self._server.pid]

    def verify_and_stop(self):
        """Writes a pattern, stops the server and looks for it; a sentence, or Failure."""
        return local_proof.verify_and_stop(self._stage, self.name, self.uri, self._image, self._stop)

    def _stop(self):
        end(self._server, self.name)


class QemuNbd(_LocalServer):
    """qemu-nbd; `cache` and `aio` are its own words."""

    def __init__(self, stage, name, cache, aio, on_loop_device=False):
        image = stage.directory / "disk.img"
        images.create(image, stage.volume_bytes)
        disk = stage.loops.attach(image) if on_loop_device else image
        super().__init__(
            stage,
            name,
            image,
            lambda port, pid_file: [
                *("qemu-nbd", "--format", "raw", "--persistent", "--shared", "16", "--export-name", EXPORT),
                *("--cache", cache, "--aio", aio, "--discard", "unmap"),
                *("--bind", "127.0.0.1", "--port", str(port), "--pid-file", pid_file, disk),
            ],
        )


class Nbdkit(_LocalServer):
    """nbdkit with its file plugin, which goes through the page cache."""

    def __init__(self, stage):
        image = stage.directory / "disk.img"
        images.create(image, stage.volume_bytes)
        super().__init__(
            stage,
            "nbdkit",
            image,
            lambda port, pid_file: [
                *("nbdkit", "--foreground", "--ipaddr", "127.0.0.1", "--port", str(port)),
                *("--pidfile", pid_file, "file", image),
            ],
        )
