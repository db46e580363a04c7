#!/usr/bin/env python3
"""Tidy must catch each of these, and must leave good code alone."""

import os
import pathlib
import tempfile
import unittest

import source
import tidy

FLOORS = """# comment
0 base:
1 json: base
1 runtime: base
5 place: base json
6 ledger: base json place
10 sim: base json place ledger
"""
GOOD_HEADER = '// What it is.\n#pragma once\n\n#include "base/result.h"\n\nnamespace freehold {}\n'
README = "# a module\n"


def body(lines):
    return "void f() {\n" + "  g();\n" * lines + "}\n"


class TidyTest(unittest.TestCase):
    def problems(self, files, floors=FLOORS):
        """Runs tidy over a tree of `files`; returns (path, line, rule) of what it found."""
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            files = dict(files)
            files["tools/tidy/floors.txt"] = floors
            for path in [p for p in files if p.startswith("src/") and p.count("/") > 1]:
                files.setdefault("/".join(path.split("/")[:2]) + "/README.md", README)
            for path, text in files.items():
                if text is None:
                    continue
                (root / path).parent.mkdir(parents=True, exist_ok=True)
                (root / path).write_text(text)
            names = sorted(path for path, text in files.items() if text is not None)
            return [p[:3] for p in tidy.Tidy(root, names).run()]

    def rules(self, path, text):
        return [rule for _, _, rule in self.problems({path: text})]

    def test_good_code_passes(self):
        self.assertEqual(self.problems({
            "src/place/score.h": GOOD_HEADER,
            "src/place/score.cc": '#include "place/score.h"\n\nnamespace freehold {\n'
                                  "// calls time(nullptr) and std::mutex only in this comment\n"
                                  'const char* text = "std::thread fopen( rand()";\n'
                                  "int timeout(int time) { return time(time) + a.time(0); }\n"
                                  "}  // namespace freehold\n",
            "src/runtime/loop.cc": "auto now = std::chrono::steady_clock::now();\nstd::thread t;\n",
            "apps/freehold/main.cc": '#include "ledger/x.h"\nint main() { getenv("HOME"); }\n',
        }), [])

    def test_an_include_from_a_higher_floor_is_caught(self):
        text = '#include "base/result.h"\n#include "ledger/ledger.h"\n'
        self.assertEqual(self.problems({"src/place/a.cc": text}), [("src/place/a.cc", 2, "floors")])

    def test_an_include_from_the_same_floor_is_caught(self):
        self.assertEqual(self.rules("src/json/a.cc", '#include "runtime/runtime.h"\n'), ["floors"])

    def test_an_include_that_the_table_does_not_name_is_caught(self):
        self.assertEqual(self.rules("src/place/a.cc", '#include "runtime/a.h"\n'), ["floors"])

    def test_an_include_relative_to_the_file_is_caught(self):
        self.assertEqual(self.rules("src/place/a.cc", '#include "score.h"\n'), ["floors"])
        self.assertEqual(self.rules("src/place/a.cc", '#include "../base/a.h"\n'), ["floors"])

    def test_an_include_in_a_comment_is_ignored(self):
        self.assertEqual(self.rules("src/place/a.cc", '/*\n#include "ledger/ledger.h"\n*/\n'), [])

    def test_the_program_may_not_use_sim(self):
        text = '#include "sim/world.h"\n'
        self.assertEqual(self.rules("apps/freehold/main.cc", text), ["floors"])

    def test_a_table_that_points_up_or_sideways_is_caught(self):
        for line in ("1 http: json", "1 http: unknown", "x http: base"):
            found = self.problems({}, "0 base:\n1 json: base\n" + line + "\n")
            self.assertEqual(found, [("tools/tidy/floors.txt", 3, "floors")], line)

    def test_a_module_without_a_line_or_a_readme_is_caught(self):
        found = self.problems({"src/extra/a.cc": "", "src/extra/README.md": None})
        self.assertEqual(found, [("src/extra", 1, "floors"), ("src/extra", 1, "readme")])

    def test_the_world_is_reached_through_doors_only(self):
        cases = {
            "door-clock": ["auto t = std::chrono::system_clock::now();", "auto t = time(nullptr);",
                           "using clock = std::chrono::steady_clock;", "clock_gettime(a, &t);",
                           "std::this_thread::sleep_for(a);", "auto t = ::time(NULL);"],
            "door-chance": ["std::random_device d;", "int a = rand();", "std::mt19937_64 g(1);",
                            "return rand();", "RAND_bytes(p, 8);",
                            "std::uniform_int_distribution<int> d;"],
            "door-thread": ["std::thread t;", "std::mutex m;", "std::shared_mutex m;",
                            "std::condition_variable c;", "std::lock_guard l(m);",
                            "auto f = std::async(g);"],
            "door-socket": ["int s = socket(1, 2, 3);", "#include <sys/socket.h>",
                            "#include <boost/asio/post.hpp>"],
            "door-file": ["std::ifstream f;", "std::ofstream f;", 'auto* f = fopen("a", "r");',
                          'int d = ::open("a", 0);', "#include <filesystem>"],
            "door-process": ['std::system("ls");', "auto p = ::fork();", "execve(a, b, c);"],
            "door-environment": ['auto* e = getenv("A");', 'auto* e = std::getenv("A");',
                                 'setenv("A", "B", 1);'],
        }
        for rule, lines in cases.items():
            for line in lines:
                self.assertEqual(set(self.rules("src/place/a.cc", line + "\n")), {rule}, line)
                self.assertEqual(self.rules("src/runtime/a.cc", line + "\n"), [], line)

    def test_tests_may_touch_the_world_but_never_sleep(self):
        path = "src/place/a_test.cc"
        self.assertEqual(self.rules(path, "std::ifstream f;\nstd::thread t;\n"), [])
        self.assertEqual(self.rules(path, "std::this_thread::sleep_for(a);\n"), ["sleep"])

    def test_a_declaration_is_not_a_call(self):
        for line in ("  Result<int> socket(int a);", "  void popen(int a) {}", "  A* fdopen();",
                     "a.rand();", "a->getenv(b);", "Foo::fopen(a);"):
            self.assertEqual(self.rules("src/place/a.cc", line + "\n"), [], line)

    def test_assert_is_caught(self):
        self.assertEqual(self.rules("src/place/a.cc", "assert(x);\n"), ["assert"])
        self.assertEqual(self.rules("src/place/a.cc", "static_assert(x);\n"), [])

    def test_a_header_without_guard_or_opening_is_caught(self):
        self.assertEqual(self.rules("src/base/a.h", "// What.\n"), ["pragma"])
        self.assertEqual(self.rules("src/base/a.h", "#pragma once\n"), ["opening"])

    def test_using_namespace_in_a_header_is_caught(self):
        text = "// What.\n#pragma once\nusing namespace std;\n"
        self.assertEqual(self.problems({"src/base/a.h": text}),
                         [("src/base/a.h", 3, "using-namespace")])

    def test_a_heavy_header_is_caught_in_a_header_only(self):
        text = "// What.\n#pragma once\n#include <sqlite3.h>\n"
        self.assertEqual(self.rules("src/base/a.h", text), ["heavy-header"])
        self.assertEqual(self.rules("src/base/a.cc", "#include <sqlite3.h>\n"), [])
        asio = "// What.\n#pragma once\n#include <boost/asio/io_context.hpp>\n"
        self.assertEqual(self.rules("src/runtime/a.h", asio), [])

    def test_a_long_line_is_caught_outside_raw_strings(self):
        wide = "x" * 101
        self.assertEqual(self.problems({"src/base/a.cc": f"int a;\n// {wide}\n"}),
                         [("src/base/a.cc", 2, "columns")])
        self.assertEqual(self.rules("src/base/a.cc", f'auto a = R"(\n{wide}\n)";\n'), [])
        self.assertEqual(self.rules("src/base/a.cc", "// " + "ä" * 97 + "\n"), [])

    def test_a_long_file_is_caught(self):
        self.assertEqual(self.rules("src/base/a.cc", "int a;\n" * 600), [])
        self.assertEqual(self.rules("src/base/a.cc", "int a;\n" * 601), ["file-size"])

    def test_a_long_function_is_caught(self):
        for around in ("{}", "namespace a {{\n{}}}\n", "struct A {{\n{}}};\n",
                       "class A final : public B {{\n{}}};\n", "template <class T>\n{}",
                       "A::A(B b) : a_{{b}}, c_(b) {{}}\n{}",
                       "namespace {{\nenum class E {{ a }};\nint t[] = {{1, 2}};\n{}}}\n"):
            self.assertEqual(self.rules("src/base/a.cc", around.format(body(68))), [], around)
            self.assertEqual(self.rules("src/base/a.cc", around.format(body(69))),
                             ["function-size"], around)

    def test_long_functions_of_every_form_are_caught(self):
        lines = "  if (a) {\n    g();\n  }\n" * 30
        for head in ("int A::f(int a, B b) const noexcept {", "A::A(int a) : a_(a), b_{a} {",
                     "auto f(int a) -> int {", "A& operator=(const A& a) {", "~A() {",
                     "std::string f(std::map<int, int> a = {}) {",
                     "static Result<struct stat> f(struct a* b) {"):
            found = self.problems({"src/base/a.cc": f"{head}\n{lines}}}\n"})
            self.assertEqual(found, [("src/base/a.cc", 1, "function-size")], head)

    def test_long_tables_types_and_tests_are_not_functions(self):
        lines = "  {1, 2},\n" * 90
        self.assertEqual(self.rules("src/base/a.cc", f"constexpr A a[] = {{\n{lines}}};\n"), [])
        lines = "  int a;\n" * 90
        self.assertEqual(self.rules("src/base/a.cc", f"struct A {{\n{lines}}};\n"), [])
        lines = "  a,\n" * 90
        self.assertEqual(self.rules("src/base/a.cc", f"enum A {{\n{lines}}};\n"), [])
        self.assertEqual(self.rules("src/base/a_test.cc", body(90)), [])

    def test_a_path_of_somebodys_machine_is_caught(self):
        for home in ("wo" + "rk", "ro" + "ot"):
            found = self.problems({"docs/a.md": f"text\nsee /{home}/x\n"})
            self.assertEqual(found, [("docs/a.md", 2, "paths")])
        text = "at fixtures/wo" + "rk/x and https://a/wo" + "rk/\n"
        self.assertEqual(self.rules("docs/a.md", text), [])

    def test_a_conflict_marker_is_caught(self):
        self.assertEqual(self.rules("docs/a.md", "<" * 7 + " HEAD\n"), ["conflict"])


