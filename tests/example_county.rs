//! A second county without a line of Rust: `pipelines/example-2024.toml` on `fixtures/example-2024` finds what was put there, and nothing else.

use std::collections::BTreeSet;
use std::fs;

use arrow::array::{Array, AsArray};
use arrow::datatypes::Int64Type;

use crate::support::{self, owned, root, said, stage};

fn bidui(arguments: &[&str]) -> (Option<i32>, String) {
    let output = support::bidui(arguments);
    (output.status.code(), said(&output))
}

/// (rule, the name a list prints, money owed in fen)
const FINDINGS: [(&str, &str, Option<i64>); 11] = [
    ("conflict.dibao_column", "水金凤", None),
    ("conflict.dibao_column", "章淑芬", None),
    ("health.not_enrolled", "苏明哲", None),
    ("health.premium_below", "马秀英", Some(9_500)),
    ("identity.number_damaged", "葛正祥", None),
    ("living.dibao_and_tekun", "昌德才", None),
    ("living.monitored_without_aid", "蒋文彬", None),
    ("living.no_labour_uncovered", "邹德明", None),
    ("living.nursing_below_standard", "章淑芬", Some(2_000)),
    ("living.nursing_missed", "苗桂花", Some(10_000)),
    ("living.tekun_below_standard", "韦长顺", Some(2_500)),
];

#[test]
fn the_example_county_runs_and_finds_what_was_put_there() {
    let folder = tempfile::tempdir().expect("a folder");
    let (pipeline, input) = (owned(&root("pipelines/example-2024.toml")), owned(&root("fixtures/example-2024/2024-06")));
    let out = folder.path().join("out");
    let (code, told) = bidui(&["run", &pipeline, "--input", &input, "--out", &owned(&out)]);
    assert_eq!(code, Some(0), "{told}");

    let findings = stage(&out, "findings");
    let column = |name: &str| findings.column_by_name(name).expect("a column");
    let gaps = column("gap_fen").as_primitive::<Int64Type>();
    let found: BTreeSet<(&str, &str, Option<i64>)> = (0..findings.num_rows())
        .map(|row| {
            let gap = gaps.is_valid(row).then(|| gaps.value(row));
            (column("rule").as_string::<i32>().value(row), column("name").as_string::<i32>().value(row), gap)
        })
        .collect();
    assert_eq!(found, BTreeSet::from(FINDINGS));

    // The county, its towns and its words are the pack's own.
    let names: Vec<String> = fs::read_dir(out.join("reports"))
        .expect("reports")
        .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
        .collect();
    for wanted in
        ["2024-06_汇总.xlsx", "2024-06_政策落实对照表.xlsx", "2024-06_县乡村振兴局_疑点清单.xlsx", "2024-06_青石镇_疑点清单.xlsx"]
    {
        assert!(names.iter().any(|name| name == wanted), "{wanted} in {names:?}");
    }
}

#[test]
fn every_column_of_its_own_spelling_is_understood() {
    let (pipeline, input) = (owned(&root("pipelines/example-2024.toml")), owned(&root("fixtures/example-2024/2024-06")));
    let (code, told) = bidui(&["check", &pipeline, "--cases", "--input", &input]);
    assert_eq!(code, Some(0), "{told}");
    for understood in [
        "保障对象姓名 → 姓名（name）",
        "与申请人关系 → 与户主关系（relation）",
        "是否在保 → 是否保障对象（covered）",
        "参保身份 → 人员类别（category）",
        "监测对象类别 → 监测对象类别（monitored_kind）",
        "风险是否已消除 → 风险是否已消除（risk_removed）",
        "整户无劳动能力兜底保障户 → 是否“两无”户（two_none）",
    ] {
        assert!(told.contains(understood), "{understood} in:\n{told}");
    }
}
