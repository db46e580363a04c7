#!/usr/bin/env python3
"""The matrices of nvidia-smi and rocm-smi in the data set, compared with a count of their cells."""

import re
import sys

import inputs
from harness import Failure, main


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


def test_nvidia(path):
    ours = inputs.Imported("nvidia-smi", path)
    if ours.status:
        raise Failure(f"{path.name}: {ours.notes}")
    ours.check_references(path.name)
    names, rows = cells(path)
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
    for word in ("PIX", "PXB", "PHB", "NODE", "SYS"):
        pairs = {f"{ids[a]}-{ids[b]}" for i, a in enumerate(names) for b in names[i + 1:]
                 if between(names, rows, a, b) == word}
        told = {pair for line in re.findall(rf"^note: .*\b{word}:(.*)$", ours.notes, re.M)
                for pair in line.split()}
        inputs.compare(path.name, **{word: (told, pairs)})
    return {"GPUs": len(ours.ids("gpu")), "NICs": len(ours.ids("rdma-nic")),
            "links": len(ours.links())}


def test_amd(path):
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
    inputs.compare(path.name, nodes=(nodes, {2: ("gpu-memory", "gpu0"), 10: ("gpu-memory", "gpu1"),
                                             18: ("gpu-memory", "gpu2")}))
    if "0,3-9,11-17" not in ours.notes:
        raise Failure(f"{path.name}: nothing said of the lists of memory nodes")


def test(_directory):
    counts = []
    for path in inputs.files("smi-topo/*.txt"):
        run = test_amd if path.name.startswith("rocm") else test_nvidia
        counts.append(run(path))
        if path.name.startswith("gb200"):
            test_places(path)
    return f"{len(counts)} matrices agree with a count of their cells: {inputs.total(counts)}"


if __name__ == "__main__":
    sys.exit(main(test, inputs.needs_data))
