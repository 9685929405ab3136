"""A text as one vector: a text encoder that `make install` exported, run by ONNX Runtime.

    encoder.json      what it is, and the SHA-256 of the other files
    NAME.onnx         token ids of one text (1, tokens) -> one unit vector (1, dimensions)
    NAME.json         its tokenizer

The weights are 8-bit integers and activations are rounded to the range of what runs at once, so
a text among others would get another vector than the same text alone: texts run one by one,
which costs no more (docs/adr/0011-language-model-made-at-install.md).
"""
