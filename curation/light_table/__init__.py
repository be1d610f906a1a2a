"""The annotator's tab: doubtful photos one by one or in a grid, and every key a decision that is
on disk.

`routes` is what its page talks to, `session.table` the same without a screen, the other modules
are what it is made of.
"""
