"""From rows to a calibrated model."""
