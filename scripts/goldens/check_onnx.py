"""Checks ONNX models by onnx's own checker, with shape inference: prints a line per model that fails.

Run: python scripts/goldens/check_onnx.py FOLDER. The last line counts; the exit code is 1 when one fails.
"""

import sys
from pathlib import Path

import onnx

paths = sorted(Path(sys.argv[1]).glob("*.onnx"))
failures = 0
for path in paths:
    try:
        # By path, so that external data is looked up beside the model.
        onnx.checker.check_model(str(path), full_check=True)
    except Exception as error:
        failures += 1
        print(f"{path.name}: {error}")
print(f"{len(paths) - failures} passed, {failures} failed")
sys.exit(1 if failures or not paths else 0)
