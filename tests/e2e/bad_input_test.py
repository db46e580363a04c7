#!/usr/bin/env python3
"""Sends a running control plane what it must refuse, and clients that it must cut.

Documents that the tables refuse come from the program wrong-documents beside $FREEHOLD; every
answer must be a Status that names the field. Then bodies, queries and connections made to hurt. At
the end the server still answers, has not grown, and has met no bug.
"""

import json
import os
import pathlib
import random
import re
import socket
import ssl
import subprocess
import sys
import threading
import time

import harness

WRONG_DOCUMENTS = pathlib.Path(harness.FREEHOLD).parent / "wrong-documents"
PER_KIND = 200
IN_A_SET = 20  # of them also through `freehold apply`
MAPS = "/api/v1/namespaces/default/configmaps"
YAML = "application/yaml"
# A program with sanitizers is slow, and keeps what it freed for a while.
SANITIZED = "FREEHOLD_SANITIZED" in os.environ
LATE = 15  # seconds; a machine that is busy with other things cuts late, not early
MOST_SECONDS = 30 if SANITIZED else 3  # for an answer to anything
MOST_GROWTH = (512 if SANITIZED else 48) << 20  # of the server, by what was sent before


def status_of(answer, text):
    """The Status in an answer that must be a refusal by the server."""
    code, body = answer
    try:
        status = json.loads(body)
    except ValueError as error:
        raise harness.Failure(f"{text}: {code}, no JSON: {body[:200]!r}") from error
    if not 400 <= code < 500 or status.get("kind") != "Status" or status.get("code") != code:
        raise harness.Failure(f"{text}: {code} {str(status)[:500]}")
    if status.get("status") != "Failure" or not status.get("message") or not status.get("reason"):
        raise harness.Failure(f"{text}: not a whole Status: {status}")
    return status


def refused(client, text, codes, method, path, body=None, **headers):
    """Sends what must be refused with one of the codes, soon."""
    begun = time.monotonic()
    status = status_of(client.send(method, path, body, **headers), text)
    took = time.monotonic() - begun
    if status["code"] not in codes:
        raise harness.Failure(f"{text}: {status['code']}, not {codes}: {status['message'][:300]}")
    if took > MOST_SECONDS:
        raise harness.Failure(f"{text}: refused only after {took:.1f} s")
    return status


def documents():
    """Yields (kind, its wrong documents); those of a status are marked by their field."""
    lines = subprocess.run([WRONG_DOCUMENTS, str(6 * PER_KIND)], capture_output=True, text=True,
                           check=True).stdout.splitlines()
    kind, wrong = None, []
    for line in map(json.loads, lines):
        if "good" not in line:
            wrong.append(line)
            continue
        if kind:
            yield kind, wrong
        kind, wrong = line, []
    yield kind, wrong


def wrong_documents(client):
    """Every kind: created one by one, in sets, and the status of an object that is there."""
    kinds, total = 0, 0
    for kind, wrong in documents():
        group = "/api/v1" if kind["apiVersion"] == "v1" else f"/apis/{kind['apiVersion']}"
        path = group + ("/namespaces/default/" if kind["namespaced"] else "/") + kind["plural"]
        # Else a refusal would say nothing about what was made wrong. What tables do not know, such
        # as an offer that is not there, names no field.
        code, answer = client.send("POST", path + "?dryRun=All", kind["good"])
        if code != 201 and any(
                cause["field"] != "request" for cause in
                status_of((code, answer), kind["kind"])["details"].get("causes", [])):
            raise harness.Failure(f"the good {kind['kind']} is refused: {answer}")
        of_status = [one for one in wrong if "status" in one["document"]]
        # What a client says of a status on creation, or of managers, is dropped and not judged.
        whole = [one for one in wrong if one not in of_status
                 and not one["field"].startswith("metadata.managedFields")][:PER_KIND]
        for number, one in enumerate(whole):
            what = f"{one['kind']} {one['field']}: {one['reason']}"
            named(client.send("POST", path, one["document"]), one["field"], what)
            if number < IN_A_SET:
                body = {"spec": {"objects": [one["document"]]}}
                named(client.send("POST", f"{harness.OWN}/changes", body), one["field"], what)
        if len(whole) < PER_KIND:
            raise harness.Failure(f"only {len(whole)} wrong documents of {kind['kind']}")
        kinds, total = kinds + 1, total + len(whole) + wrong_status(client, path, kind, of_status)
    return kinds, total


