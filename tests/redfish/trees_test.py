#!/usr/bin/env python3
"""Every tree, read as a folder and from a live server: both give one survey, what is counted equals
a count over the files themselves, and redfishtool sees the same systems and chassis."""

import json
import subprocess
import sys

import service

# (tree, type): how many of the documents no link leads to, and why.
UNREACHABLE = {
    # The chassis names its sensors as its PowerSubsystem.
    ("public-power-shelf", "PowerSupply"): 6,
    # PowerEquipment names its shelf, not the two buses beside it.
    ("public-power-shelf", "PowerDistribution"): 2,
    ("public-power-shelf", "Outlet"): 7,
    ("public-power-shelf", "Circuit"): 2,
}


def documents(tree):
    """Every document in the files, and those that a collection carries whole: (type, body)."""
    found = []
    for path in sorted(tree.rglob("index.json")):
        body = json.loads(path.read_text())
        found.append(body)
        found += [m for m in body.get("Members", []) if isinstance(m, dict) and "@odata.type" in m]
    return [(b.get("@odata.type", "").split(".")[0].lstrip("#"), b) for b in found]


def counted(name, tree):
    """What a person would count in the files."""
    all_of = documents(tree)

    def count(*types):
        return sum(kind in types for kind, _ in all_of) - sum(
            UNREACHABLE.get((name, kind), 0) for kind in types)

    systems = [b for k, b in all_of if k == "ComputerSystem"]
    supplies = count("PowerSupply")
    # The older form, where a chassis has no newer one.
    for kind, body in all_of:
        if kind != "Chassis" or "PowerSubsystem" in body or "Power" not in body:
            continue
        power = [b for k, b in all_of if k == "Power"
                 and b["@odata.id"] == body["Power"]["@odata.id"]]
        supplies += sum(len(p.get("PowerSupplies", [])) for p in power)
    interfaces = 0
    for system in systems:
        base = system.get("EthernetInterfaces", {}).get("@odata.id", "nowhere") + "/"
        interfaces += sum(
            k == "EthernetInterface" and b["@odata.id"].startswith(base)
            and b.get("EthernetInterfaceType", "Physical") == "Physical"
            and "HostInterface" not in b.get("Links", {}) for k, b in all_of)
    return {
        "systems": len(systems),
        "chassis": count("Chassis"),
        "processors": count("Processor"),
        "CPUs": sum(k == "Processor" and b.get("ProcessorType") == "CPU" for k, b in all_of),
        "GPUs": sum(k == "Processor" and b.get("ProcessorType") == "GPU" for k, b in all_of),
        "memory": count("Memory"),
        "drives": count("Drive") + sum(len(b.get("Devices", [])) for k, b in all_of
                                       if k == "SimpleStorage"),
        "adapters": count("NetworkAdapter", "FabricAdapter") + interfaces,
        "ports": sum(k == "Port" and "/FabricAdapters/" in b["@odata.id"] for k, b in all_of),
        "pcieDevices": count("PCIeDevice"),
        "powerSupplies": supplies,
        "powerDistributions": count("PowerDistribution"),
        "PDUs": sum(k == "PowerDistribution" and b.get("EquipmentType", "").endswith("PDU")
                    for k, b in all_of),
        "outlets": count("Outlet"),
        "circuits": count("Circuit"),
        "coolingUnits": count("CoolingUnit"),
        "switches": count("Switch"),
        "limits": sum("PowerLimitWatts" in b for k, b in all_of if k == "EnvironmentMetrics"),
    }


def surveyed(survey):
    outlets = sum(len(d["outlets"]) for d in survey["powerDistributions"])
    circuits = sum(len(d[k]) for d in survey["powerDistributions"]
                   for k in ("mains", "branches", "feeders"))
    types = [p.get("type") for p in survey["processors"]]
    out = {k: len(survey[k]) for k in ("systems", "chassis", "processors", "memory", "drives",
                                       "adapters", "pcieDevices", "powerSupplies",
                                       "powerDistributions", "coolingUnits", "switches")}
    out.update(CPUs=types.count("CPU"), GPUs=types.count("GPU"), outlets=outlets,
               circuits=circuits,
               ports=sum(len(a.get("ports", [])) for a in survey["adapters"]
                         if a["kind"] == "fabric"),
               PDUs=sum(d.get("type", "").endswith("PDU") for d in survey["powerDistributions"]),
               limits=sum("EnvironmentMetrics" in x["id"] for x in survey["powerLimits"]))
    return out


def without_notes_of_folders(survey):
    """A folder also tells which of its documents no link leads to."""
    survey["notes"] = [n for n in survey.get("notes", [])
                       if "are in the tree" not in n and "without an @odata.id" not in n
                       and "there is no such document" not in n and "was not found" not in n]
    return survey


def members(listing):
    return sorted(m["@odata.id"] for m in listing["Members"])


def test(directory):
    lines = []
    for name, tree in service.trees().items():
        folder = json.loads(subprocess.run(
            [service.harness.FREEHOLD, "redfish", "show", str(tree), "-o", "json"],
            capture_output=True, text=True, check=True).stdout)
        service.same(f"{name}: counts", surveyed(folder), counted(name, tree))
        for (of, kind), number in UNREACHABLE.items():
            if of == name and not any(n.startswith(f"{number} documents of type {kind} are in")
                                      for n in folder["notes"]):
                raise service.harness.Failure(f"{name}: does not say that {kind}s are left out")
        with service.Controller(directory, tree) as controller:
            live = controller.json("show")
            service.same(f"{name}: live against the folder", without_notes_of_folders(live),
                         without_notes_of_folders(folder))
            chassis = controller.redfishtool("Chassis")
            service.same(f"{name}: chassis of redfishtool", members(chassis),
                         sorted(c["id"] for c in live["chassis"]))
            if live["systems"]:
                systems = controller.redfishtool("Systems")
                service.same(f"{name}: systems of redfishtool", members(systems),
                             sorted(s["id"] for s in live["systems"]))
        lines.append(f"{name} {sum(surveyed(folder).values())}")
    return f"{len(lines)} trees, things counted: {', '.join(lines)}"


if __name__ == "__main__":
    sys.exit(service.harness.main(test, service.needs_trees, service.needs_redfishtool))
