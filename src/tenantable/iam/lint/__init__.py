"""Lint of policies: rules with an id each, and for each finding a request that the evaluator proves it with."""
