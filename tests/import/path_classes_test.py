#!/usr/bin/env python3
"""Every pair of devices of every topology file of NCCL and RCCL: the path that `freehold topology`
says, compared with what path_classes.py finds by trying every way through the same XML."""

import collections
import json
import pathlib
import subprocess
import sys

import inputs
import path_classes
from harness import FREEHOLD, Failure, main


# Of all files: between two devices of one function, where there is no link.
UNKNOWN_RATES = 4


def ours_of(path, directory):
    imported = inputs.Imported("nccl", path)
    if imported.status:
        raise Failure(f"{path.name}: not imported: {imported.notes}")
    objects = pathlib.Path(directory) / "objects.json"
    objects.write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": imported.items}))
    node = imported.node["metadata"]["name"]
    done = subprocess.run([FREEHOLD, "topology", f"node/{node}", "-f", str(objects), "-o", "json"],
                          capture_output=True, text=True, timeout=120, check=False)
    if done.returncode:
        raise Failure(f"{path.name}: topology: {done.stderr}")
    return {(p["from"], p["to"]): p for p in json.loads(done.stdout)["paths"]}


def is_same_rate(mine, theirs):
    """An unknown rate is reported as such where the file does not tell it, and nowhere else."""
    ours, other = mine["bandwidth_mbps"], theirs["bandwidth_mbps"]
    return ours == other if None in (ours, other) else abs(ours - other) <= 1


def test(directory):
    classes, files, unknown = collections.Counter(), 0, 0
    for path in inputs.files("nccl/*/*.xml"):
        ours = ours_of(path, directory)
        found = path_classes.paths_of(path)
        wrong = [f"{pair}: {p['class']} by {p['sources']}" for pair, p in ours.items()
                 if p["class"] not in ("LOC", "?", "DIS") and p["sources"] != ["nccl"]]
        for theirs in found["paths"]:
            pair = theirs["from"], theirs["to"]
            mine = ours.get(pair)
            if mine is None:
                wrong.append(f"{pair} is missing")
            # Such files tell of no root complexes: all of a memory node is below one, never NODE.
            elif mine["class"] != theirs["class"] or not is_same_rate(mine, theirs):
                wrong.append(f"{pair}: {mine['class']} {mine['bandwidth_mbps']}, not "
                             f"{theirs['class']} {theirs['bandwidth_mbps']}")
            classes[theirs["class"]] += 1
            unknown += theirs["bandwidth_mbps"] is None
        if wrong:
            raise Failure(f"{path.name}: {len(wrong)} of {len(found['paths'])} paths differ: "
                          + "; ".join(wrong[:8]))
        files += 1
    if unknown != UNKNOWN_RATES:
        raise Failure(f"{unknown} paths of unknown rate, not {UNKNOWN_RATES}")
    if sum(classes.values()) < 3000:
        raise Failure(f"only {sum(classes.values())} paths: the files hold more")
    counted = ", ".join(f"{count} {word}" for word, count in classes.most_common())
    return (f"{files} files, {sum(classes.values())} paths agree with a search through every way: "
            f"{counted}; {unknown} of unknown rate")


if __name__ == "__main__":
    sys.exit(main(test, inputs.needs_data))
