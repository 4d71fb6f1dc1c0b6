"""Pure functions on count vectors: diversity, divergence, intervals."""
