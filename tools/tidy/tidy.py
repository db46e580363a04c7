#!/usr/bin/env python3
"""The rules of the house that a compiler does not know. CONTRIBUTING.md says why each is there.

    tools/tidy/tidy.py            every rule
    tools/tidy/tidy.py --quick    without compiling each header alone

Prints `path:line: rule: what is wrong`, and fails when there is one. An exception is a line in
tools/tidy/exceptions.txt, with its reason; one that is no longer needed is an error too.
"""

import argparse
import os
import pathlib
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import source

FILE_LINES = 600
FUNCTION_LINES = 70
COLUMNS = 100

# What only a door may do. A _CALL is of a free function; names that our own functions may well have
# count only when written with `::` or `std::` (_GLOBAL).
_CALL = r"(?<![\w.>:])(?:::|std::)?(?:{})\s*\("
_GLOBAL = r"(?<![\w.>:])(?:::|std::)(?:{})\s*\("
_FORBIDDEN = {
    "clock": [r"\b(?:steady|system|high_resolution|utc|file)_clock\b",
              _CALL.format("clock_gettime|gettimeofday|usleep|nanosleep|localtime(?:_r)?"),
              _GLOBAL.format("sleep"),
              _CALL.format("time") + r"\s*(?:nullptr|NULL|0|&)", r"\bsleep_(?:for|until)\b"],
    "chance": [r"\brandom_device\b", r"\bmt19937", r"\b\w+_distribution\b",
               _CALL.format("s?rand|drand48|getrandom|getentropy|RAND_(?:priv_)?bytes"),
               _GLOBAL.format("random")],
    "thread": [r"\bstd::(?:jthread|thread|async|promise|(?:shared_)?future|latch|barrier)\b",
               r"\bstd::(?:\w+_)?(?:mutex|semaphore)\b", r"\bstd::condition_variable",
               r"\bstd::(?:scoped_lock|lock_guard|unique_lock|shared_lock)\b",
               r"\bpthread_\w+\s*\("],
    "socket": [_CALL.format("socket|socketpair|accept4|getaddrinfo|gethostbyname"),
               r"#\s*include\s*<(?:sys/socket|sys/un|netinet/|arpa/inet|netdb)",
               r"#\s*include\s*<boost/(?:asio|beast)"],
    "file": [r"\b[io]?fstream\b", r"\bstd::filesystem\b",
             r"#\s*include\s*<(?:filesystem|fstream)>",
             _CALL.format("fopen|freopen|fdopen|openat|opendir|mkstemps?|mkdtemp|popen"),
             _GLOBAL.format("open|unlink|remove|rename|mkdir")],
    "process": [_CALL.format("vfork|exec[vl]p?e?|posix_spawnp?|waitpid"),
                _GLOBAL.format("fork|clone|system|kill")],
    "environment": [_CALL.format("(?:secure_)?getenv|setenv|putenv|unsetenv")],
    "library": [_CALL.format("dlm?open|dlv?sym|dlclose")],
}
FORBIDDEN = {kind: re.compile("|".join(words)) for kind, words in _FORBIDDEN.items()}

# The doors, and what each may do. The first prefix that fits a path counts.
EVERYTHING = set(FORBIDDEN)
DOORS = [
    ("src/base/", {"thread"}),  # locks live here or behind a door, nowhere else
    ("src/runtime/", EVERYTHING),
    ("src/store/conformance.h", {"environment"}),  # a test suite's length
    ("src/store/", {"file", "thread"}),
    ("src/http/", {"socket", "file", "thread", "chance"}),  # chance: keys and tokens
    ("src/discover/root", {"file"}),
    ("src/discover/hwloc.cc", {"environment"}),  # the library takes its root from there alone
    # Vendors' libraries, which no package may depend on; what they say is plain data (vendor.h).
    ("src/discover/library.", {"library"}),
    ("src/agent/host", EVERYTHING),
    ("src/agent/shim", EVERYTHING),  # a process of its own, beside each workload
    ("src/cli/", EVERYTHING),
    ("src/sim/main.cc", EVERYTHING),
    ("src/sim/campaign.cc", {"process"}),  # a seed that aborts takes nobody along
    ("apps/", EVERYTHING),
    ("demo/", EVERYTHING),  # a workload like anybody's
    ("tests/", EVERYTHING),
    ("bench/", EVERYTHING),
    ("cmake/", EVERYTHING),
]

