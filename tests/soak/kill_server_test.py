#!/usr/bin/env python3
"""Kills a control plane again and again while clients write, and looks for what it lost.

    tests/soak/kill_server_test.py [KILLS]      5 by default

After each kill: what was acknowledged is there, at its revision; what was not is there whole or not
at all; a set of objects that was applied together is there together. The record verifies.
"""

import pathlib
import random
import signal
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "e2e"))
import harness  # noqa: E402

WRITERS = 4
VERIFY_EVERY = 20
LEAST_WRITES = 10  # in a round; fewer are no load
MOST_WAIT = 30  # seconds for them
ABSENT = 0  # the number of what is not there
PATHS = {
    "ConfigMap": "/api/v1/namespaces/default/configmaps",
    "Site": f"{harness.OWN}/sites",
    "PriorityClass": f"{harness.OWN}/priorityclasses",
}


def document(kind, name, n):
    """Everything in it follows from the number, so a mixture of two writes shows."""
    text = random.Random(f"{name} {n}").randbytes(200).hex()
    head = {"kind": kind, "metadata": {"name": name, "annotations": {"n": str(n), "text": text}}}
    if kind == "ConfigMap":
        return {"apiVersion": "v1", **head, "data": {"n": str(n), "text": text}}
    spec = {"jurisdiction": {"country": "DE"}, "operator": f"operator-{n}"}
    if kind == "PriorityClass":
        spec = {"value": n}
    return {"apiVersion": "freehold.dev/v1alpha1", **head, "spec": spec}


def number_of(item):
    """The number of an object as the server has it; fails when a part is of another write."""
    meta = item["metadata"]
    n = int(meta["annotations"]["n"])
    wanted = document(item["kind"], meta["name"], n)
    parts = [(item[part], wanted[part]) for part in ("spec", "data") if part in wanted]
    for have, ours in [*parts, (meta["annotations"], wanted["metadata"]["annotations"])]:
        for field, value in ours.items():
            if have.get(field) != value:  # controllers add fields of their own
                raise harness.Failure(f"{meta['name']} mixes writes: its {field} is "
                                      f"{have.get(field)}, not {value}")
    return n


class Known:
    """What a writer knows of one object: its number, and the one that it asked for last."""

    def __init__(self, kind, name):
        self.kind, self.name = kind, name
        self.n, self.revision, self.asked = ABSENT, 0, None

    @property
    def path(self):
        return f"{PATHS[self.kind]}/{self.name}"

    def acknowledged(self, item=None):
        self.n, self.asked = self.asked, None
        self.revision = int(item["metadata"]["resourceVersion"]) if item else 0

    def check(self, found):
        """`found`: the object as it is after a restart, or None."""
        n = ABSENT if found is None else number_of(found)
        if n not in {self.n, self.n if self.asked is None else self.asked}:
            raise harness.Failure(f"{self.kind} {self.name} is number {n}, but {self.n} was "
                                  f"acknowledged and {self.asked} asked for")
        revision = int(found["metadata"]["resourceVersion"]) if found else 0
        # Nobody but its writer writes a ConfigMap.
        if self.kind == "ConfigMap" and n == self.n and self.revision not in {0, revision}:
            raise harness.Failure(f"{self.name} came back at revision {revision}, not "
                                  f"{self.revision}")
        self.n, self.revision, self.asked = n, revision, None


