"""What was asked for on the command line."""

import argparse
import pathlib

from . import comparisons, loads
from .paths import HERE, REPOSITORY

_STANDARD = {"rounds": 5, "seconds": 4.0, "comparisons": comparisons.ALL}
_QUICK = {"rounds": 2, "seconds": 1.0, "comparisons": (comparisons.BY_NAME["mirrored-tmpfs"],)}


def parse(arguments):
    """The options; what was not given takes its standard value, or that of --quick."""
    parser = _parser()
    options = parser.parse_args(arguments)
    for name, value in (_QUICK if options.quick else _STANDARD).items():
        if getattr(options, name) is None:
            setattr(options, name, value)
    if "peer" not in options.targets:
        parser.error("--targets must have `peer` in it: ratios are to the peer")
    if options.check and "farside" not in options.targets:
        parser.error("--check asks whether Farside's ratios hold: --targets must have `farside` in it")
    for name in options.targets:
        if not any(name in comparison.targets for comparison in options.comparisons):
            parser.error(f"--targets: none of the chosen comparisons has {name}")
    chosen = [load for comparison in options.comparisons for load in options.loads or comparison.loads]
    biggest_bytes = max(load.block_bytes * load.depth for load in chosen)
    if biggest_bytes > options.volume_mib << 20:
        parser.error(f"--volume-mib {options.volume_mib}: a load has {biggest_bytes >> 20} MiB under way at once")
    return options


def _parser():
    parser = argparse.ArgumentParser(
        prog="make bench OPTIONS='...', or hil-rig/bench/bench",
        allow_abbrev=False,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        description="Measures volumes of Farside beside those of what a user would pick instead, by turns in one run,\n"
        "and prints the medians of the ratios of each round. What is compared:\n\n"
        + "\n".join(_described(comparison) for comparison in comparisons.ALL),
        epilog="Exit status: 0 measured; 1 failed, or an image was not what was written, or with --check a required\n"
        "ratio was missed; 2 usage; 3 something is not installed. specs/performance.md says how to read the\n"
        "figures. `make jmh` measures the link codec and the slot path by themselves.",
    )
    parser.add_argument("--quick", action="store_true", help="a first look: 2 rounds of 1 s of mirrored-tmpfs")
    parser.add_argument("--rounds", type=_whole(1, 1000), metavar="N", help="rounds that count (5); one more warms up")
    parser.add_argument("--seconds", type=_seconds, metavar="S", help="length of one measurement (4)")
    parser.add_argument(
        "--loads",
        type=_list_of(loads.Load.parse),
        metavar="LOAD,...",
        help="PATTERN-SIZE-qdDEPTH with fio's patterns, then -flush if a FLUSH shall follow each write "
        "(those of each comparison)",
    )
    parser.add_argument(
        "--comparisons",
        type=_list_of(_comparison),
        metavar="C,...",
        help="those of them that are to be measured (all)",
    )
    parser.add_argument(
        "--targets",
        type=_list_of(_one_of(comparisons.TARGETS)),
        default=("farside", "peer"),
        metavar="T,...",
        help="farside; peer; where the comparison has them: peer-uring, the mirrored peer with file I/O by io_uring; "
        "unmirrored, its server without a mirror; nbdkit, for local-tmpfs (farside,peer)",
    )
    parser.add_argument("--volume-mib", type=_whole(16, 1 << 20), default=256, metavar="N", help="size of a volume (256)")
    parser.add_argument(
        "--tmpfs-dir", type=pathlib.Path, default=pathlib.Path("/dev/shm"), metavar="DIR", help="(/dev/shm)"
    )
    parser.add_argument(
        "--disk-dir",
        type=pathlib.Path,
        default=REPOSITORY / "hil-rig" / "run" / "bench",
        metavar="DIR",
        help="a directory on the file system to measure on (hil-rig/run/bench)",
    )
    parser.add_argument(
        "--json",
        type=pathlib.Path,
        default=HERE / "results" / "latest.json",
        metavar="FILE",
        help="where all figures are written, and beside it their plot, FILE.svg (hil-rig/bench/results/latest.json)",
    )
    parser.add_argument("--check", action="store_true", help="exit with 1 if a required ratio is missed")
    parser.add_argument("--keep", action="store_true", help="leave images and logs where they are")
    return parser


def _described(comparison):
    return f"  {comparison.name:16}{comparison.what}\n{'':18}{', '.join(comparison.required)}"


def _comparison(name):
    return comparisons.BY_NAME[_one_of(comparisons.BY_NAME)(name)]


def _whole(least, most):
    def parse_whole(text):
        if not text.isascii() or not text.isdigit() or not least <= int(text) <= most:
            raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from {least} to {most}")
        return int(text)

    return parse_whole


def _seconds(text):
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    # Below half a second the client's start is a good part of what is measured.
    if not 0.5 <= seconds <= 3600:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds from 0.5 to 3600")
    return seconds


def _one_of(words):
    def parse_word(text):
        if text not in words:
            raise ValueError(f"{text!r} is none of {', '.join(words)}")
        return text

    return parse_word


def _list_of(parse_item):
    def parse_list(text):
        try:
            items = tuple(parse_item(item.strip()) for item in text.split(","))
        except ValueError as error:
            raise argparse.ArgumentTypeError(str(error)) from error
        if len(set(items)) != len(items):
            raise argparse.ArgumentTypeError(f"{text!r} names something twice")
        return items

    return parse_list
