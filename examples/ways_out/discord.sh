#!/bin/sh
# Discord: a message to paste. With --webhook it is posted.
cd "$(dirname "$0")" && glyphgrad fit ../astronaut.jpg --preset discord --dark-mode -q -o discord > discord.md
