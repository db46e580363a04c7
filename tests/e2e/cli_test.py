#!/usr/bin/env python3
"""The commands that scripts lean on: exit codes, output forms, and sets of objects that land whole
or not at all.
"""

import json
import os
import pathlib
import re
import signal
import subprocess
import sys

import harness

DONE, FAILED, USAGE, REFUSED, NOT_FOUND, TIMED_OUT = range(6)

TOO_LARGE = harness.contract("large", cpu=4000, memory="1Gi")
SITE = {"apiVersion": "freehold.dev/v1alpha1", "kind": "Site", "metadata": {"name": "ber1"},
        "spec": {"jurisdiction": {"country": "DE"}}}


class Cli:
    def __init__(self, kubeconfig):
        self.kubeconfig = kubeconfig

    def run(self, exit_code, *arguments, text=None):
        code, said = harness.freehold(*arguments, kubeconfig=self.kubeconfig, text=text,
                                      check=False)
        if code != exit_code:
            raise harness.Failure(
                f"freehold {' '.join(arguments)}: exit {code}, not {exit_code}\n{said}")
        return said


def documents(*objects):
    return "\n---\n".join(json.dumps(o) for o in objects)


def usage(cli):
    harness.expect(r'no command "frobnicate"', cli.run(USAGE, "frobnicate"))
    cli.run(USAGE, "get")
    harness.expect("--ttl must be", cli.run(USAGE, "kubeconfig", "ann", "--ttl", "0s"))
    harness.expect(r"nods.*(nodes|node)", cli.run(USAGE, "get", "nods"))
    harness.expect(r"json, yaml, wide or name", cli.run(USAGE, "get", "sites", "-o", "table"))
    cli.run(USAGE, "explain", "contract.spec.colour")
    cli.run(USAGE, "wait", "site/ber1", "--for", "spec.colour=blue")
    cli.run(USAGE, "wait", "site/ber1", "--for", "condition=Ready", "--timeout", "soon")
    cli.run(DONE, "--help")
    harness.expect(r"^freehold \d+\.\d+\.\d+\n$", cli.run(DONE, "version"))
    assert json.loads(cli.run(DONE, "version", "-o", "json"))["version"]
    harness.expect("use json or yaml", cli.run(USAGE, "version", "-o", "name"))


def plans_and_sets(cli):
    harness.expect(r"\+ site/ber1\n.*1 to create, 0 to change, 0 unchanged",
                   re.sub(r"\n +.*", "", cli.run(DONE, "plan", "-f", "-", text=documents(SITE))))
    cli.run(NOT_FOUND, "get", "site", "ber1")
    wrong = {**SITE, "metadata": {"name": "ber2"},
             "spec": {"jurisdiction": {"country": "Atlantis"}}}
    said = cli.run(FAILED, "apply", "-f", "-", text=documents(SITE, wrong))
    harness.expect(r"spec\.jurisdiction\.country", said)
    cli.run(NOT_FOUND, "get", "site", "ber1")  # neither landed
    harness.expect(r"site/ber1 created", cli.run(DONE, "apply", "-f", "-", text=documents(SITE)))
    harness.expect(r"site/ber1 unchanged", cli.run(DONE, "apply", "-f", "-", text=documents(SITE)))
    harness.expect(r"0 to create, 0 to change, 1 unchanged",
                   cli.run(DONE, "plan", "-f", "-", text=documents(SITE)))


def forms(cli):
    site = json.loads(cli.run(DONE, "get", "site", "ber1", "-o", "json"))
    assert site["spec"]["jurisdiction"]["country"] == "DE", site
    harness.expect(r"\n  jurisdiction:\n    country: DE\n",
                   cli.run(DONE, "get", "site/ber1", "-o", "yaml"))
    assert cli.run(DONE, "get", "sites", "-o", "name") == "site/ber1\n"
    harness.expect(r"^NAME .*\nber1 ", cli.run(DONE, "get", "sites", "-o", "wide"))
    if "\x1b" in cli.run(DONE, "get", "sites"):
        raise harness.Failure("colours, and no terminal")


def only_an_offer_that_is_held_is_accepted(cli):
    def offer(name, contract):
        return {"apiVersion": "freehold.dev/v1alpha1", "kind": "Offer", "metadata": {"name": name},
                "spec": {"contract": contract}}

    offers = documents(offer("of-another", "another"))
    cli.run(DONE, "apply", "-f", "-", text=offers)
    accept = ("accept", "large", "--offer")
    harness.expect('offers.* "nonsense" not found', cli.run(NOT_FOUND, *accept, "nonsense"))
    harness.expect('is for contract "another", not "large"',
                   cli.run(REFUSED, *accept, "of-another"))
    large = json.loads(cli.run(DONE, "get", "contract", "large", "-o", "json"))
    assert "offer" not in large["spec"].get("accept", {}), large
    cli.run(DONE, "delete", "-f", "-", text=offers)


