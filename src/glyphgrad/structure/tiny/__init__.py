"""glyphgrad-tiny: a base of FLUX's architecture that is small enough to be trained, and to live, on a laptop."""
