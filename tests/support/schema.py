#!/usr/bin/env python3
"""Usage: schema.py SCHEMA FILE: each line of FILE has to be an event as SCHEMA says."""
import json
import sys

from jsonschema import Draft202012Validator

SHOWN = 20


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        schema = json.load(file)
    Draft202012Validator.check_schema(schema)
    validator = Draft202012Validator(schema)
    bad = 0
    with open(sys.argv[2], encoding="utf-8") as lines:
        for line in lines:
            problem = next(validator.iter_errors(json.loads(line)), None)
            if problem:
                bad += 1
                if bad <= SHOWN:
                    print(f"{problem.json_path}: {problem.message}\n  in {line}", file=sys.stderr)
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()
