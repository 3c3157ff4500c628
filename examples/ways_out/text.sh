#!/bin/sh
# A drawing whose text can be selected.
cd "$(dirname "$0")" && glyphgrad fit ../astronaut.jpg --preset discord -q --title Astronaut -o text.text.svg
