#!/usr/bin/env python3
"""Counts the test cases in meson's testlog.json: prints "PASSED FAILED SKIPPED".

A program that reports in TAP counts case by case, any other as one. One that failed without naming
a case (a crash of the program itself, a time-out, a case too few) adds one failure. What failing
programs had to say goes to standard error.
"""
import json
import re
import sys

CASE = re.compile(r"^(not )?ok\b(.*)")
SKIP = re.compile(r"#\s*skip", re.IGNORECASE)
LAST_LINES = 60


def is_tap(program):
    return program.get("stdout", "").startswith("TAP version")


def count(program):
    lines = program.get("stdout", "").splitlines() if is_tap(program) else []
    cases = [match for match in map(CASE.match, lines) if match]
    skipped = sum(1 for case in cases if SKIP.search(case[2]))
    failed = sum(1 for case in cases if case[1] and not SKIP.search(case[2]))
    passed = len(cases) - failed - skipped
    if program["result"] in ("OK", "EXPECTEDFAIL"):
        passed = passed or (0 if skipped else 1)
    elif program["result"] == "SKIP":
        skipped = skipped or 1
    else:
        failed = failed or 1
    return passed, failed, skipped


def failures(lines):
    """The failed cases of a TAP report, each with the explanation indented below it."""
    failing = False
    for line in lines:
        if not line.startswith(" "):
            failing = line.startswith("not ok")
        if failing:
            yield line


def explain(program):
    output = program.get("stdout", "").splitlines()
    errors = program.get("stderr", "").splitlines()
    print(f"\n{program['name']}: {program['result']}", file=sys.stderr)
    print(*(failures(output) if is_tap(program) else output), sep="\n", file=sys.stderr)
    if len(errors) > LAST_LINES:
        print(f"[standard error, the last {LAST_LINES} lines of {len(errors)}]", file=sys.stderr)
    print(*errors[-LAST_LINES:], sep="\n", file=sys.stderr)


def main(path):
    with open(path, encoding="utf-8") as log:
        programs = [json.loads(line) for line in log]
    totals = [count(program) for program in programs]
    for program, (_, failed, _) in zip(programs, totals):
        if failed:
            explain(program)
    print(*(map(sum, zip(*totals)) if totals else (0, 0, 0)))


if __name__ == "__main__":
    main(sys.argv[1])
