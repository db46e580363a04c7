#!/usr/bin/env python3
"""Every hwloc file of the data set through `freehold import hwloc`, and what others count in it.

Versions 1 and 2 are counted by hwloc's own lstopo. Debian's cannot read version 3, so that files of
any version are counted by ElementTree, too; where both can, both must agree with us. Distances,
bandwidths of memory and of NVLink are compared value by value, and the same machine must have one
profile whichever version its file has.
"""

import collections
import json
import pathlib
import re
import subprocess
import sys
import xml.etree.ElementTree

import inputs
from harness import FREEHOLD, Failure, main

# Old hwloc calls this InfiniBand adapter a network interface; its name and its ib0 tell.
RDMA_BY_NAME = {"devel09-pci.xml": {"mlx4_0"}}
# As lstopo, and the files' own words, call an accelerator by its PCI class and vendor. Displays of
# other vendors are consoles (Matrox, ASPEED); 515e is AMD's own.
NVIDIA, AMD = "10de", "1002"


def is_gpu(cls, vendor, device):
    if cls == "0302" or cls.startswith("12"):
        return True
    return cls in ("0300", "0380") and vendor in (NVIDIA, AMD) and device != "515e"


def by_lstopo(path):
    """Counts in what lstopo prints; None when it cannot read the file."""
    done = subprocess.run(["lstopo-no-graphics", "-i", str(path), "--of", "console", "-v",
                           "--whole-io", "--disallowed", "--no-collapse"],
                          capture_output=True, text=True, timeout=120, check=False)
    if "cannot import XML version 3.0" in done.stderr:
        return None
    if done.returncode:
        raise Failure(f"{path.name}: lstopo: {done.stderr}")
    count = collections.Counter()
    interfaces, rdma = collections.defaultdict(set), collections.defaultdict(set)
    pci = ""
    for line in done.stdout.splitlines():
        match = re.match(r" *(\w+)(\(\w[\w -]*\))? L#\d+\b(?! =)", line)
        if not match:
            continue
        kind = match[1]
        count[kind] += 1
        name = re.search(r'"([^"]*)"$', line)
        if kind in ("PCI", "PCIBridge"):
            pci = re.search(r"busid=(\S+)", line)[1] + line  # told apart even if doubled
            ids = re.search(r"id=(\w+):(\w+) class=(\w+)", line)
            if kind == "PCI":
                count["gpu"] += is_gpu(ids[3], ids[1], ids[2])
                count["nvswitch"] += match[2] == "(NVSwitch)"
        elif kind == "Network":
            interfaces[pci].add(name[1])
        elif kind == "OpenFabrics":
            rdma[pci].add(name[1])
    for pci in rdma:
        interfaces.pop(pci, None)
    return {"packages": count["Package"], "numa": count["NUMANode"],
            "cores": count["Core"] or count["PU"], "cpus": count["PU"],
            "pci": count["PCI"] + count["PCIBridge"], "gpus": count["gpu"],
            "nvswitches": count["nvswitch"],
            "nics": set().union(*interfaces.values()), "rdma": set().union(*rdma.values())}


def by_elementtree(path):
    """Counts in the elements; "Socket" is the name of packages in version 1."""
    root = xml.etree.ElementTree.parse(path).getroot()
    objects = list(root.iter("object"))
    count = collections.Counter(o.get("type") for o in objects)
    version3 = root.get("version", "1").startswith("3")
    is_net = (lambda t: t & 16) if version3 else (lambda t: t == 2)
    is_rdma = (lambda t: t & 32) if version3 else (lambda t: t == 3)
    gpus = switches = 0
    nics, rdma = set(), set()
    for o in objects:
        if o.get("type") not in ("PCIDev", "Bridge"):
            continue
        ids = re.match(r"(\w{4}) \[(\w{4}):(\w{4})\]", o.get("pci_type", ""))
        if o.get("type") == "PCIDev":
            gpus += is_gpu(*ids.groups())
            switches += o.get("subtype") == "NVSwitch"
        os_devices = [d for d in o.findall("object") if d.get("type") == "OSDev"]
        here = {d.get("name") for d in os_devices if is_rdma(int(d.get("osdev_type")))}
        rdma |= here
        if not here:
            nics |= {d.get("name") for d in os_devices if is_net(int(d.get("osdev_type")))}
    bridges = sum(1 for o in objects if o.get("type") == "Bridge" and o.get("pci_busid"))
    return {"packages": count["Package"] + count["Socket"], "numa": max(count["NUMANode"], 1),
            "cores": count["Core"] or count["PU"], "cpus": count["PU"],
            "pci": count["PCIDev"] + bridges, "gpus": gpus, "nvswitches": switches,
            "nics": nics, "rdma": rdma}


