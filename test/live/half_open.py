"""Opens connections to a port and keeps them open, half of them with half a request: half_open.py PORT COUNT.

Prints a line when all are open, and holds them until its stdin ends.
"""

import resource
import socket
import sys

port, count = int(sys.argv[1]), int(sys.argv[2])
_, most = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def connect():
    while True:
        try:
            return socket.create_connection(("127.0.0.1", port), timeout=0.05)
        except TimeoutError:
            # the port's queue was full; the kernel itself would only try again after a second
            pass
        except ConnectionResetError:
            # taken and closed at once, as the port does with the oldest of too many
            return None


held = []
for number in range(count):
    connection = connect()
    if connection is None:
        continue
    if number % 2:
        try:
            connection.send(b"GET /metrics HTTP/1.1\r\nHost: ")
        except ConnectionError:
            pass
    held.append(connection)
print(count, flush=True)
sys.stdin.read()
