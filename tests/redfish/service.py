"""What the tests of management controllers share: the trees, a server process, our client and
redfishtool as another's client of the same server."""

import json
import os
import pathlib
import shutil
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "e2e"))
import harness  # noqa: E402

USER, PASSWORD = "root", "calvin-and-hobbes"


def trees():
    """Folders of documents by name: those that hold a service root."""
    base = pathlib.Path(os.environ.get("FREEHOLD_TEST_DATA", "")) / "topologies" / "redfish"
    found = {p.name: p for p in sorted((base / "dmtf").glob("public-*"))}
    found.update({p.name: p for p in sorted(base.iterdir()) if p.name != "dmtf" and p.is_dir()})
    return found


def needs_trees():
    data = os.environ.get("FREEHOLD_TEST_DATA")
    if not data:
        return "FREEHOLD_TEST_DATA is not set"
    if not (pathlib.Path(data) / "topologies" / "redfish" / "dmtf").is_dir():
        return f"no Redfish trees in {data}"
    return None


def needs_redfishtool():
    return None if shutil.which("redfishtool") else "redfishtool is not installed"


def certificates(directory):
    """An authority, a server certificate of it for 127.0.0.1, and another authority."""
    def openssl(*arguments):
        subprocess.run(["openssl", *arguments], cwd=directory, check=True, capture_output=True)

    if (pathlib.Path(directory) / "server.crt").exists():
        return
    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    for name in ("ca", "other"):
        openssl("req", "-x509", *key, "-days", "2", "-subj", f"/CN={name}", "-keyout",
                f"{name}.key", "-out", f"{name}.crt")
    openssl("req", *key, "-subj", "/CN=bmc", "-keyout", "server.key", "-out", "server.csr")
    (pathlib.Path(directory) / "names").write_text("subjectAltName=IP:127.0.0.1\n")
    openssl("x509", "-req", "-in", "server.csr", "-CA", "ca.crt", "-CAkey", "ca.key", "-days", "2",
            "-CAcreateserial", "-extfile", "names", "-out", "server.crt")


class Controller:
    """A server process over one tree."""

    def __init__(self, directory, tree, *faults):
        certificates(directory)
        self.directory = pathlib.Path(directory)
        self.password = self.directory / "password"
        self.password.write_text(PASSWORD + "\n")
        arguments = [sys.executable, str(HERE / "mockup_server.py"), str(tree), "--certificate",
                     str(self.directory / "server.crt"), "--key",
                     str(self.directory / "server.key"), "--user", USER, "--password-file",
                     str(self.password)]
        for fault in faults:
            arguments += ["--fault", fault]
        self.process = subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        if not line.startswith("port "):
            raise harness.Failure("the server does not start")
        self.host = f"127.0.0.1:{line.split()[1]}"
        self.url = f"https://{self.host}"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()

    def freehold(self, command, *arguments, ca="ca.crt", password=None, trust=None):
        """Runs `freehold redfish COMMAND URL …`; a CompletedProcess, with `seconds` it took."""
        where = password or self.password
        trust = trust if trust is not None else ["--ca", str(self.directory / ca)]
        started = time.monotonic()
        done = subprocess.run(
            [harness.FREEHOLD, "redfish", command, self.url, *arguments, "--user", USER,
             "--password-file", str(where), *trust],
            capture_output=True, text=True, timeout=120, check=False, stdin=subprocess.DEVNULL)
        done.seconds = time.monotonic() - started
        if PASSWORD in done.stdout + done.stderr:
            raise harness.Failure(f"{command} tells the password:\n{done.stdout}{done.stderr}")
        return done

    def json(self, command, *arguments):
        done = self.freehold(command, *arguments, "-o", "json")
        if done.returncode != 0:
            raise harness.Failure(f"freehold redfish {command}: {done.stderr}")
        return json.loads(done.stdout)

    def redfishtool(self, *arguments, fails=False):
        """What redfishtool prints, as JSON where it is JSON."""
        done = subprocess.run(
            ["redfishtool", "-r", self.host, "-S", "Always", "-A", "Session", "-u", USER, "-p",
             PASSWORD, *arguments],
            capture_output=True, text=True, timeout=120, check=False, stdin=subprocess.DEVNULL,
            env=dict(os.environ, PYTHONWARNINGS="ignore"))
        if (done.returncode != 0) != fails:
            raise harness.Failure(
                f"redfishtool {' '.join(arguments)}: {done.returncode}\n{done.stdout}{done.stderr}")
        try:
            return json.loads(done.stdout)
        except ValueError:
            return done.stdout


def same(what, ours, theirs):
    if ours != theirs:
        raise harness.Failure(f"{what}: {ours!r}, not {theirs!r}")
