"""Defaults of film formats, apart from them: the command line names them in its help and loads nothing else."""

FPS = 30.0
"""Frames a second of a film that holds no times."""
CAST_VERSION = 3
