"""Photos themselves: what reading one costs, and trouble planted into them."""
