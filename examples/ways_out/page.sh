#!/bin/sh
# A page that stands alone: select the text, print it, put it anywhere.
cd "$(dirname "$0")" && glyphgrad fit ../astronaut.jpg --preset terminal -s 64 -q --title Astronaut --alt "An astronaut before a flag, smiling" -o page.html
