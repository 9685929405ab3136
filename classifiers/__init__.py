"""What judges a post's content."""

import os

# ONNX Runtime otherwise sends its maker word of each process and machine that it runs on.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
