import unittest

from farside_bench import simulator
from farside_bench.failure import Failure

SAID = """seed 1 held: 160.9 virtual s, 15678 host I/Os, 3 kills, 0 power losses, 11 cuts, trace dc4f, last draw 10e2
total: 1 runs, 160.9 virtual s, 15678 host I/Os answered (4403 writes, 9100 reads judged), 12 faults, 0 failed
speed: 3.2 s of processor time, 50 times faster than the time covered, 97 host I/Os a virtual second, 4899 a second
"""


class SimulatorTest(unittest.TestCase):
    def test_the_speed_is_what_the_last_line_says(self):
        speed = simulator.read(SAID)

        self.assertEqual(speed, simulator.Speed(3.2, 50, 97, 4899))
        self.assertEqual(
            speed.line(),
            "simulator: 4,899 host I/Os a second on one core, 50 times faster than the time it covers at 97 a virtual second",
        )

    def test_a_run_that_does_not_tell_its_speed_is_a_failure(self):
        with self.assertRaisesRegex(Failure, "speed:"):
            simulator.read("total: 1 runs, 0 failed\n")