# Slow to compile, or another's names in everyone's way: they belong in .cc files.
HEAVY = re.compile(r"^(boost/beast|boost/asio|openssl/|sqlite3\.h|yaml-cpp/|hwloc|CLI/|re2/|"
                   r"pugixml|nghttp2/|simdjson|zstd|zlib|iostream$|regex$)")
HEAVY_ALLOWED = {"src/runtime/": ("boost/asio",), "src/http/": ("boost/asio", "openssl/")}

# Before a name: the type of what is being declared, so not a call.
_DECLARES = re.compile(r"(?<!\breturn)(?<!\belse)(?<!\bdo)(?<!\bco_return)(?<!\bco_await)"
                       r"(?<=[\w>*&])(?<! [>*&])\s+\Z")
_HERE = re.compile(r"(?<![\w.\-/}])/(?:" + "wo" + "rk|ro" + r"ot)/")
_TEXT = {".h", ".cc", ".py", ".sh", ".md", ".txt", ".cmake", ".json", ".yaml", ".yml", ".toml",
         ".ts", ".tsx", ".html", ".css", ".service", ""}
_WIDE = {".h", ".cc", ".py", ".sh", ".cmake"}
_TEST_FILE = re.compile(r"_(test|bench|fuzz)\.(cc|h)$|/testing/")


