"""Does what README.md says can be done: every `bidui …` in it, as it stands there, in a folder like a county's; a command that is new there
and not known here fails. Then the files and exit codes that it names.

    python3 .ci/check-readme.py BIDUI
"""

import csv
import io
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
BIDUI = pathlib.Path(sys.argv[1]).resolve()
README = (ROOT / "README.md").read_text(encoding="utf-8")

# As the README has it → what is done instead, where a word stands for something; in its order. `{…}` are of the run.
COMMANDS = {
    "bidui check pipelines/monthly.toml --input 2018-06": None,
    "bidui run pipelines/monthly.toml --input 2018-06 --out 2018-06结果": None,
    "bidui explain 2018-06结果 --person 张三": "bidui explain 2018-06结果 --person {name}",
    "bidui run pipelines/township.toml --input 2018-06结果 --town 土坪镇 --out 土坪镇结果": None,
    "bidui receive 台账.db 收回来的表/*": None,
    "bidui key pipelines/county.key": None,
    "bidui check --mapping": "bidui check pipelines/monthly.toml --input 2018-06 --mapping",
    "bidui key": "bidui key 另一个.key",
}
# What the README says may be added or asked instead.
ALSO = [
    ("--accept-partial", "bidui run pipelines/monthly.toml --input 2018-06 --out 完整 --accept-partial insurance:土坪镇"),
    ("--household", "bidui explain 2018-06结果 --household {household_code}"),
    ("--finding", "bidui explain 2018-06结果 --finding {finding_id}"),
    ("--html", "bidui explain 2018-06结果 --person {name} --html 说明.html"),
    ("--previous", "bidui run pipelines/monthly.toml --input 2018-07 --out 2018-07结果 --previous 2018-06结果 --accept-partial insurance"),
    ("--mask", "bidui run pipelines/monthly.toml --input 2018-06 --out 公开 --mask --mask-names"),
    ('key = "county.key"', "bidui check 本县/monthly.toml"),
    ("[intake]", "bidui check 不要隐藏的/monthly.toml"),
]
# Exit codes: a command for each that a script can bring about.
CODES = {
    0: "bidui check pipelines/monthly.toml",
    1: "bidui run pipelines/monthly.toml --input 2018-06 --out 有疑点 --fail-on-findings",
    2: "bidui run pipelines/monthly.toml --input 没有 --out 没有结果",
    3: "bidui check pipelines/monthly.toml --input 坏",
}
TOLD = {0, 1, 2, 3, 4, 6, 130}


def bidui(command, codes=(0,)):
    """Through a shell, as it is typed."""
    line = re.sub(r"^bidui\b", lambda _: shlex.quote(str(BIDUI)), command)
    done = subprocess.run(["bash", "-c", line], capture_output=True, text=True, check=False)
    assert done.returncode in codes, f"{command}: {done.returncode}\n{done.stdout[-2000:]}{done.stderr[-2000:]}"
    return done.stdout


def a_county(folder):
    for name in ["pipelines", "reports"]:
        shutil.copytree(ROOT / name, folder / name)
    for name in ["2018-06", "2018-07"]:
        shutil.copytree(ROOT / "fixtures" / name, folder / name)
    shutil.copytree(ROOT / "fixtures/invalid/inputs", folder / "坏")
    (folder / "收回来的表").mkdir()
    for name, line in [("本县", 'key = "../pipelines/county.key"'), ("不要隐藏的", '[intake]\nhidden_sheets = "skip"\nhidden_rows = "skip"\nstruck_rows = "skip"')]:
        (folder / name).mkdir()
        text = f'base = "../pipelines/monthly.toml"\nname = "monthly"\n{line}\n'
        (folder / name / "monthly.toml").write_text(text, encoding="utf-8")


def main():
    spans = list(dict.fromkeys(re.findall(r"`(bidui [^`]+)`", README)))
    assert spans == list(COMMANDS), f"README.md says {spans}, .ci/check-readme.py knows {list(COMMANDS)}"
    folder = pathlib.Path.cwd()
    a_county(folder)
    of_run, done = {}, 0
    for span, instead in COMMANDS.items():
        if span.startswith("bidui receive"):
            bidui("bidui run pipelines/village-lists.toml --input 2018-06结果 --out 清单 --ledger 台账.db")
            lists = sorted((folder / "清单/reports").glob("*镇_疑点清单.xlsx"))[:2]
            assert lists, "no lists were made"
            for path in lists:
                shutil.copy(path, folder / "收回来的表")
        bidui((instead or span).format(**of_run), (0, 3) if span.startswith("bidui receive") else (0,))
        if span.endswith("--out 2018-06结果"):
            findings = list(csv.DictReader(io.StringIO(bidui("bidui export 2018-06结果 findings").lstrip("\ufeff"))))
            of_run = next(row for row in findings if row["name"] and row["household_code"])
        done += 1
    for word, command in ALSO:
        assert word in README, f"README.md no longer says {word}: take it out of .ci/check-readme.py"
        bidui(command.format(**of_run))
        done += 1
    for code, command in CODES.items():
        bidui(command, (code,))
    told = {int(code) for code in re.findall(r"(?:：|；)(\d+) ", re.search(r"^退出码：.*$", README, re.M).group(0))}
    assert told == TOLD, f"README.md tells the exit codes {sorted(told)}"

    # Files that it leads to, and workbooks of its table by name.
    for link in re.findall(r"\]\(([^)#:]+)\)", README):
        assert (ROOT / link).exists(), f"README.md leads to {link}, which is not there"
    made = [path.name for path in (folder / "2018-06结果/reports").iterdir()]
    review = len(list(csv.reader(io.StringIO(bidui("bidui export 2018-06结果 review"))))) > 1
    for name in re.findall(r"^\| `(2018-06_[^`]+)` \|", README, re.M):
        pattern = re.compile(re.sub("<[^>]+>", ".+", name).replace(".xlsx", r"\.xlsx"))
        needed = review or "是否同一人" not in name
        assert any(pattern.fullmatch(one) for one in made) or not needed, f"README.md says {name}, and there is none among {made}"
    print(f"README: {done} commands, {len(CODES)} exit codes, its workbooks and links, all as it says")


with tempfile.TemporaryDirectory() as desk:
    os.chdir(desk)
    main()
    os.chdir(ROOT)
