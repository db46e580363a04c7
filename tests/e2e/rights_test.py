#!/usr/bin/env python3
"""Who may do what, over the wire: a developer of one tenant, agents with the certificates that
their tokens bought, strangers. What they may not do is refused and changes nothing; no secret
is logged. An agent whose node was deleted is refused, keeps its work, and joins again."""

import copy
import json
import pathlib
import resource
import ssl
import subprocess
import sys
import time

import harness
from harness import OWN

SECRET = "kept-from-every-log"
CORE = "/api/v1/namespaces"


class Here:
    def __init__(self, directory):
        self.directory = pathlib.Path(directory)
        self.server = harness.Server(directory, "--organization", "example", "--site", "home")
        soft, self.files = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(256, soft), self.files))
        self.server.start()
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, self.files))
        self.admin = self.server.client()
        self.tokens = []

    def token(self, *options):
        said = harness.freehold("token", *options, kubeconfig=self.server.kubeconfig)[1]
        self.tokens.append(said.split()[0])
        return self.tokens[-1]

    def key(self, name):
        """A private key and a request for its certificate, which asks for much."""
        key, request = self.directory / f"{name}.key", self.directory / f"{name}.csr"
        subprocess.run(["openssl", "req", "-new", "-newkey", "ec", "-pkeyopt",
                        "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", key, "-out", request,
                        "-subj", "/O=freehold:admins/CN=admin", "-addext",
                        "subjectAltName=DNS:localhost,IP:127.0.0.1"],
                       check=True, capture_output=True)
        return key, request.read_text()

    def join(self, token, node):
        """Status, and a client with the certificate that came."""
        key, request = self.key(node)
        stranger = self.someone()
        code, answer = stranger.send("POST", "/join",
                                     {"token": token, "nodeName": node, "csr": request,
                                      "addresses": ["localhost", "127.0.0.1"]})
        if code != 200:
            return code, None
        certificate = self.directory / f"{node}.crt"
        certificate.write_text(json.loads(answer)["certificate"])
        return code, self.someone(certificate, key)

    def someone(self, certificate=None, key=None):
        client = copy.copy(self.admin)
        text = pathlib.Path(self.server.kubeconfig).read_text()
        authority = harness.tls_of(text).get_ca_certs(binary_form=True)[0]
        context = ssl.create_default_context(cadata=ssl.DER_cert_to_PEM_cert(authority))
        if certificate:
            context.load_cert_chain(certificate, key)
        client.tls = context
        client.connection = harness.http.client.HTTPSConnection(
            client.host, client.port, timeout=20, context=context)
        return client

    def developer(self, name, tenant):
        self.admin.apply(
            {"apiVersion": "freehold.dev/v1alpha1", "kind": "Tenant", "metadata": {"name": tenant}},
            {"apiVersion": "v1", "kind": "Namespace", "metadata": {
                "name": tenant, "labels": {"freehold.dev/tenant": tenant}}},
            {"apiVersion": "freehold.dev/v1alpha1", "kind": "RoleBinding",
             "metadata": {"name": name}, "spec": {
                 "role": "developer", "scope": {"tenant": tenant},
                 "subjects": [{"kind": "User", "name": name}]}})
        file = self.directory / f"{name}.kubeconfig"
        file.write_text(harness.freehold("kubeconfig", name, "--data-dir", self.server.data)[1])
        return harness.Client(file)


def must(client, codes, method, path, body=None, **headers):
    code, answer = client.send(method, path, body, **headers)
    if code not in codes:
        raise harness.Failure(f"{method} {path}: {code}, not {codes}: {answer[:500]}")
    return answer


def object_of(kind, name, namespace=None, **more):
    version = "v1" if kind in ("ConfigMap", "Secret", "Namespace") else "freehold.dev/v1alpha1"
    where = {"namespace": namespace} if namespace else {}
    return {"apiVersion": version, "kind": kind, "metadata": {"name": name, **where}, **more}


