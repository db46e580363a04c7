#!/usr/bin/env python3
"""Control groups of version 2: a guest whose kernel has no others runs the tests of limits anew.

Where Freehold is built there is often version 1 or a hybrid, whose controllers cannot be moved. So
QEMU boots a Debian kernel, in memory and without KVM, with two packages of a CPU and a memory node
each, and runs in it what `TESTS` names. $FREEHOLD_GUEST_KERNEL names the kernel;
`tools/deps/guest-kernel` fetches one to where it is looked for otherwise. $FREEHOLD_GUEST_LOG keeps
all that the guest said.
"""

import os
import pathlib
import re
import shutil
import stat
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
PROGRAM = pathlib.Path(os.environ.get("FREEHOLD", ROOT / "build/release/freehold")).resolve()
KERNEL = pathlib.Path(os.environ.get("FREEHOLD_GUEST_KERNEL", ROOT / "build/guest/vmlinuz"))
UNIT_TESTS = PROGRAM.parent / "agent_test"
SKIPPED = 77
GUEST_SECONDS = 500  # ctest ends a test after 600
# What runs in the guest, in shell. How fast it writes tens of megabytes of log says nothing.
TESTS = {
    "layout": "grep -q cgroup2 /proc/mounts && ! grep -q ' cgroup ' /proc/mounts && "
              "cat /sys/fs/cgroup/cgroup.controllers",
    "host": "/freehold/agent_test --gtest_brief=1 --gtest_filter='HostLinux.*-*LogsRotate*'",
    "limits": "FREEHOLD=/freehold/freehold python3 /freehold/e2e/limits_test.py",
}
INIT = """#!/bin/busybox sh
/bin/busybox mkdir -p /bin /sbin /usr/bin /usr/sbin /proc /sys /dev /tmp /var/tmp /run
/bin/busybox --install -s
mount -t proc proc /proc; mount -t sysfs sysfs /sys; mount -t devtmpfs devtmpfs /dev
exec </dev/null >/dev/ttyS0 2>&1
mount -t cgroup2 cgroup2 /sys/fs/cgroup; chmod 1777 /tmp /var/tmp; ip link set lo up
export PATH=/usr/bin:/bin:/usr/sbin:/sbin HOME=/ LANG=C.UTF-8
{tests}
poweroff -f
"""


def why_not():
    if os.environ.get("FREEHOLD_SANITIZED"):
        return "a program with sanitizers is too slow for a guest without KVM"
    if not shutil.which("qemu-system-x86_64"):
        return "no qemu-system-x86_64; tools/deps/install soak gets it"
    if not KERNEL.exists():
        return f"no kernel for the guest at {KERNEL}; tools/deps/guest-kernel gets one"
    if not pathlib.Path("/bin/busybox").exists():
        return "no /bin/busybox; tools/deps/install soak gets it"
    return None


def libraries(program):
    """The shared libraries of a program, and its loader."""
    said = subprocess.run(["ldd", program], capture_output=True, text=True, check=False).stdout
    return {pathlib.Path(path) for path in re.findall(r"(/\S+) \(0x", said)}


def copy(source, root, target=None):
    there = root / str(target or source).lstrip("/")
    there.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(source, there)
    return there


def copy_python(root):
    """Debian's Python, without what tests never import."""
    home = max(pathlib.Path("/usr/lib").glob("python3.*"))
    unwanted = shutil.ignore_patterns(
        "test", "ensurepip", "lib2to3", "pydoc_data", "unittest", "idlelib", "distutils",
        "config-*", "sitecustomize.py", "turtle*")
    shutil.copytree(home, root / str(home).lstrip("/"), ignore=unwanted)
    copy(pathlib.Path("/usr/bin/python3").resolve(), root, "/usr/bin/python3")
    needed = libraries("/usr/bin/python3")
    for module in home.glob("lib-dynload/*.so"):
        needed |= libraries(module)
    return needed


def fill(root):
    """Everything that the guest has; returns the names of the tests that can run."""
    copy("/bin/busybox", root)
    needed = copy_python(root)
    for program in (PROGRAM, UNIT_TESTS):
        if not program.exists():
            continue
        there = copy(program, root, f"/freehold/{program.name}")
        subprocess.run(["strip", "-g", "-o", there, program], check=True)
        needed |= libraries(program)
    for library in needed:
        copy(library.resolve(), root, library)
    shutil.copytree(ROOT / "tests/e2e", root / "freehold/e2e")
    names = [name for name in TESTS if name != "host" or UNIT_TESTS.exists()]
    lines = "\n".join(f"echo guest: begin {name}\n( {TESTS[name]} )\necho guest: end {name} $?"
                      for name in names)
    (root / "init").write_text(INIT.replace("{tests}", lines))
    (root / "init").chmod(0o755)
    return names


def write_archive(root, path):
    """A newc archive, as in the kernel's driver-api/early-userspace/buffer-format.rst."""
    with open(path, "wb") as out:
        def entry(name, mode, data=b""):
            fields = (0, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(name) + 1, 0)
            head = b"070701" + b"".join(b"%08x" % field for field in fields) + name + b"\0"
            out.write(head + bytes(-len(head) % 4) + data + bytes(-len(data) % 4))

        for file in sorted(root.rglob("*")):
            name = bytes(file.relative_to(root))
            if file.is_dir():
                entry(name, stat.S_IFDIR | 0o755)
            else:
                entry(name, stat.S_IFREG | 0o644 | file.stat().st_mode & 0o111, file.read_bytes())
        entry(b"TRAILER!!!", 0)


def boot(archive):
    """All that the guest says until it goes off."""
    command = ["qemu-system-x86_64", "-machine", "q35", "-accel", "tcg,thread=multi", "-cpu", "max",
               "-m", "1536", "-smp", "2,sockets=2", "-nographic", "-nodefaults", "-serial", "stdio",
               "-no-reboot", "-kernel", str(KERNEL), "-initrd", str(archive),
               "-append", "console=ttyS0 quiet panic=-1"]
    for node in range(2):
        command += ["-object", f"memory-backend-ram,size=768M,id=m{node}",
                    "-numa", f"node,nodeid={node},memdev=m{node},cpus={node}"]
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=GUEST_SECONDS, check=False)
        return done.stdout.decode(errors="replace").replace("\r", "")
    except subprocess.TimeoutExpired as late:
        return (late.stdout or b"").decode(errors="replace").replace("\r", "")


def main():
    if why := why_not():
        print(f"skipped: {why}")
        return SKIPPED
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="freehold-guest-") as folder:
        root = pathlib.Path(folder) / "root"
        names = fill(root)
        archive = pathlib.Path(folder) / "initramfs"
        write_archive(root, archive)
        shutil.rmtree(root)
        said = boot(archive)
    if log := os.environ.get("FREEHOLD_GUEST_LOG"):
        pathlib.Path(log).write_text(said)
    ended = dict(re.findall(r"^guest: end (\w+) (\d+)$", said, re.M))
    failed = [name for name in names if ended.get(name) != "0"]
    if failed:
        print(said[-6000:])
        print(f"control groups v2: {', '.join(failed)} failed in the guest")
        return 1
    limits = re.search(r"^limits bind: .*$", said, re.M)
    kernel = re.search(r"vmlinuz-([\w.-]+)", os.readlink(KERNEL) if KERNEL.is_symlink() else "")
    print(f"control groups v2: {limits[0] if limits else 'limits bind'}; "
          f"{', '.join(names)} passed in a guest{' of Linux ' + kernel[1] if kernel else ''}, "
          f"{time.monotonic() - began:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
