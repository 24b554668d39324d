"""How rows of the second county are damaged: numbers, names, towns and villages, each row by itself, and the characters names are made of.

Used by second_county.py. `Damage.row` takes a row (a dictionary with number, name, town, village) and the person it speaks of and changes
the row in place; how often follows from the registry's rate and --noise.
"""
import re

SURNAMES = {"郑": 9, "王": 8, "张": 7, "李": 7, "刘": 6, "陈": 6, "杨": 5, "冯": 4, "韩": 4, "骆": 3, "赵": 3, "黄": 3, "周": 3, "吴": 3, "罗": 3,
            "徐": 3, "何": 2, "江": 2, "田": 2, "雷": 2, "彭": 2, "简": 2, "游": 1, "霍": 1, "龚": 1, "谢": 2, "欧阳": 0.3}
SOUNDS = ("明名铭鸣 民敏闽 华花桦 国果 军君俊钧均 平萍苹 英鹰瑛 芳方房 红洪鸿宏虹 丽莉利立力 强蔷 伟维卫威炜 建健剑 文雯 志治智芝 玉钰宇雨 梅美 "
          "秀绣修 珍贞真 春椿 林琳霖 勇永咏 刚钢岗 霞侠夏 云芸运 燕艳彦 兰岚蓝 凤风丰 琴勤芹 仁任 学雪 德得 成城诚程 祥翔向 光广 辉慧惠会 福富 贵桂 "
          "发法 才财 正政 忠中钟 义艺毅怡 兴星幸 波博 涛桃 杰洁 婷亭 静晶 佳嘉家 欣新鑫 子紫梓 涵寒 轩宣 浩豪").split()
LOOKS = ("明朋 末未 洪供 祥样 刚钢 玉王 建健 芬芳 春舂 林材 永水 风凤 仁仕 贵责 才木 正止 忠志 波披 梅海 珍诊 光先 辉晖 成戌 平干 芝艺 秀季 晶品 "
         "福幅 江汪 杰杏 军车 云去 学字 霞雷 强弘 华毕 国围 志忘 勇男").split()
SOUND_OF = {c: g.replace(c, "") for g in SOUNDS for c in g}
LOOK_OF = {c: g.replace(c, "") for g in LOOKS for c in g}
GIVEN = sorted(SOUND_OF)

WEIGHTS = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2]


def check_digit(first17):
    return "10X98765432"[sum(int(d) * w for d, w in zip(first17, WEIGHTS)) % 11]


def village_short(village):
    """燕子坝村村民委员会 → 燕子坝村, 山峰居民委员会 → 山峰居委会, 凤山社区居民委员会 → 凤山社区"""
    for ending, short in (("村村民委员会", "村"), ("社区居民委员会", "社区"), ("居民委员会", "居委会")):
        if village.endswith(ending):
            return village[: -len(ending)] + short
    return village


def town_short(town):
    return re.sub("(仡佬族苗族乡|苗族仡佬族乡)$", "乡", town)


NUMBER_DAMAGE = {"digit": 18, "swap": 10, "fifteen": 8, "missing": 14, "short": 8, "long": 5, "zeros": 10, "scientific": 4, "rounded": 5,
                 "member": 6, "sequence": 5, "remark": 5, "words": 4}
NAME_DAMAGE = {"sound": 40, "look": 20, "dropped": 12, "swapped": 10, "other": 18}
OLD_TOWNS = {"凤仪街道": "凤仪镇", "碧峰镇": "碧峰乡", "乐俭镇": "乐俭乡", "杨兴镇": "杨兴乡", "桴㯊镇": "桴焉乡", "瑞溪镇": "瑞西镇", "庙塘镇": "庙堂镇",
             "班竹镇": "斑竹镇", "和溪镇": "河溪镇", "市坪苗族仡佬族乡": "市坪乡", "谢坝仡佬族苗族乡": "谢坝乡"}
SLIPS = {"坪": "平", "溪": "西", "坝": "垻", "井": "进", "峰": "锋", "岩": "崖", "新": "兴", "龙": "尤", "和": "合", "石": "实", "桥": "乔"}


