"""
What is done with symmetric (n, n) matrices over models: information, covariances, weights of pairs.

Many of as many models may come together, as (boards, n, n): one call of numpy serves them all.
"""

import numpy as np

from app.ratings.tallies import Array

LARGE_BLOCK = 128
"""Models above which equations are first solved by conjugate gradients."""
SMALL_BLOCK = 32
"""Models of half a matrix above which it is inverted by its blocks."""
MOST_GRADIENTS = 40
"""Conjugate gradients tried: so many products with a matrix of 400 models cost a third of its factorisation."""
GRADIENT_ERROR = 1e-11


def laplacian(weights: Array) -> Array:
    """Make the Laplacian of symmetric weights, whose diagonal is 0, in their place."""
    degree = weights @ np.ones(weights.shape[-1])
    np.negative(weights, out=weights)
    diagonal(weights)[...] = degree
    return weights


def diagonal(matrix: Array) -> Array:
    """Give a matrix's diagonal, which may be written to."""
    return np.asarray(np.einsum("...ii->...i", matrix))


def inverse(matrix: Array) -> Array:
    """Return the inverse of a symmetric, positive definite matrix."""
    half = matrix.shape[-1] // 2
    if half <= SMALL_BLOCK:
        return np.asarray(np.linalg.inv(matrix), dtype=np.float64)
    # By its four blocks: products of matrices are three times as quick as solving for every column.
    first, mixed = inverse(matrix[..., :half, :half]), matrix[..., :half, half:]
    follows = first @ mixed
    found = np.empty_like(matrix)
    found[..., half:, half:] = second = inverse(matrix[..., half:, half:] - mixed.mT @ follows)
    across = follows @ second
    np.add(first, across @ follows.mT, out=found[..., :half, :half])
    np.negative(across, out=found[..., :half, half:])
    found[..., half:, :half] = found[..., :half, half:].mT
    return found


def solve(matrix: Array, right: Array) -> Array:
    """
    Solve matrix · x = right, (n,), for a symmetric, positive definite matrix.

    Where models are many and met widely, conjugate gradients, scaled by the diagonal (Hestenes and Stiefel 1952,
    Journal of Research of the National Bureau of Standards 49), are exact after a dozen products.
    """
    if matrix.shape[-1] <= LARGE_BLOCK:
        return np.asarray(np.linalg.solve(matrix, right[..., None]), dtype=np.float64)[..., 0]
    if matrix.ndim > 2:
        return np.array([solve(*each) for each in zip(matrix, right, strict=True)])
    found = _descend(matrix, right)
    return np.asarray(np.linalg.solve(matrix, right), dtype=np.float64) if found is None else found


def _descend(matrix: Array, right: Array) -> Array | None:
    """Solve by conjugate gradients; None where these do not suffice."""
    x, rest, scale = np.zeros_like(right), right.copy(), 1 / matrix.diagonal()
    ahead = scale * rest
    size = float(rest @ ahead)
    enough = GRADIENT_ERROR**2 * size
    for _ in range(MOST_GRADIENTS):
        if size <= enough:
            return x
        image = matrix @ ahead
        length = size / float(ahead @ image)
        x += length * ahead
        rest -= length * image
        scaled = scale * rest
        before, size = size, float(rest @ scaled)
        ahead = scaled + size / before * ahead
    return None


def centred(covariance: Array, gauge: Array) -> Array:
    """Return the covariance of the same numbers counted from their mean by these weights."""
    found = covariance - (gauge @ covariance)[..., None, :]
    found -= (found @ gauge)[..., None]
    return np.asarray(found)


def centred_diagonal(covariance: Array, gauge: Array) -> Array:
    """Return (n,) the diagonal of a symmetric covariance counted from such a mean."""
    across = covariance @ gauge
    return np.asarray(diagonal(covariance) - 2 * across + (across @ gauge)[..., None])


def add_diagonal(matrix: Array, values: Array) -> None:
    """Add to the diagonal's first elements, in place."""
    diagonal(matrix)[..., : values.shape[-1]] += values
