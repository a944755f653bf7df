"""The sentence on codes for masks follows the price."""

import numpy as np

from na2q.book.codes import in_words
from na2q.theory.rate import priced


def test_sentence_says_that_a_code_pays_only_where_it_does() -> None:
    square = np.random.default_rng(0).choice([0.0, 9.0], (400, 2))
    cheap, dear = priced(square, 0.01), priced(square, 50.0)
    assert in_words(cheap, 0.5) == f"a code of {cheap.nats:.2f} nats would pay, and the posterior holds 0.50"
    assert in_words(dear, 0.0).startswith("no code was found that pays")
    assert in_words(cheap._replace(total=cheap.empty - 1e-4), 0.0).startswith("no code was found that pays")
