"""Standing here, this file puts ``tests/`` on the path: shared test modules import."""
