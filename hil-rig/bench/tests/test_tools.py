import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest
from unittest import mock

from farside_bench import tools
from farside_bench.failure import NOT_INSTALLED, Failure
from farside_bench.paths import HERE

PACKAGES = ["fio", "qemu-utils", "qemu-system-common", "nbdkit"]
CURE = "apt-get install --no-install-recommends fio qemu-utils qemu-system-common nbdkit"

APT_GET = """#!/bin/sh
echo "$*" >> {scratch}/asked
case "$*" in *update) exit 0 ;; esac
[ "$({grep} -c update {scratch}/asked)" -ge {updates} ] || exit 100
for program in fio qemu-nbd qemu-img qemu-storage-daemon nbdkit; do
  printf '#!/bin/sh\\nexit 0\\n' > {scratch}/$program
  {chmod} +x {scratch}/$program
done
"""


class ToolsTest(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.path = pathlib.Path(scratch.name)

    def apt_get(self, updates):
        """An apt-get that knows its packages after so many updates."""
        script = APT_GET.format(
            scratch=self.path, updates=updates, grep=shutil.which("grep"), chmod=shutil.which("chmod")
        )
        (self.path / "apt-get").write_text(script)
        (self.path / "apt-get").chmod(0o755)

    def require(self, user):
        with mock.patch.dict(os.environ, PATH=str(self.path)), mock.patch("os.geteuid", return_value=user):
            tools.require()

    def test_what_is_missing_is_named_with_its_packages_and_the_command(self):
        self.apt_get(updates=0)

        with self.assertRaises(Failure) as failed:
            self.require(user=1000)

        self.assertIn(CURE, str(failed.exception))
        self.assertEqual(failed.exception.status, NOT_INSTALLED)
        self.assertFalse((self.path / "asked").exists(), "only root may install")

    def test_root_has_it_installed(self):
        for updates in (0, 1):
            with self.subTest(updates=updates):
                self.apt_get(updates)

                self.require(user=0)

                asked = (self.path / "asked").read_text().splitlines()
                self.assertEqual(asked[0].split()[-len(PACKAGES) :], PACKAGES)
                self.assertEqual(sum("update" in line for line in asked), updates)
                for leftover in self.path.iterdir():
                    leftover.unlink()

    def test_the_program_itself_ends_with_3_and_names_them(self):
        for program in ("python3", "dirname"):
            (self.path / program).symlink_to(shutil.which(program))

        ended = subprocess.run(
            [HERE / "bench", "--quick"], env={"PATH": str(self.path)}, capture_output=True, text=True, timeout=30
        )

        self.assertEqual(ended.returncode, 3, ended.stderr)
        self.assertIn(CURE, ended.stderr)


if __name__ == "__main__":
    unittest.main()
