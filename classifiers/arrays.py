"""Names for the arrays that pass from module to module, by what they hold."""

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]
Flags = NDArray[np.bool_]
Places = NDArray[np.int64]
"""Indexes of rows or of features."""
Counts = NDArray[np.int64]
Vectors = NDArray[np.float32]
"""One embedding a row."""
