import contextlib
import io
import unittest

from farside_bench import comparisons, loads, options


def refusal(*arguments):
    """What is printed when the arguments are refused."""
    said = io.StringIO()
    try:
        with contextlib.redirect_stderr(said):
            options.parse(arguments)
    except SystemExit as end:
        assert end.code == 2, end.code
        return said.getvalue()
    raise AssertionError(f"{arguments} were taken")


class OptionsTest(unittest.TestCase):
    def test_without_options_the_run_is_the_one_that_figures_are_quoted_from(self):
        chosen = options.parse([])

        self.assertEqual((chosen.rounds, chosen.seconds, chosen.comparisons), (5, 4.0, comparisons.ALL))
        self.assertIsNone(chosen.loads)
        self.assertEqual(chosen.targets, ("farside", "peer"))
        self.assertEqual(chosen.volume_mib, 256)

    def test_quick_gives_way_to_what_is_said_explicitly(self):
        chosen = options.parse(["--quick", "--rounds", "3"])

        self.assertEqual((chosen.rounds, chosen.seconds), (3, 1.0))
        self.assertEqual([comparison.name for comparison in chosen.comparisons], ["mirrored-tmpfs"])

    def test_every_mistake_is_refused_with_what_is_possible(self):
        for arguments, cure in (
            (["--rounds", "0"], "from 1 to 1000"),
            (["--rounds", "five"], "from 1 to 1000"),
            (["--seconds", "0.1"], "from 0.5 to 3600"),
            (["--seconds", "nan"], "from 0.5 to 3600"),
            (["--loads", "randwrite-4k"], "PATTERN-SIZE-qdDEPTH"),
            (["--loads", ""], "PATTERN-SIZE-qdDEPTH"),
            (["--loads", "write-64m-qd1"], "at most 32m"),
            (["--loads", "write-4k-qd1,write-4k-qd1"], "twice"),
            (["--comparisons", "ext4"], "none of mirrored-tmpfs, mirrored-disk"),
            (["--comparisons", "local-loop,local-loop"], "twice"),
            (["--comparisons", "local-loop", "--targets", "farside,peer,unmirrored"], "has unmirrored"),
            (["--loads", "randread-4k-qd1-flush"], "nothing to do"),
            (["--targets", "farside"], "ratios are to the peer"),
            (["--targets", "unmirrored,peer", "--check"], "must have `farside`"),
            (["--volume-mib", "16", "--loads", "write-8m-qd4"], "32 MiB under way"),
            (["--roun", "3"], "unrecognized"),
        ):
            with self.subTest(arguments):
                self.assertIn(cure, refusal(*arguments))

    def test_a_load_is_called_what_it_was_called_by(self):
        for name in ("randwrite-4k-qd1", "randread-512k-qd256", "write-1m-qd4", "read-1536k-qd2", "write-4k-qd1-flush"):
            with self.subTest(name):
                self.assertEqual(loads.Load.parse(name).name, name)

    def test_the_help_names_every_comparison_with_its_loads(self):
        said = io.StringIO()
        with contextlib.redirect_stdout(said), self.assertRaises(SystemExit):
            options.parse(["--help"])

        for comparison in comparisons.ALL:
            self.assertIn(comparison.name, said.getvalue())
            for load in comparison.required:
                self.assertIn(load, said.getvalue())
        self.assertIn("make jmh", said.getvalue())


if __name__ == "__main__":
    unittest.main()
