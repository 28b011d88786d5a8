"""`hil-rig/bench/bench`: see `options`."""

import datetime
import json
import signal
import sys

from . import machine, options, report, run, tools
from .failure import FAILED, Failure
from .farside import LAUNCHER


def main(arguments):
    chosen = options.parse(arguments)
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        return _bench(chosen)
    except Failure as failure:
        print(f"bench: {failure}", file=sys.stderr)
        return failure.status
    except KeyboardInterrupt:
        print("bench: interrupted; all that it started has been ended", file=sys.stderr)
        return 130


def _bench(chosen):
    if "farside" in chosen.targets and not LAUNCHER.exists():
        raise Failure(f"{LAUNCHER} is missing: this bench belongs in the repository")
    tools.require()
    facts = machine.facts()
    print(f"{facts['cores']} cores, {facts['processor']}, Linux {facts['kernel']}, {facts['jdk']}, "
          f"{facts['qemu_storage_daemon']}")
    print(f"{chosen.rounds} rounds of {chosen.seconds:g} s after one to warm up; volumes of {chosen.volume_mib} MiB; "
          "ratios are those of each round, median (min..max)")
    places = []
    for place in chosen.places:
        figures = run.measure_place(chosen, place)
        places.append(figures)
        print(f"\n{place} ({figures['file_system']})")
        print("\n".join(report.table(figures["rows"])))
        print(report.bystanders(figures["samples"]))
        for target, proof in figures["proofs"].items():
            print(f"{target}: {proof}")
        sys.stdout.flush()
    _write_json(chosen, facts, places)
    missed = [row for figures in places for row in figures["rows"] if row.holds is False]
    required = [row for figures in places for row in figures["rows"] if row.holds is not None]
    if required:
        print(f"\n{len(required) - len(missed)} of {len(required)} required ratios hold.")
    return FAILED if chosen.check and missed else 0


def _write_json(chosen, facts, places):
    text = {
        "taken_at": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
        "machine": facts,
        "rounds": chosen.rounds,
        "seconds": chosen.seconds,
        "volume_mib": chosen.volume_mib,
        "places": [
            {
                "place": figures["place"],
                "file_system": figures["file_system"],
                "loads": [row.facts() for row in figures["rows"]],
                "samples": [sample.facts() for sample in figures["samples"]],
                "proofs": figures["proofs"],
            }
            for figures in places
        ],
    }
    try:
        chosen.json.parent.mkdir(parents=True, exist_ok=True)
        chosen.json.write_text(json.dumps(text, indent=2) + "\n")
    except OSError as error:
        raise Failure(f"the figures could not be written: {error}") from error
    print(f"\nAll figures: {chosen.json}")


def _interrupt(*_):
    raise KeyboardInterrupt


sys.exit(main(sys.argv[1:]))
