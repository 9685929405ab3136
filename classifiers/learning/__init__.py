"""The parts of a site's learner; `classifiers.learner` puts them together."""
