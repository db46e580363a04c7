"""What the reports in docs/benchmarks share: where and when something was measured, and a table
with a row for each thing, of which a run replaces those that it measured."""

import os
import pathlib
import platform
import re
import subprocess
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
NOT_RUN = "not run yet"


def machine():
    model = re.search(r"model name\s*: (.*)", pathlib.Path("/proc/cpuinfo").read_text())
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / (1 << 30)
    release = re.match(r"[\d.]+", platform.release())[0]
    return (f"{os.cpu_count()} × {model[1] if model else platform.machine()}, {memory:.0f} GiB, "
            f"{platform.system()} {release}")


def commit():
    done = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True,
                          text=True, check=False)
    return done.stdout.strip() or "none"


class Report:
    """A page: `head`, then a table of `columns` and of the commit, the day and the machine."""

    def __init__(self, path, head, columns, names):
        self.path, self.names, self.width = pathlib.Path(path), names, len(columns)
        every = [*columns, "commit", "day", "machine"]
        self.head = f"{head.strip()}\n\n| {' | '.join(every)} |\n{'|---' * len(every)}|\n"

    def put(self, rows):
        """`rows`: cells after the name, by name. Those of other names stay as they were."""
        text = self.path.read_text() if self.path.exists() else ""
        known = dict(re.findall(r"^\| ([^|]+?) \| (.*)$", text, re.M))
        stamp = f"{commit()} | {time.strftime('%Y-%m-%d')} | {machine()} |"
        known.update({name: f"{' | '.join(cells)} | {stamp}" for name, cells in rows.items()})
        empty = " | ".join([NOT_RUN, *[""] * (self.width + 1)]) + " |"
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.write_text(self.head + "".join(
            f"| {name} | {known.get(name, empty)}\n" for name in self.names))
