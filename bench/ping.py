"""The other end of bench/ping for Python's multiprocessing.Pipe: for each number on standard input,
so many round trips to a child process, and a line with what each took, in nanoseconds."""

import multiprocessing
import sys
import time


def echo(connection):
    while True:
        connection.send_bytes(connection.recv_bytes())


def main():
    front, back = multiprocessing.Pipe()
    multiprocessing.get_context("fork").Process(target=echo, args=(back,), daemon=True).start()
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
