"""What the machines that host a Space ask of the app."""
