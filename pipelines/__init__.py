"""Beam glue: the same core, distributed."""
