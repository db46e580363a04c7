#!/usr/bin/env python3
"""Imports every topograph and ResourceSlice file of the test data and counts again by other means:
lines of text for ibnetdiscover, PyYAML for the others. Then one import goes into a control plane.
"""

import collections
import importlib.util
import json
import os
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tests" / "e2e"))
import harness  # noqa: E402

GIGABITS = {"SDR": 2.5, "DDR": 5, "QDR": 10, "FDR": 14, "EDR": 25, "HDR": 50, "NDR": 100,
            "XDR": 200}


def run(*arguments):
    """Exit status, standard output, standard error."""
    done = subprocess.run([harness.FREEHOLD, "import", *map(str, arguments)], capture_output=True,
                          text=True, timeout=60, check=False)
    return done.returncode, done.stdout, done.stderr


def objects(*arguments):
    """What an import gives, by kind, and its notes."""
    code, out, notes = run(*arguments, "-o", "json")
    if code != 0:
        raise harness.Failure(f"import {arguments}: {notes}")
    found = collections.defaultdict(list)
    for item in json.loads(out)["items"]:
        found[item["kind"]].append(item)
    return found, notes


def same(what, got, expected):
    if got != expected:
        raise harness.Failure(f"{what}: {got!r}, counted {expected!r}")


def bits(text):
    number, unit = re.fullmatch(r"([\d.]+)([kMGT]?)bps", text).groups()
    return round(float(number) * 10 ** {"": 0, "k": 3, "M": 6, "G": 9, "T": 12}[unit])


def ibnetdiscover(file):
    text = file.read_text()
    switches = re.findall(r'^Switch\t\d+ "S-([0-9a-f]{16})"', text, re.M)
    adapters = re.findall(r'^Ca\t\d+ "H-([0-9a-f]{16})"\t\t# "(.*)"', text, re.M)
    same("switches in the text", len(switches), 40)
    same("adapters in the text", len(adapters), 582)
    found, notes = objects("ibnetdiscover", file, "--site", "fra1")
    spec = found["Fabric"][0]["spec"]
    same("fabrics", len(found["Fabric"]), 1)
    same("GUIDs of switches", sorted(s["identity"] for s in spec["switches"]), sorted(switches))
    ports = re.findall(r'^\[\d+\]\(([0-9a-f]{16})\) \t"S-([0-9a-f]{16})"\[(\d+)\]'
                       r'.* (\d+)x([A-Z]+)$', text, re.M)
    name_of = {s["identity"]: s["name"] for s in spec["switches"]}
    same("adapters, their switches, ports and rates",
         sorted((a["identity"], a["switch"], a["port"], bits(a["bandwidth"]))
                for a in spec["adapters"]),
         sorted((guid, name_of[at], int(port), int(int(lanes) * GIGABITS[rate] * 10 ** 9))
                for guid, at, port, lanes, rate in ports))
    same("aggregation nodes", sum(a.get("aggregation", False) for a in spec["adapters"]),
         sum("Aggregation Node" in name for _, name in adapters))
    same("adapters without a machine, aggregation nodes aside",
         sum("node" not in a and not a.get("aggregation") for a in spec["adapters"]),
         sum(name.startswith(("MT4129 ", "localhost ")) for _, name in adapters))
    same("factory names", sum(name.startswith("MT4129 ") for _, name in adapters), 69)
    machines = {name.split()[0].lower() for _, name in adapters if len(name.split()) == 2}
    machines.discard("localhost")
    same("machines", sorted(n["metadata"]["name"] for n in found["Node"]), sorted(machines))
    same_cables(text, spec, name_of)
    harness.expect("  542, 40 reduction units  ", run("ibnetdiscover", file)[1])
    same("notes on adapters", "72 adapters name no machine" in notes, True)
    same("tiers", collections.Counter(s["tier"] for s in spec["switches"]),
         collections.Counter("leaf" if "LEAF" in name_of[guid] else "spine" for guid in switches))
    print(f"{file.name}: {len(switches)} switches, {len(adapters)} adapters, "
          f"{len(spec['links'])} links, {len(machines)} machines")


