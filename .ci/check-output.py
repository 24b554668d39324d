"""Checks what the README's main job wrote: contract files, balanced counts, hashes, no number in the clear where none may be."""

import hashlib
import json
import pathlib
import re
import sys
import zipfile

folder, status = pathlib.Path(sys.argv[1]), int(sys.argv[2])
assert status == 0, f"the main job exited with {status}"

run = json.loads((folder / "run.json").read_text(encoding="utf-8"))
assert run["balanced"], "rows in != rows kept + rows rejected"
stages = ["records", "rejects", "links", "people", "review", "facts_person", "facts_household", "findings", "rates"]
for name in stages:
    assert (folder / "stages" / f"{name}.parquet").read_bytes()[:4] == b"PAR1", name
assert not any(entry["refusal"] for entry in run["inputs"]), "an input of the fixtures was refused"
assert run["outputs"], "no workbook was written"
for entry in run["outputs"]:
    data = (folder / entry["path"]).read_bytes()
    assert hashlib.sha256(data).hexdigest() == entry["sha256"], entry["path"]
assert sum(run["findings"].values()) > 0, "no finding"

# Village lists mask: no 18-character number in any town's workbook.
number = re.compile(rb"(?<!\d)\d{17}[\dX](?!\d)")
towns = [path for path in (folder / "reports").iterdir() if re.search(r"(镇|乡|街道)_疑点清单", path.name)]
assert len(towns) >= 10, f"only {len(towns)} towns"
for path in towns:
    with zipfile.ZipFile(path) as book:
        for part in book.namelist():
            assert not number.search(book.read(part)), f"{path.name}: a number in the clear"

print(f"main job: {len(run['inputs'])} inputs, {sum(run['findings'].values())} findings, {len(run['outputs'])} workbooks, all checked")
