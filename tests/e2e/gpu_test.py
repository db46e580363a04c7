#!/usr/bin/env python3
"""A machine with NVIDIA GPUs: what the program says of each agrees with what nvidia-smi, the tool
of their maker, says in the same minute; and a contract over one runs where CUDA sees that one
alone."""

import json
import re
import shutil
import subprocess
import sys

import harness
from harness import OWN, Failure, freehold, wait_for

GENERATIONS = {1: "2.5GT/s", 2: "5GT/s", 3: "8GT/s", 4: "16GT/s", 5: "32GT/s", 6: "64GT/s"}
ASKED = ["index", "pci.bus_id", "name", "uuid", "vbios_version", "memory.total",
         "pcie.link.gen.current", "pcie.link.gen.max", "pcie.link.width.current",
         "pcie.link.width.max", "power.limit", "power.draw", "clocks.max.sm", "clocks.max.memory"]


def needs_gpu():
    if not shutil.which("nvidia-smi"):
        return "no nvidia-smi: this machine has no NVIDIA GPU"
    if subprocess.run(["nvidia-smi", "-L"], capture_output=True, check=False).returncode != 0:
        return "nvidia-smi reaches no GPU"
    return None


def smi():
    """{address as the kernel writes it: {what was asked: what nvidia-smi says}}."""
    said = subprocess.run(["nvidia-smi", "--query-gpu=" + ",".join(ASKED),
                           "--format=csv,noheader,nounits"],
                          capture_output=True, text=True, check=True, timeout=60).stdout
    found = {}
    for line in said.splitlines():
        one = dict(zip(ASKED, (word.strip() for word in line.split(",")), strict=True))
        domain, rest = one["pci.bus_id"].lower().split(":", 1)
        found[f"{domain[-4:]}:{rest}"] = one
    return found


def number(text):
    """None where the tool says [N/A]."""
    return float(text) if re.fullmatch(r"-?[0-9.]+", text) else None


def watts(quantity):
    """Of a quantity as the program prints it: "700W", "69830mW"."""
    found = re.fullmatch(r"([0-9.]+)(m?)W", quantity or "")
    return float(found[1]) / (1000 if found[2] else 1) if found else None


def gpus(machine):
    """{address: (device of the profile, device as it is now)}."""
    now = {device["id"]: device for device in machine["devices"]}
    return {device["address"]: (device, now[device["id"]])
            for device in machine["profile"]["devices"] if device["class"] == "gpu"}


def compare(address, ours, now, theirs, functions):
    """What differs, in words."""
    wrong = []

    def same(what, own, other):
        if own != other:
            wrong.append(f"{address}: {what}: {own!r}, and nvidia-smi says {other!r}")

    def near(what, own, other, share):
        if other is None:
            return
        if own is None or abs(own - other) > share * other:
            wrong.append(f"{address}: {what}: {own!r}, and nvidia-smi says {other!r}")

    same("model", ours["model"], theirs["name"])
    same("identity", now["identity"], theirs["uuid"])
    same("firmware", now.get("firmware", "").lower(), theirs["vbios_version"].lower())
    # As bought; the driver keeps some for itself.
    near("MiB", ours.get("memoryBytes", 0) / 2**20, number(theirs["memory.total"]), 0.01)
    near("limit in W", watts(now.get("powerLimit")), number(theirs["power.limit"]), 0.001)
    # Another second, and other work of the GPU.
    draw = now.get("power", {}).get("measured")
    near("draw in W", watts(draw), number(theirs["power.draw"]), 0.5)
    clocks = now.get("clocks", {})
    near("most MHz", clocks.get("coreMaxMhz"), number(theirs["clocks.max.sm"]), 0)
    near("most MHz of the memory", clocks.get("memoryMaxMhz"),
         number(theirs["clocks.max.memory"]), 0)
    link = functions[address]
    same("lanes at best", link.get("linkWidth", 0), int(theirs["pcie.link.width.max"]))
    same("speed at best", link.get("linkSpeed"), GENERATIONS[int(theirs["pcie.link.gen.max"])])
    same("lanes now", now.get("linkWidth", 0), int(theirs["pcie.link.width.current"]))
    # Between two looks a GPU may rest or wake, and its link with it.
    if now.get("linkSpeed") not in GENERATIONS.values():
        wrong.append(f"{address}: speed now: {now.get('linkSpeed')!r}")
    return wrong


def discovered():
    theirs = smi()
    machine = json.loads(freehold("discover", "-o", "json")[1])
    ours = gpus(machine)
    if set(ours) != set(theirs):
        raise Failure(f"GPUs at {sorted(ours)}, and nvidia-smi has {sorted(theirs)}")
    functions = {function["address"]: function for function in machine["profile"]["pci"]}
    wrong = [line for address, (device, now) in ours.items()
             for line in compare(address, device, now, theirs[address], functions)]
    if wrong:
        raise Failure("\n".join(wrong))
    return len(ours)


def contract(client, name, gpu_count):
    asked = harness.contract(name, cpu=1, memory="512Mi")
    if gpu_count > 0:
        asked["spec"]["roles"][0]["each"]["devices"] = [
            {"name": "gpu", "class": "gpu", "count": gpu_count}]
    client.apply(asked, harness.workload(
        name, "sh", "-c", 'echo "sees <$CUDA_VISIBLE_DEVICES>"; nvidia-smi -L; exec sleep 60'))
    return harness.running(client, name)[name]


def contracts(directory):
    dev = harness.Server(directory, "--node", "here", "--site", "home", command="dev")
    dev.start()
    client = dev.client()
    try:
        devices = wait_for("the node is there",
                           lambda: client.get(f"{OWN}/nodes/here")["status"]["devices"])
        known = {d["id"]: d["identity"] for d in devices}
        instance = contract(client, "one", 1)
        given = instance["spec"]["devices"]
        if len(given) != 1 or not given[0].startswith("gpu"):
            raise Failure(f"one GPU was asked for, {given} given")

        def says(name, text):
            return wait_for(f"{name} says {text}", lambda: text in freehold(
                "logs", harness.instances(client)[name]["metadata"]["name"],
                kubeconfig=dev.kubeconfig)[1])

        says("one", f"sees <{known[given[0]]}>")
        says("one", known[given[0]])
        contract(client, "none", 0)
        says("none", "sees <>")
        harness.release(client, "one", "none")
    finally:
        dev.kill(15)


def test(directory):
    count = discovered()
    contracts(directory)
    return f"GPUs: {count}, as nvidia-smi says; a contract over one saw that one, another none"


if __name__ == "__main__":
    sys.exit(harness.main(test, needs_gpu, harness.needs_root))