def same_cables(text, spec, name_of):
    """Every cable between switches once, by the rows of both of its ends."""
    rows = collections.Counter()
    for stanza in text.split("\n\n"):
        head = re.search(r'^Switch\t\d+ "S-([0-9a-f]{16})"', stanza, re.M)
        for peer in re.findall(r'^\[\d+\]\t"S-([0-9a-f]{16})"', stanza, re.M) if head else []:
            rows[frozenset((name_of[head[1]], name_of[peer]))] += 1
    same("cables", {frozenset((link["from"], link["to"])): 2 * link.get("count", 1)
                    for link in spec["links"]}, dict(rows))
    for link in spec["links"]:
        same("rate of a bundle", bits(link["bandwidth"]),
             link.get("count", 1) * 4 * GIGABITS["NDR"] * 10 ** 9)


def expand(text):
    """A host list with at most one bracket."""
    match = re.fullmatch(r"([^\[]*)\[([^\]]*)\]", text)
    if not match:
        return [text]
    out = []
    for part in match[2].split(","):
        low, _, high = part.partition("-")
        out += [f"{match[1]}{n:0{len(low)}}" for n in range(int(low), int(high or low) + 1)]
    return out


def topograph(file, yaml):
    model = yaml.safe_load(file.read_text())
    nodes, domains = {}, {}
    for block in model["blocks"]:
        for name in (n for text in block["nodes"] for n in expand(text)):
            nodes[name] = block["switch"]
            domains[name] = next(value for key, value in block["annotations"].items()
                                 if key.endswith("/domain"))
    parents = {child: parent for parent, body in model["switches"].items()
               for child in body.get("switches", [])}
    switches = set(model["switches"]) | set(parents) | {b["switch"] for b in model["blocks"]}
    found, notes = objects("topograph", file, "--site", "fra1")
    spec = found["Fabric"][0]["spec"]
    same("switches", {s["name"] for s in spec["switches"]}, switches)
    same("links", {link["from"]: link["to"] for link in spec["links"]}, parents)
    same("homes of machines",
         {n: s["name"] for s in spec["switches"] for n in s.get("nodes", [])}, nodes)
    same("domains", {n["metadata"]["name"]: n["status"]["scaleUpDomain"] for n in found["Node"]},
         domains)
    racks = {s for s in switches if s.startswith("rack-")}
    same("racks", {r["metadata"]["name"] for r in found["Rack"]}, racks)
    same("rows", {r["metadata"]["name"]: r["spec"]["row"] for r in found["Rack"]},
         {r: r.split("-")[1] for r in racks})
    for empty in racks - set(nodes.values()):
        same(f"note on {empty}", f'"{empty}"' in notes, True)
    print(f"{file.name}: {len(switches)} switches, {len(nodes)} machines, "
          f"{len(set(domains.values()))} domains, {len(racks)} racks")


def slices_of(document):
    return document["items"] if document["kind"] == "List" else [document]


def own_profile(found):
    """The first node and the profile that it names; another may say what is expected of it."""
    node = found["Node"][0]
    return node, next(profile["spec"] for profile in found["HardwareProfile"]
                      if profile["metadata"]["name"] == node["status"]["profile"])


def resourceslice(files, yaml):
    devices = []
    for file in files:
        for piece in slices_of(yaml.safe_load(file.read_text())):
            for device in piece["spec"]["devices"]:
                text = {k.split("/")[-1]: next(iter(v.values()))
                        for k, v in device["attributes"].items()}
                gpu = piece["spec"]["driver"].startswith("gpu.")
                address = (text.get("pciBusID") or text.get("pciAddress", "")).lower()
                devices.append(("gpu" if gpu else "rdma-nic" if text.get("rdma") else "nic",
                                address, text.get("uuid") or text.get("mac", ""),
                                text.get("pcieRoot", "")))
    found, _ = objects("resourceslice", *files, "--name", "node-1")
    node, profile = own_profile(found)
    same("nodes", len(found["Node"]), 1)
    identities = {d["id"]: d.get("identity", "") for d in node["status"]["devices"]}
    parents = {p["address"]: p.get("parent", "") for p in profile.get("pci", [])}
    same("devices", sorted((d["class"], d.get("address", ""), identities[d["id"]],
                            parents.get(d.get("address"), "")) for d in profile["devices"]),
         sorted(devices))
    nodes = {n.get("id", 0) for n in profile.get("numa", [])}
    same("memory nodes", {d["numa"] for d in profile["devices"] + profile.get("pci", [])
                          if d.get("numa", -1) >= 0} <= nodes, True)
    same("source", {p["source"] for p in node["status"]["provenance"]} <=
         {"resourceslice"} | {f"resourceslice {file.name}" for file in files}, True)
    counts = collections.Counter(d[0] for d in devices)
    print(f"{files[0].parent.name}: {dict(counts)}")


