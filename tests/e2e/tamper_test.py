#!/usr/bin/env python3
"""Changes a store behind the back of its server in every way that sqlite3 offers; `freehold audit
verify` must name the first leaf or object that does not fit, and find nothing in the honest store.
"""

import pathlib
import shutil
import signal
import sqlite3
import sys

import harness

LOG = "audit.home.example/acme"
MAP = "/core/configmaps/acme/"
LEAVES = f"id >> 40 = (SELECT id FROM log WHERE origin = '{LOG}')"
INDEX = "id & 0xFFFFFFFFFF"

# What is done, and what must be named first.
TAMPERINGS = [
    ("an object is changed",
     f"UPDATE object SET value = CAST(replace(value, '\"one\"', '\"two\"') AS BLOB) "
     f"WHERE key = '{MAP}m0'", rf"object {MAP}m0: its digest is"),
    ("an object is set back in number", f"UPDATE object SET rev = rev - 1 WHERE key = '{MAP}m1'",
     rf"object {MAP}m1: it is at revision"),
    ("an object is removed", f"DELETE FROM object WHERE key = '{MAP}m1'",
     rf"object {MAP}m1: it is not there"),
    ("an object is removed with its history",
     f"DELETE FROM object WHERE key = '{MAP}m1'; DELETE FROM history WHERE rev < "
     f"(SELECT max(rev) FROM history)", rf"object {MAP}m1: it is not there"),
    ("an object is slipped in", "INSERT INTO object SELECT created + 10000, rev, "
     f"key || 'x', value FROM object WHERE key = '{MAP}m1'", rf"object {MAP}m1x: no leaf"),
    ("an object of no kind is slipped in", "INSERT INTO object SELECT created + 10000, rev, "
     f"'/x' || key, value FROM object WHERE key = '{MAP}m1'", rf"object /x{MAP}m1: there is no"),
    ("an object is there twice", "INSERT INTO object SELECT created + 10000, rev, key, value "
     f"FROM object WHERE key = '{MAP}m1'", rf"object {MAP}m1 is there twice"),
    ("an object is renamed", f"UPDATE object SET key = key || 'x' WHERE key = '{MAP}m1'",
     rf"object {MAP}m1x: no leaf"),
    ("a leaf is changed",
     "UPDATE leaf SET data = CAST(replace(data, '\"code\":201', '\"code\":202') AS BLOB) "
     f"WHERE {LEAVES} AND {INDEX} = 1", rf"leaf 1 of {LOG}: "),
    ("a leaf names another actor",
     "UPDATE leaf SET data = "
     "CAST(replace(data, '\"username\":\"u:', '\"username\":\"u:f') AS BLOB) "
     f"WHERE {LEAVES} AND {INDEX} = 1", rf"leaf 1 of {LOG}: |log {LOG}: its root"),
    ("a leaf is removed", f"DELETE FROM leaf WHERE {LEAVES} AND {INDEX} = 2",
     rf"leaf 2 of {LOG}: .*misses leaf 2"),
    ("the first leaf is removed", f"DELETE FROM leaf WHERE {LEAVES} AND {INDEX} = 0",
     rf"leaf 0 of {LOG}: .*misses leaf 0"),
    ("the last leaf is removed",
     f"DELETE FROM leaf WHERE id = (SELECT max(id) FROM leaf WHERE {LEAVES})",
     rf"leaf \d+ of {LOG}: "),
    ("the log is cut, and says so",
     f"DELETE FROM leaf WHERE {LEAVES} AND {INDEX} >= 3; "
     f"UPDATE log SET size = 3 WHERE origin = '{LOG}'", rf"log {LOG}: its root is"),
    ("the log is cut, and its root forgotten",
     f"DELETE FROM leaf WHERE {LEAVES} AND {INDEX} >= 3; "
     f"UPDATE log SET size = 3, root = '' WHERE origin = '{LOG}'",
     rf"log {LOG}: its root is .*the store kept nothing"),
    ("two leaves are swapped",
     f"UPDATE leaf SET id = id + 1000000 WHERE {LEAVES} AND {INDEX} = 1;"
     f"UPDATE leaf SET id = id - 1 WHERE {LEAVES} AND {INDEX} = 2;"
     f"UPDATE leaf SET id = id - 999999 WHERE {LEAVES} AND {INDEX} = 1000001",
     rf"leaf 2 of {LOG}: its revision"),
    ("a leaf is there twice, at the end",
     f"INSERT INTO leaf SELECT (SELECT max(id) + 1 FROM leaf WHERE {LEAVES}), data FROM leaf "
     f"WHERE {LEAVES} AND {INDEX} = 1", rf"leaf \d+ of {LOG}: its revision"),
    ("a root is changed",
     f"UPDATE log SET root = replace(root, substr(root, 1, 1), 'f') || 'f' WHERE origin = '{LOG}'",
     rf"log {LOG}: its root is"),
    ("a log is removed", f"DELETE FROM log WHERE origin = '{LOG}'",
     rf"object {MAP}m0: no leaf"),
    ("a log is given to another tenant",
     f"UPDATE log SET origin = replace(origin, 'acme', 'zeta') WHERE origin = '{LOG}'",
     rf"object {MAP}m0: it is recorded in audit.home.example/zeta"),
    ("the name of an actor is changed",
     "UPDATE object SET value = CAST('mallory' AS BLOB) WHERE value = CAST('admin' AS BLOB)",
     r"principal u:[0-9a-f]{16}: \"mallory\" is not its name"),
    ("what was before is changed",
     f"UPDATE history SET previous = CAST(replace(previous, '\"zero\"', '\"nine\"') AS BLOB) "
     f"WHERE key = '{MAP}m0' AND previous_rev > 0",
     rf"history of {MAP}m0 at revision \d+: the object before was"),
    ("the time of a change is changed", f"UPDATE history SET time = 0 WHERE key = '{MAP}m1'",
     rf"history of {MAP}m1 at revision \d+: it is of 1970-"),
    ("history is changed",
     f"UPDATE history SET previous_rev = 1 WHERE key = '{MAP}m0' AND previous_rev > 0",
     "is damaged"),
]


