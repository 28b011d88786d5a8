import unittest

from farside_bench import rig
from farside_bench.failure import Failure
from farside_bench.paths import REPOSITORY

LOOPBACK = REPOSITORY / "hil-rig" / "rigs" / "loopback.yaml"


class RigTest(unittest.TestCase):
    def test_only_ports_and_sizes_differ_from_the_loopback_rig(self):
        text = LOOPBACK.read_text()

        derived = rig.derive(text, LOOPBACK, (1001, 1002), 1003, 512)

        changed = [
            new.strip().split("  ")[0] for old, new in zip(text.splitlines(), derived.splitlines()) if old != new
        ]
        self.assertEqual(len(text.splitlines()), len(derived.splitlines()))
        self.assertEqual(
            changed,
            [
                "nbd: 127.0.0.1:1001",
                "- {name: D1, driver: file-disk, sizeMiB: 513}",
                "nbd: 127.0.0.1:1002",
                "- {name: D1, driver: file-disk, sizeMiB: 513}",
                "listen: {site: B, address: 127.0.0.1:1003}",
                "0010: {sizeMiB: 512, group: ab, r1: A/D1, r2: B/D1}",
            ],
        )

    def test_the_same_size_changes_nothing_but_ports(self):
        text = LOOPBACK.read_text()

        self.assertEqual(rig.derive(text, LOOPBACK, (10809, 10810), 10900, 256), text)

    def test_a_pair_whose_writes_wait_for_the_drive_differs_in_one_word_more(self):
        text = LOOPBACK.read_text()

        derived = rig.derive(text, LOOPBACK, (10809, 10810), 10900, 256, "stored")

        self.assertEqual(derived, text.replace("ab: {mode: real-time, ack: received", "ab: {mode: real-time, ack: stored"))

    def test_a_pair_past_the_page_cache_says_so_of_both_its_drives(self):
        text = LOOPBACK.read_text()

        derived = rig.derive(text, LOOPBACK, (10809, 10810), 10900, 256, direct=True)

        self.assertEqual(
            derived,
            text.replace("{name: D1, driver: file-disk,", "{name: D1, driver: file-disk, direct: true,"),
        )

    def test_a_local_volume_lies_on_a_file_or_on_a_disk_that_is_given_up(self):
        on_file = rig.local("0030", 1001, 256, 64, 128)
        on_disk = rig.local("0030", 1001, 256, 64, 128, disk="/dev/loop7", backing_file="/tmp/d.img")

        self.assertIn("{name: D1, driver: file-disk, sizeMiB: 257}", on_file)
        self.assertIn("path: /dev/loop7, identity: {backingFile: /tmp/d.img}, erase:", on_disk)
        self.assertIn("readCacheMiB: 128\n", on_file)

    def test_a_loopback_rig_that_has_changed_is_refused(self):
        text = LOOPBACK.read_text()
        for damaged in ("", text.replace("nbd:", "host:"), text.replace("0010:", "0011:"), text.replace("listen", "hear")):
            with self.assertRaisesRegex(Failure, "rig.py"):
                rig.derive(damaged, LOOPBACK, (1, 2), 3, 256)


if __name__ == "__main__":
    unittest.main()
