#!/usr/bin/env python3
"""How any two devices of a topology file of NCCL or RCCL reach each other, by trying every way.

    path_classes.py FILE        {"devices": [...], "paths": [{"from", "to", "class",
                                 "bandwidth_mbps"}, ...]}; null: of a link whose rate is not told

Shares nothing with the program: it reads the XML, walks every simple path, and takes the one with
most usable bandwidth, then fewest hops, then the better class (docs/formats/paths.md, after NCCL's
src/graph/paths.cc and topo.h). Slow on purpose: it is there to be compared with.
"""

import json
import pathlib
import re
import sys
import xml.etree.ElementTree

BEST_FIRST = ["LOC", "NVL", "NVB", "C2C", "PIX", "PXB", "P2C", "PXN", "PHB", "NODE", "SYS", "DIS"]
# Usable GB/s: per lane of PCIe by transfer rate; per link of NVLink and xGMI.
PER_LANE = {2.5: 15 / 80, 5: 30 / 80, 8: 60 / 80, 16: 120 / 80, 32: 240 / 80, 64: 480 / 80}
NVLINK = ((100, 40.1), (90, 20.6), (87, 20), (86, 12), (70, 20), (60, 18))
UNKNOWN_PCI = 15 / 80 - 1e-4  # compared as the slowest; no link that is told has this rate


def pci_gbytes(function):
    speed = re.match(r"[\d.]+", function.get("link_speed", ""))
    width = int(function.get("link_width", "0") or 0)
    if not speed or not width:
        return UNKNOWN_PCI
    return PER_LANE[float(speed[0])] * width


def link_gbytes(link, gpu):
    if link.tag == "xgmi":
        gcn = gpu.get("gcn", "")
        each = 48 if "gfx94" in gcn or gcn.startswith("94") else 36 if gcn == "910" else 24
    else:
        each = next(rate for sm, rate in NVLINK if int(gpu.get("sm")) >= sm)
    return each * int(link.get("count"))


def mbps(gbytes):
    """None where the narrowest link is one of unknown rate, also after the cost of a root; and
    within one part, where there is no link."""
    is_unknown = gbytes == 0 or any(abs(gbytes - UNKNOWN_PCI * cost) < 1e-6 for cost in (1, 5 / 6))
    return None if is_unknown else round(gbytes * 8000)


def smp_gbytes(cpu):
    """Between memory nodes, by what the processors are."""
    if cpu.get("arch") == "arm64":
        return 6
    if cpu.get("vendor") == "AuthenticAMD":
        return 16
    model = int(cpu.get("modelid", "0"))
    return 22 if model >= 0x8F else 10 if model >= 0x55 else 6


