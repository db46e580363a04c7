#!/usr/bin/env python3
"""What people ask of a fleet that is only planned: pictures that other programs read, the way
between two sites with its name, what-ifs that must not hold, and one exit code for one fault,
whichever command notices it."""

import json
import pathlib
import shutil
import subprocess
import sys
import xml.etree.ElementTree

from harness import FREEHOLD, Failure, expect, main

MIX = ["generate", "--sites", "3", "--mix", "h100=6,hgx-h100=3", "--seed", "1", "-o", "json"]
MIXED_UP = 2
ABSENT = 4


def run(*arguments, status=0):
    done = subprocess.run([FREEHOLD, *arguments], capture_output=True, text=True, timeout=120,
                          check=False)
    if done.returncode != status:
        raise Failure(f"{' '.join(arguments)}: exit {done.returncode}, not {status}: "
                      f"{(done.stdout + done.stderr)[:500]}")
    return done.stderr if status in (1, MIXED_UP, ABSENT) else done.stdout


def pictures(fleet):
    for name in ("node/fra1-h100-1", "fabric/fra1-rdma-1"):
        svg = run("topology", name, "-f", fleet, "-o", "svg")
        root = xml.etree.ElementTree.fromstring(svg)
        words = ["".join(text.itertext()) for text in root.iter("{http://www.w3.org/2000/svg}text")]
        if len(words) < 10:
            raise Failure(f"{name}: a picture with few words: {words}")
        dot = run("topology", name, "-f", fleet, "-o", "dot")
        if "?" in dot.splitlines()[1]:
            raise Failure(f"{name}: {dot.splitlines()[1]}")
        if shutil.which("dot"):
            subprocess.run(["dot", "-Tplain"], input=dot, text=True, check=True, timeout=120,
                           capture_output=True)


def ways(fleet):
    said = run("topology", "node/fra1-h100-1", "node/osl1-h100-1", "-f", fleet)
    expect(r"NET, .*, 1 link, .*EUR/GB, over fra1 – osl1\n", said)
    found = json.loads(run("topology", "node/fra1-h100-1", "node/osl1-h100-1", "-f", fleet,
                           "-o", "json"))
    if found["sites"] != ["fra1", "osl1"]:
        raise Failure(f"the way: {found}")


def ways_without_profiles(directory):
    """What topograph and Slurm write tells how machines hang together, not what is in them."""
    file = f"{directory}/domain.yaml"
    pathlib.Path(file).write_text("---\n".join(
        "apiVersion: freehold.dev/v1alpha1\nkind: Node\nmetadata: {name: %s}\nspec: {}\n"
        "status: {scaleUpDomain: nvl1}\n" % name for name in ("a", "b")))
    expect("^a – b  NVL", run("topology", "node/a", "node/b", "-f", file))
    expect("names no HardwareProfile", run("topology", "node/a", "-f", file, status=ABSENT))


def what_ifs(directory, fleet):
    def change(text):
        file = pathlib.Path(directory) / "change.yaml"
        file.write_text(text)
        return str(file)

    node = ("apiVersion: freehold.dev/v1alpha1\nkind: Node\nmetadata: {name: more}\n"
            "spec: {site: fra1, rack: fra1-r1, height: 1, nameplate: 1W, unit: UNIT}\n")
    what_if = ["facility", "-f", fleet, "--what-if"]
    expect("^It is not known whether it holds: nobody says what [0-9]+ machines weigh",
           run(*what_if, change(node.replace("UNIT", "48")), status=3))
    model = ("---\napiVersion: freehold.dev/v1alpha1\nkind: DeviceModel\nmetadata: {name: thin}\n"
             "spec: {type: node, vendor: ACME, model: thin, weightKg: 1}\n")
    node = node.replace("height: 1", "height: 1, expectedModel: thin") + model
    # The machines there have no weight, and a rack of its own without a limit needs none.
    own = ("---\napiVersion: freehold.dev/v1alpha1\nkind: Rack\nmetadata: {name: own}\n"
           "spec: {site: fra1, room: hall-1, row: own, position: '1', feeds: [fra1-pdu-1a]}\n")
    expect("^It holds",
           run(*what_if, change(node.replace("fra1-r1", "own").replace("UNIT", "1") + own)))
    expect("both take unit 1", run(*what_if, change(node.replace("UNIT", "1")), status=3))
    rack = ("apiVersion: freehold.dev/v1alpha1\nkind: Rack\nmetadata: {name: extra}\n"
            "spec: {site: fra1, room: hall-1, row: row-1, position: 'PLACE', feeds: [FEED]}\n")
    expect("rack/(fra1-r1|extra) stands, at position 1",
           run(*what_if, change(rack.replace("PLACE", "1").replace("FEED", "fra1-pdu-1a")),
               status=3))
    move = ["facility", "-f", fleet, "--move-rack", "fra1-r1", "--to"]
    expect("is fed by fra1-pdu-1a, which is at fra1", run(*move, "site=osl1,row=z", status=3))
    # One object in two files: the same words are one, others are a mistake.
    once, again = f"{directory}/once.yaml", f"{directory}/again.yaml"
    for path, place in ((once, "7"), (again, "8")):
        pathlib.Path(path).write_text(rack.replace("PLACE", place).replace("FEED", "fra1-pdu-1a"))
    run("facility", "-f", once, "-f", once)
    run("facility", "-f", once, "-f", again, status=1)


