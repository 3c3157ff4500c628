#!/bin/sh
# An artpack: code page 437 with a SAUCE record.
cd "$(dirname "$0")" && glyphgrad fit ../astronaut.jpg --preset terminal --encoding cp437 -s 80x25 -q --title Astronaut --author glyphgrad --date 2026-11-23 -o artpack.ans
