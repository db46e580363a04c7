#!/usr/bin/env python3
"""Runs the pages of docs/how-to as a reader would: every ```sh block in order, in one shell, with a
control plane and an agent of their own. A ```text block says what the block before it prints; `…`
stands for anything.
"""

import os
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tests" / "e2e"))
import harness  # noqa: E402

PAGES = ROOT / "docs" / "how-to"
SECONDS = 120


def blocks(page):
    """[(commands, expected output or None, line)] of a page."""
    found = []
    for match in re.finditer(r"^```(sh|text)\n(.*?)^```$", page.read_text(), re.M | re.S):
        kind, text = match.groups()
        if kind == "sh":
            found.append([text, None, page.read_text()[:match.start()].count("\n") + 1])
        elif not found or found[-1][1] is not None:
            raise harness.Failure(f"{page.name}: a text block that follows no command")
        else:
            found[-1][1] = text
    return found


def script(parts, out):
    lines = []
    for number, (commands, _, _) in enumerate(parts):
        lines += ["{ set -e", commands.rstrip(), f"}} >{out}/{number} 2>&1 </dev/null", ""]
    return "\n".join(lines)


def like(expected, said):
    """Whether the lines of `expected` are those of `said`; runs of spaces count as one."""
    tidy = [re.sub(r"\s+", " ", text.strip()) for text in (expected, said)]
    pattern = ".*?".join(re.escape(part) for part in re.split(r" ?… ?", tidy[0]))
    return re.fullmatch(pattern, tidy[1], re.S) is not None


def run(page, directory):
    home = pathlib.Path(directory) / page.stem
    (home / "out").mkdir(parents=True)
    server = harness.Server(home, "--organization", "example", "--site", "fra1", command="dev")
    server.start()
    client = server.client()
    harness.wait_for("the node is ready", lambda: any(
        c["type"] == "Ready" and c["status"] == "True"
        for c in client.get(f"{harness.OWN}/nodes")["items"][0]["status"]["conditions"]), 60)
    parts = blocks(page)
    environment = dict(os.environ, FREEHOLD_DATA_DIR=server.data, KUBECONFIG=server.kubeconfig,
                       PATH=f"{pathlib.Path(harness.FREEHOLD).parent}:{os.environ['PATH']}",
                       TMPDIR=str(home))
    try:
        shell = subprocess.run(["bash", "-c", script(parts, home / "out")], cwd=ROOT, check=False,
                               env=environment, timeout=SECONDS, capture_output=True, text=True)
    finally:
        server.kill()
    for number, (commands, expected, line) in enumerate(parts):
        output = home / "out" / str(number)
        said = output.read_text() if output.exists() else ""
        last = number + 1 == len(parts) or not (home / "out" / str(number + 1)).exists()
        if shell.returncode != 0 and last:
            raise harness.Failure(f"{page.name}:{line}: failed:\n{commands}\n{said}{shell.stderr}")
        if expected is not None and not like(expected, said):
            raise harness.Failure(f"{page.name}:{line}: printed\n{said}\nnot\n{expected}")
    return len(parts)


def test(directory):
    pages = sorted(PAGES.glob("*.md"))
    only = sys.argv[1:]
    pages = [page for page in pages if not only or page.stem in only]
    count = sum(run(page, directory) for page in pages)
    return f"{count} blocks of {len(pages)} pages ran"


if __name__ == "__main__":
    sys.exit(harness.main(test, harness.needs_root))
