"""Accumulators: annotated batches in, mergeable counts and profiles out."""
