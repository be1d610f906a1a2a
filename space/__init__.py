"""The top floor: what visitors and annotators see, and the API that programs call."""
