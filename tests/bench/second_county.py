#!/usr/bin/env python3
"""A second county: exports of a month with their truth, made without looking at how bidui or its `practice` works.

    python3 tests/bench/second_county.py --out DIR --households 20000 --seed 1 [--noise 1.0]
        [--thin insurance=0.5] [--cut disability=0.5] [--drop-stage 初中] [--expected]

What: DIR/exports holds the files a county's offices would send for June 2018 (xlsx and GBK CSV, titles, per-town sheets, headers spelt
differently, subtotals, signatures); DIR/truth holds
    persons.csv   pid, hid, name, id, birth, sex, town, village, poor
    rows.csv      file, sheet (empty for CSV), row as Excel shows it, pid
    findings.csv  rule, scope (p or h), key (pid or hid): what the document asks for, from the world and not from the damaged rows

How: a world of families is drawn (twins, cousins and namesakes included), each office's register is drawn from it, the truth of every
rule is read off the drawn registers, and only then each row is damaged by itself: numbers, names, places, rows twice, masked rows. Damage
scales with --noise; --noise 0 leaves layouts and nothing else. --thin keeps that share of a registry's rows evenly, --cut keeps its
first rows only, --drop-stage leaves a school stage out; the truth stays that of the full files. --expected adds 应有行数.csv.
The same arguments give the same files. Score a run with score_county.py. Needs xlsxwriter.
"""
import argparse
import csv
import datetime
import os
import random
import re
from collections import Counter, defaultdict

import xlsxwriter

from county_damage import GIVEN, SURNAMES, Damage, check_digit, town_short, village_short

AS_OF = datetime.date(2018, 6, 30)
ETHNIC = ["汉族"] * 6 + ["仡佬族"] * 3 + ["苗族"]
DIVISIONS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../pipelines/divisions")

# ---------------------------------------------------------------- the world

class Person:
    """One inhabitant. `dead` is a date or None; a membership of a register is a plain attribute."""

    def __init__(self, uid, home, name, sex, birth, relation):
        self.uid, self.home, self.name, self.sex, self.birth, self.relation = uid, home, name, sex, birth, relation
        self.number = self.dead = self.grade = self.kind = self.certificate = self.stage = self.school_grade = self.school = None
        self.boards = self.student = self.enrolled = self.cancelled = self.nursing = self.living = self.signed = self.works = False
        self.dibao = None            # status on the roster, None when not listed
        self.dibao_covered = self.tekun = self.chronic = self.major = False
        self.class_aid = 0
        self.ethnic = home.ethnic

    @property
    def age(self):
        return AS_OF.year - self.birth.year - ((AS_OF.month, AS_OF.day) < (self.birth.month, self.birth.day))

    @property
    def alive(self):
        return self.dead is None


class Household:
    def __init__(self, uid, town, village, group, ethnic):
        self.uid, self.town, self.village, self.group, self.ethnic = uid, town, village, group, ethnic
        self.members = []
        self.poor = self.dibao = False
        self.status = self.attribute = self.cause = None
        self.income = 0
        self.old_home = None         # where the poverty registry still has it
        self.payee = None            # who the payment list names


class Place:
    """Towns with their villages, as of 2018, from the official list (its one damaged character put right)."""

    def __init__(self):
        def read(name):
            with open(os.path.join(DIVISIONS, name), encoding="utf-8") as source:
                return [row for row in csv.DictReader(source) if row["as_of"].startswith("2018")]
        self.towns = {r["street_code"]: r["street_name"].replace("桴焉", "桴㯊") for r in read("zhengan_streets_history.csv")}
        self.villages = defaultdict(list)
        for row in read("zhengan_villages.csv"):
            self.villages[self.towns[row["street_code"]]].append(row["village_name"].replace("桴?", "桴㯊"))
        self.names = list(self.villages)

    def draw(self, rng):
        town = rng.choices(self.names, [len(self.villages[t]) for t in self.names])[0]
        return town, rng.choice(self.villages[town])


