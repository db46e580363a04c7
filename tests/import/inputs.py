"""What the tests of importers share: the recorded files, and what `freehold import` makes of them.

The files are found through $FREEHOLD_TEST_DATA; without it the tests skip.
"""

import collections
import json
import os
import pathlib
import resource
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "e2e"))
import harness  # noqa: E402

MOST_SECONDS = 1  # of processor time for one file, with the start of the program


def needs_data():
    if not os.environ.get("FREEHOLD_TEST_DATA"):
        return "no data folder; set FREEHOLD_TEST_DATA"
    return None


def needs_program(*names):
    """A reason to skip when a tool of the operating system is not installed."""
    def need():
        for name in names:
            if subprocess.run(["which", name], capture_output=True, check=False).returncode:
                return f"{name} is not installed"
        return None
    return need


def files(pattern):
    """Files below topologies/, in order; an empty result would prove nothing."""
    folder = pathlib.Path(os.environ["FREEHOLD_TEST_DATA"]) / "topologies"
    found = sorted(folder.glob(pattern))
    if not found:
        raise harness.Failure(f"no file {folder}/{pattern}")
    return found


def children_seconds():
    """Processor time of all children that have ended; a busy machine does not add to it."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


class Imported:
    """The objects of one file about one machine, and what was said about it."""

    def __init__(self, fmt, path):
        before = children_seconds()
        done = subprocess.run([harness.FREEHOLD, "import", fmt, str(path), "-o", "json"],
                              capture_output=True, text=True, timeout=60, check=False)
        self.seconds = children_seconds() - before
        self.status, self.notes = done.returncode, done.stderr
        if self.seconds > MOST_SECONDS:
            raise harness.Failure(f"{path.name}: {self.seconds:.1f} s")
        if self.status not in (0, 1, 2) or (self.status and not self.notes.strip()):
            raise harness.Failure(f"{path.name}: exit {self.status} without a reason")
        if self.status:
            return
        self.items = json.loads(done.stdout)["items"]
        self.node = self.only("Node")
        self.profile_name = self.node["status"]["profile"]
        self.profile = next(item["spec"] for item in self.items
                            if item["kind"] == "HardwareProfile"
                            and item["metadata"]["name"] == self.profile_name)
        self.devices = {device["id"]: device for device in self.profile.get("devices", [])}

    def only(self, kind):
        found = [item for item in self.items if item["kind"] == kind]
        if len(found) != 1:
            raise harness.Failure(f"{len(found)} objects of kind {kind}, not one")
        return found[0]

    def ids(self, *classes):
        return {name for name, device in self.devices.items() if device["class"] in classes}

    def links(self):
        """{(from, to): link}; each link stands with the device that it leaves."""
        return {(name, link["to"]): link for name, device in self.devices.items()
                for link in device.get("links", [])}

    def check_references(self, where):
        """Nothing in the profile names what is not in it."""
        spec = self.profile
        numa = {node.get("id", 0) for node in spec.get("numa", [])}
        packages = {package.get("id", 0) for package in spec.get("packages", [])}
        pci = {function["address"] for function in spec.get("pci", [])}
        ends = set(self.devices) | {f"numa{n}" for n in numa} | {f"package{n}" for n in packages}
        wrong = []
        for function in spec.get("pci", []):
            parent = function.get("parent", "")
            if parent and not parent.startswith("pci") and parent not in pci:
                wrong.append(f"{function['address']} below {parent}")
            if function.get("numa", -1) not in numa | {-1}:
                wrong.append(f"{function['address']} at node {function['numa']}")
        for name, device in self.devices.items():
            if device.get("numa", -1) not in numa | {-1}:
                wrong.append(f"{name} at node {device['numa']}")
        wrong += [f"{a} to {b}" for a, b in self.links() if b not in ends]
        for node in spec.get("numa", []):
            if node.get("package", -1) not in packages | {-1}:
                wrong.append(f"node {node.get('id', 0)} in package {node['package']}")
            if node.get("device", "") not in set(self.devices) | {""}:
                wrong.append(f"node {node.get('id', 0)} of {node['device']}")
        if wrong:
            raise harness.Failure(f"{where}: names what is not there: {wrong[:5]}")


def compare(where, **pairs):
    """`name=(ours, theirs)`; a failure that names all that differ."""
    wrong = [f"{name}: {ours!r}, not {theirs!r}" for name, (ours, theirs) in pairs.items()
             if ours != theirs]
    if wrong:
        raise harness.Failure(f"{where}: " + "; ".join(wrong))


def numbers(text):
    """{0, 1, 2, 3, 8} of "0-3,8"."""
    found = set()
    for part in filter(None, text.split(",")):
        first, _, last = part.partition("-")
        found |= set(range(int(first), int(last or first) + 1))
    return found


def total(counters):
    """Sums dictionaries of counts, for the sentence at the end."""
    summed = collections.Counter()
    for counter in counters:
        summed.update(counter)
    return ", ".join(f"{count} {name}" for name, count in summed.items())
