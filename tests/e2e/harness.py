"""What the end-to-end tests share: the program's processes, and a client of the API.

$FREEHOLD names the program. Exit status 77: skipped, the last line says why.
"""

import base64
import contextlib
import hashlib
import http.client
import json
import os
import pathlib
import re
import select
import shutil
import signal
import ssl
import subprocess
import sys
import tempfile
import textwrap
import time
import urllib.parse

FREEHOLD = str(pathlib.Path(os.environ.get("FREEHOLD", "build/release/freehold")).resolve())
OWN = "/apis/freehold.dev/v1alpha1"
SKIPPED = 77


class Failure(Exception):
    """What was expected did not happen."""


class Refused(Failure):
    """The server said no; `status` is the HTTP status, `answer` the Status object."""

    def __init__(self, what, status, answer):
        super().__init__(f"{what}: {status} {answer.get('message', answer)}")
        self.status, self.answer = status, answer


def wait_for(what, true, seconds=30):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with contextlib.suppress(Failure, KeyError, IndexError, ValueError, OSError):
            if result := true():
                return result
        time.sleep(0.1)
    raise Failure(f"not within {seconds} s: {what}")


def expect(pattern, text):
    if not re.search(pattern, text):
        raise Failure(f"expected /{pattern}/ in:\n{text}")


def freehold(*arguments, kubeconfig=None, text=None, check=True):
    """Runs a command of the program, and returns its exit status and all that it printed."""
    environment = dict(os.environ, **({"FREEHOLD_KUBECONFIG": kubeconfig} if kubeconfig else {}))
    done = subprocess.run([FREEHOLD, *arguments], input=text, capture_output=True, text=True,
                          timeout=60, check=False, env=environment)
    if check and done.returncode != 0:
        raise Failure(f"freehold {' '.join(arguments)}: exit {done.returncode}\n"
                      f"{done.stdout}{done.stderr}")
    return done.returncode, done.stdout + done.stderr


def verify_record(data_dir):
    """What `freehold audit verify` says; a failure when it finds anything."""
    return freehold("audit", "verify", "--data-dir", data_dir)[1].strip()


class Process:
    """A long-running command of the program; what it says goes to `log`."""

    def __init__(self, log, *arguments):
        self.log, self.arguments, self.process = log, arguments, None

    def start(self):
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen([FREEHOLD, *self.arguments], stdout=subprocess.PIPE,
                                            stderr=log)

    def alive(self):
        return self.process is not None and self.process.poll() is None

    def kill(self, signum=signal.SIGKILL):
        if self.alive():
            self.process.send_signal(signum)
            self.process.wait(timeout=20)
        if self.process is not None:
            self.process.stdout.close()

    def memory(self):
        """Resident bytes."""
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+) kB", status)[1]) * 1024


class Server(Process):
    """A control plane on `directory`/data: `server`, or with `dev` one that has an agent inside."""

    def __init__(self, directory, *options, command="server", listen="127.0.0.1:0"):
        self.data, self.listen = f"{directory}/data", listen
        super().__init__(f"{directory}/{command}.log", command, "--data-dir", self.data,
                         "--listen", listen, *options)

    @property
    def kubeconfig(self):
        return f"{self.data}/kubeconfig"

    def start(self, ready_within=20):
        super().start()
        deadline = time.monotonic() + ready_within
        said = b""
        while b"kubeconfig" not in said:  # the last of what it says when it serves
            left = max(0, deadline - time.monotonic())
            more = (os.read(self.process.stdout.fileno(), 4096)
                    if select.select([self.process.stdout], [], [], left)[0] else b"")
            if not more:
                raise Failure(f"{self.arguments[0]} does not serve within {ready_within} s")
            said += more

    def client(self, timeout=20):
        return Client(self.kubeconfig, timeout)


class Client:
    """One keep-alive connection of the administrator. Not to be shared between threads."""

    def __init__(self, kubeconfig, timeout=20):
        text = pathlib.Path(kubeconfig).read_text()
        url = urllib.parse.urlsplit(re.search(r"server: \"?([^\s\"]+)", text)[1])
        self.host, self.port, self.timeout = url.hostname, url.port, timeout
        self.tls = tls_of(text)
        self.connection = http.client.HTTPSConnection(self.host, self.port, timeout=timeout,
                                                      context=self.tls)

    def send(self, method, path, body=None, **headers):
        """Status and body, whatever they are. `body`: bytes, or what becomes JSON."""
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        try:
            self.connection.request(method, path, body,
                                    {"content-type": "application/json", **headers})
            response = self.connection.getresponse()
            return response.status, response.read()
        except (OSError, http.client.HTTPException):
            self.connection.close()  # the next request dials again
            raise

    def call(self, method, path, body=None, **headers):
        """The answer of a request that must succeed."""
        status, answer = self.send(method, path, body, **headers)
        answer = json.loads(answer)
        if status >= 300:
            raise Refused(f"{method} {path}", status, answer)
        return answer

    def get(self, path):
        return self.call("GET", path)

    def patch(self, path, body):
        return self.call("PATCH", path, body, content_type="application/merge-patch+json")

    def apply(self, *objects):
        """All of them or none, as `freehold apply`."""
        return self.call("POST", f"{OWN}/changes", {"spec": {"objects": list(objects)}})

    def close(self):
        self.connection.close()


def tls_of(kubeconfig_text):
    def field(name):
        return base64.b64decode(re.search(rf"{name}-data: \"?([\w+/=]+)", kubeconfig_text)[1])

    context = ssl.create_default_context(cadata=field("certificate-authority").decode())
    with tempfile.NamedTemporaryFile() as file:  # the library reads certificates from files only
        file.write(field("client-certificate") + b"\n" + field("client-key"))
        file.flush()
        context.load_cert_chain(file.name)
    return context


