"""The errors of glyphgrad.

Every message quotes the offending value and says what to do next. Each class also derives from the
builtin it resembles, so that callers who never heard of glyphgrad can still catch it.
"""


class GlyphgradError(Exception):
    """Base of every error raised on purpose. The CLI prints it as one line and exits with `exit_code`."""

    exit_code = 1


class ConfigError(GlyphgradError, ValueError):
    """An option or argument outside what it may be: a mistake of usage."""

    exit_code = 2


class PictureError(GlyphgradError, OSError):
    """A picture that cannot be read."""


class TextError(GlyphgradError, OSError):
    """A text file that cannot be read as a cell grid."""


class ClipError(GlyphgradError, ValueError):
    """A film of characters that is damaged, of a newer version, or that a format cannot hold."""


class FontError(GlyphgradError, OSError):
    """A font that cannot be used."""


class OutputError(GlyphgradError, OSError):
    """A file that cannot be written."""


class DeviceError(GlyphgradError, RuntimeError):
    """A compute device, or the library that drives it, that is not there."""


class WorkerError(GlyphgradError, RuntimeError):
    """A process that did a part of the work and has died, or could not be started."""


class GlyphgradWarning(UserWarning):
    """Something worth a line, after which the work goes on."""


def first_line(error: Exception) -> str:
    """What a library says of its error, as far as a line goes."""
    text = " ".join(str(error).split()) or type(error).__name__
    return text if len(text) <= 160 else text[:157] + "..."
