//! Lists and `整改台账` of a month with a ledger.

use super::super::sample::{Sample, sample};
use super::super::tests::{cells, find, layouts, same_as_golden};
use super::super::{OutputFile, ReportInput, build};
use crate::model::date::Month;
use crate::model::finding::Finding;
use crate::model::masking::Audience;
use crate::model::personal::Personal;
use crate::model::standing::{Answer, Opinion, Remembered, Reopening, Standing, Standings, State, Verdict};

fn month(text: &str) -> Month {
    text.parse().expect("a month")
}

fn answer(finding: &Finding, list: &str, verdict: Verdict, opinion: Option<Opinion>) -> Answer {
    Answer {
        finding_id: finding.finding_id.clone(),
        list: month(list),
        verdict: Some(verdict),
        reality: "入户看过".into(),
        reason: Personal::default(),
        opinion,
        method: "入户".into(),
        checkers: "张三、李四".into(),
        checked_on: "2018-06-12".parse().ok(),
        corrected_number: Personal::default(),
        file: "回.xlsx".into(),
        sheet: "燕子坝村".into(),
        row: 5,
    }
}

fn standing(finding: &Finding, state: State, answer: Option<Answer>) -> Standing {
    let new = state == State::New;
    Standing {
        finding_id: finding.finding_id.clone(),
        state,
        first: month(if new { "2018-06" } else { "2018-04" }),
        last: month("2018-06"),
        months: if new { 1 } else { 3 },
        asked: if new { 0 } else { 2 },
        asked_last: (!new).then(|| month("2018-05")),
        answer,
    }
}

/// The sample's findings in every state, and one that the data no longer show.
fn stood(sample: &Sample) -> Standings {
    let states = [
        State::New,
        State::Persisting,
        State::SettledByAnswer,
        State::Confirmed,
        State::Reopened(Reopening::StillThere),
        State::New,
    ];
    let present = sample.findings.iter().enumerate().map(|(at, finding)| {
        let state = states[at % states.len()];
        let answered = match state {
            State::SettledByAnswer => Some(answer(finding, "2018-05", Verdict::Unfounded, Some(Opinion::NotEligible))),
            State::Confirmed => Some(answer(finding, "2018-05", Verdict::Holds, Some(Opinion::ToInclude))),
            State::Reopened(_) => Some(answer(finding, "2018-05", Verdict::Holds, Some(Opinion::Included))),
            _ => None,
        };
        standing(finding, state, answered)
    });
    let gone = Finding { finding_id: "F0000000000000gone".to_owned(), gap_fen: Some(32_300), ..sample.findings[0].clone() };
    let absent = vec![(Remembered::from(&gone), standing(&gone, State::SettledByData, None))];
    Standings { present: present.collect(), absent }
}

fn files(sample: &Sample, standings: &Standings) -> Vec<OutputFile> {
    build(&ReportInput { standings: Some(standings), ..sample.input() }, &layouts()).expect("workbooks")
}

#[test]
fn golden_ledger() {
    let sample = sample();
    same_as_golden(find(&files(&sample, &stood(&sample)), "整改台账"), "report_ledger");
}

#[test]
fn golden_town_with_a_ledger() {
    let sample = sample();
    same_as_golden(find(&files(&sample, &stood(&sample)), "瑞溪镇"), "report_town_ledger");
}

#[test]
fn what_was_settled_by_an_answer_is_asked_of_nobody_and_is_in_the_ledger() {
    let sample = sample();
    let standings = stood(&sample);
    let files = files(&sample, &standings);
    for (finding, standing) in sample.findings.iter().zip(&standings.present) {
        let asking: Vec<&str> = files
            .iter()
            .filter(|file| file.path.contains("清单") || file.path.contains("更正"))
            .filter(|file| super::super::tests::dump(file).contains(&finding.finding_id))
            .map(|file| file.path.as_str())
            .collect();
        assert_eq!(asking.is_empty(), standing.state == State::SettledByAnswer, "{} {asking:?}", finding.finding_id);
    }
}

#[test]
fn what_is_posted_says_of_an_answer_only_what_was_decided() {
    let sample = sample();
    let standings = stood(&sample);
    for names in [false, true] {
        let posted = Some(Audience::Public { names });
        let input = ReportInput { posted, standings: Some(&standings), ..sample.input() };
        let files = build(&input, &layouts()).expect("workbooks");
        let texts: String = files.iter().map(super::super::tests::every_part).collect();
        assert!(texts.contains("2018-05 清单：属实") && !texts.contains("入户看过") && !texts.contains("李四"));
    }
}

