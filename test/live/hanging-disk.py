"""Runs a command with a mounted file system that never answers, like a disk or a server that hangs.

usage: unshare --mount --propagation private python3 hanging-disk.py DIRECTORY COMMAND...

The file system is a FUSE server that answers only the first message (include/uapi/linux/fuse.h).
"""

import ctypes
import os
import signal
import struct
import sys

INIT = 26
PR_SET_PDEATHSIG = 1

libc = ctypes.CDLL(None, use_errno=True)
directory = sys.argv[1]
os.makedirs(directory)
device = os.open("/dev/fuse", os.O_RDWR)
options = f"fd={device},rootmode=40000,user_id=0,group_id=0".encode()
if libc.mount(b"hanging", directory.encode(), b"fuse", 0, options) != 0:
    sys.exit(f"mount: {os.strerror(ctypes.get_errno())}")
if os.fork() == 0:
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    # further requests are never read: the kernel can still cancel them, so that the waiting program can be killed
    _, opcode, unique = struct.unpack_from("=IIQ", os.read(device, 1 << 20))
    assert opcode == INIT
    # version 7.19, which has a short answer: struct fuse_init_out up to max_write
    answer = struct.pack("=IIIIHHI", 7, 19, 0, 0, 16, 12, 4096)
    os.write(device, struct.pack("=IiQ", 16 + len(answer), 0, unique) + answer)
    signal.pause()
os.close(device)
os.execvp(sys.argv[2], sys.argv[2:])