class Tidy:
    """Judges the files of one tree. `problems` holds (path, line, rule, message)."""

    def __init__(self, root, files):
        self.root = pathlib.Path(root)
        self.files = files
        self.problems = []
        self.floors = {}
        self.deps = {}

    def say(self, path, line, rule, message):
        self.problems.append((path, line, rule, message))

    def run(self):
        self.read_floors()
        self.check_modules()
        for path in self.files:
            suffix = pathlib.PurePath(path).suffix
            if suffix not in _TEXT:
                continue
            try:
                text = (self.root / path).read_text(encoding="utf-8")
            except UnicodeDecodeError:
                continue  # data, such as a corpus
            except FileNotFoundError:
                continue  # went away while we looked
            self.check_text(path, suffix, text)
            if suffix in (".h", ".cc"):
                self.check_source(path, text)
        return self.problems

    # --- floors ---

    def read_floors(self):
        path = "tools/tidy/floors.txt"
        for number, line in enumerate((self.root / path).read_text().splitlines(), 1):
            if not line or line.startswith("#"):
                continue
            match = re.fullmatch(r"(\d+) ([a-z]+):((?: [a-z]+)*)", line)
            if not match:
                self.say(path, number, "floors", "a line is `floor module: dep dep`")
                continue
            floor, module, deps = int(match[1]), match[2], match[3].split()
            for dep in deps:
                if dep not in self.floors:
                    self.say(path, number, "floors",
                             f"{module} names {dep}, which no line above defines")
                elif self.floors[dep] >= floor:
                    self.say(path, number, "floors", f"{module} (floor {floor}) may not use {dep} "
                             f"(floor {self.floors[dep]})")
            self.floors[module], self.deps[module] = floor, set(deps)

    def check_modules(self):
        names = set(self.files)
        modules = {path.split("/")[1] for path in names if path.count("/") > 1
                   and path.startswith("src/") and path.endswith((".h", ".cc"))}
        for module in sorted(modules):
            if module not in self.floors:
                self.say(f"src/{module}", 1, "floors", "no line in tools/tidy/floors.txt")
            if f"src/{module}/README.md" not in names:
                self.say(f"src/{module}", 1, "readme",
                         "no README.md: what it is for, what it may not know, its main types")

    def check_includes(self, path, text):
        module = path.split("/")[1] if path.startswith("src/") else None
        for line, quoted, name in source.includes(text):
            other = name.split("/")[0]
            if not quoted:
                if other in self.floors and (self.root / "src" / name).is_file():
                    self.say(path, line, "floors", f"<{name}> is ours: include it with quotes")
                elif path.endswith(".h") and HEAVY.match(name) and not _TEST_FILE.search(path):
                    if not any(path.startswith(door) and name.startswith(libraries)
                               for door, libraries in HEAVY_ALLOWED.items()):
                        self.say(path, line, "heavy-header", f"<{name}> belongs in a .cc file")
                continue
            if "/" not in name or other not in self.floors:
                if path.startswith("src/"):
                    self.say(path, line, "floors",
                             f'"{name}": write the path from src/, such as "base/result.h"')
            elif module in self.floors and other != module and other not in self.deps[module]:
                self.say(path, line, "floors",
                         f"{module} (floor {self.floors[module]}) may not include {other} "
                         f"(floor {self.floors[other]}); tools/tidy/floors.txt says what it may")
            elif path.startswith("apps/") and other == "sim":
                self.say(path, line, "floors", "only tests and tools may use sim")

    # --- one file ---

    def check_text(self, path, suffix, text):
        for number, line in enumerate(text.splitlines(), 1):
            if _HERE.search(line):
                self.say(path, number, "paths", "a path of somebody's machine")
            if line.startswith(("<<<<<<< ", ">>>>>>> ")):
                self.say(path, number, "conflict", "a merge conflict is left here")
        if suffix in _WIDE and path != "CMakeLists.txt":
            raw = source.raw_string_lines(text) if suffix in (".h", ".cc") else set()
            for number, line in enumerate(text.splitlines(), 1):
                if len(line) > COLUMNS and number not in raw and "://" not in line:
                    self.say(path, number, "columns", f"{len(line)} columns, at most {COLUMNS}")

    def check_source(self, path, text):
        code = source.blank_literals(text)
        is_test = bool(_TEST_FILE.search(path))
        lines = text.count("\n")
        if lines > FILE_LINES:
            self.say(path, lines, "file-size",
                     f"{lines} lines, more than {FILE_LINES}: split it by idea")
        self.check_includes(path, text)
        if path.endswith(".h"):
            self.check_header(path, text, code)
        self.check_words(path, code, is_test)
        if not is_test and path.startswith(("src/", "apps/")):
            for name, first, last in functions(code):
                if last - first + 1 > FUNCTION_LINES:
                    self.say(path, first, "function-size",
                             f"{name}: {last - first + 1} lines, more than {FUNCTION_LINES}")

    def check_header(self, path, text, code):
        if not re.search(r"^#pragma once$", code, re.M):
            self.say(path, 1, "pragma", "no #pragma once")
        if not text.startswith("// "):
            self.say(path, 1, "opening",
                     "a header opens with what it is, what it is not, who owns it, which thread")
        match = re.search(r"^\s*using namespace\b", code, re.M)
        if match:
            self.say(path, code.count("\n", 0, match.end()) + 1, "using-namespace",
                     "not in a header: it reaches all who include it")

    def check_words(self, path, code, is_test):
        def find(pattern):
            for match in re.finditer(pattern, code):
                start = match.start()
                if match[0].endswith("(") and _DECLARES.search(code, max(0, start - 40), start):
                    continue
                word = " ".join(match[0].split()).rstrip("(& ")
                yield code.count("\n", 0, start) + 1, word
        if is_test:
            if path.endswith("_test.cc"):
                for line, word in find(r"\b(?:sleep_for|sleep_until)\b|" + _CALL.format("u?sleep")):
                    self.say(path, line, "sleep", f"{word}: a test waits for quiet, never sleeps")
            return
        for line, word in find(_CALL.format("assert")):
            self.say(path, line, "assert", f"{word}: use CHECK or BUG_IF, which are always on")
        allowed = next((kinds for prefix, kinds in DOORS if path.startswith(prefix)), set())
        for kind, pattern in FORBIDDEN.items():
            if kind in allowed:
                continue
            for line, word in find(pattern):
                self.say(path, line, f"door-{kind}",
                         f"{word}: only a door may; take what you need as an argument")


# Words before a brace that open a scope in which functions are defined.
_SCOPE = re.compile(r"(?:^|[;}\s>])(?:namespace|class|struct|union)\b"
                    r"(?![^;{}]*\)\s*(?:const|noexcept)*\s*$)[^;{}=]*$|extern\s+\"\s*\"\s*$")
