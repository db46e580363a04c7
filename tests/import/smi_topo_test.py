#!/usr/bin/env python3
"""The matrices of nvidia-smi and rocm-smi in the data set, compared with a count of their cells."""

import json
import pathlib
import re
import subprocess
import sys

import inputs
from harness import FREEHOLD, Failure, main

# Words that no place in a profile can say, because the file does not say where one of the parts is:
# a NIC that is SYS to the GPUs at every memory node.
UNPLACED = {"h100x8-9nic-pix.txt": {"nic0"},
            "gb200x4-sys.txt": {f"nic{i}" for i in range(6)}}


def cells(path):
    """(names of columns, {row: [cell, ...]}) of the first matrix; attributes behind it are cut."""
    names, rows = [], {}
    for line in path.read_text().splitlines():
        words = re.findall(r"\S+", line)
        if not names and words and re.fullmatch(r"GPU\d+", words[0]) and line[0] in "\t ":
            names = [w for w in words if re.fullmatch(r"(GPU|NIC)\d+", w)]
        elif names and words and words[0] in names:
            rows[words[0]] = words[1:1 + len(names)]
    return names, rows


def between(names, rows, a, b):
    for one, other in ((a, b), (b, a)):
        at = names.index(other)
        if one in rows and at < len(rows[one]):
            return rows[one][at]
    return ""


def topology(ours, directory):
    """{(from, to): word} as `freehold topology` shows it, without the help of peers."""
    objects = pathlib.Path(directory) / "objects.json"
    objects.write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": ours.items}))
    done = subprocess.run([FREEHOLD, "topology", "node/" + ours.node["metadata"]["name"], "-f",
                           str(objects), "-o", "json"],
                          capture_output=True, text=True, timeout=120, check=False)
    if done.returncode:
        raise Failure(f"topology: {done.stderr}")
    return {(p["from"], p["to"]): p["direct"] for p in json.loads(done.stdout)["paths"]}


def test_nvidia(path, directory):
    ours = inputs.Imported("nvidia-smi", path)
    if ours.status:
        raise Failure(f"{path.name}: {ours.notes}")
    ours.check_references(path.name)
    names, rows = cells(path)
    counted = 0
    ids = {name: name.lower() for name in names}
    inputs.compare(path.name,
                   gpus=(ours.ids("gpu"), {ids[n] for n in names if n.startswith("GPU")}),
                   nics=(ours.ids("rdma-nic"), {ids[n] for n in names if n.startswith("NIC")}))
    # In all of them each GPU has more NVLinks than a GPU has, so a switch must stand between.
    most = {}
    for a in names:
        counts = [int(word[2:]) for b in names if b != a
                  and re.fullmatch(r"NV\d+", word := between(names, rows, a, b))]
        if counts:
            most[ids[a], "nvswitch0"] = max(counts)
    inputs.compare(path.name, links=({pair: link["count"] for pair, link in ours.links().items()},
                                     most))
    shown = topology(ours, directory)
    wrong = []
    for a in names:
        for b in names:
            word = between(names, rows, a, b)
            if a == b or word not in ("PIX", "PXB", "PHB", "NODE", "SYS"):
                continue
            is_lost = UNPLACED.get(path.name, set()) & {ids[a], ids[b]}
            ours_says = shown[ids[a], ids[b]]
            if ours_says != ("?" if is_lost else word):
                wrong.append(f"{a}-{b}: {ours_says}, not {word}")
            if is_lost and not re.search(rf"^note: {word}, .* {ids[min(a, b)]}-{ids[max(a, b)]}\b",
                                         ours.notes, re.M):
                wrong.append(f"{a}-{b}: no note says {word}")
            counted += 1
    if wrong:
        raise Failure(f"{path.name}: {len(wrong)} of {counted} words differ: "
                      + "; ".join(wrong[:8]))
    return {"GPUs": len(ours.ids("gpu")), "NICs": len(ours.ids("rdma-nic")),
            "links": len(ours.links()), "words": counted}


def test_amd(path, _directory):
    ours = inputs.Imported("rocm-smi", path)
    if ours.status:
        raise Failure(f"{path.name}: {ours.notes}")
    names, rows = cells(path)
    theirs = {(a.lower(), b.lower()): "xgmi" for a in names for b in names
              if a != b and between(names, rows, a, b) == "XGMI"}
    inputs.compare(path.name, gpus=(len(ours.ids("gpu")), len(names)),
                   links=({pair: link["kind"] for pair, link in ours.links().items()}, theirs))
    return {"GPUs": len(names), "links": len(theirs)}


def test_places(path):
    """GB200: memory nodes of GPUs, and GPUs that are near to many nodes."""
    ours = inputs.Imported("nvidia-smi", path)
    nodes = {n.get("id", 0): (n.get("class"), n.get("device")) for n in ours.profile["numa"]}
    placed = {0: ("cpu+memory", None), 1: ("cpu+memory", None), 2: ("gpu-memory", "gpu0"),
              10: ("gpu-memory", "gpu1"), 18: ("gpu-memory", "gpu2")}
    cpus = {n.get("id", 0): n.get("cpus") for n in ours.profile["numa"][:2]}
    inputs.compare(path.name, nodes=(nodes, placed), cpus=(cpus, {0: "0-71", 1: "72-143"}),
                   numa=([ours.devices[f"gpu{i}"].get("numa") for i in range(3)], [0, 0, 1]))
    if "0,3-9,11-17" not in ours.notes:
        raise Failure(f"{path.name}: nothing said of the lists of memory nodes")


def test(directory):
    counts = []
    for path in inputs.files("smi-topo/*.txt"):
        run = test_amd if path.name.startswith("rocm") else test_nvidia
        counts.append(run(path, directory))
        if path.name.startswith("gb200"):
            test_places(path)
    return f"{len(counts)} matrices agree with a count of their cells: {inputs.total(counts)}"


if __name__ == "__main__":
    sys.exit(main(test, inputs.needs_data))
