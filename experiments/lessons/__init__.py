"""Three lessons for a class: their pages, what computes their answer keys, and a notebook."""