def what_ifs_of_promises(directory):
    """An allocation that is told anew replaces itself, and its offer says whether it counts."""
    offer = ("apiVersion: freehold.dev/v1alpha1\nkind: Offer\n"
             "metadata: {name: o, namespace: default}\nspec: {contract: c}\n"
             "status: {phase: %s}\n")
    allocation = ("apiVersion: freehold.dev/v1alpha1\nkind: Allocation\n"
                  "metadata: {name: %s, namespace: default}\n"
                  "spec: {owner: %s, offer: %s, members: [{node: n1, power: %s}]}\n")
    place = ("apiVersion: freehold.dev/v1alpha1\nkind: PowerDomain\nmetadata: {name: a}\n"
             "spec: {type: pdu, site: s, capacity: 20kW}\n---\n"
             "apiVersion: freehold.dev/v1alpha1\nkind: Node\nmetadata: {name: n1}\n"
             "spec: {site: s, nameplate: 8kW, feeds: [{domain: a}]}\n")
    files = {"place": place, "same": allocation % ("x", "external", "''", "6kW"),
             "less": allocation % ("x", "external", "''", "2kW"),
             "own": allocation % ("y", "freehold", "o", "5kW"),
             "held": offer % "Accepted", "released": offer % "Released"}
    for name, text in files.items():
        (pathlib.Path(directory) / f"{name}.yaml").write_text(text)

    def load(known, changed):
        command = ["facility", "--basis", "now", "-o", "json"]
        for name in known:
            command += ["-f", f"{directory}/{name}.yaml"]
        out = json.loads(run(*command, "--what-if", f"{directory}/{changed}.yaml"))
        return [(d["before"]["watts"], d["after"]["watts"]) for d in out["powerDomains"]]

    if load(["place", "same"], "same"):
        raise Failure("the same file again changes the load")
    for known, changed, expected in ((["place", "same"], "less", (6000, 2000)),
                                     (["place", "held", "own"], "released", (5000, 8000))):
        if load(known, changed) != [expected]:
            raise Failure(f"{changed} of {known}: {load(known, changed)}, expected {expected}")


def exit_codes(directory, fleet):
    absent = f"{directory}/absent.yaml"
    for command in (["import", "nccl", absent], ["topology", "node/a", "-f", absent],
                    ["facility", "-f", absent], ["facility", "-f", fleet, "--site", "nowhere"],
                    ["facility", "-f", fleet, "--place-rack", "power=1kW", "--site", "nowhere"],
                    ["facility", "-f", fleet, "--move-rack", "fra1-r1", "--to", "site=nowhere"],
                    ["topology", "node/absent", "-f", fleet]):
        run(*command, status=ABSENT)
    for command in (["facility", "-f", fleet, "--place-rack", "power=-20kW"],
                    ["facility", "-f", fleet, "--place-rack", "power=much"],
                    ["facility", "-f", fleet, "--place-rack", "colour=red"],
                    ["facility", "-f", fleet, "--place-rack", "power=1kW,units=200"],
                    ["facility", "-f", fleet, "--move-rack", "fra1-r1", "--to",
                     "feeds=fra1-pdu-1a+fra1-pdu-1a"],
                    ["topology", "nonsense", "-f", fleet], ["import", "nonsense", fleet],
                    ["discover", "-o", "wide"], ["generate", "--mix", "h100=1", "-o", "name"],
                    ["redfish", "show", directory, "-o", "wide"]):
        run(*command, status=MIXED_UP)


def test(directory):
    fleet = f"{directory}/fleet.json"
    pathlib.Path(fleet).write_text(run(*MIX))
    pictures(fleet)
    ways(fleet)
    ways_without_profiles(directory)
    what_ifs(directory, fleet)
    what_ifs_of_promises(directory)
    exit_codes(directory, fleet)
    return "pictures were read, ways named, what-ifs judged, and faults told apart"


if __name__ == "__main__":
    sys.exit(main(test))
