"""From the measurements of all rounds to the figures that are printed.

One binary drifts threefold within an hour on a shared machine. So only measurements of one round are
compared, and the figure is the median of those ratios, with the smallest and the largest beside it.
"""

import statistics
from dataclasses import asdict, dataclass

from .comparisons import Required
from .fio import Measurement


@dataclass(frozen=True)
class Sample:
    """One measurement of one target, with what its servers used meanwhile."""

    target: str
    load: str
    round_number: int
    measurement: Measurement
    cpu_seconds: float
    others_share: float

    @property
    def cpu_seconds_per_100k(self):
        return self.cpu_seconds * 100_000 / self.measurement.io_count

    def facts(self):
        return {
            "target": self.target,
            "load": self.load,
            "round": self.round_number,
            **asdict(self.measurement),
            "cpu_seconds": self.cpu_seconds,
            "others_share_of_processors": self.others_share,
            "cpu_seconds_per_100k": self.cpu_seconds_per_100k,
        }


@dataclass(frozen=True)
class Spread:
    """A median, and how far the rounds lay apart."""

    median: float
    min: float
    max: float

    @staticmethod
    def of(values):
        return Spread(statistics.median(values), min(values), max(values))


def ratios(values, base_values):
    """Of each round, the value over the base's; both are by round, and must have the same rounds."""
    if values.keys() != base_values.keys() or not values:
        raise ValueError(f"rounds {sorted(values)} cannot be compared with rounds {sorted(base_values)}")
    return Spread.of([values[number] / base_values[number] for number in sorted(values)])


@dataclass(frozen=True)
class Row:
    """One target under one load, over all rounds."""

    load: str
    target: str
    iops: float
    bytes_per_second: float
    p50_us: float
    p99_us: float
    cpu_seconds_per_100k: float
    iops_ratio: Spread
    cpu_ratio: Spread | None
    required: Required

    @property
    def iops_hold(self):
        """Whether the required ratio was reached; None if none is required."""
        return None if self.required.iops is None else self.iops_ratio.median >= self.required.iops

    @property
    def cpu_holds(self):
        """Whether no more processor time was used than allowed; None if any is. What was not measured does not hold."""
        if self.required.cpu is None:
            return None
        return self.cpu_ratio is not None and self.cpu_ratio.median <= self.required.cpu

    @property
    def verdicts(self):
        """Of each ratio that is required, whether it holds."""
        return [holds for holds in (self.iops_hold, self.cpu_holds) if holds is not None]

    def facts(self):
        return {**asdict(self), "iops_hold": self.iops_hold, "cpu_holds": self.cpu_holds}


def rows(samples, base, required):
    """The table, in the order of the samples; ratios are to the target called base.

    `required` holds what Farside must reach, by load.
    """
    table = []
    for load in dict.fromkeys(sample.load for sample in samples):
        of_base = _by_round(samples, load, base)
        for target in dict.fromkeys(sample.target for sample in samples):
            of_target = _by_round(samples, load, target)
            chosen = list(of_target.values())

            def median(read, chosen=chosen):
                return statistics.median(read(sample) for sample in chosen)

            table.append(
                Row(
                    load=load,
                    target=target,
                    iops=median(lambda sample: sample.measurement.iops),
                    bytes_per_second=median(lambda sample: sample.measurement.bytes_per_second),
                    p50_us=median(lambda sample: sample.measurement.p50_us),
                    p99_us=median(lambda sample: sample.measurement.p99_us),
                    cpu_seconds_per_100k=median(lambda sample: sample.cpu_seconds_per_100k),
                    iops_ratio=ratios(_iops(of_target), _iops(of_base)),
                    cpu_ratio=_cpu_ratio(of_target, of_base),
                    required=required.get(load, Required()) if target == "farside" else Required(),
                )
            )
    return table


def _by_round(samples, load, target):
    return {sample.round_number: sample for sample in samples if (sample.load, sample.target) == (load, target)}


def _iops(by_round):
    return {number: sample.measurement.iops for number, sample in by_round.items()}


def _cpu_ratio(of_target, of_base):
    # The kernel counts in hundredths of a second: a very short measurement may seem to have cost nothing.
    shared = {number for number, sample in of_base.items() if sample.cpu_seconds > 0}
    if not shared:
        return None
    return ratios(
        {number: of_target[number].cpu_seconds_per_100k for number in shared},
        {number: of_base[number].cpu_seconds_per_100k for number in shared},
    )
