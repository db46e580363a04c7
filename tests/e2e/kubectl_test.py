#!/usr/bin/env python3
"""Drives `freehold dev` with the real kubectl: its verbs on Site, Node, Contract and Workload."""

import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import time

import harness
from harness import Failure, expect, wait_for

KUBECTL = shutil.which("kubectl")


class Dev(harness.Server):
    """A control plane with an agent in one process, and kubectl on it."""

    def __init__(self, directory):
        super().__init__(directory, "--node", "here", "--site", "home", command="dev")
        self.directory = directory
        self.start()

    def kubectl(self, *arguments, text=None, check=True, status=0):
        done = subprocess.run(
            [KUBECTL, "--kubeconfig", self.kubeconfig,
             f"--cache-dir={self.directory}/cache", *arguments],
            input=text, capture_output=True, text=True, timeout=60, check=False)
        if check and done.returncode != status:
            raise Failure(f"kubectl {' '.join(arguments)}: exit {done.returncode}\n"
                          f"{done.stdout}{done.stderr}")
        return (done.stdout if done.returncode == 0 else done.stdout + done.stderr).strip()

    def get(self, *arguments):
        return json.loads(self.kubectl("get", *arguments, "-o", "json"))


SITE = """
apiVersion: freehold.dev/v1alpha1
kind: Site
metadata: {name: home}
spec: {type: edge, jurisdiction: {country: DE, regimes: [EU]}, pue: 1.2}
"""

CONTRACT = """
apiVersion: freehold.dev/v1alpha1
kind: Contract
metadata: {name: small}
spec:
  roles:
  - name: main
    each: {cpu: 1, memory: 64Mi}
  guarantees:
  - {metric: available_capacity, atLeast: "0.9", window: 1s, target: 0.5}
"""

WORKLOAD = """
apiVersion: freehold.dev/v1alpha1
kind: Workload
metadata: {name: small}
spec:
  contract: small
  roles:
  - name: main
    run: {command: [/bin/sh, -c, "echo hello; exec sleep 1000"], stopGrace: 1s}
"""


def the_cluster_says_where_it_is(dev):
    expect(r"control plane.* is running at .*https://", dev.kubectl("cluster-info"))
    if dev.get("services", "-A")["items"]:
        raise Failure("there are services")
    dev.kubectl("get", "svc")
    expect(r"NodeList", dev.kubectl("cluster-info", "dump"))  # its own hint


def verbs_on_site(dev):
    expect(r"sites\s+st\s", dev.kubectl("api-resources"))
    expect(r"site.freehold.dev/home created", dev.kubectl("apply", "-f", "-", text=SITE))
    expect(r"site.freehold.dev/home unchanged", dev.kubectl("apply", "-f", "-", text=SITE))
    expect(r"NAME\s+TYPE", dev.kubectl("get", "sites"))
    expect(r"country: DE", dev.kubectl("get", "site", "home", "-o", "yaml"))
    expect(r"Jurisdiction:", dev.kubectl("describe", "site", "home"))
    expect(r"patched",
           dev.kubectl("patch", "site", "home", "--type=merge", "-p", '{"spec":{"pue":1.3}}'))
    if dev.get("site", "home")["spec"]["pue"] != 1.3:
        raise Failure("the patch did not take")
    expect(r"labeled", dev.kubectl("label", "site", "home", "tier=edge"))
    expect(r"home", dev.kubectl("get", "sites", "-l", "tier in (edge,core)", "-o", "name"))
    expect(r"already exists", dev.kubectl("create", "-f", "-", text=SITE, status=1))
    wrong = SITE.replace("type: edge", "typo: edge")
    wrong = wrong.replace("home", "other")
    expect(r"typo", dev.kubectl("apply", "-f", "-", text=wrong, status=1))
    expect(r"not found", dev.kubectl("get", "site", "nowhere", status=1))
    expect(r"jurisdiction", dev.kubectl("explain", "site.spec"))
    editor = f"{dev.directory}/editor"
    pathlib.Path(editor).write_text("#!/bin/sh\nsed -i 's/pue: 1.3/pue: 1.4/' \"$1\"\n")
    os.chmod(editor, 0o755)
    os.environ["KUBE_EDITOR"] = editor
    expect(r"edited", dev.kubectl("edit", "site", "home"))
    if dev.get("site", "home")["spec"]["pue"] != 1.4:
        raise Failure("the edit did not take")


