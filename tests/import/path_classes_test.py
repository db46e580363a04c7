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
    """An unknown rate is reported as such; the other program counts with a stand-in for it."""
    rate = mine["bandwidth_mbps"]
    return rate is None or abs(rate - theirs["bandwidth_mbps"]) <= 1


def test(directory):
    classes, files = collections.Counter(), 0
    for path in inputs.files("nccl/*/*.xml"):
        ours = ours_of(path, directory)
        found = path_classes.paths_of(path)
        wrong = []
        for theirs in found["paths"]:
            pair = theirs["from"], theirs["to"]
            mine = ours.get(pair)
            if mine is None:
                wrong.append(f"{pair} is missing")
            elif mine["nccl"] != theirs["class"] or not is_same_rate(mine, theirs):
                wrong.append(f"{pair}: {mine['nccl']} {mine['bandwidth_mbps']}, not "
                             f"{theirs['class']} {theirs['bandwidth_mbps']}")
            classes[theirs["class"]] += 1
        if wrong:
            raise Failure(f"{path.name}: {len(wrong)} of {len(found['paths'])} paths differ: "
                          + "; ".join(wrong[:8]))
        files += 1
    if sum(classes.values()) < 3000:
        raise Failure(f"only {sum(classes.values())} paths: the files hold more")
    counted = ", ".join(f"{count} {word}" for word, count in classes.most_common())
    return (f"{files} files, {sum(classes.values())} paths agree with a search through every way: "
            f"{counted}")


if __name__ == "__main__":
    sys.exit(main(test, inputs.needs_data))
