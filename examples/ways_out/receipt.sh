#!/bin/sh
# A receipt printer: the bytes, here into a file. Say --to network:HOST or usb:VID:PID to print them.
cd "$(dirname "$0")" && glyphgrad print ../astronaut.jpg --to file:receipt.escpos --columns 42 --cut