def a_developer_stays_with_his_tenant(here):
    ada, eve = here.developer("ada", "acme"), here.developer("eve", "globex")
    secret = object_of("Secret", "s", stringData={"k": SECRET})
    must(ada, {201}, "POST", f"{CORE}/acme/secrets", secret)
    for path in (f"{CORE}/acme/secrets", f"{CORE}/acme/secrets/s", f"{CORE}/acme/secrets?watch=1",
                 "/api/v1/secrets", f"{OWN}/contracts", f"{OWN}/nodes", f"{OWN}/tenants/acme",
                 CORE, "/metrics", f"{CORE}/acme/secrets/none"):
        must(eve, {403}, "GET", path)
    for method, path in (("DELETE", f"{CORE}/acme/secrets/s"), ("DELETE", f"{CORE}/acme/secrets"),
                         ("DELETE", f"{CORE}/acme"), ("POST", "/tokens"), ("POST", "/renew"),
                         ("PATCH", f"{OWN}/namespaces/globex/contracts/c/status"),
                         ("POST", f"{OWN}/namespaces/globex/offers"),
                         ("POST", f"{OWN}/namespaces/globex/allocations"),
                         ("POST", f"{OWN}/namespaces/globex/instances"),
                         ("POST", f"{OWN}/rolebindings"), ("POST", f"{OWN}/roles"),
                         ("POST", f"{OWN}/sites"), ("PUT", f"{CORE}/globex/finalize")):
        must(eve, {403}, method, path, {}, **(
            {"content_type": "application/merge-patch+json"} if method == "PATCH" else {}))
    for kind, name, namespace in (("ConfigMap", "m", "acme"), ("Site", "home", None),
                                  ("Namespace", "globex", None), ("Tenant", "globex", None)):
        for verb in ("changes", "plans"):
            must(eve, {403}, "POST", f"{OWN}/{verb}", {"spec": {"objects": [
                object_of("ConfigMap", "good", "globex"), object_of(kind, name, namespace)]}})
    must(eve, {404}, "GET", f"{CORE}/globex/configmaps/good")  # with them, nothing landed
    must(eve, {403}, "GET", f"{CORE}/acme/secrets/s", impersonate_user="ada")
    must(ada, {200}, "GET", f"{CORE}/acme/secrets/s")


def an_agent_stays_with_its_node(here):
    one, two = (here.join(here.token("--node", node), node)[1] for node in ("n1", "n2"))
    for node, agent in (("n1", one), ("n2", two)):
        must(agent, {200}, "PATCH", f"{OWN}/nodes/{node}", {"spec": {"site": "home"}},
             content_type="application/merge-patch+json")
        for site in ("elsewhere", None):
            must(agent, {403}, "PATCH", f"{OWN}/nodes/{node}", {"spec": {"site": site}},
                 content_type="application/merge-patch+json")
        must(here.admin, {201}, "POST", f"{OWN}/namespaces/default/instances", object_of(
            "Instance", f"on-{node}", spec={"node": node, "contract": "c", "offer": "o",
                                            "role": "main"}))
    hijack = {"spec": {"run": {"command": ["/bin/id"]}}}
    for name in ("on-n1", "on-n2"):
        path = f"{OWN}/namespaces/default/instances/{name}"
        must(one, {403}, "PATCH", path, hijack, content_type="application/merge-patch+json")
        must(one, {403}, "POST", f"{OWN}/changes", {"spec": {"objects": [
            object_of("Instance", name, "default", **hijack)]}})
    must(one, {403}, "GET", f"{OWN}/namespaces/default/instances/on-n2")
    for step in ({"op": "copy", "from": "/spec/contract", "path": "/spec/node"},
                 {"op": "test", "path": "/spec/contract", "value": "c"},
                 {"op": "test", "path": "/spec/contract", "value": "wrong"}):
        must(one, {403}, "PATCH", f"{OWN}/namespaces/default/instances/on-n2", [step],
             content_type="application/json-patch+json")
    must(one, {403}, "GET", f"{OWN}/namespaces/default/instances/on-n2/log")
    must(one, {403}, "PATCH", f"{OWN}/nodes/n2/status", {"status": {"kernel": "x"}},
         content_type="application/merge-patch+json")
    must(one, {403}, "GET", f"{CORE}/acme/secrets/s")
    must(one, {403}, "POST", "/tokens", {})
    must(one, {403}, "POST", f"{OWN}/nodes", object_of("Node", "n9"))
    must(one, {403}, "POST", f"{OWN}/hardwareprofiles", object_of(
        "HardwareProfile", "hp-0123456789abcdef", spec={"architecture": "x86_64", "cpus": "0"}))
    spec = here.admin.get(f"{OWN}/namespaces/default/instances/on-n2")["spec"]
    if spec.get("run", {}).get("command"):
        raise harness.Failure(f"an agent changed what another runs: {spec}")


def a_certificate_says_what_the_server_knows(here):
    uid = here.admin.get(f"{OWN}/nodes/n1")["metadata"]["uid"]
    said = subprocess.run(["openssl", "x509", "-noout", "-text", "-in", here.directory / "n1.crt"],
                          check=True, capture_output=True, text=True).stdout
    harness.expect(rf"Subject: O = freehold:nodes, O = freehold:node-uid:{uid}, "
                   r"CN = freehold:node:n1\n", said)
    if "Alternative Name" in said or "localhost" in said or "admin" in said:
        raise harness.Failure(f"an agent chose what its certificate says:\n{said}")


