#!/bin/sh
# An artpack in 16 colours, the bright ones behind the characters too (iCE).
cd "$(dirname "$0")" && glyphgrad fit ../astronaut.jpg --preset terminal --encoding cp437 -s 80x40 --color 16 --background -q --title Astronaut --author glyphgrad --date 2026-11-25 -o artpack_color.ans
