#!/usr/bin/env python3
"""A machine that should have two accelerators loses one while its agent runs: within one look the
node says which, where it sat, and gives it to nobody; the other keeps its name. It comes back, and
all is well. Read below a prefix, as a machine's own files are."""

import pathlib
import sys

import harness
from harness import OWN, Failure, wait_for

ADDRESSES = ["0000:01:00.0", "0000:02:00.0"]


def write(root, path, text):
    file = pathlib.Path(root + path)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


def plant(root):
    """Two CPUs, and two accelerators with a driver in two slots."""
    for name in ("online", "present", "possible"):
        write(root, f"/sys/devices/system/cpu/{name}", "0-1\n")
    for cpu in (0, 1):
        topology = f"/sys/devices/system/cpu/cpu{cpu}/topology"
        write(root, f"{topology}/core_cpus_list", f"{cpu}\n")
        write(root, f"{topology}/core_id", f"{cpu}\n")
        write(root, f"{topology}/physical_package_id", "0\n")
    write(root, "/proc/sys/kernel/hostname", "n1\n")
    node = "/sys/devices/system/node/node0"
    write(root, f"{node}/cpulist", "0-1\n")
    write(root, f"{node}/distance", "10\n")
    write(root, f"{node}/meminfo", "Node 0 MemTotal: 16303104 kB\n")
    for index, address in enumerate(ADDRESSES):
        device = f"/sys/devices/pci0000:00/{address}"
        for name, value in {"class": "0x030200", "vendor": "0x10de", "device": "0x2330",
                            "numa_node": "0", "max_link_width": "16",
                            "current_link_width": "16", "max_link_speed": "32.0 GT/s PCIe",
                            "current_link_speed": "32.0 GT/s PCIe"}.items():
            write(root, f"{device}/{name}", value + "\n")
        pathlib.Path(f"{root}{device}/driver").symlink_to("/sys/bus/pci/drivers/nvidia")
        write(root, f"/sys/bus/pci/slots/{index + 4}/address", address[:-2] + "\n")
        attach(root, address)


def attach(root, address):
    link = pathlib.Path(f"{root}/sys/bus/pci/devices/{address}")
    link.parent.mkdir(parents=True, exist_ok=True)
    link.symlink_to(f"../../../devices/pci0000:00/{address}")


def start_agent(directory, server, root):
    """Joins as n1, and looks at the machine below the prefix each second."""
    client = server.client()
    said = harness.freehold("token", "--node", "n1", kubeconfig=server.kubeconfig)[1]
    token = next(word for word in said.split() if word.startswith("fh1."))
    agent = harness.Process(f"{directory}/agent.log", "agent", "--data-dir", f"{directory}/agent",
                            "--server", f"https://{client.host}:{client.port}", "--token", token,
                            "--node", "n1", "--address", "127.0.0.1", "--listen", "127.0.0.1:0",
                            "--root", root, "--discovery-seconds", "1")
    agent.start()
    return agent


def node(client):
    return client.get(f"{OWN}/nodes/n1")


def condition(client, name="HardwareAsExpected"):
    for found in node(client)["status"]["conditions"]:
        if found["type"] == name:
            return found
    return {"status": "", "message": ""}


def test(directory):
    root = f"{directory}/machine"
    plant(root)
    server = harness.Server(directory)
    server.start()
    client = server.client()
    agent = start_agent(directory, server, root)
    try:
        wait_for("the node is there", lambda: node(client)["status"]["devices"])
        client.apply({"apiVersion": "freehold.dev/v1alpha1", "kind": "DeviceModel",
                      "metadata": {"name": "two-gpus"},
                      "spec": {"type": "node", "model": "Two GPUs",
                               "parts": [{"class": "gpu", "count": 2}]}})
        client.patch(f"{OWN}/nodes/n1", {"spec": {"expectedModel": "two-gpus"}})
        wait_for("what nobody describes is not judged",
                 lambda: condition(client)["status"] == "Unknown")
        client.apply({"apiVersion": "freehold.dev/v1alpha1", "kind": "DeviceModel",
                      "metadata": {"name": "h100"},
                      "spec": {"type": "gpu", "model": "H100", "matches": ["10de:2330"],
                               "linkWidth": 16, "linkSpeed": "32GT/s"}})
        wait_for("all parts are there", lambda: condition(client)["status"] == "True")
        profile = node(client)["status"]["profile"]

        pathlib.Path(f"{root}/sys/bus/pci/devices/{ADDRESSES[0]}").unlink()
        wait_for("the loss is seen", lambda: condition(client)["status"] == "False", 10)
        harness.expect(r"gpu0 at 0000:01:00\.0 \(slot 4\)", condition(client)["message"])
        lost = node(client)["status"]
        if lost["profile"] != profile:
            raise Failure("a loss made another model of the machine")
        if lost["allocatable"].get("devices") != ["gpu1"]:
            raise Failure(f"given away: {lost['allocatable'].get('devices')}")
        if [d["health"] for d in lost["devices"]] != ["Failed", "Healthy"]:
            raise Failure(f"devices: {lost['devices']}")

        # What was known outlives the agent.
        agent.kill()
        agent.start()
        wait_for("the agent is back", lambda: condition(client, "Ready")["status"] == "True")
        if condition(client)["status"] != "False":
            raise Failure("a restart of the agent forgot the loss")

        attach(root, ADDRESSES[0])
        wait_for("it is back", lambda: condition(client)["status"] == "True", 10)
    finally:
        agent.kill()
        server.kill()
    return "a lost accelerator was named with its slot, held back, and taken back when it returned"


if __name__ == "__main__":
    sys.exit(harness.main(test, harness.needs_root))
