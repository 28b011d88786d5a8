"""The subject: cabinets of ours, one process per site."""

import json
import subprocess
import time

from . import images, local_proof, rig
from .failure import Failure
from .paths import REPOSITORY
from .processes import await_true, end, free_ports, tail

LAUNCHER = REPOSITORY / "hil-rig" / "farside"
_LOOPBACK = REPOSITORY / "hil-rig" / "rigs" / "loopback.yaml"
_SYNCHRONIZED = "Synchronized"


class _Farside:
    """The sites of one rig, started and stopped in order."""

    name = "farside"

    def __init__(self, stage, sites, rig_text):
        self._stage = stage
        self._site_names = sites
        self._rig = stage.directory / "bench.yaml"
        self._rig.write_text(rig_text)
        self._sites = {site: self._start(site) for site in sites}
        for site in sites:
            log = self._log(site)
            await_true(
                lambda log=log: "ready" in log.read_text(errors="replace").splitlines(),
                f"site {site} does not get ready",
                list(self._sites.values()),
                log,
                60,
            )

    @property
    def pids(self):
        return [process.pid for process in self._sites.values()]

    def _stop(self):
        for site in self._site_names:
            status = end(self._sites[site], f"site {site}", 120)
            if status != 0:
                raise Failure(f"site {site} ended with {status}. {tail(self._log(site))}")

    def _start(self, site):
        return self._stage.family.start(
            [LAUNCHER, "run", self._rig, "--site", site, "--run-dir", self._stage.directory],
            stdin=subprocess.DEVNULL,
            stdout=open(self._log(site), "w"),
            stderr=subprocess.STDOUT,
        )

    def _log(self, site):
        return self._stage.directory / f"{site}.out"


class MirroredFarside(_Farside):
    """Volume 0010 of the loopback rig: a pair of cabinets whose host writes are answered when both have them."""

    _VOLUME = "0010"

    def __init__(self, stage, ack, direct=False):
        nbd_a, nbd_b, link = free_ports(3)
        self.uri = f"nbd://127.0.0.1:{nbd_a}/{self._VOLUME}"
        text = rig.derive(_LOOPBACK.read_text(), _LOOPBACK, (nbd_a, nbd_b), link, stage.volume_mib, ack, direct)
        super().__init__(stage, ("A", "B"), text)
        self._await_synchronized(60)

    def verify_and_stop(self):
        """Stops both sites in order; a sentence that says what was proved, or Failure."""
        self._await_synchronized(60)
        self._stop()
        ours, theirs = (self._stage.directory / site / "D1.img" for site in self._site_names)
        wrong = images.difference(ours, theirs, self._stage.volume_bytes)
        if wrong:
            raise Failure(f"Farside did not mirror: {wrong}")
        return (
            f"the pair was {_SYNCHRONIZED}, and after a clean stop volume {self._VOLUME} is the same on both sites' "
            f"drives, {self._stage.volume_mib} MiB byte for byte"
        )

    def _await_synchronized(self, timeout_seconds):
        deadline = time.monotonic() + timeout_seconds
        while (state := self._state()) != _SYNCHRONIZED:
            if time.monotonic() > deadline:
                raise Failure(f"volume {self._VOLUME} is {state} at A, and not {_SYNCHRONIZED} in {timeout_seconds} s")

    def _state(self):
        run_directory = ["--run-dir", self._stage.directory]
        command = [LAUNCHER, "ctl", self._rig, "A", "query", "--output", "json", *run_directory]
        status, out, error = self._stage.family.output_of(command, 30)
        if status != 0:
            raise Failure(f"`{' '.join(map(str, command))}` ended with {status}: {error or out}")
        return pair_state(out, self._VOLUME)


class LocalFarside(_Farside):
    """A volume that is not mirrored, at a cabinet of its own."""

    _VOLUME = "0030"

    def __init__(self, stage, nvram_mib, read_cache_mib, on_loop_device=False):
        (port,) = free_ports(1)
        self.uri = f"nbd://127.0.0.1:{port}/{self._VOLUME}"
        self._image = stage.directory / "A" / "D1.img"
        disk = {}
        if on_loop_device:
            self._image = stage.directory / "disk.img"
            images.create(self._image, stage.volume_bytes + (rig.LABEL_AREA_MIB << 20))
            disk = {"disk": stage.loops.attach(self._image), "backing_file": self._image}
        text = rig.local(self._VOLUME, port, stage.volume_mib, nvram_mib, read_cache_mib, **disk)
        super().__init__(stage, ("A",), text)

    def verify_and_stop(self):
        """Writes a pattern, stops the site in order and looks for it; a sentence, or Failure."""
        return local_proof.verify_and_stop(self._stage, "Farside", self.uri, self._image, self._stop)


def pair_state(text, volume):
    """The state of a volume in the answer to `query`; Failure if the answer does not have it."""
    try:
        for row in json.loads(text)["volumes"]:
            if row["volume"] == volume:
                return row["pairState"]
    except (ValueError, KeyError, TypeError) as problem:
        raise Failure(f"`query` answered what the bench does not know ({problem!r}): {text[:500]}") from problem
    raise Failure(f"`query` does not name volume {volume}: {text[:500]}")