def by_us(ours):
    spec = ours.profile
    return {"packages": len(spec.get("packages", [])), "numa": len(spec.get("numa", [])),
            "cores": len(spec["cores"]), "cpus": len(inputs.numbers(spec["cpus"])),
            "pci": len(spec.get("pci", [])), "gpus": len(ours.ids("gpu")),
            "nvswitches": len(ours.ids("nvswitch")),
            "nics": ours.ids("nic"), "rdma": ours.ids("rdma-nic")}


def expect_counts(path, ours, theirs, tool):
    by_name = RDMA_BY_NAME.get(path.name, set())
    if by_name:
        theirs = dict(theirs, rdma=theirs["rdma"] | by_name, nics={
            n for n in theirs["nics"] - by_name if not n.startswith("ib")})
    inputs.compare(f"{path.name} by {tool}",
                   **{name: (ours[name], theirs[name]) for name in theirs})


def matrix_of(element):
    """(indexes, rows) of a <distances2> or <distances2hetero>."""
    words = [w for child in element.findall("indexes") for w in child.text.split()]
    values = [int(v) for child in element.findall("u64values") for v in child.text.split()]
    size = int(element.get("nbobjs"))
    if len(words) != size or len(values) != size * size:
        raise Failure(f"{element.get('name')}: not a square")
    return words, [values[i * size:(i + 1) * size] for i in range(size)]


def expect_distances(path, ours, root):
    """SLIT, value by value, where the file has it for all memory nodes."""
    nodes = ours.profile["numa"]
    for element in root.findall("distances2"):
        if element.get("type") != "NUMANode":
            continue
        words, rows = matrix_of(element)
        at = {int(word): i for i, word in enumerate(words)}
        theirs = {n.get("id", 0): [rows[at[n.get("id", 0)]][at[m.get("id", 0)]] for m in nodes]
                  for n in nodes}
        inputs.compare(path.name, distances=({n.get("id", 0): n.get("distances") for n in nodes},
                                             theirs))
        return len(nodes) ** 2
    return 0


def expect_nvlinks(path, ours, root):
    """The whole matrix, both ways: every value that is not zero is a link, and no other is."""
    for element in root.findall("distances2hetero"):
        words, rows = matrix_of(element)
        parents = {child: parent for parent in root.iter() for child in parent}
        by_index = {(o.get("type"), o.get("gp_index")): o for o in root.iter("object")}
        by_address = {d.get("address"): name for name, d in ours.devices.items()}
        names = []
        for word in words:
            kind, index = word.split(":")
            found = by_index[kind, index]
            if kind == "OSDev":
                found = parents[found]
            names.append(by_address[found.get("pci_busid")] if kind != "Package"
                         else "package" + found.get("os_index"))
        theirs = {(names[i], names[j]): value for i, row in enumerate(rows)
                  for j, value in enumerate(row)
                  if i != j and value and not names[i].startswith("package")}
        in_mb = {pair: megabytes(link["bandwidth"]) for pair, link in ours.links().items()}
        inputs.compare(path.name, nvlink=(in_mb, theirs))
        return names, theirs
    return [], {}


def megabytes(text):
    """MB/s of "200Gbps"."""
    number, prefix = re.fullmatch(r"([\d.]+)([MGT]?)bps", text).groups()
    return round(float(number) * {"M": 1e6, "G": 1e9, "T": 1e12, "": 1}[prefix] / 8e6)


def expect_lstopo_matrix(path, names, links):
    """DGX-2: what lstopo prints as the NVLink matrix, number by number."""
    done = subprocess.run(["lstopo-no-graphics", "-i", str(path), "--distances"],
                          capture_output=True, text=True, timeout=120, check=True)
    table = done.stdout.split("NVLinkBandwidth", 1)[1].split("\n", 1)[1].splitlines()
    rows = [[int(v) for v in line.split()[1:]] for line in table[1:1 + len(names)]]
    ours = [[links.get((a, b), 0) for b in names] for a in names]
    inputs.compare(f"{path.name} by lstopo --distances", matrix=(ours, rows))


