"""Small corpora written for this project, whose truths are planted and known."""
