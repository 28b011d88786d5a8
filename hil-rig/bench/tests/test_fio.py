import json
import random
import unittest

from farside_bench import fio


def report(**write):
    side = {
        "total_ios": 4000,
        "iops": 1000.5,
        "bw_bytes": 4098048,
        "clat_ns": {"percentile": {"1.000000": 700, "50.000000": 12345, "99.000000": 99999}},
    }
    return {"fio version": "fio-3.33", "jobs": [{"jobname": "bench", "error": 0, "write": {**side, **write}}]}


class FioReportTest(unittest.TestCase):
    def test_figures_of_the_asked_direction_are_read(self):
        measurement = fio.parse(json.dumps(report()), "write")

        self.assertEqual(measurement, fio.Measurement(4000, 1000.5, 4098048.0, 12.3, 100.0))

    def test_what_fio_says_around_its_report_does_no_harm(self):
        text = 'fio: {odd} "note": {}\n' + json.dumps(report(), indent=2) + "\nfio: done {1}\n"

        self.assertEqual(fio.parse(text, "write").io_count, 4000)

    def test_a_direction_that_was_not_measured_is_refused(self):
        with self.assertRaisesRegex(ValueError, "'read'"):
            fio.parse(json.dumps(report()), "read")

    def test_a_job_that_met_an_error_is_refused_though_it_has_figures(self):
        failed = report()
        failed["jobs"][0]["error"] = 5

        with self.assertRaisesRegex(ValueError, "error 5"):
            fio.parse(json.dumps(failed), "write")

    def test_a_job_that_did_nothing_is_refused(self):
        for nothing in ({"total_ios": 0}, {"iops": 0}, {"iops": float("nan")}, {"iops": float("inf")}):
            with self.subTest(nothing), self.assertRaisesRegex(ValueError, "not one write"):
                fio.parse(json.dumps(report(**nothing)), "write")

    def test_any_damage_is_a_value_error_or_does_not_matter(self):
        draw = random.Random(20261122)
        whole = json.dumps(report())
        for _ in range(3000):
            damaged = list(whole)
            for _ in range(draw.randint(1, 6)):
                at = draw.randrange(len(damaged))
                damaged[at : at + draw.randint(0, 20)] = draw.choice(("", "{", "[]", "null", "-1", '"', "1e999", "NaN"))
            text = "".join(damaged)
            try:
                measurement = fio.parse(text, "write")
            except ValueError:
                continue
            self.assertGreater(measurement.iops, 0, text)

    def test_an_empty_answer_is_refused(self):
        for text in ("", "fio: failed to connect\n", "{}", '{"jobs": []}', "[1, 2]"):
            with self.subTest(text), self.assertRaises(ValueError):
                fio.parse(text, "write")


if __name__ == "__main__":
    unittest.main()
