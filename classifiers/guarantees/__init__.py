"""What may be said of error rates, and how surely: bounds that hold for few labels, at any time.

Nothing here is approximate: no bound stands on the normal distribution, however many errors there
are. `exact` is for one look at a uniform sample, `weighted` for unequal inclusion probabilities,
`sequences` for looks at any time, `promise` for the share of honest posts that are blocked,
`thresholds` for choosing a threshold by it, `reviewers` for what people get wrong.
docs/STATISTICS.md explains them.
"""