_INITIALISER = re.compile(r"\)\s*(?:noexcept\s*)?:(?!:)[^;]*[\w>]\s*$")
_DIRECTIVE = re.compile(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", re.M)
_NOT_FUNCTION = re.compile(r"=\s*$|\benum\b[^;{}()]*$|\breturn\s*$")


def functions(code):
    """Yields (name, first line, last line) of function definitions, from brace to brace. A
    heuristic over code without literals, which are well formatted here."""
    code = _DIRECTIVE.sub(lambda match: source.blank(match[0]), code)
    stack, text, line, parens = [], [], 1, 0
    for char in code:
        if char == "\n":
            line += 1
        parens += {"(": 1, ")": -1}.get(char, 0)
        at_scope = not stack or stack[-1][0] == "scope"
        if char == "{":
            before = "".join(text)
            if not at_scope:
                stack.append(("inner", None, line))
            elif _SCOPE.search(before):
                stack.append(("scope", None, line))
                text = []
            elif parens == 0 and _INITIALISER.search(before):
                stack.append(("initialiser", None, line))
            elif "(" in before and parens == 0 and not _NOT_FUNCTION.search(before):
                name = re.search(r"([~\w:]+|operator\s*\S+?)\s*\(", before)
                stack.append(("function", name[1] if name else "function", line))
                text = []
            else:
                stack.append(("inner", None, line))
        elif char == "}":
            kind, name, first = stack.pop() if stack else ("none", None, line)
            if kind == "function":
                yield name, first, line
            if kind == "initialiser":
                text.append("()")
            elif kind != "inner":
                text = []
        elif char == ";" and parens == 0 and at_scope:
            text = []
        elif at_scope:
            text.append(char)


def read_exceptions(root):
    """{(rule, path): line number}; each line is `rule path: reason`."""
    path = root / "tools/tidy/exceptions.txt"
    exceptions = {}
    for number, line in enumerate(path.read_text().splitlines() if path.exists() else [], 1):
        if line.strip() and not line.startswith("#"):
            match = re.fullmatch(r"([\w-]+) (\S+): (.{10,})", line)
            if not match:
                sys.exit(f"{path.relative_to(root)}:{number}: a line is `rule path: reason`")
            exceptions[match[1], match[2]] = number
    return exceptions


def headers_alone(root, files):
    """Compiles each header by itself. What compiled once is remembered by its content."""
    cache = pathlib.Path(os.environ.get("TIDY_CACHE", root / "build/tidy")) / "headers"
    cache.mkdir(parents=True, exist_ok=True)
    command = [os.environ.get("CXX", "g++"), "-std=c++20", "-fsyntax-only", "-Isrc", "-Wall",
               "-Wextra", "-Wpedantic", "-Wshadow", "-Wconversion", "-Werror",
               "-DBOOST_ASIO_NO_DEPRECATED", "-DBOOST_ASIO_DISABLE_BOOST_COROUTINE",
               "-x", "c++", "-"]

    def compile_one(path):
        seal = cache / source.fingerprint(root, path, *command)
        if seal.exists():
            return None
        name = path.removeprefix("src/")
        done = subprocess.run(command, input=f'#include "{name}"\n#include "{name}"\n', cwd=root,
                              capture_output=True, text=True, check=False)
        if done.returncode == 0:
            seal.touch()
            return None
        errors = [line for line in done.stderr.splitlines() if "error:" in line]
        why = errors[0] if errors else done.stderr[:200]
        return path, 1, "alone", f"does not compile alone: {why}"

    headers = [path for path in files if path.startswith("src/") and path.endswith(".h")]
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        return [problem for problem in pool.map(compile_one, headers) if problem]


def main():
    parser = argparse.ArgumentParser(description="the rules of the house")
    parser.add_argument("--quick", action="store_true", help="do not compile each header alone")
    parser.add_argument("modules", nargs="*", help="report only on these modules")
    options = parser.parse_args()

    root = pathlib.Path(__file__).resolve().parent.parent.parent
    files = source.tracked_files(root)
    problems = Tidy(root, files).run()
    if not options.quick:
        prefixes = tuple(f"src/{module}/" for module in options.modules) or ("src/",)
        problems += headers_alone(root, [path for path in files if path.startswith(prefixes)])
    exceptions = read_exceptions(root)
    used = {(rule, path) for path, _, rule, _ in problems} & set(exceptions)
    problems = [p for p in problems if (p[2], p[0]) not in exceptions]
    for key, number in exceptions.items():
        if key not in used and not (options.quick and key[0] == "alone"):
            problems.append(("tools/tidy/exceptions.txt", number, "exceptions",
                             f"`{' '.join(key)}` is not needed"))
    if options.modules:
        wanted = tuple(f"src/{module}" for module in options.modules)
        problems = [p for p in problems if p[0].startswith(wanted)]
    for path, line, rule, message in sorted(problems):
        print(f"{path}:{line}: {rule}: {message}")
    if problems:
        print(f"tidy: {len(problems)} problems")
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main()
