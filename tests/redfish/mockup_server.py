#!/usr/bin/env python3
"""A Redfish service made of a folder of documents (index.json each), for tests: HTTPS, sessions and
Basic, ETags, PATCH of what is writable with its ranges checked, and the reset action with the state
that follows. What it does not know it refuses, as DSP0266 asks. Faults are switched on one by one:

    --fault no-sessions        no session service
    --fault expire=N           a session is forgotten after N requests
    --fault busy=N             the first N authenticated reads are answered 503
    --fault slow=PATH          answers after a minute
    --fault truncate=PATH      promises more bytes than it sends
    --fault huge=PATH          17 MiB
    --fault large=PATH         5 MiB
    --fault garbage=PATH       no JSON
    --fault redirect=PATH,URL  302
    --fault loop               every chassis contains every chassis, and itself
    --fault deaf               takes a PATCH, says so, and changes nothing
    --fault stuck              takes a reset and changes nothing
    --fault warm               restarts without going off; only LastResetTime tells
    --fault mute               takes a reset and answers after a minute
    --fault slash[=PATH]       every path, or this one, is redirected to itself with a slash
    --fault location=HOST      a new session's Location names this host; empty: there is none
    --fault seats=N            no more than N sessions, and no Basic

Prints `port N` when it serves. The password is read from a file. Without a certificate it makes
one, `server.crt` in the folder that --state names.
"""

import argparse
import base64
import hashlib
import http.server
import json
import pathlib
import secrets
import ssl
import subprocess
import sys
import threading
import time

ROOT = "/redfish/v1"
OPEN = {"/redfish", ROOT, f"{ROOT}/odata", f"{ROOT}/$metadata"}
# What may be written; a list in a path is any element.
WRITABLE = [("PowerLimitWatts", "SetPoint"), ("PowerControl", "PowerLimit", "LimitInWatts"),
            ("Boot", "BootSourceOverrideTarget"), ("Boot", "BootSourceOverrideEnabled"),
            ("Boot", "BootOrder"), ("AssetTag",)]
ENABLED = ["Disabled", "Once", "Continuous"]
# Resets take a moment, as in life; a restart is off for long enough to be seen.
POWER_SECONDS, OFF_SECONDS = 0.3, 1.5
AFTER = {"On": "On", "ForceOn": "On", "ForceOff": "Off", "GracefulShutdown": "Off"}
RESTARTS = ("GracefulRestart", "ForceRestart", "PowerCycle")


class Refused(Exception):
    def __init__(self, status, message):
        super().__init__(message)
        self.status = status


def load(folder):
    """Documents by id; where one does not say its id, by its place below the service root."""
    folder = pathlib.Path(folder)
    files = {path: json.loads(path.read_text()) for path in sorted(folder.rglob("index.json"))}
    base = next(path.parent for path, body in files.items()
                if ".ServiceRoot" in body.get("@odata.type", ""))
    found = {}
    for path, body in files.items():
        place = f"{ROOT}/{path.parent.relative_to(base)}".rstrip("/.") if base in path.parents \
            else None
        if place:
            found[place] = body
    for body in files.values():
        found.setdefault(body.get("@odata.id", "").rstrip("/"), body)
    found.pop("", None)
    return found


