"""Near-duplicates: signatures in, verified pairs and clusters out."""