def a_finalizer_holds_what_is_deleted(dev):
    held = SITE.replace("name: home", "name: held, finalizers: [example.com/hold]")
    expect(r"created", dev.kubectl("create", "-f", "-", text=held))
    expect(r"deleted", dev.kubectl("delete", "site", "held", "--wait=false"))
    expect(r"deletionTimestamp", dev.kubectl("get", "site", "held", "-o", "yaml"))
    expect(r"site.freehold.dev/held patched", dev.kubectl(
        "patch", "site", "held", "--type=merge", "-p", '{"metadata":{"finalizers":[]}}'))
    expect(r"not found", dev.kubectl("get", "site", "held", status=1))


def apply_follows_the_lists_of_metadata(dev):
    for held in ("[x.io/a]", "[x.io/a, x.io/b]", "[x.io/b]", "[]"):
        expect(r"configmap/listed (created|configured)", dev.kubectl(
            "apply", "-f", "-", text="apiVersion: v1\nkind: ConfigMap\n"
            f"metadata: {{name: listed, namespace: default, finalizers: {held}}}\n"))
        have = dev.get("configmap", "listed")["metadata"].get("finalizers", [])
        if have != [f for f in ("x.io/a", "x.io/b") if f in held]:
            raise Failure(f"applied {held}, got {have}")
    expect(r"deleted", dev.kubectl("delete", "configmap", "listed"))


def refusals_say_why(dev):
    expect(r"patch operation 1", dev.kubectl(
        "patch", "site", "home", "--type=json", "-p",
        '[{"op":"test","path":"/spec/pue","value":9}]', status=1))
    number = SITE.replace("home", "other").replace("{country: DE, regimes: [EU]}", "7")
    said = dev.kubectl("create", "--validate=false", "-f", "-", text=number, status=1)
    expect(r'The Site "other" is invalid: spec.jurisdiction: expected', said)
    if "required" in said:
        raise Failure(f"a field that was given is called missing: {said}")
    said = dev.kubectl("apply", "--server-side", "-f", "-", status=1,
                       text=SITE.replace("name: home", "name: not-there"))
    expect("server-side apply is not served yet", said)
    said = dev.kubectl("apply", "-f", "-", text=SITE.replace("kind: Site", "kind: Sight"), status=1)
    if "check CRD" in said:
        raise Failure(f"a misspelt kind is not called one: {said}")


def node_leases_obey_dry_runs_and_selectors(dev):
    def names(*more):
        return dev.kubectl("get", "leases", "-o", "name", *more).split()

    inside, lease = ("-n", "freehold-node-lease"), "lease.coordination.k8s.io/here"
    wait_for("the lease is there", lambda: lease in names("-A"))
    expect(r"deleted", dev.kubectl("delete", "lease", "here", *inside, "--dry-run=server"))
    for more in (inside, (*inside, "--field-selector", "metadata.name=here")):
        if names(*more) != [lease]:
            raise Failure(f"{more}: {names(*more)}")
    for more in (("-l", "nope=1"), ("--field-selector", "metadata.name=zzz")):
        if names(*inside, *more):
            raise Failure(f"{more} is ignored")
    if "<unknown>" in dev.kubectl("get", "leases", *inside):
        raise Failure("the lease has no age")