def wrong_status(client, path, kind, wrong):
    if not wrong:
        return 0
    code, answer = client.send("POST", path, kind["good"])
    if code != 201:
        return 0
    name = json.loads(answer)["metadata"]["name"]
    for one in wrong[:PER_KIND]:
        answer = client.send("PATCH", f"{path}/{name}/status",
                             {"status": one["document"]["status"]},
                             content_type="application/merge-patch+json")
        named(answer, one["field"], f"{one['kind']} {one['field']}: {one['reason']}")
    client.call("DELETE", f"{path}/{name}")
    return len(wrong[:PER_KIND])


def named(answer, field, what):
    status = status_of(answer, what)
    causes = status.get("details", {}).get("causes", [])
    fields = {field, field.replace("stringData[", "data[")}  # of a Secret: what it becomes
    if field not in status["message"] and not any(cause["field"] in fields for cause in causes):
        raise harness.Failure(f"{what}: not named in {status}")


def config_map(**more):
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "hurt"}, **more}


def broken_json(client):
    good = json.dumps(config_map(data={"key": "värde \U0001f600"}), ensure_ascii=False).encode()
    for end in range(0, len(good), 3):
        refused(client, f"cut at {end}", {400}, "POST", MAPS, good[:end])
    for what, text in {
            "two documents": good + good, "garbage after it": good + b"x", "a list": b"[]",
            "null": b"null", "a string": b'"ConfigMap"', "no UTF-8": good.replace(b"key", b"k\xff"),
            "overlong UTF-8": good.replace(b"key", b"\xc0\xaf"),
            "half a surrogate": good.replace(b"key", b"\\ud800"), "NaN": b'{"data": NaN}',
            "a comment": b"/* */" + good, "UTF-16": good.decode().encode("utf-16"),
            "a number beyond all": good.replace(b'"hurt"', b"1e999999"),
            "many digits": good.replace(b'"hurt"', b"9" * 100_000),
            "single quotes": good.replace(b'"', b"'")}.items():
        refused(client, what, {400, 422}, "POST", MAPS, text)
    twice = (b'{"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"x"},'
             b'"data":{"a":"1","a":"2"}}')
    for path, text in {MAPS: twice,
                       f"{harness.OWN}/changes": b'{"spec":{"objects":[%b]}}' % twice}.items():
        status = refused(client, "a key twice", {400, 422}, "POST", path, text)
        harness.expect(r"data.*a|\"a\"", status["message"])


def deep_and_large(client):
    for depth in (65, 1000, 1_000_000):
        for left, right in (("[", "]"), ('{"a":', "}")):
            text = (left * depth + "1" + right * depth).encode()[:3 << 20]
            refused(client, f"{left} {depth} deep", {400, 422}, "POST", MAPS, text)
            refused(client, f"{left} {depth} deep in a set", {400, 422}, "POST",
                    f"{harness.OWN}/changes", b'{"spec":{"objects":[%b]}}' % text[:2 << 20])
    many = config_map(data={f"key-{i}": "x" for i in range(20_000)})
    refused(client, "an object above its limit", {413, 422}, "POST", MAPS, many)
    refused(client, "a long list", {400, 413, 422}, "POST", MAPS,
            b'{"data":[' + b"0," * 1_000_000 + b"0]}")
    for size in ((3 << 20) + 1, 12 << 20):
        refused(client, f"{size} bytes", {413}, "POST", MAPS, b" " * size)


