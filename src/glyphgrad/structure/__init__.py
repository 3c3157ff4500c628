"""The pre-ASCII kit: pictures whose every cell is a glyph, and the way back from a picture to its text."""
