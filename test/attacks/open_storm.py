#!/usr/bin/env python3
"""Opens the memory file of one victim again and again: the same finding many times over."""

import json
import os
import subprocess
import sys

count = int(sys.argv[1])
victim = subprocess.Popen(["sleep", "60"])
try:
    for _ in range(count):
        os.close(os.open(f"/proc/{victim.pid}/mem", os.O_RDONLY))
    print(json.dumps({"technique": "open_storm", "actor_pid": os.getpid(), "target_pid": victim.pid, "count": count}))
finally:
    victim.kill()
    victim.wait()
