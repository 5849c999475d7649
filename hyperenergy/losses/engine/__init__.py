"""Sums over the negatives of each anchor, in memory that grows with the batch and not with its square.

``programs`` has what is summed, once as an expression and once in place; ``by_rows`` and ``by_tiles`` go through a large
batch; ``sums`` chooses between the expression and them; ``functions`` makes them differentiable.
"""
