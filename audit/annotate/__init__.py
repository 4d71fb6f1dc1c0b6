"""Annotators: a batch in, new columns out."""
