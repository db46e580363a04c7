#!/usr/bin/env python3
"""The processors of a machine have a meter. A contract over half of them takes half of what it
counts, also while its agent is away; the final statement says so in joules, and as measured. Read
below a prefix, as a machine's own files are."""

import datetime
import json
import os
import re
import sys
import threading
import time

import hardware_test
import harness
from harness import OWN, Failure, wait_for

WATTS = 400
ZONE = "/sys/class/powercap/intel-rapl:0"


class Meter:
    """Counts microjoules into a file, as the kernel does."""

    def __init__(self, root):
        self.path, self.began, self.over = f"{root}{ZONE}/energy_uj", time.monotonic(), False
        hardware_test.write(root, f"{ZONE}/name", "package-0\n")
        hardware_test.write(root, f"{ZONE}/energy_uj", "0\n")
        self.thread = threading.Thread(target=self.count)
        self.thread.start()

    def count(self):
        while not self.over:
            with open(self.path + ".new", "w") as file:
                file.write(f"{int((time.monotonic() - self.began) * WATTS * 1e6)}\n")
            os.replace(self.path + ".new", self.path)
            time.sleep(0.01)

    def stop(self):
        self.over = True
        self.thread.join()


def usage(client):
    return harness.instances(client)["metered"]["status"]["usage"]


def test(directory):
    root = f"{directory}/machine"
    hardware_test.plant(root)
    meter = Meter(root)
    server = harness.Server(directory)
    agent = None
    try:
        server.start()
        client = server.client()
        agent = hardware_test.start_agent(directory, server, root)
        wait_for("the machine is metered",
                 lambda: client.get(f"{OWN}/nodes/n1")["status"]["power"]["measured"])
        client.apply(harness.contract("metered", cpu=1, memory="64Mi"),
                     harness.workload("metered", "sleep", "1000"))
        harness.running(client, "metered")
        wait_for("some joules", lambda: usage(client)["energyJoules"] > WATTS)

        # Its time away is made up for: the work went on.
        agent.kill()
        time.sleep(2)
        agent.start()
        before = usage(client)["energyJoules"]
        wait_for("more joules", lambda: usage(client)["energyJoules"] > before + 2 * WATTS)

        client.patch(f"{OWN}/namespaces/default/contracts/metered", {"spec": {"release": True}})
        said = wait_for("the statement",
                        lambda: client.get(f"{OWN}/namespaces/default/contracts/metered")
                        ["status"]["statement"])
    finally:
        if agent is not None:
            agent.kill()
        server.kill()
        meter.stop()
    return judge(said)


def judge(said):
    if said.get("energyBasis") != "measured":
        raise Failure(f"the statement says: {json.dumps(said)}")
    begun, ended = (datetime.datetime.fromisoformat(said[name]) for name in ("from", "until"))
    seconds = (ended - begun).total_seconds()
    number, prefix = re.fullmatch(r"([0-9.]+)(k?)J", said["energy"]).groups()
    joules = float(number) * (1000 if prefix else 1)
    expected = WATTS / 2 * seconds
    # It is prepared a little before it is active, and read once a second.
    if not expected - WATTS <= joules <= expected + 2 * WATTS:
        raise Failure(f"{joules:.0f} J in {seconds:.1f} s, expected {expected:.0f}")
    harness.expect(r"\(measured\)", said["text"])
    return f"{joules:.0f} J in {seconds:.1f} s at {WATTS / 2:.0f} W"


if __name__ == "__main__":
    sys.exit(harness.main(test, harness.needs_root))
