"""The runs as readers see them: boards, charts, comparisons, a model's results, the reveal after a vote."""