def verbs_on_node(dev):
    expect(r"condition met", dev.kubectl("wait", "nodes.freehold.dev/here",
                                         "--for=condition=Ready", "--timeout=30s"))
    node = dev.get("nodes.freehold.dev", "here")
    if not node["status"]["allocatable"]["cpus"]:
        raise Failure("the node offers no CPUs")
    expect(r"Allocatable:", dev.kubectl("describe", "nodes.freehold.dev", "here"))
    expect(r"^yes", dev.kubectl("auth", "can-i", "patch", "nodes.freehold.dev"))


def verbs_on_contract_and_workload(dev):
    expect(r"created", dev.kubectl("create", "-f", "-", text=CONTRACT))
    wait_for("the contract is active",
             lambda: dev.get("contract", "small")["status"]["phase"] == "Active")
    expect(r"small\s+Active", dev.kubectl("get", "contracts"))
    expect(r"created", dev.kubectl("apply", "-f", "-", text=WORKLOAD))
    expect(r"condition met", dev.kubectl("wait", "workload/small", "--for=condition=Ready",
                                         "--timeout=30s"))
    instance = dev.get("instances")["items"][0]
    if instance["status"]["phase"] != "Running" or instance["status"]["pid"] <= 0:
        raise Failure(f"the instance does not run: {instance['status']}")
    expect(r"Offered", dev.kubectl("describe", "contract", "small"))
    def judged():
        status = dev.get("contract", "small")["status"]
        return status["guarantees"][0]["windows"]["fulfilled"] > 0

    wait_for("a window is judged", judged)
    watched = subprocess.Popen(
        [KUBECTL, "--kubeconfig", dev.kubeconfig, "get", "contracts", "-w",
         "-o", "name"], stdout=subprocess.PIPE, text=True)
    expect(r"contract.freehold.dev/small", watched.stdout.readline())
    watched.kill()
    watched.wait()
    return instance["status"]["pid"]


def a_crash_loses_nothing(dev, pid):
    before = dev.get("contract", "small")["metadata"]["uid"]
    dev.kill(signal.SIGKILL)
    os.kill(pid, 0)  # the workload goes on
    dev.start()
    if dev.get("contract", "small")["metadata"]["uid"] != before:
        raise Failure("the contract is another one")
    wait_for("the agent found its instance again",
             lambda: dev.get("instances")["items"][0]["status"]["pid"] == pid)
    time.sleep(1)
    if dev.get("instances")["items"][0]["status"].get("restarts", 0) != 0:
        raise Failure("the instance was started a second time")


def the_end(dev, pid):
    dev.kubectl("patch", "contract", "small", "--type=merge", "-p", '{"spec":{"release":true}}')
    wait_for("the contract is settled",
             lambda: dev.get("contract", "small")["status"]["phase"] == "Settled")
    statement = dev.get("contract", "small")["status"]["statement"]
    expect(r"available_capacity: promised", statement["text"])
    wait_for("the process is gone", lambda: not pathlib.Path(f"/proc/{pid}").exists())
    expect(r"deleted",
           dev.kubectl("delete", "workload/small", "contract/small", "--timeout=30s"))
    expect(r"deleted", dev.kubectl("delete", "site", "home"))
    expect(r"not found", dev.kubectl("get", "contract", "small", status=1))


def test(directory):
    dev = Dev(directory)
    try:
        the_cluster_says_where_it_is(dev)
        verbs_on_site(dev)
        a_finalizer_holds_what_is_deleted(dev)
        apply_follows_the_lists_of_metadata(dev)
        refusals_say_why(dev)
        verbs_on_node(dev)
        node_leases_obey_dry_runs_and_selectors(dev)
        pid = verbs_on_contract_and_workload(dev)
        a_crash_loses_nothing(dev, pid)
        the_end(dev, pid)
    finally:
        dev.kill(signal.SIGTERM)
    harness.verify_record(dev.data)
    return "kubectl: every verb did what it says"


def needs_kubectl():
    return None if KUBECTL else "no kubectl"


if __name__ == "__main__":
    sys.exit(harness.main(test, needs_kubectl, harness.needs_root))