class Machine:
    """Vertices are elements, memory nodes ("cpu", id) and the hub of all NVSwitches."""

    def __init__(self, root):
        self.edges = {}  # vertex -> [(vertex, kind, GB/s)]
        self.kind = {}   # vertex -> gpu, nic, switch, cpu, hub, other
        self.name = {}   # id of a device -> vertex
        self.intel = any(c.get("vendor") == "GenuineIntel" for c in root.iter("cpu"))
        cpus = list(root.iter("cpu"))
        for cpu in cpus:
            self.kind["cpu", cpu.get("numaid")] = "cpu"
            for pci in cpu.findall("pci"):
                self.add_pci(pci, ("cpu", cpu.get("numaid")))
        for i, a in enumerate(cpus):
            for b in cpus[i + 1:]:
                self.join(("cpu", a.get("numaid")), ("cpu", b.get("numaid")), "smp",
                          smp_gbytes(a))
        self.add_names(root)
        self.add_links(root)

    def join(self, a, b, kind, gbytes):
        self.edges.setdefault(a, []).append((b, kind, gbytes))
        self.edges.setdefault(b, []).append((a, kind, gbytes))

    def add_pci(self, pci, above):
        cls = pci.get("class", "")
        nets = list(pci.iter("net"))
        if pci.findall("pci"):
            kind = "switch"
        elif pci.find("gpu") is not None or cls.startswith(("0x0302", "0x12")):
            kind = "gpu"
        elif nets or cls.startswith("0x02"):
            kind = "nic"
        else:
            kind = "other"
        self.kind[pci] = kind
        self.join(pci, above, "pci", pci_gbytes(pci))
        for child in pci.findall("pci"):
            self.add_pci(child, pci)

    def add_names(self, root):
        """As the importer names devices: by address, and networks by their own name."""
        def in_order(wanted):
            found = [p for p in root.iter("pci") if wanted(p)]
            return sorted(found, key=lambda p: [int(x, 16) for x in
                                                re.split("[:.]", p.get("busid"))])
        for i, pci in enumerate(in_order(lambda p: self.kind[p] == "gpu")):
            self.name[f"gpu{i}"] = pci
        for pci in root.iter("pci"):
            for nic in pci.findall("nic"):
                for net in nic.findall("net"):
                    self.name[net.get("name")] = pci
        unnamed = in_order(lambda p: self.kind[p] == "nic" and not list(p.iter("net")))
        for i, pci in enumerate(unnamed):
            self.name[f"nic{i}"] = pci

    def add_links(self, root):
        by_bus = {p.get("busid"): p for p in self.name.values() if self.kind[p] == "gpu"}
        told = {}
        for pci in by_bus.values():
            gpu = pci.find("gpu")
            for link in [] if gpu is None else [e for e in gpu if e.tag in ("xgmi", "nvlink")]:
                other = by_bus.get(link.get("target"))
                if other is pci:
                    continue
                if other is None:
                    other = "hub"
                    self.kind["hub"] = "hub"
                # What both ends say is one link; the larger count stands.
                pair = frozenset([id(pci), id(other)])
                gbytes = link_gbytes(link, gpu)
                if pair not in told or told[pair][2] < gbytes:
                    told[pair] = (pci, other, gbytes)
        for a, b, gbytes in told.values():
            self.join(a, b, "nvl", gbytes)

    def ways(self, start, end):
        """Every simple path as a list of (vertex, kind of the edge to it, GB/s)."""
        stack = [(start, [], {start})]
        while stack:
            at, steps, seen = stack.pop()
            for to, kind, gbytes in self.edges.get(at, []):
                if to in seen:
                    continue
                way = [*steps, (to, kind, gbytes)]
                if to == end:
                    yield way
                elif self.goes_on(to, kind, len(way)) and self.fits(way):
                    stack.append((to, way, seen | {to}))

    def goes_on(self, vertex, kind, length):
        """Devices are ends, but for one peer that one NVLink leads to."""
        if self.kind[vertex] == "gpu":
            return kind == "nvl" and length == 1
        return self.kind[vertex] in ("switch", "cpu", "hub")

    def fits(self, way):
        """Nothing but another NVLink leads on from a peer, nor from the hub back to PCI. Memory
        nodes are joined pairwise and alike, so a way over a fourth is never better."""
        kinds = [kind for _, kind, _ in way]
        return kinds.count("nvl") in (0, len(kinds)) and kinds.count("smp") <= 2

    def class_of(self, way):
        kinds = {kind for _, kind, _ in way}
        inside = [self.kind[vertex] for vertex, _, _ in way[:-1]]
        if "smp" in kinds:
            return "SYS"
        if "cpu" in inside:
            return "PHB"
        if kinds == {"nvl"}:
            return "NVB" if "gpu" in inside else "NVL"
        return "PIX" if inside.count("switch") <= 1 else "PXB"

    def best(self, a, b):
        """(class, GB/s) of the best way."""
        if a == b:
            return "LOC", 0
        found = []
        for way in self.ways(a, b):
            kinds = {kind for _, kind, _ in way}
            if "nvl" in kinds and len(kinds) > 1:
                continue
            gbytes = min(step[2] for step in way)
            cls = self.class_of(way)
            if self.intel and cls == "PHB" and self.kind[a] == self.kind[b] == "gpu":
                gbytes *= 5 / 6
            found.append((-gbytes, len(way), BEST_FIRST.index(cls)))
        if not found:
            return "DIS", 0
        gbytes, _, cls = min(found)
        return BEST_FIRST[cls], -gbytes

    def all_paths(self):
        names = sorted(self.name)
        direct = {(a, b): self.best(self.name[a], self.name[b]) for a in names for b in names}
        out = []
        for a in names:
            for b in names:
                if a != b:
                    cls, gbytes = self.with_peer(a, b, direct)
                    out.append({"from": a, "to": b, "class": cls,
                                "bandwidth_mbps": mbps(gbytes)})
        return {"devices": names, "paths": out}

    def with_peer(self, a, b, direct):
        """PXN: from a GPU to a NIC through the peer that is nearest to the NIC."""
        cls, gbytes = direct[a, b]
        if self.kind[self.name[a]] != "gpu" or self.kind[self.name[b]] != "nic":
            return cls, gbytes
        limit = BEST_FIRST.index("P2C")
        peers = [(-direct[p, b][1], BEST_FIRST.index(direct[p, b][0]), p) for p in self.name
                 if p != a and self.kind[self.name[p]] == "gpu" and direct[a, p][0] == "NVL"
                 and BEST_FIRST.index(direct[p, b][0]) <= limit]
        if not peers:
            return cls, gbytes
        peer = min(peers)[2]
        through = min(direct[a, peer][1], direct[peer, b][1])
        if through > gbytes or BEST_FIRST.index(cls) > BEST_FIRST.index("PXN"):
            return "PXN", through
        return cls, gbytes


def paths_of(path):
    return Machine(xml.etree.ElementTree.parse(path).getroot()).all_paths()


if __name__ == "__main__":
    json.dump(paths_of(pathlib.Path(sys.argv[1])), sys.stdout, indent=1)
