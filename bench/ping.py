"""The other end of bench/ping for Python's multiprocessing.Pipe. Says what pid its child process
has; then, for each number on standard input, so many round trips to it, and a line with what each
took, in nanoseconds."""

import multiprocessing
import sys
import time


def echo(connection):
    while True:
        connection.send_bytes(connection.recv_bytes())


def main():
    front, back = multiprocessing.Pipe()
    child = multiprocessing.get_context("fork").Process(target=echo, args=(back,), daemon=True)
    child.start()
    print(child.pid, flush=True)
    message = bytes(int(sys.argv[1]))
    for line in sys.stdin:
        times = []
        for _ in range(int(line)):
            began = time.monotonic_ns()
            front.send_bytes(message)
            front.recv_bytes()
            times.append(time.monotonic_ns() - began)
        print(*times, flush=True)


main()
