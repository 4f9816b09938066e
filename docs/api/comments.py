#!/usr/bin/env python3
"""comments.py HEADER: the header as Doxygen is to read it.

Our plain comments become its: the head of a file, those above a declaration, those behind a member. What it would take
for a command or a tag in them is text; what stands between backquotes is code.
"""
import html
import re
import sys

ABOVE = re.compile(r"^( *)//(?!/)(.*)$")
BEHIND = re.compile(r"^(.*[;,{}]) +// (.*)$")


def as_text(comment):
    pieces = [re.sub(r"[\\@#%]", r"\\\g<0>", html.escape(piece, quote=False)) for piece in comment.split("`")]
    pieces[1::2] = [f"<code>{piece}</code>" for piece in pieces[1::2]]
    return "".join(pieces)


def documented(line):
    if line.startswith("// SPDX-License-Identifier"):
        return "/// \\file"
    if above := ABOVE.match(line):
        return above[1] + "///" + as_text(above[2])
    if behind := BEHIND.match(line):
        return behind[1] + "  ///< " + as_text(behind[2])
    return line


with open(sys.argv[1], encoding="utf-8") as header:
    for line in header:
        print(documented(line.rstrip("\n")))
