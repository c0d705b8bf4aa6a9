"""Plays another till's export back through the API, as a till would book it, and proves that the totals agree.

It speaks HTTP only: nothing here knows a model. `export` reads, `plan` decides, `booking` posts, `reconcile` compares,
`report` tells.
"""
