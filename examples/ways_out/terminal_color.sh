#!/bin/sh
# A terminal of 256 colours. cat it.
cd "$(dirname "$0")" && glyphgrad fit ../astronaut.jpg --preset terminal -s 64 --color 256 --background -q -o terminal_color.ansi
