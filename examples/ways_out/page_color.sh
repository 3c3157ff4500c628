#!/bin/sh
# A page in colours, whose text can still be selected.
cd "$(dirname "$0")" && glyphgrad fit ../astronaut.jpg --preset terminal -s 64 --color true --background -q --title Astronaut --alt "An astronaut before a flag, smiling" -o page_color.html
