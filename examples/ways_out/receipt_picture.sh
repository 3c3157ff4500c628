#!/bin/sh
# What will lie in the printer's tray.
cd "$(dirname "$0")" && glyphgrad print ../astronaut.jpg --preview receipt_picture.png --columns 42
