#!/usr/bin/python3
"""Many cameras in real time: how late frames are, and what memory they take.

Usage: many_cameras.py [--json] RINGSIDE [CAMERAS [SECONDS [FPS]]]

Plays a clip (640x360, H.264; 64 cameras, 60 s, 5 frames/s by default) as so many cameras with
--pace and one worker. Tells how many frames came when the next was due already, what any was late
by, by how much the plays were longer than the clip (a schedule that drifts would grow), and what
the budget of --dry-run said beside what /dev/shm had to give. Beside it runs a thread of this
program that sleeps from tick to tick of the same rate: what it is late by is the machine's load.

One camera for an hour, to see whether the schedule drifts: many_cameras.py RINGSIDE 1 3600 25
"""
import json
import os
import subprocess
import sys
import tempfile
import threading
import time


class Control(threading.Thread):
    """Does nothing, in time."""

    def __init__(self, interval):
        super().__init__(daemon=True)
        self.interval, self.worst, self.late, self.over = interval, 0.0, 0, threading.Event()

    def run(self):
        due = time.monotonic()
        while not self.over.is_set():
            due += self.interval
            time.sleep(max(0.0, due - time.monotonic()))
            behind = time.monotonic() - due
            self.worst = max(self.worst, behind)
            self.late += behind > self.interval


def make_clip(path, seconds, fps):
    scene = f"testsrc2=size=640x360:rate={fps}:duration={seconds}"
    subprocess.run(
        ["ffmpeg", "-nostdin", "-v", "error", "-f", "lavfi", "-i", scene, "-c:v", "libx264", "-preset",
         "ultrafast", "-pix_fmt", "yuv420p", "-g", "50", path], check=True)


def lines(text):
    return [json.loads(line) for line in text.splitlines()]


def free_memory():
    status = os.statvfs("/dev/shm")
    return status.f_bfree * status.f_frsize


def processes_of(pid):
    found = [pid]
    for parent in found:
        with open(f"/proc/{parent}/task/{parent}/children") as file:
            found += [int(child) for child in file.read().split()]
    return found


def pss(pid):
    """Bytes of a process and its children, shared ones in parts, without what lies in /dev/shm."""
    total = 0
    for process in processes_of(pid):
        try:
            with open(f"/proc/{process}/smaps_rollup") as file:
                figures = dict(line.split(":") for line in file if ":" in line)
            total += sum(int(figures[f"Pss_{kind}"].split()[0]) for kind in ("Anon", "File"))
        except (OSError, KeyError):
            pass
    return total * 1024


def play(command, seconds):
    """Runs it, and looks at it in the middle."""
    before = free_memory()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    usage = {}

    def look():
        usage["shared"] = before - free_memory()
        usage["own"] = pss(process.pid)

    timer = threading.Timer(seconds / 2, look)
    timer.start()
    out, _ = process.communicate()
    timer.cancel()
    return process.returncode, lines(out), usage


def measure(program, cameras, seconds, fps):
    with tempfile.TemporaryDirectory() as folder:
        clip = os.path.join(folder, "clip.mp4")
        make_clip(clip, seconds, fps)
        inputs = [f"c{i}={clip}" for i in range(cameras)]
        command = [program, "run", "--quiet", "-w", "null", "--pace"]
        dry = subprocess.run(command + ["--dry-run", "--json"] + inputs, check=True, text=True,
                             stdout=subprocess.PIPE)
        control = Control(1 / fps)
        control.start()
        status, events, usage = play(command + inputs, seconds)
        control.over.set()
    summaries = [event for event in events if event["type"] == "summary"]
    frames = seconds * fps
    longer = [1000 * (each["seconds"] - (frames - 1) / fps) for each in summaries]
    return {
        "cameras": cameras,
        "seconds": seconds,
        "fps": fps,
        "exit": status,
        "complete": sum(each["outcome"] == "complete" and each["published"] == frames
                        for each in summaries),
        "frames": sum(each["published"] for each in summaries),
        "late": sum(each["late"] for each in summaries),
        "worst_late_ms": max(each["worst_late_ms"] for each in summaries),
        "longer_ms": [min(longer), max(longer)],
        "control_late": control.late,
        "control_worst_ms": 1000 * control.worst,
        "budget_bytes": lines(dry.stdout)[-1]["needed_bytes"],
        "shared_bytes": usage.get("shared"),
        "own_bytes": usage.get("own"),
    }


def tell(result):
    print("{cameras} cameras, {fps} frames/s, {seconds} s: {complete} complete, exit {exit}".format(
        **result))
    print("late by more than a frame: {late} of {frames}, worst {worst_late_ms:.1f} ms; "
          "a thread that only sleeps: {control_late}, worst {control_worst_ms:.1f} ms".format(
              **result))
    print("longer than the clip by {:.1f} to {:.1f} ms".format(*result["longer_ms"]))
    if result["shared_bytes"]:
        print("shared memory: budget {:.1f} MiB, taken {:.1f} MiB; all processes beside it: "
              "{:.1f} MiB".format(*(result[key] / 2**20 for key in
                                    ("budget_bytes", "shared_bytes", "own_bytes"))))


def main():
    arguments = [argument for argument in sys.argv[1:] if argument != "--json"]
    if not 1 <= len(arguments) <= 4:
        sys.exit(__doc__)
    numbers = [int(argument) for argument in arguments[1:]] + [64, 60, 5][len(arguments) - 1:]
    result = measure(arguments[0], *numbers)
    if "--json" in sys.argv:
        print(json.dumps(result))
    else:
        tell(result)
    sys.exit(0 if result["exit"] == 0 and result["complete"] == numbers[0] else 1)


main()
