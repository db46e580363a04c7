#!/usr/bin/env python3
"""Kills agents again and again while they hold workloads, and looks for what they lost or doubled.

    tests/soak/kill_agent_test.py [KILLS]      3 by default

Every workload lives on under its shim; the agent that comes back finds each one once and reports
the same process. What ended while its agent was dead is started again.
"""

import os
import pathlib
import random
import signal
import socket
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "e2e"))
import harness  # noqa: E402

NAMES = ["one", "two", "three", "four"]
AGENTS = ["left", "right"]
# Judged every second, so that each agent has something to report every second.
GUARANTEE = {"metric": "available_capacity", "atLeast": "0.9", "window": "1s", "target": 0.1}


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def join(directory, server, node):
    """An agent in a process of its own; it finds the server again by its fixed port."""
    token = harness.freehold("token", kubeconfig=server.kubeconfig)[1].split()[0]
    url = f"https://{server.listen}"
    agent = harness.Process(f"{directory}/{node}.log", "agent", "--data-dir", f"{directory}/{node}",
                            "--server", url, "--token", token, "--node", node, "--site", "home",
                            "--address", "127.0.0.1", "--listen", "127.0.0.1:0",
                            "--reserve-cpus", "0")
    agent.start()
    return agent


class Fleet:
    def __init__(self, directory):
        self.directory = directory
        self.server = harness.Server(directory, "--site", "home",
                                     listen=f"127.0.0.1:{free_port()}")
        self.server.start()
        self.agents = {node: join(directory, self.server, node) for node in AGENTS}
        self.client = self.server.client()

    def start_workloads(self):
        harness.wait_for("two nodes are there", lambda: len(
            self.client.get(f"{harness.OWN}/nodes")["items"]) == len(AGENTS))
        for name in NAMES:
            contract = harness.contract(name, cpu=1, memory="32Mi")
            contract["spec"]["guarantees"] = [GUARANTEE]
            self.client.apply(contract, harness.workload(name, "sleep", "100000", env=[
                {"name": "MARK", "value": f"{self.directory}/{name}"}]))
        return harness.running(self.client, *NAMES)

    def pids(self, name):
        """All processes of a workload, as the machine has them."""
        mark = f"MARK={self.directory}/{name}\0".encode()
        return harness.processes(lambda _, environment: mark in environment)

    def check(self, name, before, restarted):
        """The one process of `name` is the one before, or a new one if it was killed."""
        found = self.pids(name)
        if len(found) != 1:
            raise harness.Failure(f"{name} has {len(found)} processes: {found}")
        after = harness.instances(self.client)[name]["status"]
        if after["phase"] != "Running" or after["pid"] != found[0]:
            raise harness.Failure(f"{name} is {after}, its process is {found[0]}")
        if not restarted and after["pid"] != before["pid"]:
            raise harness.Failure(f"{name} was process {before['pid']} and is {after['pid']}")
        starts = after.get("restarts", 0) - before.get("restarts", 0)
        if starts != int(restarted):
            raise harness.Failure(f"{name} was started {starts} times, not {int(restarted)}")

    def heard_since(self, moment):
        """True once every instance was measured, reported on and judged anew."""
        contracts = self.client.get(f"{harness.OWN}/contracts")["items"]
        return all(c["status"]["guarantees"][0]["assessedUntil"] > moment for c in contracts)


def now():
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


def kill_once(fleet, number, chance):
    """One kill, of one agent or of both, and what must be true afterwards. Every third time a
    workload ends meanwhile. Returns how long it took to hear of every instance again."""
    before = {name: item["status"] for name, item in harness.instances(fleet.client).items()}
    dying = AGENTS if number % 4 == 0 else [AGENTS[number % 2]]
    for node in dying:
        fleet.agents[node].kill(signal.SIGKILL)
    victim = None
    if number % 3 == 0:
        victim = NAMES[(number // 3) % len(NAMES)]
        os.kill(before[victim]["pid"], signal.SIGKILL)
    time.sleep(chance.uniform(0, 1))
    for name in NAMES:
        if name != victim and fleet.pids(name) != [before[name]["pid"]]:
            raise harness.Failure(f"{name} did not live on without its agent")
    begun, moment = time.monotonic(), now()
    for node in dying:
        fleet.agents[node].start()
    if victim:
        harness.wait_for(f"{victim} is started again", lambda: harness.instances(fleet.client)[
            victim]["status"].get("restarts", 0) > before[victim].get("restarts", 0))
        harness.running(fleet.client, victim)
    harness.wait_for("every instance is judged anew", lambda: fleet.heard_since(moment))
    took = time.monotonic() - begun
    for name in NAMES:
        fleet.check(name, before[name], restarted=name == victim)
    return took


def test(directory, kills):
    chance = random.Random(kills)
    fleet = Fleet(directory)
    try:
        fleet.start_workloads()
        slowest = max(kill_once(fleet, number, chance) for number in range(1, kills + 1))
        harness.release(fleet.client, *NAMES)
        left = {name: fleet.pids(name) for name in NAMES if fleet.pids(name)}
        if left:
            raise harness.Failure(f"released, and still there: {left}")
    finally:
        for process in [*fleet.agents.values(), fleet.server]:
            process.kill(signal.SIGTERM)
    return (f"{kills} kills of agents with {len(NAMES)} workloads on {len(AGENTS)} nodes: every "
            f"workload lived on, found once; {kills // 3} that ended meanwhile were started again; "
            f"all judged anew within {slowest:.1f} s\n"
            f"the record: {harness.verify_record(fleet.server.data).splitlines()[-1]}")


if __name__ == "__main__":
    KILLS = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    sys.exit(harness.main(lambda directory: test(directory, KILLS), harness.needs_root))
