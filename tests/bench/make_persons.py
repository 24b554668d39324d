"""Makes tables of invented persons with truth, for fixtures and benches. The same seed gives the same bytes.

    python3 tests/bench/make_persons.py english --out fixtures/tables             # the fixtures
    python3 tests/bench/make_persons.py chinese --rows 1000000 --out /tmp/bench   # no number: name, birth, town, village
    python3 tests/bench/make_persons.py numbers --rows 1000000 --out /tmp/bench   # two files, mostly with a resident number
"""

import argparse
import csv
import pathlib
import random

GIVEN = """Ada Agnes Albert Alice Amos Anna Arthur Beatrice Bertha Caleb Carl Cecilia Clara Clement Cora Cyril Daisy Dora Edgar Edith Edmund
Effie Eleanor Elias Elsie Emma Enoch Ernest Esther Ethel Eunice Eva Felix Fern Flora Floyd Frances Gertrude Gilbert Gladys Grace Harold Harriet
Hattie Hazel Helen Henry Herbert Hilda Homer Horace Hugh Ida Ira Irene Isaac Ivan Ivy Jasper Jessie Josephine Julia Laura Lena Leo Leona Lewis Lillian
Lola Louis Lucy Lydia Mabel Maggie Marcus Martha Matilda Maude Maurice May Milton Minnie Miriam Mollie Myrtle Nellie Nora Norman Olive Oliver Oscar
Otto Owen Pearl Percy Phoebe Ralph Ray Reuben Rhoda Roscoe Rose Roy Ruby Rufus Ruth Sadie Samuel Silas Simon Sophie Stella Sylvia Thea Theodore Ursula
Vera Vernon Victor Viola Virgil Wallace Walter Warren Wilbur Wilfred Willa Winifred Zora""".split()
SURNAMES = """Abbott Ainsley Alder Archer Atwood Bagley Barlow Barnaby Bexley Birch Blackwell Bolton Bradshaw Bramley Brewster Brook Burrows
Calloway Carver Chandler Clayton Colby Cooper Cotton Crawley Dalton Darby Dawson Denham Digby Drake Dutton Easton Eldridge Elwood Fairfax Farley
Fenton Fletcher Forrest Fowler Gale Garland Garrick Gifford Goodwin Granger Hadley Hale Harding Hartwell Hathaway Hawkins Heath Holbrook Holloway
Hurst Ingram Ives Jarvis Keating Kendall Kirby Langley Larkin Lawson Leighton Linton Lockwood Lowell Mansfield Marlow Mercer Merrill Milner Monk Morley
Nash Newell Norwood Oakley Ogden Orchard Osgood Padgett Parrish Payne Pemberton Penrose Pickett Porter Prescott Quimby Radley Ramsey Redfern
Ridley Rowe Rutherford Sadler Sawyer Selby Shelton Shepherd Sinclair Stafford Stanton Sterling Stokes Sutton Tanner Thorne Tilden Townsend Tucker
Underhill Vance Wakefield Walden Warwick Weaver Webster Wheeler Whitaker Wickham Wilder Winslow Woodruff Yardley York""".split()
STREETS = """Acorn Ash Baker Beacon Bell Bridge Castle Cedar Chapel Cherry Church Cliff Copper Cross Elm Ferry Field Forge Garden Grange Green Grove
Harbour Hazel Hill Holly Ivy Kiln King Lake Lark Linden Maple Market Meadow Mill Moss Mount North Oak Orchard Park Pine Poplar Quarry Queen River Rowan
School Silver South Spring Station Stone Thorn Tower Vale Victoria Water Well West Willow Wood""".split()
KINDS = ["street", "road", "lane", "avenue", "close", "drive", "court"]
SUBURBS = """Aldergate Ashford Barton Beechwood Bellmere Blackheath Brookvale Cedarhurst Claremont Coldwater Crestfield Dunmore Eastbourne Elmhurst
Fairview Glenrose Hartfield Highgate Hillcrest Kingsmead Lakeside Lindale Longridge Marshfield Millbrook Newhaven Northgate Oakdale Parkside Pinehurst
Redcliff Riverton Rosedale Sandford Southport Stonebridge Thornbury Underwood Westbrook Whitecliff Winfield Woodlands""".split()
NICK = {"Albert": "Bert", "Arthur": "Art", "Edmund": "Ned", "Eleanor": "Nell", "Frances": "Fanny", "Gertrude": "Gertie", "Harriet": "Hattie",
        "Henry": "Harry", "Josephine": "Josie", "Margaret": "Maggie", "Matilda": "Tilly", "Samuel": "Sam", "Theodore": "Ted", "Walter": "Walt",
        "Winifred": "Winnie"}
