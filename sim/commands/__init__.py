"""The verbs of the command line, one a file. Importing them imports nothing heavy; each verb does so when it runs."""
