import unittest

from farside_bench import figures, report
from farside_bench.comparisons import Required
from farside_bench.fio import Measurement

LOAD = "randwrite-4k-qd1"


def sample(target, round_number, iops, cpu_seconds=1.0, load=LOAD, others_share=0.0):
    measurement = Measurement(int(iops * 4), float(iops), iops * 4096.0, 50.0, 90.0)
    return figures.Sample(target, load, round_number, measurement, cpu_seconds, others_share)


class FiguresTest(unittest.TestCase):
    def test_a_ratio_is_the_median_of_the_rounds_and_not_the_ratio_of_medians(self):
        # The machine slows down threefold after the second round, for both alike.
        ours = {1: 300.0, 2: 330.0, 3: 120.0}
        base = {1: 100.0, 2: 100.0, 3: 50.0}

        self.assertEqual(figures.ratios(ours, base), figures.Spread(3.0, 2.4, 3.3))

    def test_rounds_that_do_not_match_are_not_compared(self):
        for ours, base in (({1: 1.0}, {1: 1.0, 2: 1.0}), ({2: 1.0}, {1: 1.0}), ({}, {})):
            with self.subTest(ours=ours, base=base), self.assertRaises(ValueError):
                figures.ratios(ours, base)

    def test_processor_time_is_counted_per_hundred_thousand_ios(self):
        self.assertAlmostEqual(sample("peer", 1, 1000, cpu_seconds=2.0).cpu_seconds_per_100k, 50.0)

    def test_the_table_has_a_row_for_each_target_under_each_load(self):
        loads = (LOAD, "write-256k-qd4")
        samples = [
            sample(target, number, iops, load=load)
            for number in (1, 2, 3)
            for load in loads
            for target, iops in (("farside", 250), ("peer", 100))
        ]

        rows = figures.rows(samples, "peer", {LOAD: Required(iops=1.2), loads[1]: Required(iops=3.0)})

        self.assertEqual(
            [(row.load, row.target, row.iops_ratio.median, row.iops_hold) for row in rows],
            [
                (loads[0], "farside", 2.5, True),
                (loads[0], "peer", 1.0, None),
                (loads[1], "farside", 2.5, False),
                (loads[1], "peer", 1.0, None),
            ],
        )

    def test_a_ratio_just_reached_holds(self):
        rows = figures.rows([sample("farside", 1, 120), sample("peer", 1, 100)], "peer", {LOAD: Required(iops=1.2)})

        self.assertIs(rows[0].iops_hold, True)

    def test_a_measurement_too_short_for_the_processor_clock_has_no_processor_ratio(self):
        samples = [sample("farside", 1, 120), sample("peer", 1, 100, cpu_seconds=0.0)]

        rows = figures.rows(samples, "peer", {})

        self.assertIsNone(rows[0].cpu_ratio)
        self.assertIn("-", report.table(rows)[1].split())

    def test_processor_time_is_judged_too_and_what_was_not_measured_does_not_hold(self):
        required = {LOAD: Required(iops=2.0, cpu=0.5)}
        for ours, theirs, verdicts, said in (
            (0.9, 1.0, [True, True], "2.0: holds; CPU 0.5: holds"),
            (1.1, 1.0, [True, False], "2.0: holds; CPU 0.5: MISSED"),
            (0.0, 0.0, [True, False], "2.0: holds; CPU 0.5: MISSED"),
        ):
            with self.subTest(ours=ours, theirs=theirs):
                samples = [sample("farside", 1, 200, cpu_seconds=ours), sample("peer", 1, 100, cpu_seconds=theirs)]

                ours_row, peers_row = figures.rows(samples, "peer", required)

                self.assertEqual((ours_row.verdicts, peers_row.verdicts), (verdicts, []))
                self.assertEqual((report.verdict(ours_row), report.verdict(peers_row)), (said, ""))

    def test_a_machine_that_had_other_work_is_told_of(self):
        quiet, loud = ([sample("peer", number, 100, others_share=share) for number in (1, 2, 3)] for share in (0.01, 0.3))

        self.assertIn("1 %", report.bystanders(quiet))
        self.assertNotIn("again", report.bystanders(quiet))
        self.assertIn("30 %", report.bystanders(loud))
        self.assertIn("again", report.bystanders(loud))

    def test_the_printed_table_says_what_holds(self):
        rows = figures.rows([sample("farside", 1, 110), sample("peer", 1, 100)], "peer", {LOAD: Required(iops=1.2)})

        lines = report.table(rows)

        self.assertRegex(lines[1], r"^4 KiB random writes, qd1 +farside .* 1\.10 \(1\.10\.\.1\.10\) .* 1\.2: MISSED$")
        self.assertRegex(lines[2], r"^4 KiB random writes, qd1 +peer ")


if __name__ == "__main__":
    unittest.main()
