"""Arrow contracts of every table that crosses a border: documents in, profiles out."""
