"""The annotator's tab: doubtful photos one by one or in a grid, and every key a decision that is
on disk.

`tab` is the shell for Gradio and its routes, `table` the same without a screen, the other rooms
are what it is made of.
"""
