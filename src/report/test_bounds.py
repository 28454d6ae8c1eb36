"""Bounds of claims against their values over seeds, and the hash that says which are due."""

import json
import tempfile
import unittest
from dataclasses import asdict
from pathlib import Path
from unittest import mock

from autoencoder_report import site
from autoencoder_report.bounds import problem_of
from autoencoder_report.claims import Claim
from autoencoder_report.project import root
from autoencoder_report.seeds import SEEDS, Row, code_of, hashes, measure, read_table, seeds_of

AROUND_TEN = (10.0, 10.1, 9.9, 10.05, 9.95, 10.02, 9.98, 10.0)  # s = 0.061
AROUND_A_THOUSAND = (1000.0, 300.0, 3000.0, 700.0, 1500.0, 900.0, 1100.0, 500.0)


def said_of(bound, values=AROUND_TEN):
    return problem_of(Row("00", "", 1, "a claim", bound, tuple(values)))


class Values(unittest.TestCase):
    def test_a_bound_lies_8_to_12_standard_deviations_from_the_mean(self):
        self.assertEqual(said_of("within [9.4, 10.6]"), "")
        self.assertIn("must be 8 or more", said_of("within [9.7, 10.6]"))
        self.assertIn("or less", said_of("within [9.4, 11.5]"))

    def test_a_bound_that_leaves_a_seed_out_is_named(self):
        self.assertIn("values from 9.9 to 10.1", said_of("within [9.95, 10.6]"))

    def test_numbers_that_vary_by_a_fifth_are_judged_in_logarithms(self):
        self.assertEqual(said_of("within [2.5, 350000]", AROUND_A_THOUSAND), "")
        self.assertIn("must be 8 or more", said_of("within [100, 10000]", AROUND_A_THOUSAND))

    def test_a_number_that_no_seed_moves_may_lie_anywhere_in_a_narrow_bound(self):
        self.assertEqual(said_of("within [5, 5]", [5] * 8), "")
        self.assertEqual(said_of("within [0.5, 0.501]", [0.5] * 8), "")
        self.assertIn("or less", said_of("within [0.5, 0.6]", [0.5] * 8))

    def test_a_count_may_be_off_by_one(self):
        self.assertEqual(said_of("within [6, 8]", [7, 7, 7, 7, 7, 7, 7, 7]), "")
        self.assertIn("must be 8 or more", said_of("within [6, 8]", [7, 7, 7, 8, 7, 7, 7, 7]))


class Conclusions(unittest.TestCase):
    def test_the_threshold_lies_at_least_8_standard_deviations_away(self):
        self.assertEqual(said_of("below 11"), "")
        self.assertEqual(said_of("above 9"), "")
        self.assertEqual(said_of("below 1000"), "")
        self.assertIn("must be 8 or more", said_of("below 10.2"))

    def test_a_threshold_on_the_wrong_side_is_a_problem(self):
        self.assertNotEqual(said_of("below 9"), "")


class Identities(unittest.TestCase):
    def test_the_bound_is_10_to_100_times_the_largest_difference(self):
        gaps = [1e-7, 2e-7, 1e-7, 1e-7, 1e-7, 1e-7, 1e-7, 1e-7]
        self.assertEqual(said_of("below 1e-05", gaps), "")
        self.assertIn("less than 10 times", said_of("below 1e-06", gaps))
        self.assertIn("more than 100 times", said_of("below 1e-03", gaps))

    def test_a_stored_run_may_differ_by_a_thousandth(self):
        row = Row("00", "", 1, "loss over the stored one, minus one", "below 0.001", (1e-8,) * 8)
        self.assertEqual(problem_of(row), "")
        self.assertIn("more than 100 times", said_of("below 0.001", [1e-8] * 8))

    def test_gradient_checks_share_one_bound(self):
        self.assertEqual(said_of("below 0.002", [1e-5] * 8), "")

    def test_an_unreadable_bound_is_said(self):
        self.assertEqual(said_of("roughly ten"), "cannot be read")


