"""What recipes, budgets and rejection rules are worth on real photos."""
