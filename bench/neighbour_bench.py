#!/usr/bin/env python3
"""What a hog in one contract costs its neighbour in another: the rate of the demo's attention
server, with as much load as it can take, while the hog runs and while it stands, turn by turn.

Budget: a hog of CPU time moves the median rate by at most 5 %. One of memory bandwidth is reported
only: nothing holds memory bandwidth yet. Wants a quiet machine: what runs outside of contracts
gives way to the hog, and then shares the CPU of the neighbour.
"""

import json
import os
import pathlib
import signal
import statistics
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "tests/e2e"))
import harness  # noqa: E402

BUILD = pathlib.Path(harness.FREEHOLD).parent
TURNS, TURN_SECONDS = 16, 5
ENOUGH_LOAD = 5000  # requests per second; more than it can answer
BUDGET = 0.05
HOGS = {
    "CPU time": "while True: pass",
    "memory bandwidth": "a = bytearray(64 << 20)\nwhile True: bytes(a)",
}
SPREAD = "import os\nfor _ in range(7):\n    if os.fork() == 0: break\n"


def start_neighbour(client):
    client.apply(
        harness.contract("neighbour", cpu=1, memory="256Mi"),
        harness.workload("neighbour", str(BUILD / "attention-server"), ports=[{"name": "http"}]))
    status = harness.running(client, "neighbour")["neighbour"]["status"]
    return status["ports"][0]["port"]


def start_hog(client, program):
    """Eight processes in a contract of one CPU; returns the pids."""
    client.apply(harness.contract("hog", cpu=1, memory="1536Mi"),
                 harness.workload("hog", "python3", "-c", SPREAD + program))
    pid = harness.running(client, "hog")["hog"]["status"]["pid"]
    group = harness.cgroup_directory(pid, "cpu") / "cgroup.procs"
    pids = harness.wait_for("all of the hog is there", lambda: (
        found := [int(p) for p in group.read_text().split()]) if len(
            group.read_text().split()) == 8 else None)
    return pids


def rates(port, hog):
    """Requests per second, second by second: beside a standing hog, and beside a running one."""
    load = subprocess.Popen([BUILD / "attention-load", str(port), str(ENOUGH_LOAD),
                             str(TURNS * TURN_SECONDS)], stdout=subprocess.PIPE, text=True)
    found = ([], [])
    for turn in range(TURNS):
        hogging = turn % 2
        for pid in hog:
            os.kill(pid, signal.SIGCONT if hogging else signal.SIGSTOP)
        for second in range(TURN_SECONDS):
            line = json.loads(load.stdout.readline())
            if second > 0:  # the first holds some of the turn before
                found[hogging].append(line["rate"])
    load.stdout.read()
    load.wait()
    return found


def measure(client, port, what, program):
    hog = start_hog(client, program)
    alone, beside = (statistics.median(found) for found in rates(port, hog))
    for pid in hog:
        os.kill(pid, signal.SIGCONT)  # so that it hears that it shall end
    harness.release(client, "hog")
    return {"hog": what, "alone_per_s": alone, "beside_per_s": beside, "ratio": beside / alone}


def bench(directory):
    load = os.getloadavg()[0]
    dev = harness.Server(directory, "--node", "here", "--site", "home", "--reserve-cpus", "0",
                         command="dev")
    dev.start()
    client = dev.client(timeout=60)
    try:
        harness.wait_for("the node is there", lambda: client.get(f"{harness.OWN}/nodes/here")[
            "status"]["allocatable"]["cpus"])
        port = start_neighbour(client)
        found = [measure(client, port, what, program) for what, program in HOGS.items()]
        harness.release(client, "neighbour")
    finally:
        dev.kill(signal.SIGTERM)
    reports = BUILD / "reports"
    reports.mkdir(exist_ok=True)
    lines = [f"neighbour: {f['hog']}: {f['alone_per_s']:.1f}/s alone, {f['beside_per_s']:.1f}/s "
             f"beside the hog, ratio {f['ratio']:.3f}" for f in found]
    (reports / "neighbour_bench.json").write_text(
        json.dumps({"load_before": load, "rows": found}, indent=1) + "\n")
    if abs(1 - found[0]["ratio"]) > BUDGET:
        raise harness.Failure("\n".join([
            *lines, f"the budget is {BUDGET:.0%}; load before it began: {load:.1f}"]))
    return "\n".join(lines)


def needs_two_cpus():
    return None if len(os.sched_getaffinity(0)) > 1 else "a neighbour needs a CPU of its own"


if __name__ == "__main__":
    code = harness.main(bench, harness.needs_root, needs_two_cpus)
    sys.exit(0 if code == harness.SKIPPED else code)