def yaml_bombs(client):
    laughs = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]\n" for i in range(1, 12))
    for what, text in {
            "aliases of aliases": laughs, "an alias to itself": "a: &a [*a]",
            "a merge key": "a: &a {b: c}\nd: {<<: *a}", "an unknown alias": "a: *b",
            "a tag": "!!python/object/apply:os.system [ls]", "lists in lists": "- " * 100_000,
            "flow in flow": "[" * 100_000, "maps in maps": "{a: " * 100_000,
            "keys in keys": "? " * 100_000, "deep by indent":
            "".join(" " * i + "a:\n" for i in range(1500)), "two documents": "a: 1\n---\na: 2\n",
            "a tab": "a:\n\t- b", "an open quote": 'a: "b', "no UTF-8": "a: \xff",
            "a key twice": "kind: ConfigMap\nkind: ConfigMap\napiVersion: v1\n",
            "a document of spaces": " " * (1 << 20), "many anchors":
            "".join(f"- &a{i} x\n" for i in range(100_000))}.items():
        body = text.encode("latin-1")
        refused(client, f"YAML: {what}", {400, 422}, "POST", MAPS, body, content_type=YAML)
        refused(client, f"a set in YAML: {what}", {400, 422}, "POST", f"{harness.OWN}/changes",
                body, content_type=YAML)


def patches(client):
    client.call("POST", MAPS, config_map(data={"a": "x" * 1000}))
    path, kind = f"{MAPS}/hurt", "application/json-patch+json"
    doubling = [{"op": "copy", "from": "/metadata", "path": f"/metadata/x{i}"} for i in range(40)]
    for what, body in {
            "copies of copies": doubling, "too many steps": [{"op": "test", "path": "", "value": 1}]
            * 10_001, "no list": {"op": "add"}, "no operation": [{}], "an unknown operation":
            [{"op": "frob", "path": "/data"}], "a path to nowhere":
            [{"op": "remove", "path": "/data/none"}], "a path that is none":
            [{"op": "add", "path": "data", "value": 1}], "a wrong pointer":
            [{"op": "add", "path": "/data/~2", "value": "x"}]}.items():
        refused(client, f"JSON patch: {what}", {400, 409, 413, 422}, "PATCH", path, body,
                content_type=kind)
    for what, body in {"a list": [], "another name": {"metadata": {"name": "other"}},
                       "a wrong type": {"data": {"a": 1}}, "a revision that is none":
                       {"metadata": {"resourceVersion": "x"}}}.items():
        refused(client, f"merge patch: {what}", {400, 422}, "PATCH", path, body,
                content_type="application/merge-patch+json")
    refused(client, "an old revision", {409}, "PATCH", path, {"metadata": {"resourceVersion": "1"}},
            content_type="application/merge-patch+json")
    refused(client, "an old revision in a set", {409}, "POST", f"{harness.OWN}/changes", {
        "spec": {"objects": [{**config_map(data={"a": "y"}),
                              "metadata": {"name": "hurt", "resourceVersion": "1"}}]}})
    client.call("DELETE", path)


