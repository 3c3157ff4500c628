"""Which glyphgrad this is."""

__version__ = "0.1.0"
SOFTWARE = f"glyphgrad {__version__}"
"""As files name what made them."""
