"""How sure an answer is: temperature, out-of-distribution score, rejection."""