class Writer:
    """Creates, changes and deletes objects of its own, one request at a time, until the server is
    gone. One of its groups is only ever applied as a whole."""

    def __init__(self, number):
        self.random = random.Random(number)
        self.objects = [Known(kind, f"w{number}-{i}") for kind in PATHS for i in range(6)]
        self.group = [Known(kind, f"w{number}-together") for kind in PATHS]
        self.next, self.writes = 1, 0

    def run(self, server, stop):
        client = server.client(timeout=5)
        try:
            while not stop.is_set():
                if self.random.random() < 0.3:
                    self.apply(client)
                else:
                    self.write(client, self.random.choice(self.objects))
                self.writes += 1
        except (OSError, harness.http.client.HTTPException):
            if not stop.is_set():
                raise
        finally:
            client.close()

    def write(self, client, known):
        delete = known.n != ABSENT and self.random.random() < 0.25
        known.asked = ABSENT if delete else self.draw()
        body = document(known.kind, known.name, known.asked)
        if delete:
            client.call("DELETE", known.path)
            known.acknowledged()
        elif known.n == ABSENT:
            known.acknowledged(client.call("POST", PATHS[known.kind], body))
        else:
            known.acknowledged(client.patch(known.path, body))

    def apply(self, client):
        n = self.draw()
        for known in self.group:
            known.asked = n
        client.apply(*(document(known.kind, known.name, n) for known in self.group))
        for known in self.group:
            known.acknowledged()
            known.n = n

    def draw(self):
        self.next += 1
        return self.next

    def check(self, found):
        for known in [*self.objects, *self.group]:
            known.check(found.get((known.kind, known.name)))
        if len({known.n for known in self.group}) != 1:
            raise harness.Failure("half a commit: " + ", ".join(
                f"{known.kind} {known.name} is number {known.n}" for known in self.group))


def everything(client):
    found, revision = {}, 0
    for kind, path in PATHS.items():
        answer = client.get(path)
        revision = int(answer["metadata"]["resourceVersion"])
        for item in answer["items"]:
            found[kind, item["metadata"]["name"]] = {"kind": kind, **item}
    return found, revision


def load(server, writers, seconds):
    """Kills the server `seconds` after the writers began, or later on a machine that is so busy
    that they have hardly written by then."""
    stop, problems = threading.Event(), []
    before = sum(writer.writes for writer in writers)

    def work(writer):
        try:
            writer.run(server, stop)
        except Exception as problem:  # noqa: BLE001: whatever it is, the test must not go on
            problems.append(problem)

    threads = [threading.Thread(target=work, args=(writer,)) for writer in writers]
    for thread in threads:
        thread.start()
    time.sleep(seconds)
    late = time.monotonic() + MOST_WAIT
    while (sum(writer.writes for writer in writers) - before < LEAST_WRITES and not problems
           and time.monotonic() < late):
        time.sleep(0.02)
    stop.set()
    server.kill(signal.SIGKILL)
    for thread in threads:
        thread.join()
    if problems:
        raise harness.Failure(f"a writer failed: {problems[0]!r}") from problems[0]


def kill_while_starting(server, chance):
    """Also what repairs may be killed."""
    harness.Process.start(server)
    time.sleep(chance.uniform(0.005, 0.1))
    server.kill(signal.SIGKILL)


def test(directory, kills):
    chance = random.Random(kills)
    server = harness.Server(directory)
    writers = [Writer(number) for number in range(WRITERS)]
    started, slowest, verified, head, early = time.monotonic(), 0, "", 0, 0
    for kill in range(1, kills + 2):
        begun = time.monotonic()
        server.start()
        slowest = max(slowest, time.monotonic() - begun)
        client = server.client()
        found, revision = everything(client)
        client.close()
        if revision < head:
            raise harness.Failure(f"the revision went back from {head} to {revision}")
        head = revision
        for writer in writers:
            writer.check(found)
        if kill <= kills:
            load(server, writers, chance.uniform(0.05, 0.5))
            if kill % VERIFY_EVERY == 0:
                verified = harness.verify_record(server.data)
            if kill % 10 == 0:
                kill_while_starting(server, chance)
                early += 1
    server.kill(signal.SIGTERM)
    verified = harness.verify_record(server.data)
    writes = sum(writer.writes for writer in writers)
    if writes < LEAST_WRITES * kills:
        raise harness.Failure(f"only {writes} writes in {kills} rounds: that is no load")
    return (f"{kills} kills of the control plane under load, and {early} while it started: "
            f"{writes:,} acknowledged writes by {WRITERS} clients, none lost, none half there; "
            f"back within {slowest:.2f} s; {time.monotonic() - started:.0f} s in all\n"
            f"the record: {verified.splitlines()[-1]}")


if __name__ == "__main__":
    KILLS = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    sys.exit(harness.main(lambda directory: test(directory, KILLS)))
