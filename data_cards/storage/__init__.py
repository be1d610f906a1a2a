"""A repository of files: a local folder or the Hub, with revisions and atomic commits."""
