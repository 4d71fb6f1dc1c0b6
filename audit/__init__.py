"""Diversity audits of training corpora."""
