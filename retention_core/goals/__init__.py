"""From today's rate to a target: the baseline, the levers, what they bring, and whether it is realistic."""
