//! An invented month for the tests of this room: two towns, odd village names, a household under several rules.

use std::collections::BTreeMap;

use crate::config::registry::{Dictionary, RegistryDefinition};
use crate::model::date::{Day, Month};
use crate::model::exemption::{ExemptionStatus, ExemptionUse};
use crate::model::finding::{Confidence, Evidence, Finding, Kind, Rate, RuleNote, Scope, ShortUnit, Subject, TimeBase};
use crate::model::intake::{IntakeFile, IntakeSheet};
use crate::model::personal::Personal;
use crate::model::raw::{Refusal, RejectReason, SheetName};
use crate::model::registry::{Grain, RegistryId};
use crate::model::rule::{Class, Clause, Reading, RuleCard};

use super::ReportInput;

/// Everything a [`ReportInput`] borrows.
pub(super) struct Sample {
    pub(super) findings: Vec<Finding>,
    pub(super) notes: Vec<RuleNote>,
    pub(super) suspended: Vec<Finding>,
    pub(super) rates: Vec<Rate>,
    pub(super) cards: Vec<RuleCard>,
    pub(super) readings: Vec<Reading>,
    pub(super) clauses: Vec<Clause>,
    pub(super) intake: Vec<IntakeFile>,
    pub(super) populations: Vec<(String, i64)>,
    pub(super) exempt: Vec<(String, i64)>,
    pub(super) exemptions: Vec<ExemptionUse>,
    pub(super) deadlines: Vec<(String, Day)>,
    pub(super) proposed: BTreeMap<String, Personal>,
    pub(super) dictionary: Dictionary,
}

static NO_GROUPS: BTreeMap<Personal, u64> = BTreeMap::new();

pub(super) fn day(text: &str) -> Day {
    text.parse().expect("a day")
}

impl Sample {
    pub(super) fn input(&self) -> ReportInput<'_> {
        ReportInput {
            county: "正安县",
            period: Month::new(2018, 6).expect("a month"),
            as_of: day("2018-06-30"),
            dictionary: &self.dictionary,
            findings: &self.findings,
            rates: &self.rates,
            notes: &self.notes,
            suspended: &self.suspended,
            cards: &self.cards,
            readings: &self.readings,
            clauses: &self.clauses,
            intake: &self.intake,
            populations: &self.populations,
            exempt: &self.exempt,
            contradicted: &[],
            exemptions: &self.exemptions,
            deadlines: &self.deadlines,
            records_total: 1234,
            workbooks: &crate::config::pipeline::Workbook::USUAL,
            town_files: crate::config::pipeline::TownFiles::Town,
            identity_files: crate::config::pipeline::IdentityFiles::County,
            standings: None,
            proposed: &self.proposed,
            posted: None,
            groups: &NO_GROUPS,
            tool_version: "0.1.0",
        }
    }
}

pub(super) fn read(registry: &str, row: u32, column: &str, value: &str) -> Evidence {
    Evidence {
        registry: registry.into(),
        file: Some(format!("2018年6月/{registry}_2018-06.xlsx").into()),
        sheet: Some("Sheet1".into()),
        row: Some(row),
        column: column.to_owned(),
        value: value.into(),
    }
}

const REGISTRIES: [(&str, &str); 6] = [
    ("poverty", "扶贫系统人口名册"),
    ("dibao", "农村低保人员名册"),
    ("tekun", "特困人员名册"),
    ("disability", "残疾人持证名册"),
    ("disability_subsidy", "残疾人两项补贴名册"),
    ("insurance", "城乡居民医保参保名册"),
];

fn title(registry: &str) -> &'static str {
    REGISTRIES.iter().find(|(id, _)| *id == registry).map_or("", |(_, title)| title)
}

fn reading(id: &str, title: &str, rules: &[&str]) -> Reading {
    let alternatives = [("column", "只认“两无”一栏"), ("computed", "一律推算")];
    Reading {
        id: id.into(),
        title: title.into(),
        clause: "三(三)2".into(),
        chosen: "computed".into(),
        alternatives: alternatives.map(|(choice, meaning)| (choice.into(), meaning.into())).into(),
        by_folder: "column".into(),
        rules: rules.iter().map(|rule| (*rule).to_owned()).collect(),
    }
}

fn promise(id: &str, class: Class, rules: &[&str], registries: &[&str], why: &str) -> Clause {
    Clause {
        id: id.into(),
        class,
        lead: "县民政局".into(),
        promise: "承诺的内容".into(),
        rules: rules.iter().map(|rule| (*rule).to_owned()).collect(),
        registries: registries.iter().map(|id| (*id).into()).collect(),
        why: why.into(),
    }
}

