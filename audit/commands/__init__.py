"""One module a command: options in, one call of the library, a table out."""
