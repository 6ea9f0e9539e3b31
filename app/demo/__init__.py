"""The demo: pictures drawn by code and simulated votes, and their removal."""