fn in_vain(registry: &str) -> Evidence {
    Evidence {
        registry: registry.into(),
        file: None,
        sheet: None,
        row: None,
        column: title(registry).into(),
        value: "未查到".into(),
    }
}

/// A finding about `name` in `village`; the caller changes what is different.
pub(super) fn finding(id: &str, rule: &str, name: &str, village: Option<&str>) -> Finding {
    Finding {
        finding_id: id.to_owned(),
        rule: rule.to_owned(),
        kind: Kind::Miss,
        scope: Scope::Person,
        clause: "三(三)2".to_owned(),
        basis: None,
        person_id: Some(format!("P{name}")),
        household_code: Some("5200057613".into()),
        name: Some(name.into()),
        id_number: Some("520324199003071234".into()),
        town: Some("瑞溪镇".into()),
        village: village.map(str::to_owned),
        time_base: None,
        due_fen: None,
        paid_fen: None,
        gap_fen: None,
        confidence: Confidence::Certain,
        sentence: format!("{name}在残联登记为二级残疾，护理补贴名册未查到（应每月40元）。").into(),
        evidence: vec![
            read("disability", 12, "残疾等级", "二级"),
            read("disability", 12, "残疾证号", "52032419900307123442"),
            in_vain("disability_subsidy"),
        ],
        subject: Subject { group: Some("三组".into()), head_name: Some("王大山".into()), relation: Some("之子".into()) },
    }
}

fn household(id: &str, rule: &str, head: &str, code: &str, village: &str) -> Finding {
    Finding {
        scope: Scope::Household,
        person_id: None,
        household_code: Some(code.into()),
        sentence: "该户扶贫系统登记为“两无”户，民政低保、特困名册均未查到，请入户核实是否应纳入。".into(),
        evidence: vec![
            read("poverty", 23, "致贫原因", "因残"),
            read("poverty", 23, "劳动技能", "无劳动力"),
            in_vain("dibao"),
            in_vain("tekun"),
        ],
        subject: Subject { group: Some("三组".into()), head_name: Some(head.into()), relation: None },
        ..finding(id, rule, head, Some(village))
    }
}

fn rule(id: &str, title: &str, clause: &str, kind: Kind, lead: &str) -> RuleCard {
    RuleCard {
        id: id.to_owned(),
        title: title.to_owned(),
        clause: clause.to_owned(),
        basis: None,
        kind,
        scope: Scope::Person,
        lead: lead.to_owned(),
        responsible: vec![lead.to_owned(), "各乡镇人民政府".to_owned()],
        quotation: "对扶贫系统中“两无”人员逐一进行比对核实，符合条件的全部纳入农村低保兜底保障，确保不漏一户、不落一人。"
            .to_owned(),
        time_base: Some(TimeBase::Month),
        internal: false,
        definition: String::new(),
    }
}

fn registry(id: &str, title: &str) -> RegistryDefinition {
    RegistryDefinition {
        id: id.into(),
        title: title.to_owned(),
        department: String::new(),
        grain: Grain::Person,
        fields: Vec::new(),
        required: Vec::new(),
        telling: Vec::new(),
        excluded: Vec::new(),
        title_words: Vec::new(),
        other_titles: Vec::new(),
        other_rows: Vec::new(),
        other_kinds: Vec::new(),
        identified_by: Vec::new(),
        part: None,
        being: Vec::new(),
        remarks: Vec::new(),
        proven_by: Vec::new(),
        proving_nothing: Vec::new(),
        amounts: BTreeMap::new(),
        below_zero: Vec::new(),
        never_zero: Vec::new(),
        at_least: Vec::new(),
    }
}

fn sheet(registry: &str, date: Option<&str>, read: u64, rejected: &[(RejectReason, u64)]) -> IntakeSheet {
    let rejected: BTreeMap<_, _> = rejected.iter().copied().collect();
    IntakeSheet {
        sheet: "Sheet1".to_owned(),
        registry: Some(RegistryId::from(registry)),
        data_date: date.map(day),
        read,
        kept: read - rejected.values().sum::<u64>(),
        rejected,
        ..IntakeSheet::default()
    }
}

fn file(registry: &str, sheet: IntakeSheet) -> IntakeFile {
    IntakeFile { path: format!("2018年6月/{registry}_2018-06.xlsx"), sheets: vec![sheet], ..IntakeFile::default() }
}

