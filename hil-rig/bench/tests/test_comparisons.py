import unittest

from farside_bench import comparisons


class ComparisonsTest(unittest.TestCase):
    def test_what_is_required_is_required(self):
        required = {
            (comparison.name, load): (needed.iops, needed.cpu)
            for comparison in comparisons.ALL
            for load, needed in comparison.required.items()
            if (needed.iops, needed.cpu) != (None, None)
        }

        self.assertEqual(
            required,
            {
                ("mirrored-tmpfs", "randwrite-4k-qd1"): (1.5, None),
                ("mirrored-tmpfs", "randwrite-4k-qd16"): (3.0, 0.5),
                ("mirrored-tmpfs", "write-256k-qd4"): (2.5, None),
                ("stored-disk", "randwrite-4k-qd1-flush"): (1.0, None),
                ("local-tmpfs", "randwrite-4k-qd16"): (1.3, None),
                ("local-tmpfs", "randread-4k-qd16"): (1.3, None),
                ("local-loop", "randwrite-4k-qd16"): (1.0, None),
                ("local-loop", "randread-4k-qd16"): (1.0, None),
                ("local-loop", "read-256k-qd4"): (1.0, None),
            },
        )

    def test_every_comparison_has_its_two_sides_and_loads_that_can_be_read(self):
        for comparison in comparisons.ALL:
            with self.subTest(comparison.name):
                self.assertLessEqual({"farside", "peer"}, comparison.targets.keys())
                self.assertLessEqual(comparison.targets.keys(), set(comparisons.TARGETS))
                self.assertEqual([load.name for load in comparison.loads], list(comparison.required))
                self.assertIn(comparison.place, ("tmpfs", "disk"))


if __name__ == "__main__":
    unittest.main()
