"""Versioned tables as data files, and the code that reads them."""
