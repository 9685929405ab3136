"""From a published text encoder to the directory that serving reads."""