def expect_speeds(path, ours, root):
    """Bandwidth of memory: the best initiator's."""
    best = {}
    by_index = {o.get("gp_index"): o for o in root.iter("object") if o.get("type") == "NUMANode"}
    for attribute in root.findall("memattr"):
        if attribute.get("name") != "Bandwidth":
            continue
        for value in attribute.findall("memattr_value"):
            node = int(by_index[value.get("target_obj_gp_index")].get("os_index"))
            best[node] = max(best.get(node, 0), int(value.get("value")))
    told = {n.get("id", 0): megabytes(n["readBandwidth"]) for n in ours.profile["numa"]
            if "readBandwidth" in n}
    inputs.compare(path.name, bandwidth=(told, best))


def expect_same_profiles(names):
    """The same machine in two versions of the format."""
    pairs = [(f"xml-v2/{p.name}", f"xml-v3/{p.name}") for p in inputs.files("hwloc/xml-v2/*.xml")
             if f"xml-v3/{p.name}" in names]
    pairs += [(f"xml-v2/{old}.v1.xml", f"xml-v2/{old}.v1tov2.xml") for old in
              ("8em64t-2p2ca2co-nonodesets", "28intel64-2p2g7c-CoDgroups")]
    for old, new in pairs:
        if names[old] != names[new]:
            raise Failure(f"{old} and {new} are one machine, but differ: {names[old]}, "
                          f"{names[new]}")
    return len(pairs)


def expect_kinds_of_memory():
    """heteromem.xml: DRAM with CPUs, HBM and CXL without."""
    ours = inputs.Imported("hwloc", inputs.files("hwloc/docimg-xml/heteromem.xml")[0])
    classes = {n.get("id", 0): (n.get("class", "cpu+memory"), n.get("cpus", ""))
               for n in ours.profile["numa"]}
    inputs.compare("heteromem.xml", memory=(classes, {
        0: ("cpu+memory", "0-3"), 1: ("memory-only", ""), 2: ("cpu+memory", "4-7"),
        3: ("memory-only", ""), 4: ("memory-only", "")}))


def expect_two_hubs(path, ours, directory):
    """The file tells which GPU reaches which of twelve switches, and not how these are joined."""
    objects = pathlib.Path(directory) / "objects.json"
    objects.write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": ours.items}))
    command = [FREEHOLD, "topology", "node/" + ours.node["metadata"]["name"], "-f", str(objects)]
    drawn = subprocess.run([*command, "-o", "svg"], capture_output=True, text=True, check=True)
    paths = subprocess.run([*command, "-o", "json"], capture_output=True, text=True, check=True)
    words = {(p["from"], p["to"]): p["class"] for p in json.loads(paths.stdout)["paths"]}
    gpus = [f"gpu{i}" for i in range(16)]
    inputs.compare(path.name, switches=(set(re.findall(r"(\d+) as one", drawn.stdout)), {"6"}),
                   within=({words[a, b] for a in gpus[:8] for b in gpus[:8] if a != b}, {"NVL"}),
                   between=({words[a, b] for a in gpus[:8] for b in gpus[8:]}, {"?"}))


def test(directory):
    names, counts, by_tool, distances = {}, [], 0, 0
    for path in inputs.files("hwloc/*/*.xml"):
        ours = inputs.Imported("hwloc", path)
        if ours.status:
            raise Failure(f"{path.name}: refused: {ours.notes}")
        ours.check_references(path.name)
        root = xml.etree.ElementTree.parse(path).getroot()
        mine = by_us(ours)
        expect_counts(path, mine, by_elementtree(path), "ElementTree")
        if theirs := by_lstopo(path):
            by_tool += 1
            expect_counts(path, mine, theirs, "lstopo")
        distances += expect_distances(path, ours, root)
        ends, links = expect_nvlinks(path, ours, root)
        if path.match("xml-v2/nvidiaDGX2.xml"):
            expect_lstopo_matrix(path, ends, links)
            inputs.compare(path.name, links=(len(links), 2 * 16 * 6), ends=(len(ends), 28))
            expect_two_hubs(path, ours, directory)
        expect_speeds(path, ours, root)
        names[f"{path.parent.name}/{path.name}"] = (ours.profile_name,
                                                    ours.node["status"].get("devices"))
        counts.append({k: v if isinstance(v, int) else len(v) for k, v in mine.items()}
                      | {"links": len(links)})
    same = expect_same_profiles(names)
    expect_kinds_of_memory()
    return (f"{len(names)} hwloc files ({by_tool} of them also counted by lstopo): "
            f"{inputs.total(counts)}; {distances} distances; {same} machines in two versions of "
            f"the format have one profile each")


if __name__ == "__main__":
    sys.exit(main(test, inputs.needs_data, inputs.needs_program("lstopo-no-graphics")))