class Hashes(unittest.TestCase):
    """A chapter's hash follows what its numbers depend on, and nothing else."""

    def hash_of(self, *cells):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "99-trial.ipynb")
            code = [{"cell_type": "code", "source": cell} for cell in cells]
            path.write_text(json.dumps({"cells": code}), encoding="utf-8")
            return hashes([path])["99-trial"]

    def test_numbers_and_imports_change_it(self):
        plain = self.hash_of("const a = 1;")
        self.assertNotEqual(plain, self.hash_of("const a = 2;"))
        self.assertNotEqual(
            plain, self.hash_of('import { pca } from "autoencoders";\nconst a = 1;')
        )

    def test_comments_and_line_breaks_do_not(self):
        self.assertEqual(self.hash_of("const a = 1;"), self.hash_of("// one\nconst a =\n  1;"))

    def test_bounds_of_claims_change_its_second_half_only(self):
        first = self.hash_of('claim("a", x, { below: 1e-6 });\nclaim("b", y, { within: [0, 2] });')
        other = self.hash_of('claim("a", x, { below: 2e-6 });\nclaim("b", y, { within: [-1, 2] });')
        self.assertEqual(code_of(first), code_of(other))
        self.assertNotEqual(first, other)

    def test_data_counts_for_the_chapter_that_names_it(self):
        def other_penguins(folder):
            for name in ("node_modules", "package.json", "src"):
                Path(folder, name).symlink_to(root() / name)
            lines = (root() / "data" / "checksums.txt").read_text("utf-8").splitlines()
            changed = ["0" * 64 + line[64:] if "penguins" in line else line for line in lines]
            Path(folder, "data").mkdir()
            Path(folder, "data", "checksums.txt").write_text("\n".join(changed), "utf-8")

        def in_both(cell):
            with tempfile.TemporaryDirectory() as folder:
                other_penguins(folder)
                here = self.hash_of(cell)
                with mock.patch("autoencoder_report.seeds.root", lambda: Path(folder)):
                    return here, self.hash_of(cell)

        self.assertNotEqual(*in_both('await readTable("penguins");'))
        self.assertEqual(*in_both('await readTable("sparsity");'))


class Measured(unittest.TestCase):
    """A chapter of one claim, whose value under each seed is given."""

    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        stand_ins = {
            "autoencoder_report.seeds.table_path": lambda: Path(temporary.name, "claims.csv"),
            "autoencoder_report.seeds.hashes": lambda _: {"99-trial": self.hash},
            "autoencoder_report.seeds._measure": self.run_one,
            "builtins.print": lambda *_, **__: None,
        }
        for name, stand_in in stand_ins.items():
            patch = mock.patch(name, stand_in)
            patch.start()
            self.addCleanup(patch.stop)

    async def run_one(self, _path, _digest, seed, _timeout):
        self.ran.append(seed)
        return [Claim("a claim", f"{self.values[seed]:.9g}", "below 9", "1", True)]

    def measure(self, hash, value):
        self.hash, self.ran = hash, []
        self.values = {seed: value + seed / 7 for seed in SEEDS}
        self.assertEqual(measure([Path("99-trial.ipynb")], SEEDS, 60), 0)
        self.assertEqual([row.hash for row in read_table()], [hash])
        self.assertAlmostEqual(read_table()[0].values[7], value + 8 / 7, 7)
        return self.ran

    def test_a_chapter_is_run_under_eight_seeds_and_one_that_has_not_changed_under_none(self):
        self.assertEqual(self.measure("a-b", 1), list(SEEDS))
        self.assertEqual(self.measure("a-b", 1), [])

    def test_after_a_change_that_leaves_the_numbers_of_seed_1_the_others_are_kept(self):
        self.measure("a-b", 1)
        self.assertEqual(self.measure("c-b", 1), [1])

    def test_after_a_change_that_moves_a_number_of_seed_1_all_are_run(self):
        self.measure("a-b", 1)
        self.assertEqual(self.measure("c-b", 1 + 1e-6), list(SEEDS))


class Spreads(unittest.TestCase):
    def test_the_page_of_claims_has_mean_and_deviation_beside_the_bound(self):
        row = Row("04-pca", "", 1, "a claim", "below 11", AROUND_TEN)
        held = asdict(Claim("a claim", "10", "below 11", "1", True, 1))
        other = asdict(Claim("another", "10", "below 11", "1", True, 2))
        card = site.Card("04-pca", "Why?", claims=[held, other], state="current")
        with (
            tempfile.TemporaryDirectory() as folder,
            mock.patch("autoencoder_report.site.read_table", lambda: [row]),
        ):
            site.write_site([card], Path(folder))
            page = Path(folder, "claims.html").read_text("utf-8")
        self.assertEqual(page.count('class="spread"'), 1)
        self.assertIn(">10 ± 0.061<", page)


class Seeds(unittest.TestCase):
    def test_a_range_and_a_list_are_read(self):
        self.assertEqual(seeds_of("11-13"), (11, 12, 13))
        self.assertEqual(seeds_of("5,13,20"), (5, 13, 20))


if __name__ == "__main__":
    unittest.main()