def refusals_and_limits_of_time(cli):
    said = cli.run(REFUSED, "quote", "-f", "-", text=documents(TOO_LARGE))
    harness.expect(r"no offer[^\n]*\n(.*\n)*  what would help: ", said)
    cli.run(DONE, "apply", "-f", "-", text=documents(TOO_LARGE))
    cli.run(DONE, "wait", "contract/large", "--for", "status.phase=Refused")
    said = cli.run(REFUSED, "quote", "-f", "-", text=documents(TOO_LARGE))
    harness.expect(r"no offer[^\n]*\n(.*\n)*  what would help: ", said)
    # What cannot be told in a form says so; nothing is left out in silence.
    for command in (("top", "nodes"), ("top", "contracts"), ("why", "contract/large"),
                    ("statement", "large"), ("plan", "-f", "-"), ("quote", "-f", "-"), ("token",)):
        harness.expect("use json or yaml", cli.run(USAGE, *command, "-o", "name"))
    for command in (("logs", "large-main-0"), ("release", "large"), ("accept", "large"),
                    ("delete", "contract/large"),
                    ("wait", "contract/large", "--for", "delete")):
        cli.run(USAGE, *command, "-o", "json")
    for what in ("nodes", "contracts"):
        assert json.loads(cli.run(DONE, "top", what, "-o", "json")) == {"items": []}, what
        assert cli.run(DONE, "top", what, "-o", "yaml") == "items: []\n", what
    reasons = json.loads(cli.run(DONE, "why", "contract/large", "-o", "json"))
    harness.expect(r"^contract/large  (Refused|Pending)", reasons["reasons"][0])
    assert reasons["object"]["metadata"]["name"] == "large", reasons
    interim = json.loads(cli.run(DONE, "statement", "large", "-o", "json"))
    assert interim == {"interim": True, "guarantees": []}, interim
    offers = json.loads(cli.run(DONE, "offers", "-o", "json"))
    assert (offers["kind"], offers["items"]) == ("List", []), offers
    cli.run(DONE, "offers", "-o", "name")
    only_an_offer_that_is_held_is_accepted(cli)
    harness.expect(r"contract/large  (Refused|Pending)", cli.run(DONE, "why", "contract/large"))
    cli.run(TIMED_OUT, "wait", "contract/large", "--for", "status.phase=Active", "--timeout", "1s")
    cli.run(NOT_FOUND, "wait", "contract/none", "--for", "status.phase=Active", "--timeout", "1s")
    absent = cli.run(NOT_FOUND, "why", "contract/none")
    for command in (("accept", "none"), ("offers", "none"), ("offers", "none", "-o", "json"),
                    ("release", "none")):
        said = cli.run(NOT_FOUND, *command)
        assert said == absent, (command, said)
    cli.run(DONE, "offers", "large")  # it has none, but is there
    cli.run(DONE, "delete", "contract/large")
    cli.run(DONE, "wait", "contract/large", "--for", "delete", "--timeout", "20s")
    cli.run(NOT_FOUND, "delete", "contract/large")
    harness.expect(r"workloads.* not found", cli.run(NOT_FOUND, "logs", "workload/none"))
    cli.run(NOT_FOUND, "apply", "-f", "/nonexistent.yaml")
    harness.expect(r"/nonexistent/\S+: \w+.*--data-dir",
                   cli.run(FAILED, "audit", "verify", "--data-dir", "/nonexistent"))


def what_comes_back(cli):
    """Deleting what its owner makes again ends nothing; that is said."""
    own = {"apiVersion": "freehold.dev/v1alpha1"}
    template = {**own, "kind": "Template", "metadata": {"name": "again"}, "spec": {
        "contract": TOO_LARGE["spec"],
        "workload": {"roles": harness.workload("again", "true")["spec"]["roles"]}}}
    workload = {**own, "kind": "Workload", "metadata": {"name": "again"},
                "spec": {"template": "again"}}
    cli.run(DONE, "apply", "-f", "-", text=documents(template, workload))
    harness.wait_for("its contract", lambda: cli.run(DONE, "get", "contract", "again"))
    note = "note: workload/again owns contract/again and makes it again; delete workload/again"
    harness.expect(note, cli.run(DONE, "delete", "contract/again"))
    harness.wait_for("it is made again", lambda: cli.run(DONE, "get", "contract", "again"))
    said = cli.run(DONE, "delete", "contract/again", "workload/again")
    assert "note:" not in said, said
    cli.run(DONE, "delete", "template/again")


