#!/usr/bin/env python3
"""A program as a worker, in Python: tells how bright each frame is, in place.

    ringside run --exec ./brightness.py clip.mp4

It needs libring.so and Python's standard library. What it is told, and what it has to say, stands
in ringside-worker(7); the functions of libring in its headers; the frame's descriptor in
libframe/frame.h.
"""

import ctypes
import errno
import json
import os
import select
import socket
import struct
import sys

STOP, PING, ACTIVATE, DEACTIVATE = 1, 2, 16, 17
PONG, REFUSED, ACTIVATED, EVENT, DEACTIVATED = 65, 66, 80, 81, 82
HEADER = struct.Struct("=HHIiI")  # version, type, camera, value, size
VERSION = 1

ring = ctypes.CDLL("libring.so.0")  # functions return int, and 0 or a negative errno
pointer, by_reference = ctypes.c_void_p, ctypes.byref


class Config(ctypes.Structure):
    _fields_ = [("policy", ctypes.c_int), ("holds", ctypes.c_uint)]


class View(ctypes.Structure):
    _fields_ = [("data", pointer), ("note", pointer), ("size", ctypes.c_size_t),
                ("note_size", ctypes.c_size_t), ("seq", ctypes.c_uint64),
                ("skipped", ctypes.c_uint64), ("index", ctypes.c_uint)]


class Counts(ctypes.Structure):
    _fields_ = [("received", ctypes.c_uint64), ("skipped", ctypes.c_uint64),
                ("pending", ctypes.c_uint64), ("held", ctypes.c_uint)]


def check(result):
    if result < 0:
        raise OSError(-result, os.strerror(-result))
    return result


def bytes_at(address, size):
    """The ring's own memory, without a copy: good until the view is released."""
    return memoryview((ctypes.c_ubyte * size).from_address(address)).cast("B")


class Worker:
    def __init__(self):
        self.control = socket.socket(fileno=int(os.environ["RINGSIDE_CONTROL"]))
        self.waitset = pointer()
        check(ring.ring_waitset_create(by_reference(self.waitset), -1))
        self.cameras = {}  # number: (reader, name)

    def say(self, kind, camera, value=0, payload=b""):
        self.control.send(HEADER.pack(VERSION, kind, camera, value, len(payload)) + payload)

    def activate(self, camera, payload):
        policy, name, camera_name = struct.unpack("=I65s128s3x", payload)
        reader = pointer()
        try:
            check(ring.ring_reader_attach(by_reference(reader), name.split(b"\0")[0],
                                          by_reference(Config(policy, 1))))
            check(ring.ring_waitset_add(self.waitset, reader, pointer(camera + 1)))
        except OSError as problem:
            ring.ring_reader_detach(by_reference(reader))
            self.say(ACTIVATED, camera, -problem.errno)
            return
        self.cameras[camera] = reader, camera_name.split(b"\0")[0].decode(errors="replace")
        self.say(ACTIVATED, camera, ring.ring_reader_place(reader))

    def deactivate(self, camera, error=0):
        reader, _ = self.cameras.pop(camera)
        counts = Counts()
        ring.ring_reader_counts(reader, by_reference(counts))
        ring.ring_reader_detach(by_reference(reader))
        self.say(DEACTIVATED, camera, error,
                 struct.pack("=QQ", counts.received, counts.skipped + counts.pending))

    def take_message(self):
        message = self.control.recv(HEADER.size + 65000)
        if not message:
            sys.exit(1)  # ringside is gone
        _, kind, camera, value, _ = HEADER.unpack_from(message)
        payload = message[HEADER.size:]
        if kind == STOP:
            sys.exit(0)
        elif kind == PING:
            self.say(PONG, camera, value, payload)
        elif kind == ACTIVATE:
            self.activate(camera, payload)
        elif kind == DEACTIVATE and camera in self.cameras:
            self.deactivate(camera)
        elif kind != REFUSED:
            self.say(REFUSED, camera, -errno.ENOTSUP, b"unknown\0")

    def show(self, camera, view):
        # Frames whose first plane is luma of one byte: gray8 and all YUV of 8 bits.
        width, height = struct.unpack_from("=II", bytes_at(view.note, view.note_size), 8)
        offset, = struct.unpack_from("=Q", bytes_at(view.note, view.note_size), 32)
        stride, = struct.unpack_from("=I", bytes_at(view.note, view.note_size), 64)
        picture = bytes_at(view.data, view.size)
        total = sum(sum(picture[offset + y * stride:][:width]) for y in range(height))
        event = {"v": 1, "type": "brightness", "camera": self.cameras[camera][1],
                 "worker": os.environ["RINGSIDE_WORKER"],
                 "index": int(os.environ["RINGSIDE_INDEX"]), "seq": view.seq,
                 "mean": total / (width * height)}
        line = json.dumps(event, separators=(",", ":"))
        self.say(EVENT, camera, 0, line.encode() + b"\0")

    def take_frame(self):
        """False when there is none now."""
        reader, user, view = pointer(), pointer(), View()
        result = ring.ring_waitset_next(self.waitset, by_reference(reader), by_reference(user),
                                        by_reference(view))
        if result == -errno.EAGAIN:
            return False
        camera = user.value - 1
        if result < 0:  # -EPIPE: the stream is over
            self.deactivate(camera, 0 if result == -errno.EPIPE else result)
            return True
        self.show(camera, view)
        ring.ring_reader_release(reader, by_reference(view))
        return True

    def run(self):
        """Messages and frames in turn."""
        poll = select.poll()
        poll.register(self.control, select.POLLIN)
        poll.register(ring.ring_waitset_fd(self.waitset), select.POLLIN)
        while True:
            busy = self.take_frame()
            ready = dict(poll.poll(0 if busy else None))
            if self.control.fileno() in ready:
                self.take_message()


if __name__ == "__main__":
    if "RINGSIDE_CONTROL" not in os.environ:
        sys.exit("brightness.py: it is for ringside run --exec")
    Worker().run()