# --- Workloads under contracts --------------------------------------------------------------------


def contract(name, **each):
    """One member of `each`, accepted at any price."""
    return {"apiVersion": "freehold.dev/v1alpha1", "kind": "Contract", "metadata": {"name": name},
            "spec": {"roles": [{"name": "main", "each": each}]}}


def workload(name, *command, **run):
    """What runs in the contract of the same name."""
    return {"apiVersion": "freehold.dev/v1alpha1", "kind": "Workload", "metadata": {"name": name},
            "spec": {"contract": name, "roles": [
                {"name": "main", "run": {"command": list(command), "stopGrace": "1s", **run}}]}}


def instances(client, namespace="default"):
    """{contract: instance}; each contract of these tests has one member."""
    items = client.get(f"{OWN}/namespaces/{namespace}/instances")["items"]
    return {item["spec"]["contract"]: item for item in items}


def running(client, *names):
    """The instances of the contracts, once all of them run."""
    def look():
        found = instances(client)
        states = [found[name]["status"] for name in names]
        return found if all(s["phase"] == "Running" and s["pid"] > 0 for s in states) else None

    return wait_for(f"{', '.join(names)} run", look)


def release(client, *names):
    """Ends the contracts and removes them with their workloads."""
    path = f"{OWN}/namespaces/default"
    for name in names:
        client.patch(f"{path}/contracts/{name}", {"spec": {"release": True}})
    for name in names:
        wait_for(f"{name} is settled", lambda name=name: client.get(
            f"{path}/contracts/{name}")["status"]["phase"] == "Settled")
        client.call("DELETE", f"{path}/workloads/{name}")
        client.call("DELETE", f"{path}/contracts/{name}")
    wait_for("the contracts are gone", lambda: not {
        item["metadata"]["name"] for item in client.get(f"{path}/contracts")["items"]} & set(names))
    wait_for("the instances are gone", lambda: not set(instances(client)) & set(names))


# --- Processes and control groups -----------------------------------------------------------------


def is_running(pid):
    """False for what has ended, also while nobody has reaped it."""
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def processes(fits):
    """Pids of the processes for which `fits(arguments, environment)` is true."""
    found = []
    for entry in pathlib.Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            arguments = (entry / "cmdline").read_bytes().split(b"\0")[:-1]
            environment = (entry / "environ").read_bytes()
        except OSError:
            continue  # ended meanwhile
        if arguments and fits([a.decode(errors="replace") for a in arguments], environment):
            found.append(int(entry.name))
    return found


def cgroup_directory(pid, controller):
    """Where the limits of `controller` for this process are: its own hierarchy, or the unified."""
    own, unified = None, None
    for line in pathlib.Path(f"/proc/{pid}/cgroup").read_text().splitlines():
        _, controllers, path = line.split(":", 2)
        if controller in controllers.split(","):
            own = path
        if not controllers:
            unified = path
    mounts = [line.split() for line in pathlib.Path("/proc/mounts").read_text().splitlines()]
    for _, where, kind, options, *_ in mounts:
        if own and kind == "cgroup" and controller in options.split(","):
            return pathlib.Path(where + own)
        if not own and kind == "cgroup2":
            return pathlib.Path(where + unified)
    raise Failure(f"no control group of {controller} for process {pid}")


def end(pid):
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def clean_up(directory):
    """Ends what a test left behind, that failed or killed its agents: shims are started with its
    directory, control groups are named as its instances, homes of tenants lie by its digest."""
    for pid in processes(lambda arguments, _: any(directory in a for a in arguments)):
        if pid != os.getpid():
            end(pid)
    for instance in pathlib.Path(directory).glob("**/agent/instances/*"):
        for group in pathlib.Path("/sys/fs/cgroup").glob(f"**/freehold/{instance.name}"):
            with contextlib.suppress(Failure, OSError):
                remove_group(group)
    for agent in pathlib.Path(directory).glob("**/agent/instances"):
        digest = hashlib.sha256(str(agent.parent).encode()).hexdigest()
        shutil.rmtree(f"/var/tmp/freehold-{digest[:12]}", ignore_errors=True)


def remove_group(group):
    for pid in (group / "cgroup.procs").read_text().split():
        end(int(pid))
    wait_for("the group is gone", lambda: group.rmdir() is None, 2)


# --- A test ---------------------------------------------------------------------------------------


def needs_root():
    if os.geteuid() != 0:
        return "the agent needs root for control groups and user ids"
    return None


def main(test, *needs):
    """Runs `test(directory)`, which returns the sentence to end with. Each of `needs` returns why
    the test cannot run, or None."""
    for need in needs:
        if why := need():
            print(f"skipped: {why}")
            return SKIPPED
    directory = tempfile.mkdtemp(prefix="freehold-e2e.")
    os.chmod(directory, 0o755)  # workloads of tenants have their private directories below it
    try:
        print(test(directory))
        return 0
    except Failure as failure:
        print(failure)
        for log in sorted(pathlib.Path(directory).glob("*.log")):
            print(textwrap.indent(log.read_text(errors="replace")[-3000:], f"{log.stem}: "))
        return 1
    finally:
        clean_up(directory)
        if "FREEHOLD_KEEP" in os.environ:
            print(f"kept: {directory}", file=sys.stderr)
        else:
            shutil.rmtree(directory, ignore_errors=True)
