#!/bin/sh
# A drawing in 256 colours that needs no font.
cd "$(dirname "$0")" && glyphgrad fit ../astronaut.jpg --preset terminal -s 40 --color 256 --background -q --title Astronaut -o paths_color.svg
