"""Compute the boards from tallies: one run per board, refreshed without a worker, proven against the log."""
