#!/usr/bin/env python3
"""clang-tidy over the sources, within a budget of time.

    tools/tidy/lint.py [module...]

A file that passed is not looked at again until it, or what it includes, changes. Those that changed
last come first; when LINT_SECONDS (default 600) are over, the rest wait for the next run, and the
last line says how many. It uses the compile commands of the release build, and leaves out tests.
"""

import concurrent.futures
import json
import os
import pathlib
import re
import subprocess
import sys
import time

import source

CLANG_TIDY = os.environ.get("CLANG_TIDY", "clang-tidy-19")
_SKIPPED = re.compile(r"_(test|bench|fuzz)\.cc$|/testing/")


def by_recency(root, files):
    """Uncommitted files first, then those of the latest commits."""
    def git(*words):
        return subprocess.run(["git", "-C", str(root), *words], capture_output=True, text=True,
                              check=False).stdout.splitlines()
    order = git("ls-files", "-mo", "--exclude-standard")
    order += git("log", "-n", "200", "--format=", "--name-only")
    rank = {}
    for path in order:
        rank.setdefault(path, len(rank))
    return sorted(files, key=lambda path: (rank.get(path, len(rank)), path))


def main():
    root = pathlib.Path(__file__).resolve().parent.parent.parent
    build = pathlib.Path(os.environ.get("BUILD_DIR", root / "build/release"))
    commands = build / "compile_commands.json"
    if not commands.exists():
        sys.exit("lint: configure the release build first: make")
    known = {os.path.relpath(entry["file"], root) for entry in json.loads(commands.read_text())}
    prefixes = tuple(f"src/{module}/" for module in sys.argv[1:]) or ("src/", "apps/")
    files = [path for path in source.tracked_files(root)
             if path in known and path.startswith(prefixes) and not _SKIPPED.search(path)]

    seals = pathlib.Path(os.environ.get("TIDY_CACHE", root / "build/tidy")) / "lint"
    seals.mkdir(parents=True, exist_ok=True)
    rules = (root / ".clang-tidy").read_text()
    todo = []
    for path in by_recency(root, files):
        seal = seals / source.fingerprint(root, path, rules)
        if not seal.exists():
            todo.append((path, seal))
    deadline = time.monotonic() + float(os.environ.get("LINT_SECONDS", "600"))

    def look(item):
        path, seal = item
        if time.monotonic() > deadline:
            return None
        done = subprocess.run([CLANG_TIDY, "--quiet", "-p", str(build), path,
                               "--extra-arg=-Wno-unknown-warning-option"],
                              cwd=root, capture_output=True, text=True, check=False)
        if done.returncode == 0:
            seal.touch()
        return done

    failed, waiting, shown = 0, 0, set()
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        for (path, _), done in zip(todo, pool.map(look, todo)):
            if done is None:
                waiting += 1
            elif done.returncode != 0:
                failed += 1
                report = done.stdout.replace(f"{root}/", "").strip() or done.stderr.strip()
                if report not in shown:
                    shown.add(report)
                    print(f"--- {path}\n{report}")
    looked = len(todo) - waiting
    print(f"lint: {looked} of {len(files)} files looked at, {failed} failed, "
          f"{len(files) - len(todo)} unchanged since they passed"
          + (f", {waiting} left for the next run: the time was over" if waiting else ""))
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
