"""What a release holds, and its way from candidate to served model and back."""
