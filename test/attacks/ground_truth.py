# SPDX-License-Identifier: Apache-2.0
"""Shared by the Python attacks: a victim, and the line of JSON with the ground truth.

The keys are those of act.h. Run in the initial pid namespace, where pids need no translation.
"""

import contextlib
import errno
import json
import os
import subprocess
import time

SECRET = b"MADE-UP-SECRET-not-a-real-credential"


def status_number(pid, field):
    with open(f"/proc/{pid}/status") as status:
        for line in status:
            if line.startswith(field):
                return int(line.split()[1])
    raise ValueError(f"/proc/{pid}/status has no {field}")


def descends(pid, ancestor):
    while pid > 1:
        pid = status_number(pid, "PPid:")
        if pid == ancestor:
            return True
    return False


@contextlib.contextmanager
def victim(name):
    """A child with the made-up secret on its heap and the name `name`; it ends with the block."""
    program = f"""
import sys
secret = bytearray({SECRET[:20]!r}) + bytearray({SECRET[20:]!r})
print('ready', flush=True)
sys.stdin.read()
"""
    # the interpreter itself, since `python3` may be a wrapper that would change the name
    interpreter = os.readlink("/proc/self/exe")
    process = subprocess.Popen(
        [name, "-c", program], executable=interpreter, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    try:
        process.stdout.readline()
        yield process
    finally:
        process.stdin.close()
        process.wait()


@contextlib.contextmanager
def act(technique, target, path=None, flags=None):
    """Prints the ground truth of the access of the block to the process `target`.

    Where a child makes the access, the block sets `actor_pid` and `executable`.
    """
    truth = {
        "technique": technique,
        "actor_pid": os.getpid(),
        "executable": os.readlink("/proc/self/exe"),
        "target_pid": target,
        "target_vpid": target,
        "target_executable": os.readlink(f"/proc/{target}/exe"),
        "outcome": "success",
    }
    if "ATTACK_SCENARIO" in os.environ:
        truth["scenario"] = os.environ["ATTACK_SCENARIO"]
    if path:
        truth["path"] = path
    if flags:
        truth["flags"] = flags
    truth["before_unix_ns"] = str(time.time_ns())
    try:
        yield truth
    except OSError as error:
        truth["outcome"] = "failure"
        truth["errno"] = errno.errorcode[error.errno]
    truth["after_unix_ns"] = str(time.time_ns())
    truth.setdefault("actor_ppid", os.getppid() if truth["actor_pid"] == os.getpid() else os.getpid())
    truth.setdefault("descendant", descends(target, truth["actor_pid"]))
    truth["actor_tid"] = truth["actor_vpid"] = truth["actor_pid"]
    print(json.dumps(truth, separators=(",", ":")), flush=True)


def readable_regions(pid):
    """(start, end, name) of each mapping that may be read."""
    with open(f"/proc/{pid}/maps") as maps:
        for line in maps:
            span, protection, *rest = line.split()
            name = rest[3] if len(rest) > 3 else ""
            # pages of the kernel, which cannot be read through the mem file
            if protection.startswith("r") and name not in ("[vvar]", "[vvar_vclock]", "[vsyscall]"):
                start, end = (int(bound, 16) for bound in span.split("-"))
                yield start, end, name
