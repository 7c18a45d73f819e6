#!/usr/bin/env python3
"""Usage: clips.py [--json] RINGSIDE FOLDER CLIPS: does motion find what moves in real clips?

FOLDER has a file of labels for each clip, NAME.txt for NAME.mp4 in CLIPS, with the clip's hash; one
that is not there, or is another, is passed over. An object is found if, in the frame given for it
or near it, a box is around its place; its delay is until that box's event is told.
"""
import hashlib
import json
import pathlib
import subprocess
import sys

NEAR = 3  # frames
SLACK = 6  # pixels


def read_labels(path):
    digest, labels = None, []
    for line in path.read_text(encoding="utf-8").splitlines():
        words = line.split()
        if not words or words[0].startswith("#"):
            continue
        if words[0] == "sha256":
            digest = words[1]
        else:
            labels.append((words[0], *map(int, words[1:])))
    return digest, labels


def motion_of(ringside, clip):
    out = subprocess.run([ringside, "run", "-q", "-w", "motion", str(clip)], check=True,
                         stdout=subprocess.PIPE).stdout
    events = [json.loads(line) for line in out.splitlines()]
    return [event for event in events if event["type"] == "motion"]


def is_around(event, x, y):
    return any(left - SLACK <= x < left + width + SLACK and top - SLACK <= y < top + height + SLACK
               for left, top, width, height in event["boxes"])


def find(events, label):
    """The first frame, from when it is to be seen, in which the object's event is told, or None."""
    _, first, _, at, x, y = label
    around = [event for event in events
              if abs(event["seq"] - at) <= NEAR and is_around(event, x, y)]
    if not around:
        return None
    closest = min(around, key=lambda event: event["score"])["id"]
    return next(event["seq"] for event in events
                if event["id"] == closest and event["seq"] >= first)


def false_events(events, labels):
    spans = {}
    for event in events:
        spans.setdefault(event["id"], []).append(event["seq"])
    return sum(all(max(seqs) < first or min(seqs) > last for _, first, last, *_ in labels)
               for seqs in spans.values())


def rows_of(name, events, labels):
    rate = None
    for event in events:
        if event["pts"]:
            rate = event["seq"] / event["pts"]
            break
    for label in labels:
        told = find(events, label)
        yield {"clip": name, "object": label[0], "found": told is not None,
               "delay": None if told is None else round((told - label[1]) / rate, 3)}


def main():
    arguments = [argument for argument in sys.argv[1:] if argument != "--json"]
    as_json = "--json" in sys.argv
    ringside, folder, clips = arguments[0], pathlib.Path(arguments[1]), pathlib.Path(arguments[2])
    for path in sorted(folder.glob("*.txt")):
        clip = clips / (path.stem + ".mp4")
        digest, labels = read_labels(path)
        if not clip.exists() or hashlib.sha256(clip.read_bytes()).hexdigest() != digest:
            print(f"{path.stem}: no such clip, passed over", file=sys.stderr)
            continue
        events = motion_of(ringside, clip)
        rows = list(rows_of(path.stem, events, labels))
        for row in rows:
            if as_json:
                print(json.dumps(row))
            else:
                told = f"found, {row['delay']:.2f} s" if row["found"] else "missed"
                print(f"{row['clip']:18} {row['object']:18} {told}")
        found = sum(row["found"] for row in rows)
        wrong = false_events(events, labels)
        if as_json:
            print(json.dumps({"clip": path.stem, "objects": len(rows), "found": found,
                              "false": wrong}))
        else:
            print(f"{path.stem:18} {found} of {len(rows)} found, {wrong} false events")


if __name__ == "__main__":
    main()
