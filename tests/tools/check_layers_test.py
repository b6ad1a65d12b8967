"""check-layers must fail on each planted fault, and pass on the clean tree it was planted in."""
import pathlib
import subprocess
import sys
import tempfile
import unittest

CHECK = pathlib.Path(__file__).resolve().parents[2] / "tools" / "check-layers"
MAP = "room(base)\nroom(text NEEDS base)\nroom(io NEEDS base)\napp(tiny OUTPUT tiny-program NEEDS text io)\n"


class CheckLayers(unittest.TestCase):
    def check(self, map_=MAP, **files):
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            (root / "CMakeLists.txt").write_text(map_)
            sources = {"src/base/a.h": "", "src/text/b.cpp": '#include "base/a.h"\n', "src/io/c.cpp": "#include <sys/epoll.h>\n",
                       "apps/tiny/main.cpp": '#include "text/b.h"\n#include "io/c.h"\n', **files}
            for path, text in sources.items():
                (root / path).parent.mkdir(parents=True, exist_ok=True)
                (root / path).write_text(text)
            done = subprocess.run([sys.executable, CHECK, folder], capture_output=True, text=True)
            return done.returncode, done.stdout

    def test_a_clean_tree_passes(self):
        self.assertEqual(self.check(), (0, "4 rooms and programs, no fault\n"))

    def test_an_undeclared_include_is_a_fault_with_its_line(self):
        code, said = self.check(**{"src/base/bad.h": '\n#include "text/b.h"\n'})
        self.assertEqual((code, said), (1, "src/base/bad.h:2: base does not NEED text\n"))

    def test_a_program_may_include_only_what_it_needs(self):
        code, said = self.check(**{"apps/tiny/more.cpp": '#include "base/a.h"\n'})
        self.assertEqual((code, said), (1, "apps/tiny/more.cpp:1: tiny does not NEED base\n"))

    def test_a_cycle_is_a_fault(self):
        code, said = self.check(map_=MAP.replace("room(base)", "room(base NEEDS text)"))
        self.assertEqual(code, 1)
        self.assertIn("cycle: base -> text -> base", said)

    def test_a_world_header_outside_io_is_a_fault(self):
        for header in ("sys/socket.h", "unistd.h", "fstream", "openssl/ssl.h", "random"):
            code, said = self.check(**{"src/text/world.cpp": f"#include <{header}>\n"})
            self.assertEqual((code, said), (1, f"src/text/world.cpp:1: only io touches the world (<{header}>)\n"))

    def test_a_need_that_is_no_room_is_a_fault(self):
        self.assertEqual(self.check(map_=MAP + "room(lost NEEDS nowhere)\n")[0], 1)

    def test_an_empty_map_is_a_fault_not_a_pass(self):
        self.assertEqual(self.check(map_="project(x)\n")[0], 1)


if __name__ == "__main__":
    unittest.main()
