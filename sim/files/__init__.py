"""Files: opening and writing them safely, checksums, delimited text, locks."""
