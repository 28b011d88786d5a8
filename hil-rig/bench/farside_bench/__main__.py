"""`hil-rig/bench/bench`: see `options`."""

import dataclasses
import datetime
import json
import signal
import sys

from . import machine, options, plot, report, run, simulator, tools
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
    results, skipped = [], {}
    for comparison in chosen.comparisons:
        try:
            result = run.measure(chosen, comparison)
        except run.Skipped as reason:
            skipped[comparison.name] = str(reason)
            print(f"\n{comparison.name} is skipped: {reason}")
            continue
        results.append(result)
        print(f"\n{comparison.name}: {comparison.what} ({result['file_system']})")
        print("\n".join(report.table(result["rows"])))
        print(report.bystanders(result["samples"]))
        for target, proof in result["proofs"].items():
            print(f"{target}: {proof}")
        sys.stdout.flush()
    speed = None
    if "farside" in chosen.targets and not chosen.quick:
        speed = simulator.measure()
        print(f"\n{speed.line()}")
    _write(chosen, facts, results, skipped, speed)
    verdicts = [holds for result in results for row in result["rows"] for holds in row.verdicts]
    if verdicts:
        print(f"\n{sum(verdicts)} of {len(verdicts)} required ratios hold.")
    return FAILED if chosen.check and not all(verdicts) else 0


def _write(chosen, facts, results, skipped, speed):
    taken_at = datetime.datetime.now(datetime.timezone.utc)
    text = {
        "taken_at": taken_at.isoformat(timespec="seconds"),
        "machine": facts,
        "rounds": chosen.rounds,
        "seconds": chosen.seconds,
        "volume_mib": chosen.volume_mib,
        "comparisons": [
            {
                "comparison": result["comparison"],
                "what": result["what"],
                "file_system": result["file_system"],
                "loads": [row.facts() for row in result["rows"]],
                "samples": [sample.facts() for sample in result["samples"]],
                "proofs": result["proofs"],
            }
            for result in results
        ],
        "skipped": skipped,
        "simulator": speed and dataclasses.asdict(speed),
    }
    notes = (
        f"{taken_at:%d %B %Y}, commit {facts['commit']}; medians of {chosen.rounds} rounds of {chosen.seconds:g} s, "
        "whiskers from the smallest to the largest.",
        f"{facts['cores']} cores, {facts['processor']}, Linux {facts['kernel']}, {facts['jdk']}",
    )
    drawing = chosen.json.with_suffix(".svg")
    try:
        chosen.json.parent.mkdir(parents=True, exist_ok=True)
        chosen.json.write_text(json.dumps(text, indent=2) + "\n")
        drawing.write_text(plot.drawn(results, skipped, notes))
    except OSError as error:
        raise Failure(f"the figures could not be written: {error}") from error
    print(f"\nAll figures: {chosen.json}; their plot: {drawing}")


def _interrupt(*_):
    raise KeyboardInterrupt


sys.exit(main(sys.argv[1:]))
