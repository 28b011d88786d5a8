"""The subject: volume 0010 of the loopback rig, one process per site."""

import json
import subprocess
import time

from . import images, rig
from .failure import Failure
from .options import REPOSITORY
from .processes import await_true, end, free_ports, tail

LAUNCHER = REPOSITORY / "hil-rig" / "farside"
_LOOPBACK = REPOSITORY / "hil-rig" / "rigs" / "loopback.yaml"
_VOLUME = "0010"
_SITES = ("A", "B")
_SYNCHRONIZED = "Synchronized"


class Farside:
    """A pair of cabinets whose host writes are answered when both have them."""

    name = "farside"

    def __init__(self, family, directory, volume_mib):
        self._family = family
        self._directory = directory
        self._volume_bytes = volume_mib << 20
        nbd_a, nbd_b, link = free_ports(3)
        text = rig.derive(_LOOPBACK.read_text(), _LOOPBACK, (nbd_a, nbd_b), link, volume_mib)
        self._rig = directory / "bench.yaml"
        self._rig.write_text(text)
        self.uri = f"nbd://127.0.0.1:{nbd_a}/{_VOLUME}"
        self._sites = {site: self._start(site) for site in _SITES}
        for site in _SITES:
            log = self._log(site)
            await_true(
                lambda log=log: "ready" in log.read_text(errors="replace").splitlines(),
                f"site {site} does not get ready",
                list(self._sites.values()),
                log,
                60,
            )
        self._await_synchronized(60)

    @property
    def pids(self):
        return [process.pid for process in self._sites.values()]

    def verify_and_stop(self):
        """Stops both sites in order; a sentence that says what was proved, or Failure."""
        self._await_synchronized(60)
        for site in _SITES:
            status = end(self._sites[site], f"site {site}", 120)
            if status != 0:
                raise Failure(f"site {site} ended with {status}. {tail(self._log(site))}")
        ours, theirs = (self._directory / site / "D1.img" for site in _SITES)
        wrong = images.difference(ours, theirs, self._volume_bytes)
        if wrong:
            raise Failure(f"Farside did not mirror: {wrong}")
        return (
            f"the pair was {_SYNCHRONIZED}, and after a clean stop volume {_VOLUME} is the same on both sites' "
            f"drives, {self._volume_bytes >> 20} MiB byte for byte"
        )

    def _start(self, site):
        return self._family.start(
            [LAUNCHER, "run", self._rig, "--site", site, "--run-dir", self._directory],
            stdin=subprocess.DEVNULL,
            stdout=open(self._log(site), "w"),
            stderr=subprocess.STDOUT,
        )

    def _log(self, site):
        return self._directory / f"{site}.out"

    def _await_synchronized(self, timeout_seconds):
        deadline = time.monotonic() + timeout_seconds
        while (state := self._state()) != _SYNCHRONIZED:
            if time.monotonic() > deadline:
                raise Failure(f"volume {_VOLUME} is {state} at A, and not {_SYNCHRONIZED} in {timeout_seconds} s")

    def _state(self):
        command = [LAUNCHER, "ctl", self._rig, "A", "query", "--output", "json", "--run-dir", self._directory]
        status, out, error = self._family.output_of(command, 30)
        if status != 0:
            raise Failure(f"`{' '.join(map(str, command))}` ended with {status}: {error or out}")
        return pair_state(out, _VOLUME)


def pair_state(text, volume):
    """The state of a volume in the answer to `query`; Failure if the answer does not have it."""
    try:
        for row in json.loads(text)["volumes"]:
            if row["volume"] == volume:
                return row["pairState"]
    except (ValueError, KeyError, TypeError) as problem:
        raise Failure(f"`query` answered what the bench does not know ({problem!r}): {text[:500]}") from problem
    raise Failure(f"`query` does not name volume {volume}: {text[:500]}")
