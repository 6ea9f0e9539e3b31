"""What readers see of the runs: boards, charts, comparisons, a model's results, the reveal after a vote."""
