"""What was asked for on the command line."""

import argparse
import pathlib

from . import loads

HERE = pathlib.Path(__file__).resolve().parent.parent
REPOSITORY = HERE.parent.parent
PLACES = ("tmpfs", "disk")
TARGETS = ("farside", "peer", "peer-uring", "unmirrored")

_STANDARD = {"rounds": 5, "seconds": 4.0, "places": PLACES}
_QUICK = {"rounds": 2, "seconds": 1.0, "places": ("tmpfs",)}


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
    biggest_bytes = max(load.block_bytes * load.depth for load in options.loads)
    if biggest_bytes > options.volume_mib << 20:
        parser.error(f"--volume-mib {options.volume_mib}: a load has {biggest_bytes >> 20} MiB under way at once")
    return options


def _parser():
    parser = argparse.ArgumentParser(
        prog="make bench OPTIONS='...', or hil-rig/bench/bench",
        allow_abbrev=False,
        description="Measures volume 0010 of the loopback rig, one process per site, beside a mirrored volume of "
        "qemu, by turns in one run, and prints the medians of the ratios of each round.",
        epilog="Exit status: 0 measured; 1 failed, or a mirror was not the image of its volume, or with --check a "
        "required ratio was missed; 2 usage; 3 something is not installed. "
        "specs/performance.md says how to read the figures.",
    )
    parser.add_argument("--quick", action="store_true", help="a first look: 2 rounds of 1 s, on tmpfs only")
    parser.add_argument("--rounds", type=_whole(1, 1000), metavar="N", help="rounds that count (5); one more warms up")
    parser.add_argument("--seconds", type=_seconds, metavar="S", help="length of one measurement (4)")
    parser.add_argument(
        "--loads",
        type=_list_of(loads.Load.parse),
        default=loads.STANDARD,
        metavar="LOAD,...",
        help="PATTERN-SIZE-qdDEPTH with fio's patterns; (%s)" % ",".join(load.name for load in loads.STANDARD),
    )
    parser.add_argument(
        "--file-systems",
        dest="places",
        type=_list_of(_one_of(PLACES)),
        metavar="FS,...",
        help="where all images lie: tmpfs, disk (tmpfs,disk)",
    )
    parser.add_argument(
        "--targets",
        type=_list_of(_one_of(TARGETS)),
        default=("farside", "peer"),
        metavar="T,...",
        help="farside; peer; to compare with: peer-uring, the same with file I/O by io_uring, and unmirrored, the peer's "
        "server without a mirror (farside,peer)",
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
        help="where all figures are written (hil-rig/bench/results/latest.json)",
    )
    parser.add_argument("--check", action="store_true", help="exit with 1 if a required ratio is missed")
    parser.add_argument("--keep", action="store_true", help="leave images and logs where they are")
    return parser


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
