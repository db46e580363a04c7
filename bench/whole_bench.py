#!/usr/bin/env python3
"""What the program as a whole costs: size, time to ready on an empty store, memory when idle.

$FREEHOLD names the program. Budgets: ready within 1 s; under 30 MB stripped; server under 60 MB and
agent under 30 MB resident when idle; server under 100 MB with a fleet of 1,000 nodes of 8 GPUs, as
their agents report them. Prints medians with the machine; the last word of each line says whether
its budget holds.
"""

import json
import os
import pathlib
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "tests/e2e"), str(ROOT / "tools")]
import harness  # noqa: E402
from report import machine  # noqa: E402

RUNS = 9
IDLE_SECONDS = 20
FLEET = "h100=1000"
SET_BYTES = 2 << 20  # of one set of objects; the server takes 3 MiB


def row(what, value, unit, budget):
    verdict = "holds" if value <= budget else "MISSED"
    print(f"  {what:<38}{value:>10.3g} {unit:<4} budget {budget:>5} {unit:<4} {verdict}")
    return {"what": what, "value": value, "unit": unit, "budget": budget}


def ready_seconds():
    """From the start of the process to the first /readyz that says ok."""
    with tempfile.TemporaryDirectory(prefix="freehold-") as folder:
        began = time.monotonic()
        server = harness.Server(folder)
        server.start()
        client = server.client()
        while client.send("GET", "/readyz")[0] != 200:
            time.sleep(0.001)
        took = time.monotonic() - began
        server.kill(signal.SIGTERM)
        return took


def idle_megabytes():
    with tempfile.TemporaryDirectory(prefix="freehold-") as folder:
        server = harness.Server(folder)
        server.start()
        client = server.client()
        token = client.call("POST", "/tokens", {})["token"]
        agent = harness.Process(f"{folder}/agent.log", "agent", "--data-dir", f"{folder}/agent",
                                "--node", "idle", "--token", token, "--listen", "127.0.0.1:0",
                                "--server", f"https://{client.host}:{client.port}")
        agent.start()
        harness.wait_for("the node", lambda: client.get(f"{harness.OWN}/nodes/idle"))
        time.sleep(IDLE_SECONDS)
        both = server.memory() / 1e6, agent.memory() / 1e6
        agent.kill(signal.SIGTERM)
        server.kill(signal.SIGTERM)
        return both


def sets_of(objects):
    """In sets that the server takes, in their order: what others refer to comes first."""
    batch, size = [], 0
    for one in objects:
        more = len(json.dumps(one))
        if batch and size + more > SET_BYTES:
            yield batch
            batch, size = [], 0
        batch.append(one)
        size += more
    yield batch


def fleet_megabytes():
    """Of a server that has been told of a fleet, object by object, and left alone."""
    objects = json.loads(harness.freehold("generate", "--mix", FLEET, "-o", "json")[1])["items"]
    with tempfile.TemporaryDirectory(prefix="freehold-") as folder:
        server = harness.Server(folder)
        server.start()
        for batch in sets_of(objects):
            text = json.dumps({"apiVersion": "v1", "kind": "List", "items": batch})
            harness.freehold("apply", "-f", "-", kubeconfig=server.kubeconfig, text=text)
        client = server.client()
        for node in (one for one in objects if one["kind"] == "Node"):
            path = f"{harness.OWN}/nodes/{node['metadata']['name']}/status"
            client.patch(path, {"status": node["status"]})
        time.sleep(IDLE_SECONDS)
        resident = server.memory() / 1e6
        server.kill(signal.SIGTERM)
        return resident


def main():
    program, load = harness.FREEHOLD, os.getloadavg()[0]
    print(f"freehold as a whole, on {machine()}; medians of {RUNS}")
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        stripped = pathlib.Path(folder) / "freehold"
        shutil.copy(program, stripped)
        subprocess.run(["strip", str(stripped)], check=True)
        rows.append(row("size, stripped", stripped.stat().st_size / 1e6, "MB", 30))
    rows.append(row("ready on an empty store",
                    statistics.median(ready_seconds() for _ in range(RUNS)), "s", 1))
    server, agent = idle_megabytes()
    rows.append(row("server resident, idle with one node", server, "MB", 60))
    rows.append(row("agent resident, idle", agent, "MB", 30))
    rows.append(row("server resident, fleet of 1,000 nodes", fleet_megabytes(), "MB", 100))
    report = pathlib.Path(program).parent / "reports" / "whole.json"
    report.parent.mkdir(exist_ok=True)
    report.write_text(json.dumps({"load": load, "rows": rows}, indent=1) + "\n")
    sys.exit(any(r["value"] > r["budget"] for r in rows))


if __name__ == "__main__":
    main()
