#!/bin/sh
# A terminal of today: UTF-8 on its own paper. cat it.
cd "$(dirname "$0")" && glyphgrad fit ../astronaut.jpg --preset terminal -s 64 -q -o terminal.ansi
