"""The file that an admin's own model starts as."""

TEMPLATE = """# A model of your own. Fill in what you know and delete the rest: only slug and name are needed.
# `arena seed {file}` loads it, again and again as it changes; docs/admin.md explains every field.

slug = "{slug}"
name = "{name}"
# Other names that requests and image packs may use, and spellings that people search for.
aliases = []
known_as = []
creator = "Your team"
# The source of every fact below that [sources] gives no other.
source = "own-notes"

# As exact as it is known: "2026", "2026-11" or "2026-11-28".
released = "2026-11"
# preview, active, deprecated or retired; a sunset is the first day on which nobody serves the model any more.
status = "active"
# sunset = 2027-12-31
# successor = "the-next-model"
licence = "proprietary"
open_weights = false
# weights = "https://example.org/weights"
# homepage = "https://example.org/model"
# paper = "https://example.org/paper"
# parameter_count = 8_000_000_000
modes = ["text-to-image"]

# Where facts are from; `checked_on` is the day you last looked.
[references.own-notes]
title = "Notes of the team that made the model"
checked_on = {today}

# Providers that the product does not know yet: key = "Name".
[providers]
# our-gpus = "Our own GPUs"

[limits]
max_resolution = "1024x1024"
sizes = ["512x512", "1024x1024"]
max_images = 4

[prose]
overview = "What the model is, in two sentences."
strengths = ["What it does well."]
limitations = ["What it does badly."]
best_for = "What to use it for."

# One for each provider that serves it.
# [[offerings]]
# provider = "our-gpus"
# provider_model_id = "{slug}"
# modes = ["text-to-image"]
# source = "own-notes"
# prices = [
#     {{ usd = 0.01, conditions = {{ size = "512x512" }} }},
#     {{ usd = 0.02, conditions = {{ size = "1024x1024" }} }},
# ]
"""