def namespace(tenant):
    return [{"apiVersion": "freehold.dev/v1alpha1", "kind": "Tenant", "metadata": {"name": tenant}},
            {"apiVersion": "v1", "kind": "Namespace",
             "metadata": {"name": tenant, "labels": {"freehold.dev/tenant": tenant}}}]


def config_map(ns, name, value):
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": ns},
            "data": {"k": value}}


def fill(client):
    """Objects of two tenants; one is deleted, and one is made anew for another tenant."""
    for tenant in ("acme", "beta"):
        client.apply(*namespace(tenant))
        for i in range(4):
            client.apply(config_map(tenant, f"m{i}", "zero"))
        client.apply(config_map(tenant, "m0", "one"), config_map(tenant, "m2", "one"))
        client.call("DELETE", f"/api/v1/namespaces/{tenant}/configmaps/m3")
    client.apply({**namespace("beta")[1], "metadata": {
        "name": "moving", "labels": {"freehold.dev/tenant": "beta"}}})
    client.apply(config_map("moving", "m", "beta's"))
    client.call("DELETE", "/api/v1/namespaces/moving")
    harness.wait_for("the namespace is gone", lambda: "moving" not in {
        ns["metadata"]["name"] for ns in client.get("/api/v1/namespaces")["items"]})
    client.apply(config_map("moving", "m", "acme's"), {**namespace("acme")[1], "metadata": {
        "name": "moving", "labels": {"freehold.dev/tenant": "acme"}}})
    client.apply(config_map("moving", "m", "acme's still"))


def verify(data):
    return harness.freehold("audit", "verify", "--data-dir", str(data), check=False)


def tamper(data, copy, what, sql, named):
    copy.mkdir()
    shutil.copy(f"{data}/store.db", copy)
    with sqlite3.connect(copy / "store.db") as database:
        database.executescript(sql)
        if database.total_changes == 0:
            raise harness.Failure(f"{what}: nothing was changed")
    database.close()
    code, said = verify(copy)
    if code == 0:
        raise harness.Failure(f"{what}: not found\n{said}")
    first = next((line for line in said.splitlines() if line.startswith("  ")), said)
    try:
        harness.expect(named, first if "is there twice" not in named and named != "is damaged"
                       else said)
    except harness.Failure as failure:
        raise harness.Failure(f"{what}: {failure}\n{said}") from failure
    shutil.rmtree(copy)


def test(directory):
    server = harness.Server(directory, "--organization", "example", "--site", "home")
    server.start()
    client = server.client()
    fill(client)
    harness.expect(r": verified$", harness.verify_record(server.data))
    server.kill(signal.SIGTERM)
    harness.expect(r": verified$", harness.verify_record(server.data))
    for what, sql, named in TAMPERINGS:
        tamper(server.data, pathlib.Path(directory) / "copy", what, sql, named)
    return f"{len(TAMPERINGS)} ways of tampering are found, and none in the honest store"


if __name__ == "__main__":
    sys.exit(harness.main(test))
