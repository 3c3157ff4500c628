"""`python -m glyphgrad`."""

from glyphgrad.cli.main import main

main()
