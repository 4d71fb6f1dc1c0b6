"""The parts of the page, one module each: from profile tables to what is shown."""