def several(data):
    """A topology file of an instance type and the ResourceSlices of one such instance: one node,
    whose devices are matched by PCI address.
    """
    found, _ = objects("nccl", data / "nccl/aws/p4d-24xl-topo.xml", "resourceslice",
                       *sorted((data / "resourceslices/aws-gpu-efa").glob("*.yaml")),
                       "--name", "node-1")
    node, profile = own_profile(found)
    same("one machine", len(found["Node"]), 1)
    same("devices", collections.Counter(d["class"] for d in profile["devices"]),
         collections.Counter({"gpu": 8, "rdma-nic": 4, "nic": 3}))
    addresses = [d["address"] for d in profile["devices"]]
    same("addresses", len(set(addresses)), len(addresses))
    same("sources", {p["source"].split(" ")[0] for p in node["status"]["provenance"]},
         {"nccl", "resourceslice"})
    gpus = {d["id"] for d in profile["devices"] if d["class"] == "gpu"}
    same("UUIDs", sum("identity" in d for d in node["status"]["devices"] if d["id"] in gpus), 8)
    print(f"p4d: {len(addresses)} devices of two formats, "
          f"{len(node['status'].get('conflicts', []))} conflicts")


def refusals(directory):
    """Errors name the file and the place; words are used as the help says."""
    wrong = pathlib.Path(directory) / "nccl"
    wrong.write_text("hello\n")
    for arguments, code, pattern in [
            (["ibnetdiscover", str(wrong)], 1, r"nccl: line 1: "),
            (["ibnetdiscover"], 2, "ibnetdiscover needs a file"),
            (["x.yaml"], 2, "there is no format"),
            (["topograph", f"{directory}/none"], 4, "none"),
            (["topograph", str(wrong), "--site", "No Site"], 2, "DNS label")]:
        got, _, said = run(*arguments)
        same(f"exit status of {arguments}", got, code)
        harness.expect(pattern, said)


def apply(directory, model):
    """Imported nodes show with their profile, and a second import changes nothing."""
    server = harness.Server(directory)
    server.start()
    try:
        slurm = pathlib.Path(directory) / "slurm.conf"
        slurm.write_text("NodeName=node[1101-1118] CPUs=144 Sockets=2 RealMemory=960000 "
                         "Gres=gpu:gb200:4\n")
        code, text, said = run("topograph", model, "slurm-nodes", slurm, "--site", "fra1",
                               "-o", "json")
        same("import", (code, "conflict" in said), (0, False))
        for word in ("created", "unchanged"):
            said = harness.freehold("apply", "-f", "-", kubeconfig=server.kubeconfig, text=text)[1]
            same("lines of apply", set(line.split()[-1] for line in said.splitlines()), {word})
        said = harness.freehold("get", "nodes", "-o", "wide", kubeconfig=server.kubeconfig)[1]
        with_profile = re.findall(r"^node11\d\d .*hp-[0-9a-f]{16}", said, re.M)
        same("nodes with the profile", len(with_profile), 18)
        node = server.client().get(f"{harness.OWN}/nodes/node1101")
        same("domain", node["status"]["scaleUpDomain"], "nvl-1-1")
        sources = {p["field"]: p["source"] for p in node["status"]["provenance"]}
        same("provenance", sources["devices"], "slurm-nodes")
        same("no agent, no capacity", node["status"].get("allocatable", {}), {})
        # What a cluster's configuration says is no promise about the machine.
        same("expectedProfile", node["spec"].get("expectedProfile"), None)
    finally:
        server.kill()


def no_data():
    if not os.environ.get("FREEHOLD_TEST_DATA"):
        return "no data folder; set FREEHOLD_TEST_DATA"
    return None


def no_yaml():
    return None if importlib.util.find_spec("yaml") else "python3-yaml is not installed"


def test(directory):
    import yaml
    data = pathlib.Path(os.environ["FREEHOLD_TEST_DATA"]) / "topologies"
    refusals(directory)
    ibnetdiscover(data / "topograph/ibnetdiscover/example.out")
    for file in sorted((data / "topograph/models").glob("*.yaml")):
        topograph(file, yaml)
    for place in sorted(p for p in (data / "resourceslices").iterdir() if p.is_dir()):
        resourceslice(sorted(place.glob("*.yaml")), yaml)
    several(data)
    apply(directory, data / "topograph/models/nvl72.yaml")
    return "every count agrees, and imported nodes are applied with their profile"


if __name__ == "__main__":
    sys.exit(harness.main(test, no_data, no_yaml))
