#!/usr/bin/env python3
"""Every topology file of NCCL and RCCL in the data set through `freehold import nccl`, compared
with a plain count of its elements; and documents that must be refused, or told about, made from
them.
"""

import collections
import pathlib
import re
import sys
import xml.etree.ElementTree

import inputs
from harness import Failure, main

# The plugin's own unit; no network is that fast.
BEYOND_ANY_NETWORK = 100_000_000


def speed_text(megabits):
    if megabits >= BEYOND_ANY_NETWORK:
        return ""
    return f"{megabits // 1000}Gbps" if megabits >= 1000 else f"{megabits}Mbps"


def count(root):
    """What the elements say, by tag and attribute alone."""
    pci = list(root.iter("pci"))
    parents = {child: parent for parent in root.iter() for child in parent}
    classes = [p.get("class", "")[:6] for p in pci]
    # Cloud files have no <gpu> and <net>: there, endpoints count by their class.
    gpus = sum(1 for p in pci if p.find("gpu") is not None or p.get("class", "")[:6] == "0x0302")
    unnamed = sum(1 for p in pci if p.get("class", "").startswith("0x02")
                  and not list(p.iter("net")))
    by_bus = {p.get("busid"): p for p in pci if p.find("gpu") is not None}
    links = collections.Counter()
    for link in list(root.iter("xgmi")) + list(root.iter("nvlink")):
        here = parents[parents[link]].get("busid")
        if link.get("target") != here and link.get("target") in by_bus:
            links[here, link.get("target")] += int(link.get("count"))
    nets = {n.get("name"): speed_text(int(n.get("speed"))) for n in root.iter("net")}
    return {"numa": sorted(int(c.get("numaid")) for c in root.iter("cpu")), "pci": len(pci),
            "bridges": classes.count("0x0604"), "gpus": gpus, "nets": nets, "unnamed": unnamed,
            "links": dict(links),
            "cpus": {int(c.get("numaid")): mask(c.get("affinity", "")) for c in root.iter("cpu")}}


def mask(text):
    """{CPU} of comma-separated words of 32 bits, highest first."""
    words = list(reversed(text.split(","))) if text else []
    return {32 * i + bit for i, word in enumerate(words) for bit in range(32)
            if int(word, 16) >> bit & 1}


def ours_of(ours):
    spec = ours.profile
    address = {name: device.get("address") for name, device in ours.devices.items()}
    named = {name: d.get("speed", "") for name, d in ours.devices.items()
             if d["class"] in ("nic", "rdma-nic")}
    unnamed = {n for n in named if re.fullmatch(r"nic\d+", n) and not named[n]}
    bridges = sum(1 for f in spec["pci"] if f.get("class") == "0604")
    return {"numa": [n.get("id", 0) for n in spec["numa"]], "pci": len(spec["pci"]),
            "bridges": bridges, "gpus": len(ours.ids("gpu")), "unnamed": len(unnamed),
            "nets": {n: s for n, s in named.items() if n not in unnamed},
            "links": {(address[a], address[b]): link.get("count", 1)
                      for (a, b), link in ours.links().items()},
            "cpus": {n.get("id", 0): inputs.numbers(n.get("cpus", "")) for n in spec["numa"]}}


def expect_tree(path, ours, root):
    """Every function below the one it is nested in; a doubled address belongs to the device."""
    seen = collections.Counter(p.get("busid") for p in root.iter("pci"))
    doubled = {bus for bus, times in seen.items() if times > 1}
    parents = {child: parent for parent in root.iter() for child in parent}
    theirs = {p.get("busid"): parents[p].get("busid", "") for p in root.iter("pci")
              if not doubled & {p.get("busid"), parents[p].get("busid")}}
    mine = {f["address"]: f.get("parent", "") for f in ours.profile["pci"]}
    inputs.compare(path.name, parents=({bus: mine.get(bus) for bus in theirs}, theirs))
    if doubled and not all(bus in ours.notes for bus in doubled):
        raise Failure(f"{path.name}: nothing said of {doubled}")


def imported(path):
    ours = inputs.Imported("nccl", path)
    if ours.status:
        raise Failure(f"{path.name}: refused: {ours.notes}")
    ours.check_references(path.name)
    root = xml.etree.ElementTree.parse(path).getroot()
    theirs, mine = count(root), ours_of(ours)
    # p5: switches whose class is not written, but which have functions below them.
    theirs["bridges"] += sum(1 for p in root.iter("pci")
                             if p.get("class") is None and p.find("pci") is not None)
    inputs.compare(path.name, **{name: (mine[name], theirs[name]) for name in theirs})
    expect_tree(path, ours, root)
    overlay = not list(root.iter("gpu")) and not list(root.iter("net"))
    told = {p.get("confidence") for p in ours.node["status"].get("provenance", [])}
    if overlay and told != {"overlay"}:
        raise Failure(f"{path.name}: a file for a type of machine has the confidence {told}")
    return mine


def expect_refused(directory, name, text, reason):
    path = pathlib.Path(directory) / f"{name}.xml"
    path.write_text(text)
    ours = inputs.Imported("nccl", path)
    if not ours.status or not re.search(reason, ours.notes):
        raise Failure(f"{name}: exit {ours.status}, not refused for /{reason}/: {ours.notes}")


def expect_faults(directory):
    """Faults planted in a whole file."""
    good = [p for p in inputs.files("nccl/rccl/*.xml") if p.name == "topo_8p6l.xml"][0].read_text()
    planted = {
        "graphs": ("<graphs version=\"1\"><graph id=\"0\"/></graphs>", "NCCL_TOPO_DUMP_FILE"),
        "dangling": (good.replace('target="0000:', 'target="0009:', 1), "line .* no GPU"),
        "count": (re.sub(r'count="\d+"', 'count="0"', good, count=1), "line .* count"),
        "busid": (re.sub(r'busid="[^"]*"', 'busid="nowhere"', good, count=1), "line .* busid"),
        "twice": (good.replace('numaid="1"', 'numaid="0"'), "line .* numaid 0|second <cpu>"),
        "cut": (good[:len(good) // 2], "line .* well-formed"),
        "version": (good.replace('version="2"', 'version="9"'), "version"),
        "entities": ('<!DOCTYPE system [<!ENTITY a "b">]>' + good[good.index("<system"):],
                     "document type")}
    for name, (text, reason) in planted.items():
        if text == good:
            raise Failure(f"{name}: nothing was planted")
        expect_refused(directory, name, text, reason)
    to_itself = re.sub(r'(busid="(0000:\w\w:\w\w\.\w)" class="0x038000"(?:(?!</gpu>).)*?target=")'
                       r'[^"]*', r"\1\2", good, count=1, flags=re.S)
    path = pathlib.Path(directory) / "itself.xml"
    path.write_text(to_itself)
    ours = inputs.Imported("nccl", path)
    if ours.status or "to themselves" not in ours.notes:
        raise Failure(f"a link of a GPU to itself: exit {ours.status}: {ours.notes}")
    return len(planted) + 1


def test(directory):
    counts = []
    for path in inputs.files("nccl/*/*.xml"):
        mine = imported(path)
        counts.append({"memory nodes": len(mine["numa"]), "PCI functions": mine["pci"],
                       "GPUs": mine["gpus"], "NICs": len(mine["nets"]) + mine["unnamed"],
                       "links": len(mine["links"])})
    planted = expect_faults(directory)
    return (f"{len(counts)} files of NCCL and RCCL agree with a count of their elements: "
            f"{inputs.total(counts)}; {planted} planted faults were refused or told")


if __name__ == "__main__":
    sys.exit(main(test, inputs.needs_data))
