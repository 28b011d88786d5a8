import os
import pathlib
import tempfile
import unittest

from farside_bench import images, machine, processes
from farside_bench.failure import Failure


class ImagesTest(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.one = pathlib.Path(scratch.name, "one.img")
        self.other = pathlib.Path(scratch.name, "other.img")

    def difference(self, ours, theirs, size_bytes):
        self.one.write_bytes(ours)
        self.other.write_bytes(theirs)
        return images.difference(self.one, self.other, size_bytes)

    def test_equal_images_have_no_difference_and_what_lies_behind_the_volume_is_not_compared(self):
        volume = os.urandom((2 << 20) + 512)

        self.assertIsNone(self.difference(volume + b"label of A", volume + b"label of B", len(volume)))

    def test_one_different_byte_is_found_and_placed(self):
        volume = bytearray(os.urandom(3 << 20))
        copy = bytearray(volume)
        copy[(2 << 20) + 17] ^= 1

        self.assertIn(f"differ at byte {(2 << 20) + 17}", self.difference(volume, copy, len(volume)))

    def test_a_pattern_is_what_its_seed_says_and_repeats_nothing(self):
        size_bytes = (2 << 20) + 4096
        for path, seed in ((self.one, 7), (self.other, 7)):
            images.create_pattern(path, size_bytes, seed)
        pattern = self.one.read_bytes()

        self.assertEqual(len(pattern), size_bytes)
        self.assertEqual(pattern, self.other.read_bytes())
        self.assertEqual(len({pattern[at : at + 4096] for at in range(0, size_bytes, 4096)}), size_bytes // 4096)

    def test_images_that_nobody_wrote_prove_nothing(self):
        self.assertIn("nothing but zeros", self.difference(bytes(4096), bytes(4096), 4096))

    def test_an_image_that_ends_early_is_no_copy(self):
        self.assertIn("shorter than 4096", self.difference(b"x" * 4096, b"x" * 4095, 4096))


class ProcessesTest(unittest.TestCase):
    def test_all_processes_are_ended_when_a_run_fails(self):
        with self.assertRaisesRegex(RuntimeError, "a fault"):
            with processes.Family() as family:
                sleeper = family.start(["sleep", "600"])
                raise RuntimeError("a fault")

        self.assertIsNotNone(sleeper.returncode)

    def test_waiting_for_a_process_that_has_ended_shows_its_last_words(self):
        with tempfile.TemporaryDirectory() as scratch, processes.Family() as family:
            log = pathlib.Path(scratch, "log")
            with open(log, "w") as stream:
                process = family.start(["sh", "-c", "echo no such port; exit 7"], stdout=stream)
            with self.assertRaisesRegex(Failure, "(?s)ended with 7.*no such port"):
                processes.await_true(lambda: False, "it does not listen", [process], log, 30)

    def test_free_ports_are_all_different(self):
        self.assertEqual(len(set(processes.free_ports(20))), 20)

    def test_processor_time_of_a_program_with_an_odd_name_is_read(self):
        stat = "12 (a ) (b) S 1 12 12 0 -1 4194560 93 0 0 0 250 31 0 0 20 0 1 0 7 0 0"

        self.assertEqual(processes.ticks(stat), 281)

    def test_processor_time_only_grows(self):
        before = processes.cpu_seconds([os.getpid()])

        self.assertGreaterEqual(processes.cpu_seconds([os.getpid()]), before)


class MachineTest(unittest.TestCase):
    def test_the_file_system_of_a_directory_is_known(self):
        self.assertEqual(machine.file_system_of("/proc/self"), "proc")


if __name__ == "__main__":
    unittest.main()