class World:
    def __init__(self, households, rng):
        self.rng, self.place = rng, Place()
        self.people, self.homes, self.taken = [], [], set()
        self.by_village = defaultdict(list)
        for uid in range(households):
            self.family(uid)
        for home in self.homes:
            self.welfare(home)

    # -- families

    def given(self, first=None):
        rng = self.rng
        if first is None and rng.random() < 0.12:
            return rng.choice(GIVEN)
        return (first or rng.choice(GIVEN)) + rng.choice(GIVEN)

    def number(self, birth, sex, twin=None):
        """A number nobody has; twins are registered one after the other."""
        rng = self.rng
        while True:
            region = twin.number[:6] if twin else rng.choices(["522124", "520324", "522121", "522126", "520322"], [66, 28, 2, 2, 2])[0]
            sequence = int(twin.number[14:17]) // 2 * 2 + rng.randrange(1, 4) * 2 if twin else rng.randrange(1, 500) * 2
            sequence = (sequence - (sex == "男")) % 1000
            stem = f"{region}{birth:%Y%m%d}{sequence:03d}"
            if stem not in self.taken:
                self.taken.add(stem)
                return stem + check_digit(stem)

    def add(self, home, name, sex, age, relation, twin=None):
        rng = self.rng
        latest = datetime.date(2018, 4, 30)
        birth = twin.birth if twin else max(datetime.date(1922, 1, 5), latest - datetime.timedelta(days=age * 365 + age // 4 + rng.randrange(365)))
        person = Person(len(self.people), home, name, sex, birth, relation)
        person.number = self.number(birth, sex, twin)
        if rng.random() < (0.05 if age >= 60 else 0.003) and age >= 3:
            person.dead = datetime.date(2017, 9, 1) + datetime.timedelta(days=rng.randrange(290))
        self.people.append(person)
        home.members.append(person)
        self.by_village[home.town, home.village].append(person)
        return person

    def adult_name(self, home, surname=None):
        """A full name; now and then that of somebody else in the village."""
        rng, near = self.rng, self.by_village[home.town, home.village]
        if near and rng.random() < 0.012:
            return rng.choice(near).name
        return (surname or rng.choices(list(SURNAMES), list(SURNAMES.values()))[0]) + self.given()

    def children(self, home, surname, mother_age, relations):
        rng = self.rng
        first = rng.choice(GIVEN) if rng.random() < 0.5 else None
        ages = sorted({mother_age - rng.randrange(20, 35) for _ in range(rng.choice([1, 2, 2, 2, 3]))}, reverse=True)
        for age in ages:
            if not 0 <= age <= 27:
                continue
            sex = rng.choice("男女")
            child = self.add(home, surname + self.given(first), sex, age, relations[sex])
            child.dead = None if age < 30 else child.dead
            if rng.random() < 0.02:                      # twins: the same birth, names one character apart
                other = rng.choice([c for c in GIVEN if c != child.name[-1]])
                twin = self.add(home, child.name[:-1] + other, rng.choice("男女"), age, "", child)
                twin.relation, twin.dead = relations[twin.sex], None

    def family(self, uid):
        rng = self.rng
        town, village = self.place.draw(rng)
        home = Household(uid, town, village, f"{rng.choice('大小上下新老岩水沙田')}{rng.choice('坝湾坪堡沟寨堰坡')}组", rng.choice(ETHNIC))
        self.homes.append(home)
        shape = rng.choices(["elder", "single", "elders", "couple", "three", "skip"], [8, 7, 10, 40, 27, 8])[0]
        head_name = self.adult_name(home)
        surname = head_name[:2] if head_name.startswith("欧阳") else head_name[0]
        male = rng.random() < 0.88
        sexes = ("男", "女") if male else ("女", "男")
        own = {"男": "之子", "女": "之女"}
        if shape in ("elder", "single"):
            age = rng.randrange(62, 90) if shape == "elder" else rng.randrange(35, 62)
            self.add(home, head_name, sexes[0], age, "户主")
        elif shape in ("elders", "skip"):
            age = rng.randrange(58, 84)
            self.add(home, head_name, sexes[0], age, "户主")
            if shape == "elders" or rng.random() < 0.6:
                self.add(home, self.adult_name(home), sexes[1], max(50, age - rng.randrange(-3, 6)), "配偶")
            if shape == "skip":
                self.children(home, surname, rng.randrange(28, 44), {"男": "之孙子", "女": "之孙女"})
        else:
            age = rng.randrange(27, 58)
            self.add(home, head_name, sexes[0], age, "户主")
            self.add(home, self.adult_name(home), sexes[1], max(22, age - rng.randrange(-2, 6)), "配偶")
            father = home.members[0 if male else 1].name
            self.children(home, father[:2] if father.startswith("欧阳") else father[0], max(24, age - 2), own)
            if shape == "three":
                elder = age + rng.randrange(21, 32)
                if rng.random() < 0.7:
                    self.add(home, surname + self.given(), "男", elder, "之父")
                if rng.random() < 0.8 or len(home.members) < 3:
                    self.add(home, self.adult_name(home), "女", elder - rng.randrange(0, 5), "之母")

    # -- who is poor, disabled, at school, insured, on which roster

    def welfare(self, home):
        rng = self.rng
        people = home.members
        elders_only = all(p.age >= 60 for p in people)
        home.poor = rng.random() < (0.45 if elders_only else 0.22)
        if home.poor:
            home.status = rng.choices(["未脱贫", "已脱贫", "预脱贫", "返贫"], [48, 41, 7, 4])[0]
        for person in people:
            self.body(person)
            self.school(person)
        broken = home.poor and home.status == "未脱贫" and rng.random() < 0.15      # nobody left who can work
        for person in people:
            if not person.alive or person.age < 16 or person.student:
                person.labour = "无劳动力"
            elif person.grade in ("一级", "二级") or broken:
                person.labour = "丧失劳动力" if person.age < 60 else "无劳动力"
            elif person.age >= 60:
                person.labour = "普通劳动力" if rng.random() < 0.3 else "无劳动力"
            else:
                person.labour = rng.choices(["普通劳动力", "技能劳动力", "丧失劳动力"], [86, 10, 4])[0]
            person.works = person.labour in ("普通劳动力", "技能劳动力") and 16 <= person.age < 60 and rng.random() < 0.55
        home.able = any(p.labour in ("普通劳动力", "技能劳动力") for p in people)
        alone = len(people) == 1 and people[0].age >= 60 and not home.able
        tekun_home = alone and rng.random() < (0.6 if home.poor else 0.15)
        if home.poor:
            home.income = round(rng.uniform(2100, 3500) if not home.able else rng.uniform(2400, 6500) if home.status in ("未脱贫", "返贫")
                                else rng.uniform(4200, 12000), 2)
            home.attribute = "特困供养贫困户" if tekun_home else "一般贫困户"
        home.two_none = home.poor and home.status == "未脱贫" and not home.able and home.attribute != "特困供养贫困户"
        if tekun_home and rng.random() < 0.88:
            people[0].tekun = True
        chance = (0.3 if home.poor and home.status in ("未脱贫", "返贫") else 0) if tekun_home and not people[0].tekun else 0 if tekun_home \
            else 0.85 if home.two_none else 0.5 if home.poor and home.status in ("未脱贫", "返贫") and home.income < 3876 \
            else 0.12 if home.poor else 0.04
        if rng.random() < chance:
            self.minimum_living(home)
        home.cause = "因残" if any(p.grade for p in people) else "因病" if any(p.chronic for p in people) \
            else "因学" if any(p.student for p in people) else rng.choice(["缺技术", "缺劳动力", "缺资金", "自身发展动力不足"])
        for person in people:
            self.entitlements(person)
        if home.poor and rng.random() < 0.03:
            home.old_home = self.place.draw(rng)

    def body(self, person):
        rng = self.rng
        if person.age >= 3 and rng.random() < (0.025 if person.age < 40 else 0.06 if person.age < 60 else 0.1) * (1.7 if person.home.poor else 1):
            person.kind = rng.choices(["视力", "听力", "言语", "肢体", "智力", "精神", "多重"], [10, 8, 3, 55, 9, 10, 5])[0]
            person.grade = rng.choices(["一级", "二级", "三级", "四级"], [14, 30, 30, 26])[0]
            person.certificate = rng.choices(["有效", "注销", "过期"], [95, 3, 2])[0]
            if not person.alive and rng.random() < 0.4:
                person.certificate = "死亡"
        if person.age >= 45:
            person.chronic, person.major = rng.random() < 0.28, rng.random() < 0.03

    def school(self, person):
        """School year 2017-2018: a child who was six by the end of August 2017 goes to the first grade, and so on."""
        rng = self.rng
        years = 2017 - person.birth.year - ((8, 31) < (person.birth.month, person.birth.day))
        if not 6 <= years <= 17 or not person.alive:
            return
        severe = person.grade in ("一级", "二级") and person.certificate == "有效"
        chance = 0.35 if severe else 0.96 if years < 15 else 0.72
        if rng.random() >= chance:
            return
        person.student = True
        if years < 12:
            person.stage, person.school_grade = "小学", "一二三四五六"[years - 6] + "年级"
        elif years < 15:
            person.stage, person.school_grade = "初中", "七八九"[years - 12] + "年级"
        else:
            person.stage = rng.choices(["普通高中", "中职"], [6, 4])[0]
            person.school_grade = ("高" if person.stage == "普通高中" else "中职") + "一二三"[years - 15] + ("" if person.stage == "普通高中" else "年级")
        town = town_short(person.home.town)
        person.school = {"小学": f"正安县{town}{village_short(person.home.village)}小学", "初中": f"正安县{town}中学", "中职": "正安县职业学校",
                         "普通高中": rng.choice(["正安县第一中学", "正安县第二中学", "正安县第八中学"])}[person.stage]
        person.boards = person.stage != "小学" and rng.random() < 0.7 or rng.random() < 0.1

    def minimum_living(self, home):
        """The household is on the roster: all its living members, some of them, or one alone. The dead are struck off, marked, or left on."""
        rng = self.rng
        living = [p for p in home.members if p.alive]
        if not living:
            return
        home.dibao = True
        whole = len(living) == 1 or rng.random() < 0.7
        covered = living if whole else rng.sample(living, rng.randrange(1, len(living)))
        listed_too = rng.random() < 0.5                  # the others stand on the roster as not covered
        for person in living:
            person.dibao_covered = person in covered
            person.dibao = "正常" if person.dibao_covered or listed_too else None
        for person in home.members:
            if not person.alive and whole:
                person.dibao = rng.choices(["正常", "死亡", None], [3, 3, 4])[0]
                person.dibao_covered = person.dibao is not None
        head = home.members[0]
        home.payee = head if head.alive and head.dibao or not head.alive and rng.random() < 0.4 else covered[0]
        home.dibao_size = sum(p.dibao_covered and p.dibao == "正常" for p in home.members)
        home.dibao_amount = home.dibao_size * rng.randrange(296, 323)
        if home.poor and home.attribute == "一般贫困户":
            home.attribute = "低保贫困户"

    def entitlements(self, person):
        rng = self.rng
        poor, valid = person.home.poor, person.certificate == "有效"
        listed = person.alive or rng.random() < 0.5
        person.enrolled = listed and rng.random() < (0.97 if poor else 0.94)
        person.cancelled = person.alive and person.enrolled and rng.random() < 0.002
        if valid and person.grade in ("一级", "二级"):
            person.nursing = rng.random() < (0.9 if person.alive else 0.3)
        if valid and person.dibao == "正常" and person.dibao_covered:
            draw = rng.random()
            person.living = draw < 0.68
            person.class_aid = 33 + rng.randrange(60) if 0.68 <= draw < 0.86 else 0
        person.signed = person.alive and person.chronic and rng.random() < (0.9 if poor else 0.5)

    # -- what the document asks for

    def findings(self):
        for home in self.homes:
            covered = {p: p.dibao == "正常" and p.dibao_covered or p.tekun for p in home.members}
            alive = [p for p in home.members if p.alive]
            nobody = alive and not any(covered.values())
            if home.two_none and nobody:
                yield "living.two_none_uncovered", "h", home.uid
            if home.poor and home.status in ("未脱贫", "返贫") and not home.two_none and home.income < 3876 and nobody:
                yield "living.poor_uncovered", "h", home.uid
            for person in home.members:
                for rule in self.of_person(home, person, covered):
                    yield rule, "p", person.uid

    def of_person(self, home, person, covered):
        on_dibao = person.dibao == "正常" and person.dibao_covered
        valid = person.certificate == "有效"
        severe = valid and person.grade in ("一级", "二级")
        if not person.alive:
            if person.dead < AS_OF.replace(day=1) and (on_dibao or person.nursing or person.living or home.payee is person):
                yield "living.paid_after_death"
            return
        if home.poor and (not person.enrolled or person.cancelled):
            yield "health.not_enrolled"
        if home.poor and person.chronic and not person.signed:
            yield "health.chronic_not_signed"
        if severe and not person.nursing:
            yield "living.nursing_missed"
        if on_dibao and valid and not person.living and not person.class_aid:
            yield "living.disability_living_missed"
        if home.poor and home.attribute == "特困供养贫困户" and not covered[person]:
            yield "living.tekun_uncovered"
        if home.two_none and any(covered.values()) and not covered[person]:
            yield "living.two_none_member_uncovered"
        if home.poor and person.birth <= datetime.date(2011, 8, 31) and person.age < 16 and not person.student and not severe:
            yield "education.compulsory_dropout"


# ---------------------------------------------------------------- registers

TITLES = {"poverty": "建档立卡贫困人口信息", "dibao": "低保人员名册", "dibao_payment": "低保发放明细", "insurance": "城乡居民医保参保名册",
          "tekun": "特困供养人员名册", "disability": "残疾人证登记册", "disability_subsidy": "残疾人两项补贴发放名册", "student": "学籍名册",
          "student_aid": "学生资助发放台账", "death": "死亡人员名单", "chronic": "慢病签约随访台账", "employment": "劳动力就业台账"}
RATES = {"poverty": 0.045, "dibao": 0.06, "dibao_payment": 0.04, "insurance": 0.035, "tekun": 0.08, "disability": 0.05, "disability_subsidy": 0.04,
         "student": 0.04, "student_aid": 0.03, "death": 0.06, "chronic": 0.05, "employment": 0.05}
TWICE = {"poverty": 0.002, "dibao": 0.006, "insurance": 0.003, "disability": 0.004, "disability_subsidy": 0.004, "chronic": 0.005, "death": 0.004}
KIND_DIGIT = {"视力": "1", "听力": "2", "言语": "3", "肢体": "4", "智力": "5", "精神": "6", "多重": "7"}
KEYLESS = {"和溪镇", "庙塘镇", "中观镇", "小雅镇"}       # their dibao roster has the head's name instead of a household key


class Registers:
    """Each registry's rows as dictionaries of plain fields, in the order of towns, villages and households."""

    def __init__(self, world, rng, noise):
        self.world, self.rng, self.damage = world, rng, Damage(world, rng, noise)
        order = {town: i for i, town in enumerate(world.place.names)}
        self.homes = sorted(world.homes, key=lambda h: (order[h.town], h.village, h.uid))
        self.masked = {town for town in world.place.names if rng.random() < 0.3 * noise}
        self.phones = {h.uid: f"1{rng.choice('3587')}{rng.randrange(10**9):09d}" for h in world.homes}
        self.tables = {name: [] for name in TITLES}
        for home in self.homes:
            for person in home.members:
                self.person(home, person)
            if home.dibao:
                self.put("dibao_payment", home.payee, size=home.dibao_size, amount=home.dibao_amount, class_aid=sum(p.class_aid for p in home.members),
                         total=home.dibao_amount + sum(p.class_aid for p in home.members), account=f"6217{home.uid:012d}", account_name=home.payee.name,
                         bank="正安县农村信用合作联社")
        for name, rows in self.tables.items():           # moved rows go where their town's sheet is
            rows.sort(key=lambda row: order[row["town"]])

    def put(self, registry, person, moved=None, married=None, **fields):
        home = person.home
        row = dict(fields, uid=person.uid, name=person.name, number=person.number, true_number=person.number, tail=True, sex=person.sex, birth=person.birth, age=person.age,
                   town=home.town, village=home.village, group=home.group, town_written=None, village_written=None, ethnic=person.ethnic,
                   head=home.members[0].name, phone=self.phones[home.uid], kind=person.kind, grade=person.grade)
        row.setdefault("relation", person.relation)
        if moved:
            row["town"], row["village"] = moved
        copies = 2 if self.damage.hits(TWICE.get(registry, 0)) else 1
        if married and self.damage.hits(0.04):           # still listed with her parents
            self.damage.elsewhere(row)
            row.update(relation="之女", head=self.world.adult_name(home, person.name[0]), household=f"{9000000000 + person.uid}")
        for _ in range(copies):
            copy = dict(row, certificate_right=self.rng.random() < 0.5)
            self.damage.row(copy, person, RATES[registry])
            self.tables[registry].append(copy)

    def person(self, home, p):
        rng = self.rng
        if home.poor:
            old = home.old_home if self.damage.noise else None
            health = [word for word, holds in (("长期慢性病", p.chronic), ("患有大病", p.major), ("残疾", bool(p.grade))) if holds]
            state = {"小学": "小学", "初中": p.school_grade, "普通高中": (p.school_grade or "").replace("高", "高中") + "年级", "中职": p.school_grade}
            self.put("poverty", p, moved=old, household=f"5203240{home.uid:09d}01", code=f"5203240{p.uid:09d}21", size=len(home.members),
                     education="学龄前儿童" if p.age < 6 else rng.choice(["小学", "初中", "文盲或半文盲"]), school_state=state.get(p.stage, "非在校生"),
                     health=",".join(health) or "健康", labour=p.labour, work="省外务工" if p.works else "", months=str(rng.randrange(3, 12)) if p.works
                     else "0", illness_cover="是", status=home.status, attribute=home.attribute, cause=home.cause, danger="否", income=f"{home.income:.2f}")
        if p.dibao:
            keyless = home.town in KEYLESS
            if p.dibao_covered or not keyless:
                self.put("dibao", p, household=f"52032418{home.uid:08d}", covered="是" if p.dibao_covered else "否", member_status=p.dibao, amount=
                         home.dibao_amount, class_aid=p.class_aid, own=home.dibao_amount // max(1, home.dibao_size), size=home.dibao_size,
                         certificate_no=f"黔正农{home.uid:06d}", start="2017-01", policy="农村低保", health="健康" if not p.grade else "残疾")
        if p.enrolled:
            status = "注销" if p.cancelled else "死亡" if not p.alive and rng.random() < 0.5 else "正常"
            self.put("insurance", p, married=p.relation == "配偶" and p.sex == "女", household=f"{1000000000 + home.uid}", code=f"{2000000000 + p.uid}",
                     category="建档立卡" if home.poor else "一般农民", year="2018", paid="670", own="0" if home.poor else "180", member_status=status)
        if p.tekun and p.alive:
            self.put("tekun", p, mode=rng.choice(["分散供养", "集中供养"]), care=rng.choice(["全自理", "半自理", "失能"]), amount="741",
                     certificate_no=f"正特{p.uid:06d}", start="2016-05", guardian="村委会", member_status="正常")
        if p.grade:
            self.put("disability", p, certificate=p.certificate, issued=f"{rng.randrange(max(2009, p.birth.year + 1), 2018)}-{rng.randrange(1, 13):02d}-15")
        if p.nursing:
            self.put("disability_subsidy", p, subsidy="护理补贴", amount="50" if p.grade == "一级" else "40", month="201806")
        if p.living:
            self.put("disability_subsidy", p, subsidy="生活补贴", amount="50", month="201806")
        if p.student:
            guardian = next((q for q in home.members if q.age >= p.age + 18), home.members[0])
            self.put("student", p, stage=p.stage, school_grade=p.school_grade, school=p.school, boards="住校" if p.boards else "走读",
                     class_no=f"{rng.randrange(1, 6)}班", guardian=guardian.name, guardian_number=guardian.number,
                     registration="农业")
            aids = [("寄宿生生活费补助", "500" if p.stage == "小学" else "625")] if p.stage in ("小学", "初中") and p.boards and home.poor else \
                [("普高两助三免", "2330")] if p.stage == "普通高中" and home.poor else [("中职国家助学金", "1000")] if p.stage == "中职" else []
            for project, amount in aids:
                if rng.random() < 0.93:
                    self.put("student_aid", p, project=project, amount=amount, school=p.school, school_grade=p.school_grade, semester="春季", year="2018")
        if not p.alive:
            self.put("death", p, date=f"{p.dead:%Y-%m-%d}", unit="正安县殡仪馆")
        if p.signed:
            self.put("chronic", p, disease=rng.choice(["高血压", "糖尿病", "类风湿", "慢阻肺"]), doctor=self.world.adult_name(home), signed="2018-03-12",
                     visits=str(rng.randrange(1, 4)), year="2018")
            if home.town in self.masked:
                row = self.tables["chronic"][-1]
                if len(row["number"]) == 18:
                    row["number"] = row["number"][:6] + "********" + row["number"][14:]
        if p.works and home.poor and rng.random() < 0.9:
            self.put("employment", p, channel=rng.choice(["自主就业", "劳务输出"]), region=rng.choice(["省外", "县内"]), employer="电子厂", since="2018-02")


def partial(tables, thin, cut, stages):
    for name, share in thin.items():
        tables[name] = [row for i, row in enumerate(tables[name]) if int((i + 1) * share) > int(i * share)]
    for name, share in cut.items():
        tables[name] = tables[name][: round(len(tables[name]) * share)]
    tables["student"] = [row for row in tables["student"] if row["stage"] not in stages]


# ---------------------------------------------------------------- files

def number_20(row):
    """The certificate number: the number of identity, the category and the grade. Beside an identity column it is often the better one."""
    if row["certificate_right"] and "身份证" in row["heads"]:
        return row["true_number"] + KIND_DIGIT[row["kind"]] + str("一二三四".index(row["grade"][0]) + 1)
    if not row["number"] or row["tail"] is False:
        return row["number"]
    return row["number"].strip("' \u00a0") + ("00" if row["tail"] == "00" else KIND_DIGIT[row["kind"]] + str("一二三四".index(row["grade"][0]) + 1))


def town(row):
    return row["town_written"] or row["town"]


def village(row):
    return row["village_written"] or village_short(row["village"])


FIELDS = {
    "town": town, "town_short": lambda r: r["town_written"] or town_short(r["town"]), "village": village,
    "village_full": lambda r: r["village_written"] or r["village"], "number_20": number_20, "blank": lambda r: "", "county": lambda r: "正安县",
    "address": lambda r: "正安县" + town(r).removeprefix("正安县") + village(r) + r["group"], "region": lambda r: f"贵州省遵义市正安县{r['town']}{village(r)}",
    "birth": lambda r: f"{r['birth']:%Y-%m-%d}", "birth_8": lambda r: f"{r['birth']:%Y%m%d}", "birth_cn": lambda r: f"{r['birth']:%Y.%m.%d}",
    "kind_long": lambda r: r["kind"] + "残疾", "grade_digit": lambda r: str("一二三四".index(r["grade"][0]) + 1) + "级",
    "attribute_old": lambda r: "五保贫困户" if r["attribute"] == "特困供养贫困户" else r["attribute"],
    "subsidy_long": lambda r: {"护理补贴": "重度残疾人护理补贴", "生活补贴": "困难残疾人生活补贴"}[r["subsidy"]],
    "student_no": lambda r: "G" + r["number"] if re.fullmatch(r"\d{17}[\dX]", r["number"]) else f"L{r['uid']:018d}",
    "prefixed": lambda r: "'" + r["number"] if r["number"].isdigit() else r["number"],
}


def cell(row, field):
    value = FIELDS[field](row) if field in FIELDS else row[field]
    return "" if value is None else str(value)


class Layout:
    """One file: which rows go in, under which headings, one sheet or a sheet a town (or a sheet a value of `sheets`)."""

    def __init__(self, file, columns, keep=lambda row: True, title=(), sheets=None, subtotals=False, signature=False):
        self.file, self.keep, self.title, self.sheets, self.subtotals, self.signature = file, keep, title, sheets, subtotals, signature
        self.columns = [part.split("=") for part in columns.split()]

    def lines(self, rows):
        """The lines of a sheet with the person of each (None where the line is not a person's)."""
        heads = [head for head, _ in self.columns]
        out = [(None, [text]) for text in self.title] + [(None, heads)]
        for i, row in enumerate(rows):
            row["position"], row["heads"] = i + 1, "".join(heads)
            out.append((row["uid"], [cell(row, field) for _, field in self.columns]))
            if self.subtotals and (i + 1 == len(rows) or rows[i + 1]["village"] != row["village"]):
                out.append((None, ["小计", "", f"{sum(r['village'] == row['village'] for r in rows)}人"]))
        if self.signature:
            out += [(None, ["合计", "", str(len(rows))]), (None, ["审核人：                填表人：              联系电话："])]
        return out

    def write(self, folder, rows, truth):
        rows = [row for row in rows if self.keep(row)]
        path = os.path.join(folder, self.file)
        if self.file.endswith(".csv"):
            with open(path, "w", encoding="gb18030", newline="") as out:
                for number, (uid, cells) in enumerate(self.lines(rows), 1):
                    out.write(",".join('"' + c.replace('"', '""') + '"' if set(c) & set(',"') else c for c in cells) + "\r\n")
                    if uid is not None:
                        truth.append((self.file, "", number, uid))
            return
        book = xlsxwriter.Workbook(path, {"constant_memory": True, "strings_to_numbers": False})
        book.set_properties({"created": datetime.datetime(2018, 6, 30)})
        groups = defaultdict(list)
        for row in rows:
            groups[town_short(row["town"]) if self.sheets == "town" else row[self.sheets] if self.sheets else "Sheet1"].append(row)
        for name, part in groups.items() or [("Sheet1", [])]:
            sheet = book.add_worksheet(name)
            for number, (uid, cells) in enumerate(self.lines(part)):
                for column, text in enumerate(cells):
                    if text:
                        sheet.write_string(number, column, text)
                if uid is not None:
                    truth.append((self.file, name, number + 1, uid))
        book.close()


def within(*towns):
    return lambda row: row["town"] in towns


def without(*towns):
    return lambda row: row["town"] not in towns


def stage(*stages):
    return lambda row: row["stage"] in stages


POVERTY = ("序号=position 县(市、区、旗)=county 乡(镇)=town 行政村=village_full 自然村=group 户编号=household 人编号=code 姓名=name 证件号码=number 人数=size "
           "与户主关系=relation 民族=ethnic 文化程度=education 在校生状况=school_state 健康状况=health 劳动技能=labour 务工状况=work 务工时间（月）=months "
           "参加大病医疗=illness_cover 脱贫属性=status 贫困户属性=attribute_old 主要致贫原因=cause 危房户=danger 饮水安全=illness_cover 人均纯收入=income 联系电话=phone")
STUDENT = "学校=school 姓名=name 身份证件号=number 出生日期=birth_8 性别=sex 民族=ethnic 年级=school_grade 班级=class_no 就读方式=boards 学籍号=student_no " \
          "户口性质=registration 家庭地址=address 成员1姓名=guardian 成员1身份证件号=guardian_number 联系电话=phone"
CSV_POVERTY = ("凤仪街道", "安场镇")
WIDE_POVERTY = ("芙蓉江镇", "班竹镇")

LAYOUTS = {
    "poverty": [
        Layout("建档立卡贫困人口信息_201806.xlsx", POVERTY, without(*CSV_POVERTY, *WIDE_POVERTY), ["正安县建档立卡贫困人口信息", "填报单位：正安县扶贫办  2018-06-30"],
               "town", subtotals=True, signature=True),
        Layout("建档立卡贫困人口（凤仪、安场）.csv", POVERTY.replace("贫困户属性=attribute_old", "贫困户属性=attribute"), within(*CSV_POVERTY)),
        Layout("（自定义）贫困人口信息_20180630.xlsx", "县=county 乡=town_short 村=village 户编号=household 人口编号=code 姓名=name 性别=sex 出生日期=birth "
               "证件号码=number 民族=ethnic 与户主关系=relation 文化程度=education 在校生状况=school_state 健康状况=health 劳动技能=labour 脱贫属性=status "
               "贫困户属性=attribute 人均纯收入=income 主要致贫原因=cause 户联系电话=phone 户主姓名=head", within(*WIDE_POVERTY), ["贫困人口信息", "导出时间：2018-06-30"]),
    ],
    "dibao": [
        Layout("2018年6月农村低保人员信息.xlsx", "地区=region 家庭主键=household 姓名=name 性别=sex 年龄=age 民族=ethnic 身份证号=number 与户主关系=relation "
               "人员状态=member_status 是否保障对象=covered 低保证号=certificate_no 起始保障年月=start 户月保障金额（元）=amount 分类施保金（元）=class_aid "
               "户主姓名=head 联系电话=phone 健康状况=health", without(*KEYLESS, "土坪镇", "新州镇"), ["2018-06农村低保人员信息"], "town"),
        Layout("农保名册（和溪庙塘中观小雅）.xlsx", "序号=position 户主姓名=head 居民姓名=name 身份证号码=number 与户主关系=relation 乡镇=town_short 村（居）=village "
               "组=group 享受政策类型=policy 补贴金额=own 户月金额=amount 分类施保金=class_aid 状态=member_status", within(*KEYLESS), ["农村低保名册", "日期：2018-06-28"],
               "town", subtotals=True, signature=True),
        Layout("低保名册_土坪新州.csv", "乡镇=town 村=village 户编号=household 姓名=name 公民身份号码=number 与低保户主关系=relation 是否保障对象=covered "
               "人员状态=member_status 保障金额=amount 分类施保金额=class_aid 低保证号=certificate_no", within("土坪镇", "新州镇")),
    ],
    "dibao_payment": [Layout("2018-06农村低保发放明细.xlsx", "属地=region 姓名=name 身份证号=number 保障人数=size 保障金（元）=amount 分类施保金（元）=class_aid "
                             "发放合计（元）=total 账户名称=account_name 开户银行=bank 账号=account", title=["2018-06农村低保发放明细", "制表单位：正安县民政局",
                                                                                                    "日期：2018-06-25"])],
    "insurance": [
        Layout("2018年度新农合参合人员名册.csv", "乡镇=town 村=village 组=group 家庭编号=household 户主姓名=head 个人编号=code 姓名=name 性别=sex 身份证号码=prefixed "
               "出生日期=birth 与户主关系=relation 参合属性=category 参合年度=year 缴费金额=paid 个人缴费=own 参保状态=member_status 联系电话=phone", without("凤仪街道")),
        Layout("凤仪街道城乡居民医保参保名册2018.xlsx", "序号=position 参保人员姓名=name 身份证号=number 性别=sex 户主=head 与户主关系=relation 家庭住址=address "
               "人员类别=category 参保年度=year 个人缴费金额=own 财政资助金额=paid 参保状态=member_status", within("凤仪街道"), ["2018年度城乡居民医保参保人员名册"], signature=True),
    ],
    "tekun": [Layout("特困人员救助供养花名册.xlsx", "序号=position 乡镇=town 村（居）=village 供养对象姓名=name 身份证号码=number 性别=sex 年龄=age 供养方式=mode "
                     "生活自理能力=care 特困证号=certificate_no 月供养金=amount 监护责任人=guardian 人员状态=member_status",
                     title=["正安县2018年6月特困人员救助供养花名册", "填报单位：正安县民政局（盖章）"], subtotals=True, signature=True)],
    "disability": [
        Layout("持证残疾人信息.csv", "姓名=name 残疾人证号=number_20 性别=sex 出生日期=birth 残疾类别=kind_long 残疾等级=grade 状态=certificate 办证日期=issued "
               "户口地址=address 联系电话=phone", without("凤仪街道", "安场镇", "瑞溪镇", "土坪镇")),
        Layout("持证残疾人名册（四镇）.xlsx", "序号=position 乡镇=town 村=village 残疾人姓名=name 身份证号=number 残疾证号=number_20 性别=sex 年龄=age 残疾类型=kind "
               "残疾级别=grade_digit 持证状态=certificate 发证日期=issued", within("凤仪街道", "安场镇", "瑞溪镇", "土坪镇"), ["持证残疾人名册"], "town", signature=True),
    ],
    "disability_subsidy": [Layout("残疾人两项补贴发放表201806.xlsx", "序号=position 乡镇=town_short 村=village 姓名=name 身份证号码=number 残疾人证号=number_20 残疾等级=grade "
                                  "残疾类别=kind 补贴类型=subsidy_long 补贴金额（元）=amount 发放月份=month", title=["正安县残疾人两项补贴发放表", "2018年6月"], sheets="subsidy",
                                  signature=True)],
    "student": [
        Layout("小学学籍信息.xlsx", STUDENT, stage("小学"), ["2017-2018学年小学学籍信息"], "town"),
        Layout("初中学籍信息.csv", STUDENT, stage("初中")),
        Layout("普通高中学籍名册.xlsx", STUDENT.replace("birth_8", "birth").replace("学校=", "学校名称="), stage("普通高中"), ["普通高中学籍名册"]),
        Layout("中职在校生名册.csv", STUDENT.replace("年级=", "就读年级=").replace("姓名=name", "学生姓名=name", 1), stage("中职")),
    ],
    "student_aid": [Layout("2018年春季学生资助发放台账.csv", "学生姓名=name 身份证号码=number 学校=school 年级=school_grade 资助年份=year 学期=semester 项目名称=project "
                           "资助金额=amount 乡镇=town 村（居委会）=village")],
    "death": [Layout("死亡人员名单（火化、注销）.csv", "姓名=name 性别=sex 身份证号=number 出生日期=birth 家庭住址=address 火化时间=date 火化单位=unit")],
    "chronic": [Layout("慢性病家庭医生签约台账.xlsx", "序号=position 乡镇=town 村=village 患者姓名=name 性别=sex 出生日期=birth_cn 身份证号=number 病种=disease "
                       "签约医生=doctor 签约日期=signed 随访次数=visits 年度=year 联系电话=phone", title=["正安县慢性病家庭医生签约服务台账"], sheets="town")],
    "employment": [Layout("贫困劳动力就业台账.csv", "劳动力姓名*=name 劳动力身份证号码*=prefixed 乡镇=town 村=village 就业渠道=channel 就业地域*=region 就业单位=employer "
                          "就业起始日期=since 联系电话=phone")],
}


# ---------------------------------------------------------------- command line

def share_of(text):
    name, share = text.split("=")
    if name not in TITLES:
        raise argparse.ArgumentTypeError(f"{name}: one of {', '.join(TITLES)}")
    return name, float(share)


def write_csv(path, head, rows):
    with open(path, "w", encoding="utf-8", newline="") as out:
        csv.writer(out).writerows([head, *rows])


def main():
    arguments = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    arguments.add_argument("--out", required=True)
    arguments.add_argument("--households", type=int, default=20000)
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--noise", type=float, default=1.0)
    arguments.add_argument("--thin", type=share_of, action="append", default=[], metavar="REGISTRY=SHARE KEPT")
    arguments.add_argument("--cut", type=share_of, action="append", default=[], metavar="REGISTRY=SHARE KEPT")
    arguments.add_argument("--drop-stage", action="append", default=[], choices=["小学", "初中", "普通高中", "中职"])
    arguments.add_argument("--expected", action="store_true")
    given = arguments.parse_args()

    world = World(given.households, random.Random(f"world {given.seed}"))
    registers = Registers(world, random.Random(f"rows {given.seed}"), given.noise)
    whole = {name: Counter(row["town"] for row in rows) for name, rows in registers.tables.items()}
    partial(registers.tables, dict(given.thin), dict(given.cut), set(given.drop_stage))

    exports, truth = os.path.join(given.out, "exports"), os.path.join(given.out, "truth")
    os.makedirs(exports, exist_ok=True)
    os.makedirs(truth, exist_ok=True)
    rows = []
    for name, layouts in LAYOUTS.items():
        for layout in layouts:
            layout.write(exports, registers.tables[name], rows)
    if given.expected:
        write_csv(os.path.join(exports, "应有行数.csv"), ["名册", "乡镇", "应有行数"],
                  [(TITLES[name], town, count) for name, towns in whole.items() for town, count in towns.items()])
    write_csv(os.path.join(truth, "persons.csv"), ["pid", "hid", "name", "id", "birth", "sex", "town", "village", "poor"],
              [(p.uid, p.home.uid, p.name, p.number, p.birth, p.sex, p.home.town, p.home.village, int(p.home.poor)) for p in world.people])
    write_csv(os.path.join(truth, "rows.csv"), ["file", "sheet", "row", "pid"], rows)
    findings = list(world.findings())
    write_csv(os.path.join(truth, "findings.csv"), ["rule", "scope", "key"], findings)
    print(f"{len(world.people)} persons, {len(rows)} rows; " + ", ".join(f"{rule} {count}" for rule, count in sorted(Counter(f[0] for f in findings).items())))


if __name__ == "__main__":
    main()