def what_is_refused_is_not_absent(cli):
    """`wait` calls absent only what a list that was allowed does not hold."""
    data = pathlib.Path(cli.kubeconfig).parent
    stranger = data / "stranger.kubeconfig"
    stranger.write_text(cli.run(DONE, "kubeconfig", "stranger", "--data-dir", str(data)))
    nobody = data / "nobody.kubeconfig"
    nobody.write_text(re.sub(r".*client-(certificate|key)-data.*\n", "", stranger.read_text()))
    goal = ("wait", "site/ber1", "--for", "condition=Ready", "--timeout", "20s")
    said = Cli(str(stranger)).run(FAILED, *goal)
    harness.expect(r'"stranger" cannot list', said)
    said = Cli(str(nobody)).run(FAILED, *goal)
    harness.expect(r"(?i)unauthorized|certificate|anonymous", said)


def more_than_one_set(cli):
    """What one request cannot hold is applied in sets; a refusal says how far it is."""
    def fleet(*last):
        maps = [{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": f"big-{i}"},
                 "data": {"text": "x" * 250_000}} for i in range(13)]
        return documents(*maps, *last)

    harness.expect("3 MiB", cli.run(DONE, "apply", "--help"))
    for command in (["plan"], ["quote"], ["apply", "--dry-run"]):
        said = cli.run(FAILED, *command, "-f", "-", text=fleet())
        harness.expect("at most 3 MiB; give fewer files", said)
    said = cli.run(DONE, "apply", "-f", "-", text=fleet())
    harness.expect("as 2 sets, each whole or not at all", said)
    assert said.count(" created\n") == 13, said
    every = json.loads(cli.run(DONE, "get", "configmaps", "-o", "json"))["items"]
    assert len([m for m in every if m["metadata"]["name"].startswith("big-")]) == 13
    wrong = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "Wrong"}}
    said = cli.run(FAILED, "apply", "-f", "-", text=fleet(wrong))
    harness.expect("set 2 of 2 failed; those before it are applied: .*Wrong", said)
    assert said.count(" unchanged\n") == 12, said
    nameless = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {}}
    harness.expect("ConfigMap has no metadata.name; nothing was deleted",
                   cli.run(FAILED, "delete", "-f", "-", text=fleet(nameless)))
    cli.run(DONE, "delete", "-f", "-", text=fleet())


def hints(cli):
    said = cli.run(DONE, "token", "--node", "rack1-node7")
    harness.expect(r"--server https://HOST:\d+ --node rack1-node7 --token .*\nHOST: .*--listen", said)


def output_that_is_lost(cli):
    """A disk that is full fails the command; a reader that leaves ends it."""
    environment = dict(os.environ, FREEHOLD_KUBECONFIG=cli.kubeconfig)
    for command in (["get", "sites", "-o", "yaml"], ["get", "sites"], ["--help"]):
        with open("/dev/full", "w") as full:
            done = subprocess.run([harness.FREEHOLD, *command], stdout=full, env=environment,
                                  stderr=subprocess.PIPE, text=True, timeout=60, check=False)
        assert done.returncode == FAILED, (command, done)
        harness.expect("^freehold: the output is lost: No space left on device\n$", done.stderr)
    leave(cli, "top", "nodes", "-w")