def a_certificate_ends_with_its_node(here):
    old = here.join(here.token("--node", "n7"), "n7")[1]
    must(old, {200}, "GET", f"{OWN}/nodes/n7")
    must(here.admin, {200}, "DELETE", f"{OWN}/nodes/n7")
    renewal = {"csr": here.key("renewal")[1]}
    said = must(old, {401}, "GET", f"{OWN}/nodes/n7")
    harness.expect(r"freehold token --node n7", json.loads(said)["message"])
    must(old, {401}, "POST", "/renew", renewal)
    new = here.join(here.token("--site", "home"), "n7")[1]
    must(new, {200}, "GET", f"{OWN}/nodes/n7")
    must(new, {200}, "POST", "/renew", renewal)
    must(old, {401}, "GET", f"{OWN}/nodes/n7")
    must(old, {401}, "POST", "/renew", renewal)
    must(new, {403}, "PATCH", f"{OWN}/nodes/n7", {"spec": {"site": "elsewhere"}},
         content_type="application/merge-patch+json")


def a_certificate_proves_nothing_once_it_has_ended(here):
    must(here.admin, {201, 409}, "POST", f"{CORE}/default/secrets",
         object_of("Secret", "short", stringData={"k": SECRET}))
    path, file = f"{CORE}/default/secrets/short", here.directory / "carol.kubeconfig"
    file.write_text(harness.freehold("kubeconfig", "carol", "--group", "freehold:admins",
                                     "--ttl", "4s", "--data-dir", here.server.data)[1])
    kept, watching = harness.Client(file), harness.Client(file)
    must(kept, {200}, "GET", path)
    watching.connection.request("GET", f"{CORE}?watch=1&timeoutSeconds=60")
    watch = watching.connection.getresponse()
    began = time.monotonic()
    try:
        watch.read()
    except harness.http.client.HTTPException:
        pass  # it was cut
    if time.monotonic() - began > 10:
        raise harness.Failure("a watch outlived the certificate of who watched")
    said = must(kept, {401}, "GET", path)
    harness.expect(r"the certificate of \"carol\" ended at", json.loads(said)["message"])
    kept.connection.close()
    try:
        code, _ = kept.send("GET", path)  # with what the connection before left to resume
    except (OSError, harness.http.client.HTTPException):
        return
    raise harness.Failure(f"a certificate that has ended bought a connection: {code}")


def an_agent_whose_node_was_deleted_keeps_its_work(here):
    if harness.needs_root():
        return

    def agent(token):
        process = harness.Process(
            f"{here.directory}/agent.log", "agent", "--data-dir", f"{here.directory}/agent",
            "--server", f"https://{here.admin.host}:{here.admin.port}", "--token", token,
            "--node", "work", "--address", "127.0.0.1", "--listen", "127.0.0.1:0")
        process.start()
        return process

    def log():
        return pathlib.Path(f"{here.directory}/agent.log").read_text()

    path, first = f"{OWN}/nodes/work", agent(here.token("--node", "work"))
    try:
        harness.wait_for("it is ready", lambda: any(
            c["type"] == "Ready" and c["status"] == "True"
            for c in here.admin.get(path)["status"]["conditions"]))
        here.admin.apply(harness.contract("kept", cpu="100m", memory="64Mi"),
                         harness.workload("kept", "/bin/sh", "-c", "echo begun; sleep 1000"))
        before = harness.running(here.admin, "kept")["kept"]
        pid, uid = before["status"]["pid"], here.admin.get(path)["metadata"]["uid"]
        must(here.admin, {200}, "DELETE", path)
        harness.wait_for("it says so", lambda: "does not take this agent" in log())
        harness.expect(r"freehold token --node work", log())
        time.sleep(5)
        must(here.admin, {404}, "GET", path)  # it does not come back by itself
        if log().count("does not take this agent") != 1:
            raise harness.Failure("it repeats itself")
    finally:
        first.kill()
    second = agent(here.token("--node", "work"))
    try:
        # With the next look that its agent takes at it, once a minute.
        harness.wait_for("it is there anew",
                         lambda: here.admin.get(path)["status"]["agentEndpoint"], seconds=90)
        if here.admin.get(path)["metadata"]["uid"] == uid:
            raise harness.Failure("it is the node that was deleted")
        after = harness.running(here.admin, "kept")["kept"]
        if after["status"]["pid"] != pid or not harness.is_running(pid):
            raise harness.Failure(f"the work did not go on: {pid}, then {after['status']}")
        harness.expect(r"begun", harness.freehold("logs", "workload/kept",
                                                  kubeconfig=here.server.kubeconfig)[1])
        harness.release(here.admin, "kept")
    finally:
        second.kill()