KEYS = {"a": "sq", "b": "vn", "c": "xv", "d": "sf", "e": "wr", "f": "dg", "g": "fh", "h": "gj", "i": "uo", "j": "hk", "k": "jl", "l": "k", "m": "n", "n": "bm",
        "o": "ip", "p": "o", "q": "wa", "r": "et", "s": "ad", "t": "ry", "u": "yi", "v": "cb", "w": "qe", "x": "zc", "y": "tu", "z": "x"}

FAMILY = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏钟汪田任姜范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段雷钱汤尹黎易常武乔贺赖龚文"
MALE = "伟强磊军勇杰涛超明刚平辉鹏华飞鑫波斌宇浩凯建国志海龙云林德荣福贵兴旺才成光永文学忠义山江河"
FEMALE = "芳娜敏静丽艳娟霞秀英玉兰梅珍珠琴花凤桂香莲春燕红翠云美玲小会素仙菊琼芬淑慧萍莉雪婷"


def slip(rng, text, letters=KEYS):
    """One typing error."""
    if not text:
        return text
    at = rng.randrange(len(text))
    kind = rng.random()
    if kind < 0.25 and len(text) > 1:
        at = min(at, len(text) - 2)
        return text[:at] + text[at + 1] + text[at] + text[at + 2:]
    if kind < 0.5 and len(text) > 1:
        return text[:at] + text[at + 1:]
    if kind < 0.65:
        return text[:at] + text[at] + text[at:]
    near = letters.get(text[at].lower()) or ("0123456789" if text[at].isdigit() else "aeiou")
    return text[:at] + rng.choice(near) + text[at + 1:]


def frequent(rng, words):
    """Few words often, many seldom."""
    return words[int(len(words) * rng.random() ** 2)]


def english_person(rng, number):
    suburb = rng.choice(SUBURBS)
    return {
        "person": f"E{number:05}",
        "given name": frequent(rng, GIVEN),
        "surname": frequent(rng, SURNAMES),
        "street": f"{rng.randint(1, 180)} {rng.choice(STREETS)} {rng.choice(KINDS)}",
        "suburb": suburb,
        "postcode": str(3000 + SUBURBS.index(suburb) * 7 + rng.randrange(3)),
        "birth date": f"{rng.randint(1925, 2010)}-{rng.randint(1, 12):02}-{rng.randint(1, 28):02}",
        "member number": f"{rng.randint(10_000_000, 99_999_999)}",
    }


def english_copy(rng, person, harm):
    """The person as another clerk wrote it down."""
    row = dict(person)
    if rng.random() < 0.10 * harm:
        row["given name"] = NICK.get(row["given name"], row["given name"])
    if rng.random() < 0.04 * harm:
        row["given name"], row["surname"] = row["surname"], row["given name"]
    for field, chance in [("given name", 0.10), ("surname", 0.10), ("street", 0.18), ("suburb", 0.08), ("postcode", 0.05), ("member number", 0.12)]:
        if rng.random() < chance * harm:
            row[field] = slip(rng, row[field])
    if rng.random() < 0.10 * harm:
        other = english_person(rng, 0)
        row.update({field: other[field] for field in ("street", "suburb", "postcode")})
    if rng.random() < 0.06 * harm:
        year, month, day = row["birth date"].split("-")
        kind = rng.randrange(3)
        if kind == 0 and int(day) <= 12:
            month, day = day, month
        elif kind == 1:
            day = f"{(int(day) + rng.choice([-1, 1]) - 1) % 28 + 1:02}"
        else:
            year = str(int(year) + rng.choice([-10, -1, 1, 10]))
        row["birth date"] = f"{year}-{month}-{day}"
    for field, chance in [("given name", 0.02), ("street", 0.04), ("birth date", 0.05), ("member number", 0.25), ("postcode", 0.03)]:
        if rng.random() < chance * harm:
            row[field] = ""
    return row


def write(path, rows, columns):
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, columns)
        writer.writeheader()
        writer.writerows(rows)
    print(path, len(rows))


def english(arguments):
    rng = random.Random(arguments.seed)
    people = [english_person(rng, number) for number in range(1, 1001)]
    columns = list(people[0])
    clinic = people[:600]
    library = [english_copy(rng, person, 1.0) for person in people[200:600]] + people[600:800]
    rng.shuffle(library)
    write(arguments.out / "clinic.csv", clinic, columns)
    # The other office calls its columns otherwise.
    renamed = {"given name": "First name", "surname": "Last name", "birth date": "Date of birth", "street": "Address", "member number": "Member no"}
    library = [{renamed.get(field, field): value for field, value in row.items()} for row in library]
    write(arguments.out / "library.csv", library, [renamed.get(field, field) for field in columns])
    members = []
    for person in people[:400]:
        members.append(person)
        for _ in range(rng.choice([0, 0, 0, 1, 1, 2, 3, 5])):
            members.append(english_copy(rng, person, 1.0))
    rng.shuffle(members)
    write(arguments.out / "members.csv", members, columns)


