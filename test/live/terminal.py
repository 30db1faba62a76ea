"""Runs a command whose stdout, stderr or both are a terminal, and stops or closes that terminal.

usage: terminal.py 1|2|12 COMMAND...

Commands on stdin, a line each: "stop" (Ctrl-S: no more output is read), "close" (the window is closed).
Prints the command's pid; its output on the terminal is discarded. Ends with its status.
"""

import os
import pty
import select
import sys

descriptors = [int(digit) for digit in sys.argv[1]]
master, slave = pty.openpty()
child = os.fork()
if child == 0:
    for descriptor in descriptors:
        os.dup2(slave, descriptor)
    os.close(master)
    os.close(slave)
    os.execvp(sys.argv[2], sys.argv[2:])
os.close(slave)
print(child, flush=True)

watched = [sys.stdin, master]
while True:
    readable, _, _ = select.select(watched, [], [], 0.1)
    ended, status = os.waitpid(child, os.WNOHANG)
    if ended:
        os._exit(os.waitstatus_to_exitcode(status) % 256)
    if master in readable:
        try:
            os.read(master, 65536)
        except OSError:
            watched.remove(master)
    if sys.stdin in readable:
        command = sys.stdin.readline().strip()
        if command == "stop":
            os.write(master, b"\x13")
        elif command == "close":
            watched = [sys.stdin]
            os.close(master)
        else:
            watched.remove(sys.stdin)
        print("done", flush=True)