def types_queries_and_paths(client):
    good = config_map()
    for kind in ("text/plain", "application/cbor", "multipart/form-data", "x" * 5000, "/",
                 "application/json-patch+json", "application/merge-patch+json"):
        refused(client, f"content type {kind[:40]}", {415}, "POST", MAPS, good, content_type=kind)
        refused(client, f"content type {kind[:40]} of a set", {415}, "POST",
                f"{harness.OWN}/changes", {"spec": {"objects": [good]}}, content_type=kind)
    for noise in (b"", b"k8s\0", b"k8s\0" + b"\xff" * 1000, random.Random(1).randbytes(5000)):
        refused(client, f"protobuf of {len(noise)} bytes", {400}, "POST", MAPS, noise,
                content_type="application/vnd.kubernetes.protobuf")
    refused(client, "an answer that is not offered", {406}, "GET", MAPS, accept="image/png")
    for query in ("fieldValidation=Often", "dryRun=Some", "dryRun=None"):
        refused(client, query, {400}, "POST", f"{MAPS}?{query}", {**good, "x": 1})
    refused(client, "dryRun of a set", {400}, "POST", f"{harness.OWN}/changes?dryRun=Some",
            {"spec": {"objects": [good]}})
    for query in ("limit=-1", "limit=many", "resourceVersion=x", "resourceVersion=-1", "continue=x",
                  "labelSelector=a%20in%20(", "labelSelector=%FF", "labelSelector==,=",
                  "fieldSelector=spec.none%3D1", "watch=maybe", "watch=1&resourceVersion=x",
                  "watch=1&timeoutSeconds=x", "watch=1&sendInitialEvents=true",
                  "resourceVersionMatch=Some&resourceVersion=1", "resourceVersionMatch=Exact",
                  "resourceVersion=99999999999999999999999"):
        refused(client, query, {400, 422}, "GET", f"{MAPS}?{query}")
    refused(client, "propagationPolicy", {400}, "DELETE", f"{MAPS}?propagationPolicy=Some")
    client.call("GET", f"{MAPS}?unheard=of&pretty=true")  # as kube-apiserver: ignored
    for path in ("/apis/freehold.dev/v1alpha1/nothings", "/apis/x/y/z", "/api//v1",
                 f"{MAPS}/a/b/c/d", "/apis/freehold.dev/v1alpha1/sites/../sites", f"{MAPS}/%00",
                 f"{MAPS}/%ff", f"{MAPS}/{'x' * 20_000}", "/%2e%2e/%2e%2e/etc/passwd", "/x" * 8000):
        refused(client, f"path {path[:60]}", {400, 404}, "GET", path)
    for method in ("FROB", "TRACE", "OPTIONS", "PUT", "PATCH"):
        refused(client, method, {400, 404, 405}, method, MAPS, good)


# --- Connections that are cut ---------------------------------------------------------------------


def dial(client, tls=True):
    raw = socket.create_connection((client.host, client.port), timeout=60)
    return client.tls.wrap_socket(raw, server_hostname=client.host) if tls else raw


def drip(client, head, seconds, what):
    """Sends `head`, then a byte now and then; the server must end that after about `seconds`."""
    begun = time.monotonic()
    with dial(client) as connection:
        connection.sendall(head)
        connection.settimeout(0.5)
        try:
            while time.monotonic() - begun < seconds + 2 * LATE:
                try:
                    if not connection.recv(1000):
                        break
                except TimeoutError:
                    connection.sendall(b"x")
        except OSError:
            pass  # cut
    judge(begun, seconds, what)


def silent(client, tls, seconds, what, first=b""):
    begun = time.monotonic()
    with dial(client, tls) as connection:
        connection.settimeout(seconds + 2 * LATE)
        try:
            if first:
                connection.sendall(first)
            while connection.recv(1000):
                pass
        except OSError:
            pass
    judge(begun, seconds, what)


def judge(begun, seconds, what):
    took = time.monotonic() - begun
    if not 0.7 * seconds <= took <= seconds + LATE:
        raise harness.Failure(f"{what}: cut after {took:.1f} s, not {seconds}")


def slow_clients(client):
    """Starts them all; the function that comes back waits for their ends."""
    head = b"POST " + MAPS.encode() + b" HTTP/1.1\r\nhost: x\r\n"
    sized = b"content-length: 1000000\r\n\r\n"
    chunked = b"transfer-encoding: chunked\r\n\r\nfffff\r\n"
    hello = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"
    kinds = [
        lambda: silent(client, False, 10, "silence before TLS"),
        lambda: silent(client, False, 10, "half a greeting of TLS", hello),
        lambda: silent(client, True, 10, "silence after TLS"),
        lambda: drip(client, head, 10, "a slow head"),
        lambda: drip(client, head + sized, 30, "a slow body"),
        lambda: drip(client, head + chunked, 30, "slow chunks"),
    ]
    problems = []

    def run(what):
        try:
            what()
        except Exception as problem:  # noqa: BLE001
            problems.append(problem)

    threads = [threading.Thread(target=run, args=(kind,)) for kind in kinds for _ in range(8)]
    for thread in threads:
        thread.start()

    def wait():
        for thread in threads:
            thread.join()
        if problems:
            raise harness.Failure(f"{len(problems)} slow clients: {problems[0]}") from problems[0]
        return len(threads)

    return wait