def chinese_person(rng, number, villages):
    woman = rng.random() < 0.5
    given = "".join(rng.choice(FEMALE if woman else MALE) for _ in range(2 if rng.random() < 0.85 else 1))
    family = frequent(rng, FAMILY)
    town = rng.randrange(len(villages))
    year = int(rng.triangular(1930, 2015, 1972))
    return {
        "person": f"C{number:07}", "name": family + given, "sex": woman,
        "birth": f"{year}-{rng.randint(1, 12):02}-{rng.randint(1, 28):02}", "town": f"第{town + 1}镇", "village": rng.choice(villages[town]),
    }


SOUND = {"英": "瑛", "芳": "方", "玲": "林", "小": "晓", "国": "果", "华": "花", "兰": "南", "建": "健", "伟": "卫", "云": "芸", "志": "治", "明": "鸣"}
LOOK = {"李": "季", "芬": "芳", "平": "干", "王": "玉", "治": "冶", "未": "末", "贵": "责"}


def chinese_copy(rng, person):
    row = dict(person)
    if rng.random() < 0.06:
        name = row["name"]
        at = rng.randrange(len(name))
        swap = SOUND.get(name[at]) or LOOK.get(name[at]) or ("□" if rng.random() < 0.3 else None)
        if swap:
            row["name"] = name[:at] + swap + name[at + 1:]
    if rng.random() < 0.04:
        year, month, day = row["birth"].split("-")
        kind = rng.randrange(3)
        if kind == 0 and int(day) <= 12:
            month, day = day, month
        elif kind == 1:
            day = f"{rng.randint(1, 28):02}"
        else:
            year = str(int(year) + rng.choice([-1, 1, 10]))
        row["birth"] = f"{year}-{month}-{day}"
    if rng.random() < 0.03:
        row["village"] = ""
    return row


def chinese(arguments):
    rng = random.Random(arguments.seed)
    villages = [[f"{a}{b}村" for a in rng.sample("东南西北上中下新老大", 4) for b in rng.sample("山河坪湾坝岩沟塘", 3)] for _ in range(max(4, arguments.rows // 12_000))]
    rows, number = [], 0
    while len(rows) < arguments.rows:
        number += 1
        person = chinese_person(rng, number, villages)
        rows.append(person)
        for _ in range(rng.choice([0, 0, 0, 0, 0, 0, 1, 1, 1, 2])):
            rows.append(chinese_copy(rng, person))
    rows = rows[:arguments.rows]
    rng.shuffle(rows)
    write(arguments.out / "chinese.csv", [{k: v for k, v in row.items() if k != "sex"} for row in rows], ["person", "name", "birth", "town", "village"])


WEIGHTS = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2]


def numbers(arguments):
    rng = random.Random(arguments.seed)
    villages = [[f"{a}{b}村" for a in rng.sample("东南西北上中下新老大", 4) for b in rng.sample("山河坪湾坝岩沟塘", 3)] for _ in range(max(4, arguments.rows // 12_000))]
    left, right, used = [], [], set()
    for number in range(arguments.rows):
        person = chinese_person(rng, number, villages)
        while True:
            stem = f"52{rng.randint(1, 6):02}{rng.randint(21, 30)}{person['birth'].replace('-', '')}{rng.randint(0, 499) * 2 + (0 if person['sex'] else 1):03}"
            if stem not in used:
                used.add(stem)
                break
        person["number"] = stem + "10X98765432"[sum(int(d) * w for d, w in zip(stem, WEIGHTS)) % 11]
        left.append(person)
        other = chinese_copy(rng, person)
        harm = rng.random()
        text = other["number"]
        if harm < 0.03:
            other["number"] = slip(rng, text, {})
        elif harm < 0.06 and not text.endswith("X"):
            # What a spreadsheet leaves of it; one that ends in X is text to begin with.
            other["number"] = text[:15] + "000"
        elif harm < 0.10:
            other["number"] = ""
        if rng.random() < 0.9:
            right.append(other)
    rng.shuffle(right)
    columns = ["person", "name", "number", "birth", "town", "village"]
    for name, rows in [("left.csv", left), ("right.csv", right)]:
        write(arguments.out / name, [{k: row[k] for k in columns} for row in rows], columns)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["english", "chinese", "numbers"])
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=pathlib.Path, required=True)
    parsed = parser.parse_args()
    {"english": english, "chinese": chinese, "numbers": numbers}[parsed.what](parsed)