def an_agent_beside_its_control_plane_joins_again_by_itself(here):
    directory = here.directory / "beside"
    directory.mkdir()
    server = harness.Server(directory, "--node", "here", command="dev")
    server.start()
    admin, path = server.client(), f"{OWN}/nodes/here"

    def uid():
        node = admin.get(path)
        return node["status"].get("agentEndpoint") and node["metadata"]["uid"]

    try:
        harness.wait_for("it has reported", uid)
        before = uid()
        must(admin, {200}, "DELETE", path)
        harness.wait_for("it is there anew", lambda: uid() not in (None, "", before), seconds=90)
    finally:
        server.kill()


def a_role_grants_what_it_says(here):
    rule = {"verbs": ["get"], "resources": ["nodes"]}
    said = must(here.admin, {422}, "POST", f"{OWN}/roles",
                object_of("Role", "none", spec={"rules": [{**rule, "groups": []}]}))
    harness.expect(r"spec\.rules\[0\]\.groups", json.loads(said)["message"])
    must(here.admin, {201}, "POST", f"{OWN}/roles",
         object_of("Role", "some", spec={"rules": [rule]}))
    role = here.admin.get(f"{OWN}/roles/some")
    if role["spec"]["rules"][0].get("groups") != ["freehold.dev"]:
        raise harness.Failure(f"a rule without groups is of none: {role}")


def the_record_does_not_give_secrets_away(here):
    """Of a Secret's stored bytes, which the record digests, a part is drawn by lot."""
    drawn = set()
    for name in ("pin", "nip"):
        must(here.admin, {201}, "POST", f"{CORE}/default/secrets",
             object_of("Secret", name, stringData={"pin": "0042"}))
        drawn.add(here.admin.get(f"{CORE}/default/secrets/{name}")["metadata"]["annotations"][
            "freehold.dev/salt"])
    if len(drawn) != 2 or any(len(salt) != 32 for salt in drawn):
        raise harness.Failure(f"no lot: {drawn}")


def a_token_is_for_one_machine_once(here):
    token = here.token()
    for node, code in (("n1", 403), ("n3", 200), ("n3", 401), ("n4", 401)):
        if (got := here.join(token, node)[0]) != code:
            raise harness.Failure(f"joining {node}: {got}, not {code}")
    if (got := here.join(here.token("--node", "n5"), "n6")[0]) != 401:
        raise harness.Failure(f"a token for n5 let n6 join: {got}")


def strangers_do_not_take_all_files(here):
    """A small bound at its start is no bound: the server takes what it may have."""
    limits = pathlib.Path(f"/proc/{here.server.process.pid}/limits").read_text()
    harness.expect(rf"Max open files\s+{here.files}\s", limits)
    strangers = [here.someone() for _ in range(300)]
    for stranger in strangers:
        must(stranger, {200}, "GET", "/livez")
    must(here.someone(), {200}, "GET", "/livez")
    must(here.admin, {200}, "GET", CORE)
    for stranger in strangers:
        stranger.connection.close()


def strangers_are_told_nothing(here):
    stranger = here.someone()
    for path in ("/api", "/apis", "/openapi/v2", "/metrics", CORE, f"{OWN}/nodes"):
        must(stranger, {401}, "GET", path)
    must(stranger, {401}, "GET", CORE, authorization="Bearer whatever")
    must(stranger, {401}, "GET", CORE, x_remote_user="admin", x_remote_group="freehold:admins")
    # A certificate that somebody made for himself.
    key, _ = here.key("self")
    certificate = here.directory / "self.crt"
    subprocess.run(["openssl", "req", "-x509", "-key", key, "-out", certificate, "-days", "1",
                    "-subj", "/O=freehold:admins/CN=admin"], check=True, capture_output=True)
    try:
        code, _ = here.someone(certificate, key).send("GET", CORE)
    except (OSError, harness.http.client.HTTPException):
        return
    if code != 401:
        raise harness.Failure(f"a certificate of his own making: {code}")


def test(directory):
    here = Here(directory)
    parts = [a_developer_stays_with_his_tenant, an_agent_stays_with_its_node,
             a_certificate_says_what_the_server_knows, a_certificate_ends_with_its_node,
             a_certificate_proves_nothing_once_it_has_ended,
             an_agent_whose_node_was_deleted_keeps_its_work,
             an_agent_beside_its_control_plane_joins_again_by_itself, a_role_grants_what_it_says,
             the_record_does_not_give_secrets_away, a_token_is_for_one_machine_once,
             strangers_do_not_take_all_files, strangers_are_told_nothing]
    try:
        for part in parts:
            part(here)
        harness.verify_record(here.server.data)
    finally:
        here.server.kill()
    log = pathlib.Path(here.server.log).read_text()
    for secret in [SECRET, *(token.rsplit(".", 1)[-1] for token in here.tokens)]:
        if secret in log:
            raise harness.Failure(f"the server's log holds a secret:\n{log}")
    return f"{len(parts)} groups of rights hold over the wire, and no secret is logged"


if __name__ == "__main__":
    sys.exit(harness.main(test))