class Damage:
    """Damages one row at a time. `rate` is the registry's share of damaged numbers at noise 1; names and places go with it."""

    def __init__(self, world, rng, noise):
        self.world, self.rng, self.noise = world, rng, noise

    def hits(self, chance):
        return self.rng.random() < chance * self.noise

    def row(self, row, person, rate):
        if self.hits(rate):
            kind = self.rng.choices(list(NUMBER_DAMAGE), list(NUMBER_DAMAGE.values()))[0]
            row["number"], row["tail"] = self.number(kind, row["number"], person)
        elif self.hits(0.05):
            row["number"] = self.dressed(row["number"])
        if self.hits(0.022):
            row["name"] = self.name(row["name"])
        elif self.hits(0.02):
            row["name"] = self.rng.choice([" ".join(row["name"]), row["name"] + " ", "\u3000" + row["name"], row["name"] + "(户主)" if
                                           person.relation == "户主" else row["name"]])
        if self.hits(0.15):
            row["town_written"] = self.town(row["town"])
        if self.hits(0.15):
            row["village_written"] = self.village(row["village"])

    def number(self, kind, number, person):
        """The number as it ends up in the cell, and whether a disability category and grade still stand behind it."""
        rng, digits = self.rng, number[:17]
        i = rng.randrange(17)
        if kind == "digit":
            return number[:i] + rng.choice([d for d in "0123456789" if d != number[i]]) + number[i + 1:], True
        if kind == "swap":
            i = rng.choice([j for j in range(16) if number[j] != number[j + 1]])
            return number[:i] + number[i + 1] + number[i] + number[i + 2:], True
        if kind == "fifteen" and number[6:8] == "19":
            return number[:6] + number[8:17], False
        if kind == "short":
            return number[:i] + number[i + 1:], True
        if kind == "long":
            return number[:i] + number[i] + number[i:], True
        if kind == "zeros" and number.isdigit():
            return number[:15] + "000", "00"
        if kind == "scientific" and number.isdigit():
            return f"{int(number):.5E}", False
        if kind == "rounded" and number.isdigit():
            return str(int(float(number))), True
        if kind == "member":
            others = [p for p in person.home.members if p is not person]
            elders = [p for p in others if p.age >= person.age + 40]
            if others:                                   # a child more often has the grandfather's
                return rng.choice(elders if elders and rng.random() < 0.6 else others).number, True
        if kind == "sequence":
            sequence = f"{(int(number[14:17]) + 2 * rng.randrange(1, 200)) % 1000:03d}"
            stem = digits[:14] + sequence
            return stem + check_digit(stem), True
        if kind == "remark":
            return number + rng.choice(["(已迁出)", "（旧）", "/残疾", " 证件过期", "本人", "，户口簿", "B"]), False
        if kind == "words":
            return rng.choice(["待补", "未办证", "无", "户口簿", "正在办理", "0", "999999999999999999"]), False
        return "", False

    def dressed(self, number):
        rng = self.rng
        if number.endswith("X"):
            return number[:17] + rng.choice("xＸ×Хх*")
        return rng.choice(["'" + number, number + " ", " " + number, number[:6] + " " + number[6:14] + " " + number[14:],
                           number.translate({48 + d: 0xFF10 + d for d in range(10)}), "\u00a0" + number])

    def name(self, name):
        rng = self.rng
        kind = rng.choices(list(NAME_DAMAGE), list(NAME_DAMAGE.values()))[0]
        i = rng.randrange(1, len(name))
        if kind == "dropped" and len(name) > 2:
            return name[:i] + name[i + 1:]
        if kind == "swapped" and len(name) > 2 and name[1] != name[2]:
            return name[0] + name[2] + name[1] + name[3:]
        choices = SOUND_OF.get(name[i]) if kind == "sound" else LOOK_OF.get(name[i]) if kind == "look" else None
        return name[:i] + rng.choice(choices or [c for c in GIVEN if c != name[i]]) + name[i + 1:]

    def town(self, town):
        rng = self.rng
        forms = [re.sub("(街道|镇|仡佬族苗族乡|苗族仡佬族乡)$", "", town), "正安县" + town, town_short(town), OLD_TOWNS.get(town, town)]
        forms += ["桴焉镇", "桴?镇", "桴□镇"] if town == "桴㯊镇" else ["凤仪街道办事处", "凤仪街道办"] if town == "凤仪街道" else []
        return rng.choice(forms)

    def village(self, village):
        rng, short = self.rng, village_short(village)
        base = re.sub("(村|社区|居委会)$", "", short)
        slips = [base.replace(c, SLIPS[c]) + short[len(base):] for c in base if c in SLIPS]
        return rng.choice([base, base + "村", base + "村委会", short, village] + slips[:1])

    def elsewhere(self, row):
        row["town"], row["village"] = self.world.place.draw(self.rng)
        row["town_written"] = row["village_written"] = None
