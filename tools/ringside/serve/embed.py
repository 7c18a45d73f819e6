#!/usr/bin/env python3
"""Usage: embed.py PAGE STYLE SCRIPT >page.c

Puts style and script into the page, and writes it as C, with the policy that lets a browser run
these two and nothing else.
"""

import base64
import hashlib
import sys


def source(text):
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    return f"'sha256-{digest}'"


def main():
    page, style, script = (open(name, encoding="utf-8").read() for name in sys.argv[1:4])
    page = page.replace("@STYLE@", style).replace("@SCRIPT@", script)
    policy = "; ".join((
        "default-src 'none'",
        f"style-src {source(style)}",
        f"script-src {source(script)}",
        "img-src 'self' blob: data:",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    ))
    data = page.encode()
    print('#include "tools/ringside/serve/page.h"\n\nconst char page[] = {')
    for i in range(0, len(data), 20):
        print("    " + "".join(f"{byte if byte < 128 else byte - 256}," for byte in data[i:i + 20]))
    print(f"}};\n\nconst size_t page_size = sizeof page;\nconst char page_policy[] = \"{policy}\";")


main()
