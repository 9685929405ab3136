"""Files of posts as people have them: CSV, TSV, JSON lines, JSON. One reader for every command.

`forms.inspect` finds out what a file is, `records.records` gives its records, `values` reads
labels and times. No database, no numpy.
"""