def leave(cli, *command):
    """Reads a little of what a command goes on printing, and leaves."""
    follower = subprocess.Popen([harness.FREEHOLD, *command],
                                env=dict(os.environ, FREEHOLD_KUBECONFIG=cli.kubeconfig),
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        follower.stdout.read(1)
        follower.stdout.close()
        code = follower.wait(timeout=20)
        assert code == -signal.SIGPIPE and follower.stderr.read() == b"", code
    finally:
        follower.kill()


def what_runs(directory):
    """What is used as numbers, and output that goes on until its reader leaves."""
    home = pathlib.Path(directory, "dev")
    home.mkdir()
    dev = harness.Server(str(home), "--node", "here", "--reserve-cpus", "0", command="dev")
    dev.start()
    cli = Cli(dev.kubeconfig)
    try:
        cli.run(DONE, "wait", "node/here", "--for", "condition=Ready", "--timeout", "30s")
        said = documents(
            harness.contract("small", cpu="100m", memory="64Mi"),
            harness.workload("small", "sh", "-c", "while echo hello; do sleep 0.1; done"))
        cli.run(DONE, "apply", "-f", "-", text=said)
        cli.run(DONE, "wait", "workload/small", "--for", "condition=Ready", "--timeout", "30s")
        leave(cli, "logs", "-f", "workload/small")
        node = json.loads(cli.run(DONE, "top", "nodes", "-o", "json"))["items"][0]
        assert (node["node"], node["ready"], node["cpus"]["taken"]) == ("here", "True", 1), node
        assert node["memoryBytes"]["taken"] == 64 << 20, node
        used = json.loads(cli.run(DONE, "top", "contracts", "-o", "json"))["items"][0]
        assert (used["contract"], used["phase"], used["cpus"]) == ("small", "Running", 1), used
        the_run_before(cli)
        logs_after_the_end(cli, dev.client())
        a_log_that_breaks_off(cli, dev)
        dev.start()
        harness.release(dev.client(), "small", "brief")
    finally:
        dev.kill(signal.SIGTERM)


def a_log_that_breaks_off(cli, dev):
    """Who follows it is told that its end was not seen, also where the server stops in order."""
    follower = subprocess.Popen(
        [harness.FREEHOLD, "logs", "-f", "--tail", "1", "workload/small"],
        env=dict(os.environ, FREEHOLD_KUBECONFIG=cli.kubeconfig),
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert follower.stdout.readline() == "hello\n"
        dev.kill(signal.SIGTERM)
        said = follower.communicate(timeout=20)[1]
        assert follower.returncode == FAILED, (follower.returncode, said)
        harness.expect(r"^freehold: the log of small-\S+ broke off: ", said)
    finally:
        follower.kill()


def the_run_before(cli):
    """What fails is started again; its last words can be read after that."""
    cli.run(DONE, "apply", "-f", "-", text=documents(
        harness.contract("brief", cpu="100m", memory="64Mi"),
        harness.workload("brief", "sh", "-c", "test -e told && exec sleep 60; touch told; "
                                              "echo last words; exit 3")))
    harness.wait_for("the run before is kept", lambda: cli.run(
        DONE, "logs", "-p", "workload/brief") == "last words\n")
    assert cli.run(DONE, "logs", "workload/brief") == ""


def logs_after_the_end(cli, client):
    """A contract that has ended has no instances; what they wrote is still there for a while."""
    client.patch(f"{harness.OWN}/namespaces/default/contracts/brief", {"spec": {"release": True}})
    harness.wait_for("the instance is gone", lambda: "brief" not in harness.instances(client))
    assert cli.run(DONE, "logs", "-p", "workload/brief") == "last words\n"


def a_token_that_is_no_good(directory, server):
    """An agent that is refused for good says so, and does not knock for ever."""
    cli = Cli(server.kubeconfig)
    said = cli.run(DONE, "token", "--node", "n1")
    token = re.search(r"fh1\.\w+\.\w+\.", said)[0] + "0" * 48
    client = server.client()
    said = cli.run(FAILED, "agent", "--data-dir", f"{directory}/refused", "--node", "n1",
                   "--server", f"https://{client.host}:{client.port}", "--token", token,
                   "--listen", "127.0.0.1:0")
    harness.expect("the token is not valid: it is unknown, used up, or has ended", said)


def names_are_fixed_by_a_start_that_serves(directory):
    home = pathlib.Path(directory, "named")
    home.mkdir()
    data = ("--data-dir", f"{home}/data")
    cli = Cli(None)
    for site in ("Bad Site!", "eu.fra1"):  # a Node could not name it
        cli.run(USAGE, "server", *data, "--site", site)
        harness.expect("is no name of a site", cli.run(USAGE, "token", "--site", site))
    cli.run(USAGE, "dev", *data, "--organization", "x/y z")
    harness.expect(r"Rack1_Node7.* such as ", cli.run(USAGE, "dev", *data, "--node", "Rack1_Node7"))
    cli.run(FAILED, "server", *data, "--listen", "127.0.0.1:99999")
    assert not (home / "data" / "store.db").exists()  # so no name was fixed
    for names in (("--organization", "example", "--site", "fra1"), ()):  # given, then left out
        server = harness.Server(str(home), *names)
        server.start()
        server.kill(signal.SIGTERM)
    said = cli.run(FAILED, "server", *data, "--listen", "127.0.0.1:0", "--site", "ams9")
    harness.expect('--site is "fra1" since the first start on this store, not "ams9"', said)
    harness.expect("fra1.example", cli.run(DONE, "audit", "verify", *data))


def test(directory):
    server = harness.Server(directory)
    server.start()
    cli = Cli(server.kubeconfig)
    names_are_fixed_by_a_start_that_serves(directory)
    what_runs(directory)
    parts = [usage, plans_and_sets, forms, refusals_and_limits_of_time, what_comes_back,
             what_is_refused_is_not_absent, more_than_one_set, hints, output_that_is_lost]
    try:
        for part in parts:
            part(cli)
        a_token_that_is_no_good(directory, server)
    finally:
        server.kill()
    nobody = cli.run(FAILED, "get", "sites")
    harness.expect(r"127\.0\.0\.1", nobody)
    nobody = cli.run(FAILED, "wait", "site/ber1", "--for", "delete", "--timeout", "1s")
    harness.expect(r"site/ber1: not within 1s; the server was not reached: .*127\.0\.0\.1", nobody)
    return f"{len(parts)} groups of commands answer and exit as documented"


if __name__ == "__main__":
    sys.exit(harness.main(test))
