#!/usr/bin/env python3
"""Changes through our client, seen by redfishtool, and the other way round: power limits, power
states, boot. What the controller does not allow is refused before it is sent."""

import sys

import service
from service import harness, same

METRICS = "/redfish/v1/Chassis/1U/EnvironmentMetrics"


def set_point(controller):
    return controller.redfishtool("raw", "GET", METRICS)["PowerLimitWatts"]["SetPoint"]


def system(controller):
    return controller.redfishtool("Systems", "-1", "get")


def refused(done, pattern, status=1):
    if done.returncode != status:
        raise harness.Failure(f"exit {done.returncode}, not {status}: {done.stdout}{done.stderr}")
    harness.expect(pattern, done.stderr)


def limits(controller):
    done = controller.freehold("limit", "450")
    same("exit of limit", done.returncode, 0)
    harness.expect(r"1U: 450W, was 500W; in force", done.stdout)
    same("redfishtool reads our limit", set_point(controller), 450)
    controller.redfishtool("raw", "PATCH", METRICS, "-d", '{"PowerLimitWatts":{"SetPoint":475}}')
    ours = controller.json("limit")["powerLimits"]
    same("we read redfishtool's limit", [x["setPointWatts"] for x in ours], [475])
    refused(controller.freehold("limit", "149"), r"149 W is below AllowableMin, which is 150 W")
    refused(controller.freehold("limit", "1001"), r"1001 W is above AllowableMax, which is 1000 W")
    refused(controller.freehold("limit", "many"), r"use watts such as 450", 2)
    refused(controller.freehold("limit", "450", "--of", "GPU_9"), r"no power limit of \"GPU_9\"", 4)
    same("what was refused changed nothing", set_point(controller), 475)


def power(controller):
    done = controller.freehold("off", "--force")
    harness.expect(r"437XR1138R2: ForceOff; was On, is Off", done.stdout)
    same("redfishtool sees it off", system(controller)["PowerState"], "Off")
    harness.expect(r"437XR1138R2: is Off", controller.freehold("off").stdout)
    controller.redfishtool("Systems", "-1", "reset", "On")
    harness.wait_for("we see it on", lambda: controller.json("show")["systems"][0]["powerState"]
                     == "On")
    done = controller.freehold("reset", "--force")
    harness.expect(r"437XR1138R2: ForceRestart; was On, is On", done.stdout)
    same("exit of a restart", done.returncode, 0)
    refused(controller.freehold("reset", "--type", "PowerCycle"),
            r"reset type \"PowerCycle\" is none of On, ForceOff")
    refused(controller.freehold("on", "--system", "absent"),
            r"no system \"absent\".*437XR1138R2", 4)


def boot(controller):
    said = controller.freehold("boot").stdout
    harness.expect(r"437XR1138R2: Pxe \(Once\)[^\n]*\ntargets: ", said)
    done = controller.freehold("boot", "Hdd", "--enabled", "Continuous")
    harness.expect(r"437XR1138R2: Hdd \(Continuous\); was Pxe \(Once\)", done.stdout)
    same("redfishtool sees it", system(controller)["Boot"]["BootSourceOverrideTarget"], "Hdd")
    controller.redfishtool("Systems", "-1", "setBootOverride", "Once", "Cd")
    seen = controller.json("boot")["boot"]
    same("we see redfishtool's", (seen["target"], seen["enabled"]), ("Cd", "Once"))
    done = controller.freehold("boot", "None")
    harness.expect(r"None \(Disabled\)", done.stdout)
    refused(controller.freehold("boot", "Floppy"), r"boot target \"Floppy\" is none of None, Pxe")
    refused(controller.freehold("boot", "--order", "Boot0001"), r"shows no boot order")


def older_limit(directory):
    """The older form, in a tree that has several: one must be named."""
    tree = service.trees()["public-telemetry"]
    with service.Controller(directory, tree) as controller:
        found = controller.json("limit")["powerLimits"]
        if not found:
            return
        if len(found) > 1:
            refused(controller.freehold("limit", "400"), r"there are several power limits")
        one = found[0]
        done = controller.freehold("limit", "400", "--of", one["owner"].rpartition("/")[2])
        harness.expect(r"400W, was .*; in force", done.stdout)
        read = controller.redfishtool("raw", "GET", one["id"])
        same("redfishtool reads the older form", read["PowerControl"][0]["PowerLimit"]
             ["LimitInWatts"], 400)


def bladed(directory):
    with service.Controller(directory, service.trees()["public-bladed"]) as controller:
        refused(controller.freehold("off", "--force"), r"there are several systems; name one")
        done = controller.freehold("off", "--force", "--system", "529QB9452R6")
        harness.expect(r"529QB9452R6: ForceOff; was On, is Off", done.stdout)
        states = {s["id"][-11:]: s["powerState"] for s in controller.json("show")["systems"]}
        same("only that one", sorted(states.values()), ["Off", "On", "On", "On"])


def test(directory):
    with service.Controller(directory, service.trees()["public-rackmount1"]) as controller:
        limits(controller)
        power(controller)
        boot(controller)
    older_limit(directory)
    bladed(directory)
    return "limits, power states and boot: our client and redfishtool see each other's changes"


if __name__ == "__main__":
    sys.exit(harness.main(test, service.needs_trees, service.needs_redfishtool))
