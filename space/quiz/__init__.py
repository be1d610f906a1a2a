"""A quiz for visitors, whose answers are second opinions for whoever decides."""
