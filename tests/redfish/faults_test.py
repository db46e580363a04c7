#!/usr/bin/env python3
"""Controllers that misbehave: every fault ends soon, with an error that says which."""

import json
import pathlib
import sys

import service
from service import harness, same

CHASSIS = "/redfish/v1/Chassis/1U"
SYSTEM = "/redfish/v1/Systems/437XR1138R2"


# No fault may wait for the minute that a slow answer takes.
WITHIN = 50


def patience(fault):
    """How long one answer may take: short only where that is the fault."""
    return "2s" if fault.startswith("slow") else "30s"


def ends(done, status, pattern, within=WITHIN):
    """Exit status, what is said, and how soon; a person waits for the latter."""
    if done.returncode != status:
        raise harness.Failure(f"exit {done.returncode}, not {status}: {done.stdout}{done.stderr}")
    harness.expect(pattern, done.stderr)
    if done.seconds > within:
        raise harness.Failure(f"took {done.seconds:.1f} s: {done.stderr}")


def trust(directory, tree):
    with service.Controller(directory, tree) as controller:
        ends(controller.freehold("show", ca="other.crt"), 1, r"certificate is not trusted")
        ends(controller.freehold("show", trust=[]), 1, r"certificate is not trusted")
        insecure = controller.freehold("show", trust=["--insecure"])
        ends(insecure, 0, r"WARNING: --insecure: the certificate of https://127.0.0.1:\d+ is not "
                          r"checked")
        digest = harness.subprocess.run(
            ["openssl", "x509", "-in", f"{directory}/server.crt", "-noout", "-fingerprint",
             "-sha256"], capture_output=True, text=True, check=True).stdout.partition("=")[2]
        same("pinned", controller.freehold(
            "show", trust=["--certificate-sha256", digest.strip()]).returncode, 0)
        ends(controller.freehold("show", trust=["--certificate-sha256", "0" * 64]), 1, r"hash")
        wrong = pathlib.Path(directory) / "wrong"
        wrong.write_text("susie\n")
        ends(controller.freehold("show", password=wrong), 1,
             r"does not let \"root\" in")
        ends(controller.freehold("show", password=f"{directory}/absent"), 4, r"cannot read")


def sessions(directory, tree):
    with service.Controller(directory, tree, "expire=5") as controller:
        expired = controller.json("show")
    with service.Controller(directory, tree, "no-sessions") as controller:
        basic = controller.json("show")
        same("limit over Basic", controller.freehold("limit", "450").returncode, 0)
    with service.Controller(directory, tree, "busy=2") as controller:
        busy = controller.json("show")
    for host in ("bmc.example", ""):
        with service.Controller(directory, tree, f"location={host}", "seats=1") as controller:
            for _ in range(3):
                same(f"sessions at \"{host}\" end", controller.freehold("show").returncode, 0)
    with service.Controller(directory, tree) as controller:
        plain = controller.json("show")
    same("with sessions that expire", len(expired["processors"]), len(plain["processors"]))
    same("with Basic", basic, plain)
    same("with a busy controller", busy, plain)


def slashes(directory, tree):
    """Documents are there only with a slash at the end of their path; and no Basic is taken."""
    with service.Controller(directory, tree) as controller:
        plain = controller.json("show")
    for fault in ("slash", "slash=/redfish/v1"):
        with service.Controller(directory, tree, fault, "seats=1") as controller:
            same(fault, controller.json("show"), plain)
            ends(controller.freehold("limit", "450"), 0, "")
            ends(controller.freehold("off", "--force"), 0, "")
            ends(controller.freehold("boot", "Hdd"), 0, "")


