#!/bin/sh
# A drawing that needs no font.
cd "$(dirname "$0")" && glyphgrad fit ../astronaut.jpg --preset discord -q --title Astronaut -o paths.svg
