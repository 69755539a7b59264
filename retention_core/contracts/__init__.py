"""Contracts: a list of subscriptions instead of orders. Who stays is known, so it is counted and not guessed.

`opening` reads a file, `record` is what comes out, `keeping` says how long contracts are kept, `worth` what they bring,
`check` how well the model would have done.
"""
