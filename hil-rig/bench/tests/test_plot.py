import unittest
from xml.etree import ElementTree

from farside_bench import comparisons, figures, plot, report

from test_figures import sample

SVG = "{http://www.w3.org/2000/svg}"


def result(comparison, iops=(300, 330, 270)):
    samples = [
        sample(target, number, value if target == "farside" else 100, load=load)
        for load in comparison.required
        for number, value in enumerate(iops, 1)
        for target in ("farside", "peer")
    ]
    return {"what": comparison.what, "rows": figures.rows(samples, "peer", comparison.required)}


class PlotTest(unittest.TestCase):
    def setUp(self):
        results = [result(comparison) for comparison in comparisons.ALL]
        self.root = ElementTree.fromstring(plot.drawn(results, {}, ("taken <now> & here",)))
        self.texts = [text.text for text in self.root.iter(SVG + "text")]

    def of_class(self, tag, kind):
        return [element for element in self.root.iter(SVG + tag) if kind in element.get("class", "").split()]

    def test_every_row_of_every_comparison_is_drawn_with_what_is_required(self):
        loads = [load for comparison in comparisons.ALL for load in comparison.required]
        needed = [required for comparison in comparisons.ALL for required in comparison.required.values()]
        of_cpu = sum(required.cpu is not None for required in needed)
        of_iops = sum(required.iops is not None for required in needed)

        for comparison in comparisons.ALL:
            self.assertIn(comparison.what, self.texts)
        for load in set(loads):
            self.assertEqual(self.texts.count(report.title(load)), loads.count(load), load)
        self.assertIn("CPU time per I/O, 4 KiB random writes, qd16", self.texts)
        self.assertEqual(len(self.of_class("rect", "bar")), len(loads) + of_cpu)
        self.assertEqual(len(self.of_class("line", "required")), of_iops + of_cpu)
        self.assertEqual(len(self.of_class("line", "whisker")), 3 * (len(loads) + of_cpu))
        self.assertIn("3.00 (2.70..3.30), at least 1.5", self.texts)

    def test_bars_end_at_the_median_and_whiskers_at_smallest_and_largest(self):
        bar = self.of_class("rect", "bar")[0]
        whisker = self.of_class("line", "whisker")[0]
        required = self.of_class("line", "required")[0]
        left = float(bar.get("x"))

        self.assertAlmostEqual((float(whisker.get("x1")) - left) / float(bar.get("width")), 2.7 / 3.0, 2)
        self.assertAlmostEqual((float(whisker.get("x2")) - left) / float(bar.get("width")), 3.3 / 3.0, 2)
        self.assertAlmostEqual((float(required.get("x1")) - left) / float(bar.get("width")), 1.5 / 3.0, 2)

    def test_what_was_missed_has_another_colour_and_processor_time_must_stay_below_its_mark(self):
        # Three times the I/Os for the same time: a third of it for each, at most 0.5 is required.
        self.assertEqual(self.of_class("rect", "missed"), [])

        slow = ElementTree.fromstring(plot.drawn([result(comparisons.ALL[0], (100, 100, 100))], {}, ()))
        missed = [rect for rect in slow.iter(SVG + "rect") if "missed" in rect.get("class")]
        self.assertEqual(len(missed), 4)

    def test_nothing_lies_outside_of_the_picture(self):
        width, height = float(self.root.get("width")), float(self.root.get("height"))
        for element in self.root.iter():
            for name, most in (("x", width), ("x1", width), ("x2", width), ("y", height), ("y1", height), ("y2", height)):
                if element.get(name):
                    self.assertLessEqual(float(element.get(name)), most, ElementTree.tostring(element))
                    self.assertGreaterEqual(float(element.get(name)), 0)

    def test_it_can_be_read_in_the_dark_and_says_what_was_skipped(self):
        self.assertIn("prefers-color-scheme: dark", self.root.find(SVG + "style").text)
        self.assertIn("taken <now> & here", self.texts)

        of_nothing = ElementTree.fromstring(plot.drawn([], {"local-loop": "no root"}, ()))
        self.assertIn("local-loop was skipped: no root", [text.text for text in of_nothing.iter(SVG + "text")])


if __name__ == "__main__":
    unittest.main()