class Service:
    """The documents and what clients have done to them. One lock: requests are few."""

    def __init__(self, documents, user, password, faults):
        self.documents, self.user, self.password, self.faults = documents, user, password, faults
        self.sessions = {}  # token: [id, requests left]
        self.busy = int(faults.get("busy", 0))
        self.pending = []  # (when, system, state)
        self.lock = threading.Lock()
        # Where a client logs in; the standard wants it, and some mockups leave it out.
        root = next((d for i, d in documents.items() if i.rstrip("/") == ROOT), {})
        root.setdefault("Links", {}).setdefault(
            "Sessions", {"@odata.id": f"{ROOT}/SessionService/Sessions"})
        if "loop" in faults:
            chassis = [i for i, d in documents.items() if ".Chassis" in d.get("@odata.type", "")]
            everyone = [{"@odata.id": i} for i in chassis]
            for i in chassis:
                links = documents[i].setdefault("Links", {})
                links["Contains"], links["ContainedBy"] = everyone, {"@odata.id": i}

    # --- Who asks

    def check(self, headers):
        token = headers.get("X-Auth-Token")
        if token is not None:
            session = self.sessions.get(token)
            if session is None:
                raise Refused(401, "There is no such session.")
            session[1] -= 1
            if session[1] < 0:
                del self.sessions[token]
                raise Refused(401, "The session has expired.")
            return
        kind, _, text = headers.get("Authorization", "").partition(" ")
        is_basic = kind == "Basic" and "seats" not in self.faults
        given = base64.b64decode(text).decode() if is_basic else ""
        if given != f"{self.user}:{self.password}":
            raise Refused(401, "While accessing this resource, the user is not known.")

    def log_in(self, body):
        if (body.get("UserName"), body.get("Password")) != (self.user, self.password):
            raise Refused(401, "The user or the password is wrong.")
        if len(self.sessions) >= int(self.faults.get("seats", 10**9)):
            raise Refused(503, "There are too many sessions.")
        token, name = secrets.token_hex(16), secrets.token_hex(4)
        self.sessions[token] = [name, int(self.faults.get("expire", 10**9))]
        return token, f"{ROOT}/SessionService/Sessions/{name}"

    def log_out(self, path):
        for token, (name, _) in list(self.sessions.items()):
            if path == f"{ROOT}/SessionService/Sessions/{name}":
                del self.sessions[token]
                return True
        return False

    # --- What is asked for

    def settle(self):
        now = time.monotonic()
        for due in [p for p in self.pending if p[0] <= now]:
            self.pending.remove(due)
            self.documents[due[1]]["PowerState"] = due[2]

    def read(self, path):
        self.settle()
        if path not in self.documents:
            raise Refused(404, f"The resource at the URI {path} was not found.")
        return self.documents[path]

    def patch(self, path, change, etag):
        document = self.read(path)
        if etag is not None and etag != tag(document):
            raise Refused(412, "The ETag supplied did not match the current one.")
        self.judge(document, change, ())
        if "deaf" not in self.faults:
            merge(document, change)
        return document

    def judge(self, now, change, at):
        """Every leaf of a change must be writable, be there, and be in its range."""
        for name, value in change.items():
            path = at + (name,)
            if not any(path == allowed[:len(path)] for allowed in WRITABLE):
                raise Refused(400, f"The property {name} is read-only or unknown.")
            if name not in now:
                raise Refused(400, f"The property {name} is not there.")
            if isinstance(value, dict):
                self.judge(now[name], value, path)
            elif isinstance(value, list) and path not in WRITABLE:
                for old, new in zip(now[name], value):
                    self.judge(old, new, path)
            else:
                self.judge_value(now, name, value)

    def judge_value(self, now, name, value):
        allowed = now.get(f"{name}@Redfish.AllowableValues")
        if name == "BootSourceOverrideEnabled":
            allowed = ENABLED
        if allowed is not None and value not in allowed:
            raise Refused(400, f"The value {value} for {name} is not in the list.")
        if name in ("SetPoint", "LimitInWatts"):
            least, most = now.get("AllowableMin", 0), now.get("AllowableMax", 10**9)
            if not isinstance(value, (int, float)) or not least <= value <= most:
                raise Refused(400, f"The value {value} for {name} is out of range.")
        if name == "BootOrder" and sorted(value) != sorted(now[name]):
            raise Refused(400, "BootOrder must name every boot option once.")

    def act(self, path, body):
        for name, document in self.documents.items():
            action = document.get("Actions", {}).get("#ComputerSystem.Reset", {})
            if action.get("target") != path:
                continue
            kind = body.get("ResetType")
            if kind not in action.get("ResetType@Redfish.AllowableValues", []):
                raise Refused(400, f"The value {kind} for ResetType is not in the list.")
            if "stuck" not in self.faults:
                self.reset(kind, name)
            return
        raise Refused(404, f"There is no action at {path}.")

    def reset(self, kind, name):
        soon = time.monotonic() + POWER_SECONDS
        if kind in RESTARTS and "warm" in self.faults:
            self.documents[name]["LastResetTime"] = time.strftime("%Y-%m-%dT%H:%M:%SZ")
        elif kind in RESTARTS:
            self.pending += [(soon, name, "Off"), (soon + OFF_SECONDS, name, "On")]
        elif kind in AFTER:
            self.pending.append((soon, name, AFTER[kind]))


def tag(document):
    text = json.dumps(document, sort_keys=True).encode()
    return '"' + hashlib.sha256(text).hexdigest()[:16] + '"'


def merge(now, change):
    for name, value in change.items():
        if isinstance(value, dict):
            merge(now[name], value)
        elif isinstance(value, list) and value and isinstance(value[0], dict):
            for old, new in zip(now[name], value):
                merge(old, new)
        else:
            now[name] = value


