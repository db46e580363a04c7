#!/usr/bin/env python3
"""A generated fleet: the same every time and in both forms, read and drawn by `freehold topology`;
a mix that cannot be is refused."""

import collections
import json
import pathlib
import subprocess
import sys

from harness import FREEHOLD, Failure, main

MIX = ["generate", "--sites", "2", "--mix", "h100=4,gb200=20,cpu=3,edge=1", "--seed", "1"]


def run(*arguments, status=0):
    done = subprocess.run([FREEHOLD, *arguments], capture_output=True, text=True, timeout=120,
                          check=False)
    if done.returncode != status:
        raise Failure(f"{' '.join(arguments)}: exit {done.returncode}: {done.stderr[:500]}")
    return done.stderr if status else done.stdout


def look(directory, name, text):
    file = pathlib.Path(directory) / name
    file.write_text(text)
    return json.loads(run("topology", "node/fra1-h100-1", "-f", str(file), "-o", "json"))


def test(directory):
    text = run(*MIX, "-o", "json")
    items = json.loads(text)["items"]
    if run(*MIX, "-o", "json") != text:
        raise Failure("the same seed gave another fleet")
    kinds = collections.Counter(item["kind"] for item in items)
    if kinds["Node"] != 28 or kinds["HardwareProfile"] != 4 or kinds["Site"] != 3:
        raise Failure(f"not what was asked for: {dict(kinds)}")
    said = look(directory, "fleet.json", text)
    if look(directory, "fleet.yaml", run(*MIX, "-o", "yaml")) != said:
        raise Failure("YAML and JSON differ")
    path = {(p["from"], p["to"]): p["class"] for p in said["paths"]}
    found = path["gpu0", "gpu7"], path["gpu0", "mlx5_0"], path["gpu0", "mlx5_7"]
    if found != ("NVL", "PIX", "PXN"):
        raise Failure(f"paths of an H100 machine: {path}")
    refusal = run("generate", "--mix", "h900=1", status=2)
    if "h100" not in refusal:
        raise Failure(f"the refusal names no model that there is: {refusal}")
    return (f"{len(items)} objects of {len(kinds)} kinds, twice the same; "
            f"{len(path)} paths in one machine")


if __name__ == "__main__":
    sys.exit(main(test))
