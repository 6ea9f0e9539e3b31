"""The vote log as files: written for others, and read back."""
