#!/usr/bin/env python3
"""Tests of the style test: each rule must be able to fail, on small made-up trees."""

import contextlib
import io
import tempfile
import unittest
from pathlib import Path

import cpp_text
import includes
import measures
import rules
import style_test
from tree import SourceFile, load_tree


def cpp(path, text):
    """A header or source as the rules like it, with the given text in it."""
    opening = "// What it is.\n#pragma once\n" if path.endswith(".hpp") else ""
    return SourceFile(path, opening + text)


def found(rule, *files):
    """What a rule says about some files, as (path, line) pairs."""
    return [(path, line) for path, line, _ in rule(list(files))]


class Blanking(unittest.TestCase):
    def test_comments_and_literals_vanish_and_lines_stay(self):
        text = 'a("x{"); // {\nb(\'{\'); /* {\n{ */ c(R"(\n{)"); d = 1\'000;\n'
        blank = cpp_text.blank_comments_and_literals(text)
        self.assertNotIn("{", blank)
        self.assertEqual(len(blank), len(text))
        self.assertEqual(blank.count("\n"), text.count("\n"))
        self.assertIn("d = 1'000;", blank)


class Functions(unittest.TestCase):
    def functions(self, text):
        blank = cpp_text.blank_comments_and_literals(text)
        return {f.name: f for f in cpp_text.find_functions(blank)}

    def test_bodies_and_parameters(self):
        got = self.functions("namespace a {\nint f(int x, std::map<int, int> y) {\n"
                             "  if (x) { g(); }\n  return 1;\n}\n}")
        self.assertEqual(set(got), {"f"})
        self.assertEqual(got["f"].body_lines, 4)
        self.assertEqual(got["f"].first_line, 2)
        self.assertEqual(got["f"].parameters, 2)

    def test_constructor_with_member_initialisers(self):
        got = self.functions("class x {\n public:\n  x(int a) : a_{a}, b_(2) {\n    go();\n  }\n};")
        self.assertEqual(got["x"].body_lines, 3)
        self.assertEqual(got["x"].access, "public")

    def test_access_and_scope(self):
        got = self.functions("namespace { void hidden(); }\nclass x {\n  void own();\n"
                             " public:\n  void open() const;\n};")
        self.assertEqual(got["hidden"].scope, "anonymous")
        self.assertEqual(got["own"].access, "private")
        self.assertEqual(got["open"].access, "public")

    def test_lambdas_belong_to_their_function(self):
        got = self.functions("void f() {\n  auto g = [](int a) {\n    return a;\n  };\n}")
        self.assertEqual(set(got), {"f"})
        self.assertEqual(got["f"].body_lines, 5)

    def test_templates_and_initialised_members(self):
        got = self.functions(
            "template <class T, class = std::enable_if_t<(1 > 0)>>\nstruct s {\n  int a{1};\n"
            "  std::vector<int> v = {1, 2};\n  template <class F> void each(F&& f) { f(a); }\n};")
        self.assertEqual(set(got), {"each"})

    def test_operators(self):
        got = self.functions("struct s {\n  bool operator()(int a, int b) { return a < b; }\n};")
        self.assertEqual(got["operator"].parameters, 2)


