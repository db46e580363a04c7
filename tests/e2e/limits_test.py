#!/usr/bin/env python3
"""Workloads that take more than their contracts give: memory, processes, CPU time. Each is held,
says so in its status, and its neighbour does not notice."""

import pathlib
import signal
import sys
import time

import harness
from harness import Failure, wait_for

# Takes memory in steps, then more than it may have.
HUNGRY = """
held = []
while True:
    held.append(bytearray(4 << 20))
"""
# Starts children until it may not, says how many it got, and keeps them.
FORKING = """
import os, time
got = 0
try:
    while True:
        if os.fork() == 0:
            time.sleep(1000)
        got += 1
except OSError as error:
    print(f"forked {got} times, then: {error.strerror}", flush=True)
time.sleep(1000)
"""
# Four processes that want a CPU each.
BURNING = """
import os
for _ in range(3):
    if os.fork() == 0:
        break
while True:
    pass
"""
QUIET = "import time\nwhile True: time.sleep(0.05)"
PROCESSES = 20
CPU_SHARE = 0.5
MEASURED_SECONDS = 4


def start(client, name, program, restart="never", **each):
    client.apply(harness.contract(name, **each),
                 harness.workload(name, "python3", "-c", program, restart=restart))


def status(client, name):
    return harness.instances(client)[name]["status"]


def limit_file(pid, controller, *names):
    """The first of the files that the kernel has; version 1 and 2 name them differently."""
    directory = harness.cgroup_directory(pid, controller)
    for name in names:
        if (directory / name).exists():
            return (directory / name).read_text().strip()
    raise Failure(f"{directory} has none of {names}")


def memory(client):
    """What takes too much is killed, and said to be; the neighbour stays."""
    start(client, "neighbour", QUIET, cpu=1, memory="64Mi")
    before = harness.running(client, "neighbour")["neighbour"]["status"]
    limit = int(limit_file(before["pid"], "memory", "memory.limit_in_bytes", "memory.max"))
    if limit != 64 << 20 or before["limits"]["memoryBytes"] != limit:
        raise Failure(f"64Mi became {limit} in the kernel and {before['limits']} in the status")
    start(client, "hungry", HUNGRY, cpu=1, memory="64Mi")
    ended = wait_for("the hungry one failed",
                     lambda: (s := status(client, "hungry"))["phase"] == "Failed" and s)
    exit_ = ended["lastExit"]
    if exit_["reason"] != "OutOfMemory" or exit_["signal"] != signal.SIGKILL:
        raise Failure(f"the hungry one ended as {exit_}")
    after = status(client, "neighbour")
    if after["phase"] != "Running" or after["pid"] != before["pid"]:
        raise Failure(f"the neighbour was {before}, and is {after}")
    if not harness.is_running(before["pid"]):
        raise Failure("the neighbour is gone")
    harness.release(client, "neighbour", "hungry")
    return "memory"


def processes(client, kubeconfig):
    """Beyond the limit fork fails; what runs goes on."""
    start(client, "forking", FORKING, cpu=1, memory="256Mi", processes=PROCESSES)
    pid = harness.running(client, "forking")["forking"]["status"]["pid"]
    said = wait_for("it says how often it forked", lambda: harness.freehold(
        "logs", "workload/forking", kubeconfig=kubeconfig)[1].strip())
    harness.expect(rf"forked {PROCESSES - 1} times, then: Resource temporarily unavailable", said)
    there = int(limit_file(pid, "pids", "pids.current"))
    limit = int(limit_file(pid, "pids", "pids.max"))
    if limit != PROCESSES or there > limit:
        raise Failure(f"{there} processes of {limit}, and {PROCESSES} in the contract")
    wait_for("the status tells of all of them", lambda: status(client, "forking")["usage"][
        "processes"] == PROCESSES)
    if status(client, "forking")["limits"]["processes"] != PROCESSES:
        raise Failure(f"the status says {status(client, 'forking')['limits']}")
    harness.release(client, "forking")
    if harness.is_running(pid):
        raise Failure("released, and still there")
    return "processes"


def cpu_seconds(pid):
    """CPU time of all that runs in the control group of the process."""
    directory = harness.cgroup_directory(pid, "cpuacct")
    if (directory / "cpuacct.usage").exists():
        return int((directory / "cpuacct.usage").read_text()) / 1e9
    stat = (harness.cgroup_directory(pid, "cpu") / "cpu.stat").read_text().split()
    return int(stat[stat.index("usage_usec") + 1]) / 1e6


def cpu_time(client):
    """Whatever it wants, it gets its share, on its own CPUs."""
    start(client, "burning", BURNING, cpu=f"{round(CPU_SHARE * 1000)}m", memory="64Mi")
    instance = harness.running(client, "burning")["burning"]
    pid, cpus = instance["status"]["pid"], instance["spec"]["cpus"]
    kernel = pathlib.Path(f"/proc/{pid}/status").read_text()
    allowed = kernel.split("Cpus_allowed_list:")[1].split()[0]
    read_back = instance["status"]["limits"]
    if allowed != cpus or read_back["cpus"] != cpus:
        raise Failure(f"CPUs {cpus} in the contract, {allowed} in the kernel, {read_back} said")
    if read_back["cpuMilli"] != CPU_SHARE * 1000:
        raise Failure(f"the status says {read_back}")
    used, begun = cpu_seconds(pid), time.monotonic()
    time.sleep(MEASURED_SECONDS)
    got = (cpu_seconds(pid) - used) / (time.monotonic() - begun)
    # One period of the quota, 100 ms, may fall on either side. That it gets all of it is judged in
    # `make bench`: here other tests may run beside.
    if not 0 < got <= CPU_SHARE * (1 + 0.1 / MEASURED_SECONDS) + 0.01:
        raise Failure(f"{got:.3f} CPUs delivered, {CPU_SHARE} in the contract")
    if got > 0.9 * CPU_SHARE:  # else others took so much that nothing had to hold it back
        wait_for("the status tells that it was held back", lambda: status(client, "burning")[
            "usage"]["throttledPeriods"] > 0)
    harness.release(client, "burning")
    return f"CPU time ({got:.3f} of {CPU_SHARE} delivered)"


def test(directory):
    dev = harness.Server(directory, "--node", "here", "--site", "home", "--reserve-cpus", "0",
                         command="dev")
    dev.start()
    client = dev.client()
    try:
        wait_for("the node is there", lambda: client.get(f"{harness.OWN}/nodes/here")["status"][
            "allocatable"]["cpus"])
        return "limits bind: " + ", ".join([
            memory(client), processes(client, dev.kubeconfig), cpu_time(client)])
    finally:
        dev.kill(signal.SIGTERM)


def needs_control_groups():
    for parent in (pathlib.Path("/sys/fs/cgroup/memory"), pathlib.Path("/sys/fs/cgroup")):
        try:
            attempt = parent / "freehold-try"
            attempt.mkdir()
            attempt.rmdir()
            return None
        except OSError:
            continue
    return "control groups cannot be written here"


if __name__ == "__main__":
    sys.exit(harness.main(test, harness.needs_root, needs_control_groups))
