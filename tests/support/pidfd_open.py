#!/usr/bin/python3
"""Opens a pidfd of process PID and sends it over standard input, a socket: see pidfd_open.c."""
import os
import socket
import sys

with socket.socket(fileno=0) as end:
    socket.send_fds(end, [b"."], [os.pidfd_open(int(sys.argv[1]))])
