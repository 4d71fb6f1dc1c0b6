"""Readers: files of any usual layout in, DOCUMENT batches and REJECT rows out."""
