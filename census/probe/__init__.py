"""The async prober: one target in, one observation out, with every limit of the scope kept on the way."""