def handler(service):
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_):
            pass

        def path_of(self):
            path = self.path.partition("?")[0]
            return path.rstrip("/") or "/"

        def answer(self, status, body, headers=()):
            data = b"" if body is None else json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("OData-Version", "4.0")
            for name, value in headers:
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def refuse(self, refused):
            self.answer(refused.status, {"error": {
                "code": "Base.1.5.GeneralError", "message": "See ExtendedInfo.",
                "@Message.ExtendedInfo": [{"Message": str(refused)}]}})

        def body(self):
            text = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            try:
                body = json.loads(text or b"{}")
            except ValueError as error:
                raise Refused(400, "The body is no JSON.") from error
            if not isinstance(body, dict):
                raise Refused(400, "The body is no object.")
            return body

        def guarded(self, work):
            try:
                with service.lock:
                    answer = work()
            except Refused as refused:
                return self.refuse(refused)
            if "mute" in service.faults and self.command == "POST" and "/Actions/" in self.path:
                time.sleep(60)
            return self.answer(*answer)

        def is_moved(self):
            path, mark, query = self.path.partition("?")
            if path.endswith("/") or service.faults.get("slash") not in ("", path):
                return False
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            self.answer(301, None, [("Location", f"{path}/{mark}{query}")])
            return True

        def do_GET(self):
            path = self.path_of()
            if self.is_moved() or self.fault(path):
                return
            def work():
                if path not in OPEN:
                    service.check(self.headers)
                    if service.busy > 0:
                        service.busy -= 1
                        raise Refused(503, "The service is busy.")
                if path == "/redfish":
                    return 200, {"v1": f"{ROOT}/"}
                document = service.read(path)
                if path == ROOT and "no-sessions" in service.faults:
                    document = {k: v for k, v in document.items()
                                if k not in ("Links", "SessionService")}
                return 200, document, [("ETag", tag(document))]
            self.guarded(work)

        def fault(self, path):
            faults = service.faults
            if faults.get("slow") == path:
                time.sleep(60)
            if faults.get("truncate") == path:
                self.send_response(200)
                self.send_header("Content-Length", "5000")
                self.end_headers()
                self.wfile.write(b'{"@odata.id": "')
                self.close_connection = True
                return True
            for name, size in (("huge", 17 << 20), ("large", 5 << 20)):
                if faults.get(name) == path:
                    self.send_response(200)
                    self.send_header("Content-Length", str(size))
                    self.end_headers()
                    try:
                        self.wfile.write(b'{"a": "' + b"a" * (size - 9) + b'"}')
                    except OSError:
                        self.close_connection = True
                    return True
            if faults.get("garbage") == path:
                text = b"<html>It works!</html>"
                self.send_response(200)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)
                return True
            where, _, url = faults.get("redirect", "").partition(",")
            if where == path:
                self.answer(302, None, [("Location", url)])
                return True
            return False

        def do_POST(self):
            if self.is_moved():
                return
            path = self.path_of()
            def work():
                body = self.body()
                if path in (f"{ROOT}/SessionService/Sessions",
                            f"{ROOT}/SessionService/Sessions/Members"):
                    if "no-sessions" in service.faults:
                        raise Refused(404, "There is no session service.")
                    token, where = service.log_in(body)
                    session = {"@odata.id": where, "@odata.type": "#Session.v1_1_0.Session",
                               "Id": where.rpartition("/")[2], "Name": "Session",
                               "UserName": service.user}
                    host = service.faults.get("location")
                    location = f"https://{host}{where}" if host else where
                    return 201, session, [("X-Auth-Token", token)] + (
                        [] if host == "" else [("Location", location)])
                service.check(self.headers)
                service.act(path, body)
                return 204, None
            self.guarded(work)

        def do_PATCH(self):
            if self.is_moved():
                return
            def work():
                body = self.body()
                service.check(self.headers)
                document = service.patch(self.path_of(), body, self.headers.get("If-Match"))
                return 200, document, [("ETag", tag(document))]
            self.guarded(work)

        def do_DELETE(self):
            if self.is_moved():
                return
            def work():
                service.check(self.headers)
                if not service.log_out(self.path_of()):
                    raise Refused(405, "This resource cannot be deleted.")
                return 204, None
            self.guarded(work)

    return Handler


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        """A client that goes away is no news."""


def own_certificate(folder):
    """As controllers make theirs: for a name that nobody uses."""
    paths = str(folder / "server.crt"), str(folder / "server.key")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                    "ec_paramgen_curve:P-256", "-nodes", "-days", "30", "-subj", "/CN=bmc",
                    "-out", paths[0], "-keyout", paths[1]], check=True, capture_output=True)
    return paths


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("tree")
    parser.add_argument("--certificate")
    parser.add_argument("--key")
    parser.add_argument("--state", default=".")
    parser.add_argument("--user", default="root")
    parser.add_argument("--password-file", required=True)
    parser.add_argument("--fault", action="append", default=[])
    options = parser.parse_args()
    if not options.certificate:
        options.certificate, options.key = own_certificate(pathlib.Path(options.state))
    faults = dict(fault.partition("=")[::2] for fault in options.fault)
    password = pathlib.Path(options.password_file).read_text().strip()
    service = Service(load(options.tree), options.user, password, faults)
    server = Server(("127.0.0.1", 0), handler(service))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(options.certificate, options.key)
    # Handshakes on the threads of their connections, so that a silent client holds up nobody.
    server.socket = context.wrap_socket(server.socket, server_side=True,
                                        do_handshake_on_connect=False)
    print(f"port {server.server_address[1]}", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    sys.exit(main())
