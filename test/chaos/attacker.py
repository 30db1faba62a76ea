#!/usr/bin/env python3
"""
Attacks a victim of its own until stdin ends. Each act is done by a new process, whose pid is the act's name in the ledger:
one line "PID OPENS" for every act that was done. Every tenth act is a storm of OPENS opens, the others are a single one.

usage: attacker.py ACTS_PER_SECOND OPENS_OF_A_STORM victim|self
"""

import os
import select
import subprocess
import sys

rate, storm, target = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
victim = subprocess.Popen(["sleep", "3600"])
path = "/proc/self/mem" if target == "self" else f"/proc/{victim.pid}/mem"


def act(opens):
    pid = os.fork()
    if pid == 0:
        for _ in range(opens):
            os.close(os.open(path, os.O_RDONLY))
        os._exit(0)
    _, status = os.waitpid(pid, 0)
    if status != 0:
        sys.exit(f"the act of {pid} failed")
    print(pid, opens)


try:
    number = 0
    while not select.select([sys.stdin], [], [], 1 / rate)[0]:
        act(storm if number % 10 == 9 else 1)
        number += 1
    sys.stdout.flush()
finally:
    victim.kill()
    victim.wait()
