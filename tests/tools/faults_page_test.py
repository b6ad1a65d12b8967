"""docs/guide/faults.md and the names of the tests speak of the same faults."""
import ast
import collections
import pathlib
import re
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
TESTS = ROOT / "tests"
ROW = re.compile(r"(?m)^\| ([A-Z]\d\d) \| (.+) \| (.*) \| (.+) \|$")


def faults_of(name):
    return re.findall(r"(?:^|_)([A-Z]\d\d)(?=_)", name)


class Faults:
    """What the names of the tests say: files by fault, and the faults of tests that script/test soak does in full."""

    def __init__(self):
        self.files, self.scaled = collections.defaultdict(set), set()
        for path in TESTS.rglob("*_test.py"):
            text = path.read_text()
            for node in ast.walk(ast.parse(text)):
                if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                    code = ast.get_source_segment(text, node) + "".join(map(ast.unparse, node.decorator_list))
                    self.add(path, node.name.removeprefix("test_"), "scaled(" in code or "SOAK" in code)
        for path in TESTS.rglob("*_test.cpp"):
            for kind, name in re.findall(r"(?m)^(TEST|TEST_F|TEST_P|RC_GTEST_PROP)\(\s*\w+,\s*(\w+)", path.read_text()):
                self.add(path, name, kind == "RC_GTEST_PROP")

    def add(self, path, name, is_scaled):
        for fault in faults_of(name):
            self.files[fault].add(str(path.relative_to(TESTS)))
            if is_scaled:
                self.scaled.add(fault)


class FaultsPage(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.rows = ROW.findall((ROOT / "docs/guide/faults.md").read_text())
        cls.faults = Faults()

    def test_has_every_fault_once_and_in_order(self):
        numbers = [row[0] for row in self.rows]
        self.assertGreater(len(numbers), 80)
        self.assertEqual(len(numbers), len(set(numbers)))
        for letter in {number[0] for number in numbers}:
            group = [number for number in numbers if number[0] == letter]
            self.assertEqual(group, sorted(group))

    def test_names_the_files_of_the_tests_that_name_the_fault(self):
        shown = {number: set(re.findall(r"`([\w/]+_test\.(?:py|cpp))`", where)) for number, _, _, where in self.rows}
        self.assertEqual({number: files for number, files in shown.items() if files}, dict(self.faults.files))

    def test_gives_the_reason_where_there_is_no_test(self):
        for number, _, holds, where in self.rows:
            if number not in self.faults.files:
                self.assertRegex(where, "^— .{20}", number)
                self.assertEqual(holds, "", number)

    def test_marks_what_is_done_in_full_by_script_test_soak_only(self):
        marked = {number for number, what, _, _ in self.rows if "†" in what}
        self.assertEqual(marked, self.faults.scaled)


if __name__ == "__main__":
    unittest.main(verbosity=2)