class HardRules(unittest.TestCase):
    def test_sleeps_in_every_language(self):
        text = "void f() {\n  std::this_thread::sleep_for(1s);\n}"
        self.assertEqual(found(rules.sleeps, cpp("tests/a.cpp", text)), [("tests/a.cpp", 2)])
        self.assertEqual(
            found(rules.sleeps, SourceFile("tests/a.py", 'x = "sleep(1)"\ntime.sleep(1)\n')),
            [("tests/a.py", 2)])
        self.assertEqual(
            found(rules.sleeps, SourceFile("tests/a.sh", "#!/bin/bash\ntrue; sleep 0.1\n")),
            [("tests/a.sh", 2)])

    def test_a_sleep_in_a_comment_is_none(self):
        self.assertEqual(found(rules.sleeps, cpp("tests/a.cpp", "// sleep_for(1s)\n")), [])

    def test_clock_reads(self):
        text = "auto t = std::chrono::steady_clock::now();\n"
        self.assertEqual(found(rules.clock_reads, cpp("actors/a.cpp", text)), [("actors/a.cpp", 1)])
        self.assertEqual(found(rules.clock_reads, cpp("runtime/clock.cpp", text)), [])
        self.assertEqual(
            found(rules.clock_reads, cpp("tests/b.cpp", "auto t = time(nullptr);\n")),
            [("tests/b.cpp", 1)])
        python = SourceFile("tests/b.py", "t = time.time()\n")
        self.assertEqual(found(rules.clock_reads, python), [("tests/b.py", 1)])

    def test_raw_requests(self):
        text = "void f() { self->request(x, 1s, y); }\n"
        somewhere = cpp("actors/a.cpp", text)
        self.assertEqual(found(rules.raw_requests, somewhere), [("actors/a.cpp", 1)])
        self.assertEqual(found(rules.raw_requests, cpp("runtime/ask.hpp", text)), [])
        self.assertEqual(found(rules.raw_requests, cpp("tests/a.cpp", text)), [])

    def test_file_lengths(self):
        self.assertEqual(found(rules.file_lengths, cpp("actors/a.cpp", "int x;\n" * 500)), [])
        longer = cpp("actors/a.cpp", "int x;\n" * 501)
        self.assertEqual(found(rules.file_lengths, longer), [("actors/a.cpp", 501)])
        self.assertEqual(
            found(rules.file_lengths, SourceFile("runtime/README.md", "x\n" * 41)),
            [("runtime/README.md", 41)])
        self.assertEqual(found(rules.file_lengths, SourceFile("README.md", "x\n" * 99)), [])

    def test_line_lengths(self):
        self.assertEqual(found(rules.line_lengths, cpp("actors/a.cpp", "x" * 100 + "\n")), [])
        longer = cpp("actors/a.cpp", "x" * 101 + "\n")
        self.assertEqual(found(rules.line_lengths, longer), [("actors/a.cpp", 1)])

    def test_function_sizes(self):
        body = "void f() {\n" + "  g();\n" * 68 + "}\n"
        self.assertEqual(found(rules.function_sizes, cpp("actors/a.cpp", body)), [])
        longer = "void f() {\n" + "  g();\n" * 69 + "}\n"
        self.assertEqual(
            found(rules.function_sizes, cpp("actors/a.cpp", longer)), [("actors/a.cpp", 1)])
        five = cpp("actors/a.hpp", "void f(int a, int b, int c, int d, int e);\n")
        self.assertEqual(found(rules.function_sizes, five), [("actors/a.hpp", 3)])
        override = "struct s {\n  void f(int a, int b, int c, int d, int e) override;\n};\n"
        self.assertEqual(found(rules.function_sizes, cpp("actors/a.cpp", override)), [])
        python = SourceFile("tests/a.py", "def f(self, a, b, c, d, e):\n    pass\n")
        self.assertEqual(found(rules.function_sizes, python), [("tests/a.py", 1)])
        broken = SourceFile("tests/a.py", "def f(:\n")
        self.assertEqual(found(rules.function_sizes, broken), [("tests/a.py", 1)])

    def test_forbidden_names(self):
        self.assertTrue(found(rules.forbidden_names, cpp("actors/utils/a.cpp", "")))
        self.assertTrue(found(rules.forbidden_names, cpp("actors/helpers.cpp", "")))
        for text in ("class cache_manager {};", "void handle_it() {}\n", "void do_it();\n"):
            self.assertTrue(found(rules.forbidden_names, cpp("actors/a.cpp", text)), text)
        self.assertTrue(found(rules.forbidden_names, cpp("actors/a.cpp", "void process_it();\n")))
        fine = cpp("actors/a.hpp", "struct do_over {\n  do_over(int id);\n};\nint process_id();\n")
        self.assertEqual(found(rules.forbidden_names, fine), [])

    def test_unfinished_work(self):
        self.assertTrue(found(rules.unfinished, cpp("actors/a.cpp", "int x;  // TODO: y\n")))
        self.assertTrue(found(rules.unfinished, SourceFile("tests/a.py", "# FIXME\n")))
        self.assertTrue(found(rules.unfinished, cpp("actors/a.cpp", "// x = y + 1;\n")))
        self.assertTrue(found(rules.unfinished, cpp("actors/a.cpp", "// if (x) {\n")))
        prose = cpp("actors/a.cpp", "// Returns the engine; the caller owns it.\n")
        self.assertEqual(found(rules.unfinished, prose), [])

    def test_header_openings(self):
        bare = SourceFile("actors/a.hpp", "#pragma once\nint x;\n")
        self.assertEqual(found(rules.header_openings, bare), [("actors/a.hpp", 1)])
        often = SourceFile("actors/a-inl.hpp", "// What it is.\nint x;\n")
        self.assertEqual(found(rules.header_openings, often), [])
        unguarded = SourceFile("actors/a.hpp", "// What it is.\nint x;\n")
        self.assertEqual(found(rules.header_openings, unguarded), [("actors/a.hpp", 1)])


class Includes(unittest.TestCase):
    def test_layers(self):
        low = cpp("runtime/a.hpp", '#include "actors/b.hpp"\n')
        high = cpp("actors/b.hpp", '#include "runtime/a.hpp"\n')
        self.assertEqual(found(includes.layer_violations, low, high), [("runtime/a.hpp", 3)])

    def test_engine_and_actors_keep_apart(self):
        engine = cpp("engine/a.hpp", '#include "actors/b.hpp"\n')
        actors = cpp("actors/b.hpp", '#include "engine/a.hpp"\n')
        self.assertEqual(found(includes.layer_violations, engine, actors),
                         [("engine/a.hpp", 3), ("actors/b.hpp", 3)])

    def test_tests_include_anything_that_exists(self):
        test = cpp("tests/a.cpp", '#include "apps/b.hpp"\n#include "nowhere.hpp"\n')
        self.assertEqual(
            found(includes.layer_violations, test, cpp("apps/b.hpp", "")), [("tests/a.cpp", 2)])

    def test_cycles(self):
        a = cpp("actors/a.hpp", '#include "actors/b.hpp"\n')
        b = cpp("actors/b.hpp", '#include "actors/c.hpp"\n')
        c = cpp("actors/c.hpp", '#include "actors/a.hpp"\n')
        self.assertEqual(len(found(includes.cycle_violations, a, b, c)), 1)
        self.assertEqual(found(includes.cycle_violations, a, b, cpp("actors/c.hpp", "")), [])


