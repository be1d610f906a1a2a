"""Photos collected by words: what is asked, who is asked, and what becomes of the answers."""
