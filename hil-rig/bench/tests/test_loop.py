import pathlib
import subprocess
import tempfile
import unittest
from unittest import mock

from farside_bench import loop
from farside_bench.failure import Failure


def attached_to(file):
    answer = subprocess.run(["losetup", "--noheadings", "--output", "NAME", "--associated", file], capture_output=True)
    return answer.stdout.decode().split()


class LoopDevicesTest(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.directory = pathlib.Path(scratch.name)
        self.file = self.directory / "disk.img"
        self.file.write_bytes(bytes(1 << 20))

    def require_loop_devices(self):
        reason = loop.why_not(self.directory)
        if reason:
            self.skipTest(reason)

    def test_a_disk_is_given_back_when_the_run_fails(self):
        self.require_loop_devices()
        with self.assertRaisesRegex(RuntimeError, "a fault"):
            with loop.LoopDevices() as loops:
                device = loops.attach(self.file)
                self.assertEqual(attached_to(self.file), [str(device)])
                raise RuntimeError("a fault")

        self.assertEqual(attached_to(self.file), [])

    def test_a_disk_whose_name_was_never_learned_is_given_back_too(self):
        self.require_loop_devices()
        run = subprocess.run

        def interrupted(command, **options):
            answer = run(command, **options)
            if "--show" in command:
                raise KeyboardInterrupt
            return answer

        with self.assertRaises(KeyboardInterrupt), loop.LoopDevices() as loops:
            with mock.patch("subprocess.run", interrupted):
                loops.attach(self.file)

        self.assertEqual(attached_to(self.file), [])

    def test_where_they_cannot_be_had_there_is_a_reason(self):
        with mock.patch("subprocess.run", side_effect=FileNotFoundError):
            self.assertIn("losetup is missing", loop.why_not(self.directory))
        refused = subprocess.CompletedProcess([], 1, "", "losetup: cannot find an unused loop device: Permission denied")
        with mock.patch("subprocess.run", return_value=refused):
            self.assertIn("Permission denied", loop.why_not(self.directory))
            with self.assertRaises(Failure), loop.LoopDevices() as loops:
                loops.attach(self.file)


if __name__ == "__main__":
    unittest.main()