class Measures(unittest.TestCase):
    def test_duplicates(self):
        text = "".join(f"int value_{n} = {n};\n" for n in range(8))
        twice = [cpp("actors/a.cpp", text), cpp("actors/b.cpp", text + "int z;\n")]
        self.assertEqual(measures.duplicate_lines(twice)[:2], (16, 17))
        shorter = text.split("\n", 1)[1]
        once = [cpp("actors/a.cpp", shorter), cpp("actors/b.cpp", shorter)]
        self.assertEqual(measures.duplicate_lines(once)[0], 0)

    def test_documentation(self):
        text = ("class x {\n public:\n  // Opens it.\n  void open(int a) {\n    go();\n  }\n"
                "  void shut(int a);\n\n  void lost(int a);\n  int size() const;\n"
                "  int& top() { return top_; }\n  void open(long a);\n\n private:\n"
                "  void own(int a);\n};\n")
        documented, functions, missing = measures.documentation([cpp("actors/a.hpp", text)])
        self.assertEqual((documented, functions), (3, 4))
        self.assertEqual([m[2] for m in missing], ["lost lacks its sentence"])

    def test_bars_and_ratchets(self):
        fine = measures.measure([cpp("actors/a.cpp", "int x;\n"), cpp("tests/a.cpp", "int y;\n")])
        self.assertEqual(list(measures.failures(fine, {})), [])
        self.assertEqual(len(list(measures.failures(fine | {"documented_percent": 89.0}, {}))), 1)
        stored = fine | {"caf_all_includes": 3, "documented_percent": 96.0}
        worse = fine | {"caf_all_includes": 4, "documented_percent": 94.0}
        self.assertEqual(len(list(measures.failures(worse, stored))), 2)
        self.assertEqual(measures.tightened(worse, stored)["caf_all_includes"], 3)
        low = fine | {"test_lines_per_code_line": 0.6}
        self.assertEqual(len(list(measures.failures(low, {}))), 1)
        self.assertEqual(list(measures.failures(low, {"test_lines_per_code_line": 0.6})), [])
        self.assertEqual(len(list(measures.failures(low, {"test_lines_per_code_line": 0.8}))), 1)
        better = fine | {"caf_all_includes": 2, "documented_percent": 97.0}
        self.assertEqual(list(measures.failures(better, stored)), [])
        self.assertEqual(measures.tightened(better, stored)["caf_all_includes"], 2)


class WholeRun(unittest.TestCase):
    def run_on(self, files, *options):
        with tempfile.TemporaryDirectory() as folder:
            for path, text in files.items():
                full = Path(folder) / path
                full.parent.mkdir(parents=True, exist_ok=True)
                full.write_text(text, encoding="utf-8")
            out = io.StringIO()
            with contextlib.redirect_stdout(out):
                status = style_test.main([folder, *options])
            ratchet = Path(folder) / style_test.RATCHET
            stored = ratchet.read_text(encoding="utf-8") if ratchet.exists() else ""
            paths = [f.path for f in load_tree(folder)]
        return status, out.getvalue(), stored, paths

    def test_a_clean_tree_passes_and_is_stored(self):
        files = {"actors/a.cpp": "int x;\n", "tests/a.cpp": "int x;\n", "build/b.cpp": "x" * 200}
        status, out, stored, paths = self.run_on(files, "--no-format", "--update")
        self.assertEqual(status, 0, out)
        self.assertIn('"caf_all_includes": 0', stored)
        self.assertNotIn("build/b.cpp", paths)

    def test_a_violation_fails_and_names_its_place(self):
        status, out, _, _ = self.run_on({"actors/a.cpp": "x" * 101 + "\n"}, "--no-format")
        self.assertEqual(status, 1)
        self.assertIn("actors/a.cpp:1: 101 columns", out)

    def test_the_format_is_checked(self):
        files = {"actors/a.cpp": "int   x ;\n", ".clang-format": "BasedOnStyle: Google\n"}
        status, out, _, _ = self.run_on(files)
        self.assertEqual(status, 1)
        self.assertIn("[format]", out)

    def test_falling_behind_the_ratchet_fails(self):
        files = {"actors/a.cpp": "#include <caf/all.hpp>\n", "tests/a.cpp": "int x;\n",
                 style_test.RATCHET: '{"caf_all_includes": 0}'}
        status, out, _, _ = self.run_on(files, "--no-format")
        self.assertEqual(status, 1)
        self.assertIn("may only get better", out)


if __name__ == "__main__":
    unittest.main()