class SourceTest(unittest.TestCase):
    def test_literals_are_blanked_and_lines_stay(self):
        text = 'a("x\\"y"); // c\nb(R"q(1\n)" 2)q"); /* d\n */ c = 1\'000\'000 + \'"\';\n'
        blanked = source.blank_literals(text)
        self.assertEqual(blanked.count("\n"), text.count("\n"))
        for word in ("x", "y", "// c", "d", "1\n"):
            self.assertNotIn(word, blanked)
        self.assertIn("1'000'000 + ' '", blanked)

    def test_the_fingerprint_follows_includes(self):
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            os.makedirs(root / "src/base")
            (root / "src/base/a.h").write_text('#include "base/b.h"\n')
            prints = set()
            for text in ("int a;\n", "int b;\n"):
                (root / "src/base/b.h").write_text(text)
                source.forget()
                prints.add(source.fingerprint(root, "src/base/a.h"))
            prints.add(source.fingerprint(root, "src/base/a.h", "other flags"))
            self.assertEqual(len(prints), 3)


class HeadersAloneTest(unittest.TestCase):
    def test_a_header_that_needs_another_first_is_caught(self):
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            os.makedirs(root / "src/base")
            (root / "src/base/good.h").write_text("// What.\n#pragma once\n#include <string>\n"
                                                  "std::string good();\n")
            (root / "src/base/bad.h").write_text("// What.\n#pragma once\nstd::string bad();\n")
            found = tidy.headers_alone(root, ["src/base/bad.h", "src/base/good.h"])
            self.assertEqual([(p[0], p[2]) for p in found], [("src/base/bad.h", "alone")])


if __name__ == "__main__":
    unittest.main()
