"""How alike texts are, without any model: by their characters or by their words.

Every function returns a symmetric matrix with ones on its diagonal. Two measures are offered so that
what was selected by one can be scored by the other.
"""

import unicodedata
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float64]

CHAR_NGRAMS = "char_ngrams-1"
"""Names `char_ngram_similarity` with its sizes and normalisation; the number changes whenever they do."""

LETTER_SIZES = (3, 4, 5)
BLOCK_SIZES = (1, 2, 3)
BLOCKS = ((0x3040, 0x30FF), (0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xA000, 0xA4CF), (0x20000, 0x3FFFF))  # fmt: skip
"""Scripts without spaces whose characters stand for a syllable or a word: kana, Han, Yi."""
UNSPACED = ((0x0E00, 0x0EFF), (0x1000, 0x109F), (0x1780, 0x17FF))
"""Alphabets that put no space between words: Thai, Lao, Burmese, Khmer."""
MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)


def char_ngram_similarity(texts: Sequence[str]) -> Matrix:
    """Return the cosine of the counts of character n-grams of each pair of texts.

    Texts are compared in NFKC, case-folded, runs of white space as one space, with a space at both ends.
    n is 3, 4 and 5; it is 1, 2 and 3 where more than a third of all characters are kana, Han or Yi, since
    two or three of these say as much as a word of letters.

    Parameters
    ----------
    texts : sequence of str
        `k` texts.

    Returns
    -------
    numpy.ndarray
        Shape (k, k), values in [0, 1]. A text without characters is like no other.

    References
    ----------
    W. B. Cavnar and J. M. Trenkle, N-gram-based text categorization, SDAIR 1994.
    """
    codes = [_codes(text) for text in texts]
    every = np.concatenate([*codes, np.zeros(0, dtype=np.uint64)])
    owners = np.repeat(np.arange(len(texts), dtype=np.uint64), [len(text) for text in codes])
    bits = len(texts).bit_length()
    keys = np.concatenate(
        [grams << np.uint64(bits) | of for grams, of in _hashed(every, owners, _sizes(every))]
    )
    return _cosine(_counted(keys, k=len(texts), bits=bits)) if len(keys) else np.eye(len(texts))


def word_similarity(texts: Sequence[str]) -> Matrix:
    """Return the Jaccard index of the sets of words of each pair of texts: shared over all.

    A word is a run of letters, marks and digits, in NFKC and case-folded; in scripts without spaces
    between words (Han, kana, Yi, Thai, Lao, Burmese, Khmer) it is a character.

    Returns
    -------
    numpy.ndarray
        Shape (k, k), values in [0, 1]. A text without words is like no other.

    References
    ----------
    P. Jaccard, The distribution of the flora in the alpine zone, New Phytologist 11(2), 1912.
    """
    words = [set(_folded(text).translate(SEPARATED).split()) for text in texts]
    similarity = np.eye(len(texts))
    for i, first in enumerate(words):
        for j, second in enumerate(words[:i]):
            union = len(first | second)
            similarity[i, j] = similarity[j, i] = len(first & second) / union if union else 0.0
    return similarity


def cosine_similarity(vectors: Sequence[Sequence[float]] | Matrix) -> Matrix:
    """Return the cosine of each pair of vectors, as an embedding model gives them.

    Parameters
    ----------
    vectors : array_like
        Shape (k, d), finite.

    Returns
    -------
    numpy.ndarray
        Shape (k, k), values in [-1, 1]. A vector of zeros is like no other.

    Raises
    ------
    ValueError
        Not a matrix of finite numbers.
    """
    rows = np.asarray(vectors, dtype=np.float64)
    if rows.ndim != 2 or not np.isfinite(rows).all():
        raise ValueError("the vectors must be a matrix of finite numbers")
    return _cosine(rows)


def normalised(text: str) -> str:
    """Return the text as it is compared: NFKC, case-folded, white space collapsed and trimmed."""
    return " ".join(_folded(text).split())


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()


def _codes(text: str) -> NDArray[np.uint64]:
    """Return the code points of the compared text with a space at both ends; none for an empty text."""
    compared = normalised(text)
    padded = f" {compared} " if compared else ""
    return np.frombuffer(padded.encode("utf-32-le", "surrogatepass"), dtype="<u4").astype(np.uint64)


def _sizes(codes: NDArray[np.uint64]) -> tuple[int, ...]:
    beyond = codes[codes >= BLOCKS[0][0]]
    blocks = sum(
        int(np.count_nonzero((beyond >= first) & (beyond <= last))) for first, last in BLOCKS
    )
    return BLOCK_SIZES if 3 * blocks > len(codes) else LETTER_SIZES


def _hashed(
    codes: NDArray[np.uint64], owners: NDArray[np.uint64], sizes: Sequence[int]
) -> Iterator[tuple[NDArray[np.uint64], NDArray[np.uint64]]]:
    """Yield for each n the 64-bit polynomial hashes of the n-grams within a text, and their texts."""
    hashes = np.zeros(len(codes), dtype=np.uint64)
    for n in range(1, max(sizes) + 1):
        starts = max(len(codes) - n + 1, 0)
        hashes = hashes[:starts] * MULTIPLIER + codes[n - 1 :] + np.uint64(n)
        if n in sizes:
            within = owners[:starts] == owners[n - 1 :]
            yield hashes[within], owners[:starts][within]


def _counted(keys: NDArray[np.uint64], *, k: int, bits: int) -> Matrix:
    """Return the counts, shape (k, number of different n-grams), of keys whose low bits tell the text."""
    keys.sort()
    starts = np.flatnonzero(np.concatenate(([True], keys[1:] != keys[:-1])))
    kept = keys[starts]
    grams = kept >> np.uint64(bits)
    columns = np.concatenate(([0], np.cumsum(grams[1:] != grams[:-1])))
    width = int(columns[-1]) + 1
    rows = (kept & np.uint64((1 << bits) - 1)).astype(np.intp)
    counts = np.zeros(k * width)
    counts[rows * width + columns] = np.diff(np.append(starts, len(keys)))
    return counts.reshape(k, width)


def _cosine(rows: Matrix) -> Matrix:
    products = rows @ rows.T
    squares = np.diagonal(products)
    lengths = np.sqrt(np.outer(squares, squares))
    similarity = np.divide(products, lengths, out=np.zeros_like(products), where=lengths > 0)
    np.clip(similarity, -1.0, 1.0, out=similarity)
    np.fill_diagonal(similarity, 1.0)
    return similarity


class _Separated(dict[int, str]):
    """Translates what is no part of a word to a space, and sets characters that are words apart."""

    def __missing__(self, code: int) -> str:
        character = chr(code)
        if unicodedata.category(character)[0] not in "LMN":
            translated = " "
        elif any(first <= code <= last for first, last in (*BLOCKS, *UNSPACED)):
            translated = f" {character} "
        else:
            translated = character
        self[code] = translated
        return translated


SEPARATED = _Separated()
