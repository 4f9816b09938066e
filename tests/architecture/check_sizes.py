#!/usr/bin/env python3
"""Fails when a source file is too long to be one idea, or a main() to be a sentence."""
import pathlib
import re
import sys

FILE_LIMIT = 500
MAIN_LIMIT = 80

root = pathlib.Path(sys.argv[1])
bad = []
for folder in ("libnet", "libdns", "libmetadata", "daemons", "tests", "fuzz", "bench", "examples"):
    for path in sorted((root / folder).rglob("*.[ch]pp")):
        lines = path.read_text().splitlines()
        if len(lines) > FILE_LIMIT:
            bad.append(f"{path.relative_to(root)}: {len(lines)} lines, at most {FILE_LIMIT}")
        start = next((n for n, line in enumerate(lines) if re.match(r"int main\(", line)), None)
        if start is not None:
            length = next((n for n, line in enumerate(lines[start:]) if line == "}"), 0)
            if length > MAIN_LIMIT:
                bad.append(f"{path.relative_to(root)}: main() has {length} lines, at most {MAIN_LIMIT}")
print(*bad, sep="\n")
sys.exit(bool(bad))
