# SPDX-License-Identifier: Apache-2.0
"""gdb attaches to a victim and inspects it. Argument: core (it also writes a core file, as gcore does)."""

import os
import shutil
import subprocess
import sys
import tempfile

from ground_truth import act, victim

with victim("debugged") as process, tempfile.TemporaryDirectory() as directory:
    commands = ["info registers"]
    if "core" in sys.argv[1:]:
        commands.append(f"gcore {directory}/core")
    arguments = ["gdb", "-nx", "-q", "-batch", "-p", str(process.pid)]
    for command in commands:
        arguments += ["-ex", command]
    with act("gdb", process.pid) as truth:
        gdb = subprocess.Popen(arguments, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        gdb.wait()
        truth["actor_pid"] = gdb.pid
        truth["executable"] = os.path.realpath(shutil.which("gdb"))
    if len(commands) > 1 and not os.path.getsize(f"{directory}/core"):
        sys.exit("failed to write a core file")