def root_faults(directory, tree):
    """Without the root there is nothing to show; the exit status says so."""
    for fault, status, pattern in [
            ("slow=/redfish/v1", 5, r"127.0.0.1"),
            ("truncate=/redfish/v1", 5, r"/redfish/v1|127.0.0.1"),
            ("garbage=/redfish/v1", 1, r"/redfish/v1: malformed JSON"),
            ("large=/redfish/v1", 1, r"larger than 4 MiB"),
            ("huge=/redfish/v1", 1, r"larger|too large|more than"),
            ("redirect=/redfish/v1,https://192.0.2.1/redfish/v1", 1, r"another host"),
            ("redirect=/redfish/v1,/redfish/v1", 1, r"redirects without end")]:
        with service.Controller(directory, tree, fault, "no-sessions") as controller:
            ends(controller.freehold("show", "--timeout", patience(fault)), status, pattern)


def part_faults(directory, tree):
    """One broken document costs a note, and nothing else."""
    for fault, pattern in [
            (f"slow={CHASSIS}", CHASSIS), (f"truncate={CHASSIS}", CHASSIS),
            (f"garbage={CHASSIS}", rf"{CHASSIS}: malformed JSON"),
            (f"large={CHASSIS}", rf"{CHASSIS}.*larger than 4 MiB"), (f"huge={CHASSIS}", CHASSIS),
            (f"redirect={CHASSIS},https://192.0.2.1{CHASSIS}", "another host")]:
        with service.Controller(directory, tree, fault) as controller:
            done = controller.freehold("show", "--timeout", patience(fault))
            ends(done, 0, f"note: .*{pattern}")
            harness.expect(r"web483", done.stdout)


def deaf(directory, tree):
    with service.Controller(directory, tree, "deaf", "stuck") as controller:
        ends(controller.freehold("limit", "450"), 1,
             r"450W was asked for, but 500W is in force")
        ends(controller.freehold("off", "--force", "--settle", "2s"), 1,
             r"ForceOff was sent, but it is still On after 2s")
        ends(controller.freehold("boot", "Hdd"), 1, r"not taken")
        ends(controller.freehold("reset", "--force", "--settle", "2s"), 1,
             r"ForceRestart was sent, not verified: it is On, and nothing has shown a restart")
        ignored = controller.freehold("reset", "--force", "--settle", "0s", "-o", "json")
        same("exit of a restart that is ignored", ignored.returncode, 1)
        same("in force", json.loads(ignored.stdout)["inForce"], False)
    with service.Controller(directory, tree, "stuck", "mute") as controller:
        ends(controller.freehold("reset", "--force", "--settle", "2s", "--timeout", "2s"), 5,
             r"ForceRestart was sent, not verified: ")
    with service.Controller(directory, tree, "warm", "mute") as controller:
        done = controller.freehold("reset", "--force", "--timeout", "2s")
        ends(done, 0, "")
        harness.expect(r"ForceRestart; was On, is On", done.stdout)
    with service.Controller(directory, tree, f"slow={SYSTEM}") as controller:
        ends(controller.freehold("off", "--force", "--timeout", "2s"), 5, SYSTEM)


def loops(directory):
    with service.Controller(directory, service.trees()["public-bladed"], "loop") as controller:
        same("chassis in a loop", len(controller.json("show")["chassis"]), 5)


def elsewhere():
    def run(target, *arguments):
        return harness.subprocess.run([harness.FREEHOLD, "redfish", "show", target, *arguments],
                                      capture_output=True, text=True, check=False, timeout=60)

    harness.expect(r"over https only", run("http://127.0.0.1:1").stderr)
    harness.expect(r"password-file", run("https://127.0.0.1:1", "--user", "root").stderr)
    done = run("https://127.0.0.1:1")
    same("nobody listens", done.returncode, 1)
    harness.expect(r"127.0.0.1:1", done.stderr)
    same("no such folder", run("/nowhere").returncode, 4)


def test(directory):
    tree = service.trees()["public-rackmount1"]
    trust(directory, tree)
    sessions(directory, tree)
    slashes(directory, tree)
    root_faults(directory, tree)
    part_faults(directory, tree)
    deaf(directory, tree)
    loops(directory)
    elsewhere()
    return "wrong password, wrong authority, expiry, slowness, cuts, size, redirects, loops: clear"


if __name__ == "__main__":
    sys.exit(harness.main(test, service.needs_trees))
