"""How fast the simulator is: always the same seeds of one scenario, in one process. No peer has one to compare it with."""

import dataclasses
import re
import subprocess

from .failure import Failure
from .farside import LAUNCHER

COMMAND = (str(LAUNCHER), "sim", "--scenario", "PACED", "--seeds", "1..100")

_SPEED = re.compile(
    r"speed: ([0-9.]+) s of processor time, ([0-9]+) times faster than the time covered, "
    r"([0-9]+) host I/Os a virtual second, ([0-9]+) a second"
)


@dataclasses.dataclass(frozen=True)
class Speed:
    """What a run of seeds took, by the processor time of its whole process."""

    cpu_seconds: float
    times_faster: int
    ios_per_virtual_second: int
    ios_per_cpu_second: int

    def line(self):
        return (
            f"simulator: {self.ios_per_cpu_second:,} host I/Os a second on one core, {self.times_faster} times faster "
            f"than the time it covers at {self.ios_per_virtual_second} a virtual second"
        )


def measure():
    done = subprocess.run(COMMAND, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        last = (done.stdout + done.stderr)[-2000:]
        raise Failure(f"`{' '.join(COMMAND)}` ended with {done.returncode}: {last}")
    return read(done.stdout)


def read(said):
    """The speed out of all that a run said."""
    found = _SPEED.search(said)
    if not found:
        raise Failure("`farside sim` does not say how fast it was: its last line begins with `speed:`")
    return Speed(float(found[1]), int(found[2]), int(found[3]), int(found[4]))