def raw_noise(client):
    """What is no HTTP, or two readings of it: answered 4xx or cut, never taken."""
    post, length = b"POST / HTTP/1.1\r\nhost: x\r\n", b"content-length: 2\r\n"
    chunked = b"transfer-encoding: chunked\r\n"
    for text in (b"\r\n\r\n", b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"\0" * 1000,
                 b"GET / HTTP/1.1\r\nhost: x\r\n" + b"a: b\r\n" * 20_000 + b"\r\n",
                 b"GET / HTTP/1.1\r\n" + b"a" * 100_000,
                 post + length * 2 + b"\r\n{}",
                 post + length + chunked + b"\r\n{}",
                 post + b"content-length: -1\r\n\r\n{}",
                 post + chunked + b"\r\nffffffffffffffff\r\n",
                 random.Random(2).randbytes(100_000)):
        with dial(client) as connection:
            try:
                connection.sendall(text)
                answer = connection.recv(12)
            except ConnectionError:
                continue
            if answer and not re.fullmatch(rb"HTTP/1.1 (4\d\d|505)", answer):
                raise harness.Failure(f"{text[:60]!r}: answered {answer!r}")
    for text in (b"GET / HTTP/1.1\r\n\r\n", random.Random(3).randbytes(10_000)):
        with dial(client, tls=False) as connection:
            connection.sendall(text)
            answer = connection.recv(12)
            if answer.startswith(b"HTTP") and not answer.startswith(b"HTTP/1.1 400"):
                raise harness.Failure(f"without TLS: answered {answer!r}")


def strangers(client):
    """Without a certificate nothing may be read or written."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    raw = socket.create_connection((client.host, client.port), timeout=10)
    with context.wrap_socket(raw) as connection:
        connection.sendall(f"GET {MAPS} HTTP/1.1\r\nhost: x\r\n\r\n".encode())
        harness.expect(r"^HTTP/1.1 40[13] ", connection.recv(200).decode())


def hostile(client):
    for part in (broken_json, deep_and_large, yaml_bombs, patches, types_queries_and_paths,
                 raw_noise, strangers):
        part(client)


def test(directory):
    server = harness.Server(directory)
    server.start()
    client = server.client()
    try:
        cut = slow_clients(client)
        kinds, total = wrong_documents(client)
        hostile(client)
        before = server.memory()
        hostile(client)
        slow = cut()
        grown = server.memory() - before
        if grown > MOST_GROWTH:
            raise harness.Failure(f"grown by {grown >> 20} MiB to {server.memory() >> 20}")
        code, ready = client.send("GET", "/readyz")
        if (code, ready) != (200, b"ok"):
            raise harness.Failure(f"/readyz answers {code} {ready}")
        if client.get(MAPS)["items"] or client.get(f"{harness.OWN}/sites")["items"]:
            raise harness.Failure("something that is wrong was stored")
        harness.expect(r"\nfreehold_bugs_total 0\n", client.send("GET", "/metrics")[1].decode())
        memory = server.memory() >> 20
    finally:
        server.kill()
    return (f"{total} wrong documents of {kinds} kinds refused with the field named, {slow} slow "
            f"clients cut, the server at {memory} MiB")


def needs_documents():
    return None if os.access(WRONG_DOCUMENTS, os.X_OK) else f"no {WRONG_DOCUMENTS.name} was built"


if __name__ == "__main__":
    sys.exit(harness.main(test, needs_documents))
