"""Small parquet files as the hub's data sets come: writes test/golden/dataset/.

Run from the root of the repository: python scripts/goldens/dataset.py
"""

import io
import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image

OUT = Path("test/golden/dataset")
COUNT, SIDE = 5, 8
LABELS = [2, 0, 1, 1, 2]
NAMES = ["ant", "bee", "cat"]


def png(index: int) -> bytes:
    """Picture `index`: a formula that test/io/dataset.test.ts writes again."""
    y, x, c = np.mgrid[0:SIDE, 0:SIDE, 0:3]
    pixels = (index * 50 + y * 8 + x * 3 + c * 20) % 256
    file = io.BytesIO()
    Image.fromarray(pixels.astype(np.uint8)).save(file, "PNG")
    return file.getvalue()


def hub_table(labels: list[int]) -> pa.Table:
    """A column of {bytes, path}, class labels, and the hub's note on both."""
    image = pa.array(
        [{"bytes": png(i), "path": f"{i}.png"} for i in range(COUNT)],
        pa.struct([("bytes", pa.binary()), ("path", pa.string())]),
    )
    features = {
        "picture": {"_type": "Image"},
        "kind": {"names": NAMES, "_type": "ClassLabel"},
    }
    table = pa.table({"picture": image, "kind": pa.array(labels, pa.int64())})
    return table.replace_schema_metadata({"huggingface": json.dumps({"info": {"features": features}})})


OUT.mkdir(parents=True, exist_ok=True)
pq.write_table(hub_table(LABELS), OUT / "train-hub.parquet", compression="snappy", row_group_size=3)
pq.write_table(hub_table([0, 1, 2, 3, 0]), OUT / "wrong-label.parquet", compression="snappy")
plain = pa.table({"img": [png(i) for i in range(COUNT)], "label": pa.array(LABELS, pa.int32())})
pq.write_table(plain, OUT / "plain-gzip.parquet", compression="gzip")
pq.write_table(pa.table({"text": ["a"], "label": [0]}), OUT / "no-pictures.parquet")

for path in sorted(OUT.iterdir()):
    print(path, path.stat().st_size, "bytes")
