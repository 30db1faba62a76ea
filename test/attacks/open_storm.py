#!/usr/bin/env python3
"""
Opens the memory file of one victim again and again: many repeats of one detection.

    open_storm.py COUNT [PAUSE]     PAUSE: seconds between two opens
"""

import json
import os
import subprocess
import sys
import time

count = int(sys.argv[1])
pause = float(sys.argv[2]) if len(sys.argv) > 2 else 0
victim = subprocess.Popen(["sleep", "600"])
try:
    for _ in range(count):
        os.close(os.open(f"/proc/{victim.pid}/mem", os.O_RDONLY))
        if pause:
            time.sleep(pause)
    print(json.dumps({"technique": "open_storm", "actor_pid": os.getpid(), "target_pid": victim.pid, "count": count}))
finally:
    victim.kill()
    victim.wait()