fn exemption(row: u32, status: ExemptionStatus, rule: &str, name: &str, number: &str) -> ExemptionUse {
    ExemptionUse {
        file: "2018年6月/豁免清单.xlsx".into(),
        sheet: "Sheet1".into(),
        row,
        rule: rule.into(),
        rule_id: Some("living.two_none_uncovered".to_owned()),
        name: Some(name.into()),
        id_number: Some(number.into()),
        household_code: Some("5200057613".into()),
        town: Some("瑞溪镇".to_owned()),
        village: Some("燕子坝".to_owned()),
        reason: Some("儿子13885211234赡养，已签协议".into()),
        until: (status == ExemptionStatus::Used).then(|| day("2018-12-31")),
        decided_by: Some("县民政局".into()),
        status,
        excused: i64::from(status == ExemptionStatus::Used),
        remark: String::new(),
    }
}

pub(super) fn sample() -> Sample {
    let nursing = "living.nursing_missed";
    let two_none = "living.two_none_uncovered";
    let floor = "living.floor_below";
    let owed = |mut finding: Finding, due: i64, paid: i64| {
        (finding.due_fen, finding.paid_fen, finding.gap_fen) = (Some(due), Some(paid), Some(due - paid));
        finding
    };
    let damaged = Finding {
        evidence: vec![
            read("poverty", 23, "证件号码", "520324199003071234"),
            read("insurance", 88, "身份证号码", "520324199003071000"),
        ],
        sentence: "参保名册中的证件号码末三位为000，系表格软件截断；扶贫名册同名同村同生日登记为520324199003071234，请核对。"
            .into(),
        confidence: Confidence::Likely,
        ..finding("F00000000000000d1", "identity.number_damaged", "王小山", Some("燕子坝"))
    };
    let findings = vec![
        household("F00000000000000a1", two_none, "王大山", "5200057613", "燕子坝"),
        owed(
            Finding {
                confidence: Confidence::Check,
                kind: Kind::Low,
                sentence: "该户低保月保障金额600.00元，保障3人，应不低于883.74元。".into(),
                ..household("F00000000000000a2", floor, "王大山", "5200057613", "燕子坝")
            },
            88_374,
            60_000,
        ),
        owed(finding("F00000000000000b1", nursing, "王小山", Some("燕子坝")), 4000, 0),
        owed(
            Finding {
                subject: Subject {
                    group: Some("三组".into()), head_name: Some("王大山".into()), relation: Some("户主".into())
                },
                ..finding("F00000000000000b2", nursing, "王大山", Some("燕子坝"))
            },
            5000,
            0,
        ),
        owed(
            Finding {
                name: Some("=HYPERLINK(\"http://x\")".into()),
                household_code: None,
                sentence: "=1+1；电话13885211234。".into(),
                ..finding("F00000000000000b3", nursing, "李四", Some("东山/西山[旧]：一个名字特别特别特别特别特别长的村民委员会"))
            },
            4000,
            9000,
        ),
        Finding { village: None, ..finding("F00000000000000b4", nursing, "赵六", None) },
        Finding { town: None, village: None, ..finding("F00000000000000b5", "unknown.rule", "孙七", None) },
        Finding { town: Some("安场镇".into()), ..household("F00000000000000a3", two_none, "冯三", "5200099999", "自强") },
        damaged,
        Finding {
            evidence: vec![
                read("dibao", 5, "身份证号", "520324199003071234"),
                read("dibao", 5, "姓名", "王小三"),
                read("poverty", 23, "姓名", "王小山"),
            ],
            sentence: "同一证件号码在两表中姓名不同，请核对。".into(),
            ..finding("F00000000000000d2", "identity.conflict", "王小山", Some("燕子坝"))
        },
    ];
    let note = |rule: &str, town: Option<&str>, held: bool, note: &str| RuleNote {
        rule: rule.to_owned(),
        town: town.map(str::to_owned),
        note: note.to_owned(),
        held,
        concerned: 310,
        short: None,
    };
    let short = |rule: &str, town: &str, village: Option<&str>, registry: &str, told: &str| RuleNote {
        concerned: 9,
        short: Some(Box::new(ShortUnit { village: village.map(str::to_owned), registries: vec![registry.into()] })),
        ..note(rule, Some(town), village.is_none(), told)
    };
    let few = "未评估：农村低保人员名册本期只有 30 行，应有行数表写应有 61 行";
    let many = "未评估：自强：12 个对象中有 9 个在残疾人两项补贴名册里查不到，比例异常高，名册多半不全";
    let waiting = |id: &str, rule: &str, name: &str, town: &str, village: &str| Finding {
        town: Some(town.into()),
        ..finding(id, rule, name, Some(village))
    };
    Sample {
        findings,
        suspended: vec![
            waiting("F00000000000000e1", two_none, "李一", "土坪镇", "明星"),
            waiting("F00000000000000e2", floor, "李一", "土坪镇", "明星"),
            waiting("F00000000000000e3", nursing, "=李二", "瑞溪镇", "自强"),
        ],
        notes: vec![
            short(two_none, "土坪镇", None, "dibao", few),
            short(floor, "土坪镇", None, "dibao", few),
            short(nursing, "瑞溪镇", Some("自强"), "disability_subsidy", many),
            note(nursing, None, false, "命中占比 41%，高于提醒线，请先核对残联名册是否完整。"),
            note(floor, Some("安场镇"), true, "未评估：安场镇的低保发放明细缺6月"),
            note("health.not_enrolled", None, true, "未评估：缺少城乡居民医保参保名册（insurance）"),
        ],
        rates: vec![
            Rate {
                rule: two_none.into(),
                unit: "正安县".into(),
                numerator: 308,
                denominator: 310,
                target: Some(10_000),
                met: Some(false),
                by: Day::new(2018, 6, 30),
            },
            Rate {
                rule: two_none.into(),
                unit: "正安县/瑞溪镇/燕子坝".into(),
                numerator: 0,
                denominator: 0,
                target: None,
                met: None,
                by: None,
            },
        ],
        cards: vec![
            rule(two_none, "“两无”户未纳入低保或特困", "三(三)2", Kind::Miss, "县民政局"),
            rule(floor, "兜底户低保金低于保障标准", "三(三)2", Kind::Low, "县民政局"),
            rule(nursing, "重度残疾人未享受护理补贴", "三(三)4", Kind::Miss, "县残联"),
            rule("health.not_enrolled", "建档立卡贫困人口未参保", "三(二)1", Kind::Miss, "县合医办"),
            rule("identity.number_damaged", "证件号码受损", "三(三)9", Kind::Conf, "县扶贫办"),
            rule("identity.conflict", "同一证件号码登记了不同姓名", "三(三)9", Kind::Conf, "县扶贫办"),
        ],
        intake: vec![
            file("poverty", sheet("poverty", Some("2018-06-25"), 1000, &[(RejectReason::Subtotal, 3), (RejectReason::Note, 1)])),
            file("disability", sheet("disability", Some("2018-05-31"), 200, &[])),
            IntakeFile {
                path: "2018年6月/加密.xlsx".into(),
                refusal: Some(Refusal {
                    name: SheetName::default(),
                    code: "password-protected".into(),
                    what: "文件加了密码，无法读取".into(),
                    hint: "请用 Excel 打开后取消密码另存，再放回原处".into(),
                }),
                ..IntakeFile::default()
            },
        ],
        readings: vec![
            reading("two_none_reading", "“两无”户怎样认定", &[two_none]),
            reading("chronic_reading", "慢病封顶对谁", &[]),
        ],
        clauses: vec![
            promise("三(三)2", Class::Checked, &[two_none], &["poverty", "dibao"], ""),
            promise("三(三)4", Class::Partly, &[nursing], &["disability_subsidy"], "未办证的不在名册里。"),
            promise("三(三)7", Class::Unchecked, &[], &[], "工程和活动，看现场。"),
        ],
        populations: vec![(two_none.into(), 310), (nursing.into(), 120)],
        exempt: vec![(two_none.into(), 2)],
        exemptions: vec![
            exemption(8, ExemptionStatus::Used, "“两无”户未纳入低保或特困", "王大山", "520324199003071234"),
            exemption(9, ExemptionStatus::NoSubject, "“两无”户未纳入低保或特困", "周九", "520324199003071000"),
        ],
        proposed: BTreeMap::new(),
        deadlines: [(two_none, 30), (nursing, 12)]
            .iter()
            .filter_map(|(rule, day)| Some(((*rule).into(), Day::new(2018, 6, *day)?)))
            .collect(),
        dictionary: Dictionary {
            fields: BTreeMap::new(),
            registries: REGISTRIES.iter().map(|(id, title)| registry(id, title)).collect(),
        },
    }
}