#[test]
fn units_add_up_to_the_findings() {
    let sample = sample();
    let standings = stood(&sample);
    let files = files(&sample, &standings);
    let ledger = find(&files, "整改台账");
    for (sheet, first) in [("按规则", 3), ("按乡镇", 5), ("按村", 6), ("按部门", 5)] {
        let rows = cells(ledger, sheet);
        let header: Vec<String> = rows[2].iter().map(ToString::to_string).collect();
        assert_eq!(header[first], "新增", "{sheet}");
        let new: f64 = rows[3..rows.len()]
            .iter()
            .filter(|row| !row[0].to_string().is_empty())
            .filter_map(|row| row[first].to_string().parse::<f64>().ok())
            .sum();
        let expected = standings.present.iter().filter(|standing| standing.state == State::New).count();
        assert!((new - f64::from(u32::try_from(expected).expect("few"))).abs() < 0.5, "{sheet}: {new} of {expected}");
    }
}

#[test]
fn the_summary_says_where_everything_stands_with_money() {
    let sample = sample();
    let standings = stood(&sample);
    let files = files(&sample, &standings);
    let summary = find(&files, "汇总");
    let findings: Vec<(Remembered, State)> = sample
        .findings
        .iter()
        .map(Remembered::from)
        .zip(standings.present.iter().map(|standing| standing.state))
        .chain(standings.absent.iter().map(|(what, standing)| (what.clone(), standing.state)))
        .collect();
    for sheet in ["状态（按规则）", "状态（按乡镇）", "状态（按村）"] {
        let rows = cells(summary, sheet);
        let header: Vec<String> = rows[2].iter().map(ToString::to_string).collect();
        let at = |title: &str| header.iter().position(|known| known == title).expect("a column");
        for kind in State::KINDS {
            let of = |whole: bool| {
                let lines = rows[3..].iter().filter(|row| row[at("状态")] == kind.plain() && (row[1] == "合计") == whole);
                let number = |cell: &calamine::Data| cell.to_string().parse::<f64>().unwrap_or(0.0);
                lines.fold((0.0, 0.0, 0.0), |(count, owed, overpaid), row| {
                    (count + number(&row[at("条数")]), owed + number(&row[at("应补")]), overpaid + number(&row[at("多发")]))
                })
            };
            let expected = findings.iter().filter(|(_, state)| state.kind() == kind.kind()).fold((0, 0, 0), |sum, (what, _)| {
                let gap = what.gap_fen.unwrap_or(0);
                (sum.0 + 1, sum.1 + gap.max(0), sum.2 + (-gap).max(0))
            });
            let told =
                |(count, owed, overpaid): (f64, f64, f64)| format!("{count:.0} {:.0} {:.0}", owed * 100.0, overpaid * 100.0);
            let expected = format!("{} {} {}", expected.0, expected.1, expected.2);
            assert_eq!((told(of(true)), told(of(false))), (expected.clone(), expected), "{sheet} {}", kind.plain());
        }
    }
    let without = build(&sample.input(), &layouts()).expect("workbooks");
    assert!(!super::super::tests::dump(find(&without, "汇总")).contains("# 状态"), "without a ledger nothing is known of states");
}

#[test]
fn a_sample_takes_of_every_town_and_result_and_no_case_twice() {
    let sample = sample();
    let many: Vec<Finding> = (0..400)
        .map(|at| Finding { finding_id: format!("F{at:04}"), town: Some(format!("镇{}", at % 4)), ..sample.findings[0].clone() })
        .collect();
    let verdicts = [Verdict::Holds, Verdict::Unfounded];
    let standings: Vec<Standing> = many
        .iter()
        .enumerate()
        .map(|(at, finding)| standing(finding, State::Confirmed, Some(answer(finding, "2018-05", verdicts[at / 4 % 2], None))))
        .collect();
    let items: Vec<super::Item<'_>> = many
        .iter()
        .zip(&standings)
        .map(|(finding, standing)| super::Item { what: Remembered::from(finding), standing })
        .collect();
    let layout = &layouts().ledger.sample;
    let ids = |period: &str| -> Vec<Vec<String>> {
        let samples = super::samples(&items.iter(), layout, month(period));
        samples.iter().map(|sample| sample.iter().map(|item| item.what.finding_id.clone()).collect()).collect()
    };
    let drawn = ids("2018-06");
    // 50 of each of 8 strata: 5 % are 2.5, so 3.
    assert_eq!(drawn.iter().map(Vec::len).collect::<Vec<_>>(), [24, 24]);
    assert!(drawn[0].iter().all(|id| !drawn[1].contains(id)));
    assert_eq!(drawn, ids("2018-06"));
    let mut backwards: Vec<super::Item<'_>> = items;
    backwards.reverse();
    let again = super::samples(&backwards.iter(), layout, month("2018-06"));
    assert_eq!(again[0].iter().map(|item| item.what.finding_id.clone()).collect::<Vec<_>>(), drawn[0]);
}
