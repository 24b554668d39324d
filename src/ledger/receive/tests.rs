//! Rows received into a ledger that knows a month: what each comes to, and what is written.

use proptest::prelude::*;

use super::{Cells, ReturnedFile, ReturnedRow, Said};
use crate::config::returns;
use crate::ledger::{Ledger, Month};
use crate::model::date;
use crate::model::finding::{Confidence, Evidence, Finding, Kind, Scope, Subject};
use crate::model::personal::{Expose, Personal, mask_number};
use crate::model::receipt::{FileReceipt, Outcome, RowReceipt};
use crate::model::standing::{Answer, Opinion, State, Verdict};

#[path = "matching_tests.rs"]
mod matching;

const UNCOVERED: &str = "living.two_none_uncovered";
const PAID_DEAD: &str = "living.paid_after_death";
const DAMAGED: &str = "identity.number_damaged";

/// Whole number of the person called `name`.
const NUMBERS: [(&str, &str); 3] =
    [("赵一", "11010519491231002X"), ("钱二", "440524188001010014"), ("孙三", "53010219200508011X")];

static PHRASES: std::sync::LazyLock<crate::config::returns::Phrases> = std::sync::LazyLock::new(|| returns::shipped().phrases);

fn id(number: u32) -> String {
    format!("F{number:016x}")
}

fn finding(number: u32, rule: &str, kind: Kind, name: &str, village: &str) -> Finding {
    let id_number = NUMBERS.iter().find(|(known, _)| *known == name).map(|(_, number)| (*number).into());
    Finding {
        finding_id: id(number),
        rule: rule.to_owned(),
        kind,
        scope: Scope::Person,
        clause: "三(三)2".to_owned(),
        basis: None,
        person_id: Some(format!("P{name}")),
        household_code: None,
        name: Some(name.into()),
        id_number,
        town: Some("土坪镇".to_owned()),
        village: Some(village.to_owned()),
        time_base: None,
        due_fen: None,
        paid_fen: None,
        gap_fen: None,
        confidence: Confidence::Certain,
        sentence: Personal::default(),
        evidence: vec![Evidence {
            registry: "poverty".into(),
            file: None,
            sheet: None,
            row: None,
            column: "姓名".to_owned(),
            value: name.into(),
        }],
        subject: Subject::default(),
    }
}

fn month(text: &str) -> date::Month {
    text.parse().expect("a month")
}

fn findings() -> Vec<Finding> {
    vec![
        finding(0x00ab_cdef, UNCOVERED, Kind::Miss, "赵一", "高台村"),
        finding(2, PAID_DEAD, Kind::Inel, "赵一", "高台村"),
        finding(3, UNCOVERED, Kind::Miss, "钱二", "高台村"),
        finding(4, UNCOVERED, Kind::Miss, "孙三", "明星村"),
        finding(5, DAMAGED, Kind::Conf, "孙三", "明星村"),
    ]
}

/// A ledger that knows June and July.
fn ledger() -> Ledger {
    let mut ledger = Ledger::in_memory();
    for period in ["2018-06", "2018-07"] {
        record(&mut ledger, period);
    }
    ledger
}

fn record(ledger: &mut Ledger, period: &str) -> Vec<State> {
    let found = findings();
    let month = Month {
        rows: &crate::model::register::RegisterRows::new(),
        refused: &std::collections::BTreeSet::new(),
        period: month(period),
        as_of: month(period).last_day(),
        key_mark: "0123456789abcdef",
        findings: &found,
        withheld: &[],
        notes: &[],
        cards: &[],
        towns: &[],
        villages: &[],
    };
    let standings = ledger.standings(&month).expect("stands");
    ledger.record(&month, &standings, period, "2018-07-01T00:00:00Z").expect("records");
    standings.present.iter().map(|standing| standing.state).collect()
}

/// A row with the key of `numbers` in the June list, changed by `change`.
fn row(numbers: &[u32], change: impl FnOnce(&mut Cells)) -> Cells {
    let ids: Vec<String> = numbers.iter().map(|number| id(*number)).collect();
    let known = findings();
    let of = known.iter().find(|finding| ids.first() == Some(&finding.finding_id)).expect("a known finding");
    let mut cells = Cells {
        list: Some(month("2018-06")),
        key: format!("{}@2018-06", ids.join(";")).into(),
        finding_ids: ids.join("\n").into(),
        village: of.village.clone().unwrap_or_default().into(),
        name: of.name.clone().unwrap_or_default(),
        id_number: of.id_number.expose().map(mask_number).unwrap_or_default().into(),
        ..Cells::default()
    };
    change(&mut cells);
    cells
}

fn says(numbers: &[u32], verdict: &str) -> Cells {
    row(numbers, |cells| cells.verdict = verdict.into())
}

fn receive(ledger: &mut Ledger, file: &str, rows: Vec<Cells>) -> FileReceipt {
    let rows =
        (5..).zip(rows).map(|(row, cells)| ReturnedRow { sheet: "高台村".into(), row, said: Said::Cells(Box::new(cells)) });
    let file =
        ReturnedFile { file: file.into(), sha256: file.to_owned(), broken: None, refusals: Vec::new(), rows: rows.collect() };
    let receipts = ledger.receive(&[file], &PHRASES, "2018-07-10T08:30:00Z").expect("received");
    receipts.into_iter().next().expect("one file")
}

fn one(cells: Cells) -> RowReceipt {
    receive(&mut ledger(), "a.xlsx", vec![cells]).rows.remove(0)
}

fn outcomes(receipt: &FileReceipt) -> Vec<Outcome> {
    receipt.rows.iter().map(|row| row.outcome).collect()
}

fn answers(ledger: &Ledger) -> Vec<(Answer, Option<i64>)> {
    let mut statement = ledger
        .connection
        .prepare(
            "SELECT finding_id, list, verdict, reality, reason, opinion, method, checkers, checked_on, corrected_number, file, sheet, row, \
             contradicts FROM answer JOIN receipt ON receipt.seq = answer.receipt ORDER BY answer.seq",
        )
        .expect("a query");
    let mut rows = statement.query([]).expect("rows");
    let mut found = Vec::new();
    while let Some(row) = rows.next().expect("a row") {
        found.push((crate::ledger::record::answer(row).expect("an answer"), row.get(13).expect("a number")));
    }
    found
}

#[test]
fn a_filled_row_is_an_answer_to_each_of_its_findings() {
    let mut ledger = ledger();
    let receipt = receive(
        &mut ledger,
        "a.xlsx",
        vec![row(&[0x00ab_cdef, 2], |cells| {
            cells.verdict = "部分属实".into();
            cells.free.push(("现实情况".to_owned(), "房子已修".into()));
            cells.method = "入户".into();
            cells.checkers = "张三、李四".into();
            cells.checked = "7月5日".into();
            cells.checked_on = "2018-07-05".parse().ok();
        })],
    );
    assert_eq!(outcomes(&receipt), [Outcome::Taken]);
    let written = answers(&ledger);
    assert_eq!(written.len(), 2);
    let (answer, contradicts) = &written[0];
    assert_eq!((answer.verdict, answer.list, *contradicts), (Some(Verdict::Partly), month("2018-06"), None));
    assert_eq!(answer.plain(), "部分属实；房子已修（张三、李四 2018-07-05）");
    assert_eq!((answer.file.expose(), answer.sheet.expose(), answer.row), ("a.xlsx", "高台村", 5));
}

#[test]
fn numbered_answers_and_answers_that_fit_one_kind_only() {
    let mut ledger = ledger();
    let receipt = receive(&mut ledger, "a.xlsx", vec![says(&[0x00ab_cdef, 2], "1.属实；2.不属实")]);
    assert_eq!(outcomes(&receipt), [Outcome::Taken]);
    let verdicts: Vec<_> = answers(&ledger).into_iter().map(|(answer, _)| answer.verdict).collect();
    assert_eq!(verdicts, [Some(Verdict::Holds), Some(Verdict::Unfounded)]);

    let mut ledger = self::ledger();
    let receipt = receive(&mut ledger, "a.xlsx", vec![says(&[0x00ab_cdef, 2], "死了")]);
    assert_eq!(outcomes(&receipt), [Outcome::Unclear], "for the payment it does not say whether it was stopped");
    assert!(receipt.rows[0].reason.contains(&id(2)), "{}", receipt.rows[0].reason);
    let written = answers(&ledger);
    assert_eq!((written.len(), written[0].0.reason.expose()), (1, "已死亡"));
}

#[test]
fn the_same_again_adds_nothing_and_says_so() {
    let mut ledger = ledger();
    let rows = || vec![says(&[3], "属实"), says(&[4], "不属实，已纳入低保")];
    assert!(receive(&mut ledger, "a.xlsx", rows()).before.is_none());
    let again = receive(&mut ledger, "a.xlsx", rows());
    assert_eq!((again.before.as_deref(), again.written), (Some("2018-07-10"), false));
    assert_eq!(outcomes(&again), [Outcome::Known, Outcome::Known]);
    let resaved = receive(&mut ledger, "a.xls", rows());
    assert_eq!((resaved.before.clone(), outcomes(&resaved)), (None, vec![Outcome::Known, Outcome::Known]));
    assert_eq!(answers(&ledger).len(), 2);
    let count = |table: &str| -> i64 {
        ledger.connection.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0)).expect("counts")
    };
    assert_eq!((count("receipt"), count("returned_row")), (2, 4));
}

#[test]
fn an_attempt_that_was_cut_short_is_told_as_if_it_had_not_been() {
    let rows = || vec![says(&[3], "属实"), says(&[4], "不属实，已纳入低保"), says(&[4], "不属实，已纳入低保")];
    let mut ledger = ledger();
    receive(&mut ledger, "before.xlsx", vec![says(&[3], "不属实")]);
    let first = receive(&mut ledger, "a.xlsx", rows());
    assert_eq!(outcomes(&first), [Outcome::Conflicting, Outcome::Taken, Outcome::Copied]);
    let file = |broken: Option<&str>| {
        let said = rows().into_iter().zip(5..).map(|(cells, row)| ReturnedRow {
            sheet: "高台村".into(),
            row,
            said: Said::Cells(Box::new(cells)),
        });
        let (file, sha256) = ("a.xlsx".into(), "a.xlsx".to_owned());
        ReturnedFile { file, sha256, broken: broken.map(str::to_owned), refusals: Vec::new(), rows: said.collect() }
    };
    let mut again = |broken| ledger.receive(&[file(broken)], &PHRASES, "2018-08-01T00:00:00Z").expect("received").remove(0);
    let second = again(Some("2018-07-10T08:30:00Z"));
    assert_eq!(format!("{:?}", second.rows), format!("{:?}", first.rows));
    assert_eq!((second.before.clone(), second.written), (None, true));
    let other = again(Some("2018-07-09T08:30:00Z"));
    assert_eq!(outcomes(&other), [Outcome::Known, Outcome::Known, Outcome::Known]);
    assert_eq!(answers(&ledger).len(), 3);
}

#[test]
fn a_wording_learnt_later_is_taken_from_the_same_file() {
    let mut ledger = ledger();
    let rows = || vec![says(&[3], "硬是真的"), says(&[4], "属实")];
    assert_eq!(outcomes(&receive(&mut ledger, "a.xlsx", rows())), [Outcome::Unclear, Outcome::Taken]);
    assert!(!receive(&mut ledger, "a.xlsx", rows()).written, "nothing new");
    let mut documents = crate::config::document::folder(concat!(env!("CARGO_MANIFEST_DIR"), "/pipelines/returns"), &["toml"]);
    for document in documents.iter_mut().filter(|document| document.stem() == "phrases") {
        document.text.push_str("\n[[phrase]]\nsay = [\"硬是真的\"]\nverdict = \"属实\"\n");
    }
    let layouts = crate::config::layout::Layouts::shipped().expect("layouts");
    let learnt = returns::Returns::resolve(&documents, &layouts).expect("sound").phrases;
    let said = |cells| ReturnedRow { sheet: Personal::default(), row: 5, said: Said::Cells(Box::new(cells)) };
    let file =
        ReturnedFile { sha256: "a.xlsx".to_owned(), rows: vec![said(says(&[3], "硬是真的"))], ..ReturnedFile::default() };
    let receipt = ledger.receive(&[file], &learnt, "2018-07-11T00:00:00Z").expect("received").remove(0);
    assert_eq!((outcomes(&receipt), receipt.written), (vec![Outcome::Taken], true));
}

#[test]
fn answers_that_differ_stand_side_by_side_and_are_told() {
    let mut ledger = ledger();
    receive(&mut ledger, "a.xlsx", vec![says(&[3], "属实")]);
    let later = receive(&mut ledger, "b.xlsx", vec![says(&[3], "不属实")]);
    assert_eq!(outcomes(&later), [Outcome::Conflicting]);
    assert!(later.opposed == 0 && !later.is_refused());
    let note = later.rows[0].note();
    assert!(["a.xlsx", "第 5 行", "2018-07-10", "属实"].iter().all(|part| note.expose().contains(part)), "{}", note.expose());
    let written = answers(&ledger);
    assert_eq!(written.iter().map(|(_, contradicts)| *contradicts).collect::<Vec<_>>(), [None, Some(1)]);
    assert!(!later.is_refused(), "both are written");
    assert_eq!(record(&mut ledger, "2018-08")[2], State::Disputed);
}

#[test]
fn more_words_and_what_is_done_since_contradict_nothing() {
    let mut ledger = ledger();
    receive(&mut ledger, "a.xlsx", vec![row(&[3], |cells| cells.opinion = "拟纳入".into())]);
    let more = row(&[3], |cells| {
        cells.opinion = "拟纳入".into();
        cells.free.push(("现实情况".to_owned(), "住危房".into()));
    });
    let done = row(&[3], |cells| cells.opinion = "已纳入".into());
    let receipt = receive(&mut ledger, "b.xlsx", vec![more, done]);
    assert_eq!(outcomes(&receipt), [Outcome::Taken, Outcome::Taken]);
    assert!(answers(&ledger).iter().all(|(_, contradicts)| contradicts.is_none()));
}

#[test]
fn rows_copied_within_a_file() {
    let mut ledger = ledger();
    let receipt = receive(&mut ledger, "a.xlsx", vec![says(&[3], "属实"), says(&[3], "属实"), says(&[3], "不属实")]);
    assert_eq!(outcomes(&receipt), [Outcome::Taken, Outcome::Copied, Outcome::Conflicting]);
    assert!(receipt.opposed == 1 && receipt.is_refused(), "a list that denies itself is to be sent again");
    assert!(receipt.rows[1].reason.contains("第 5 行"), "{}", receipt.rows[1].reason);
}

#[test]
fn a_row_is_of_the_list_that_its_key_names() {
    let mut ledger = ledger();
    receive(&mut ledger, "june.xlsx", vec![says(&[3], "属实")]);
    let july = receive(
        &mut ledger,
        "july.xlsx",
        vec![row(&[3], |cells| {
            cells.key = cells.key.expose().replace("2018-06", "2018-07").into();
            cells.verdict = "不属实".into();
        })],
    );
    assert_eq!(outcomes(&july), [Outcome::Taken], "another list asked again");
    assert_eq!(answers(&ledger).iter().map(|(answer, _)| answer.list.to_string()).collect::<Vec<_>>(), ["2018-06", "2018-07"]);
}

#[test]
fn corrected_numbers_are_proposals_if_they_can_be_numbers() {
    let mut ledger = ledger();
    let corrected = |text: &str, number: Option<&str>| {
        row(&[5], |cells| {
            cells.corrected = text.into();
            cells.corrected_number = number.map(Personal::from);
            cells.checkers = "李四".into();
        })
    };
    let receipt = receive(&mut ledger, "a.xlsx", vec![corrected("530102192005080119", None)]);
    assert_eq!(outcomes(&receipt), [Outcome::Unclear], "{}", receipt.rows[0].reason);
    assert!(!receipt.rows[0].reason.contains("530102"), "the reason is for screens");
    assert!(ledger.proposals(month("2018-07")).expect("reads").is_empty());

    let valid = "11010519491231002X";
    let receipt = receive(&mut ledger, "b.xlsx", vec![corrected(valid, Some(valid))]);
    assert_eq!(receipt.rows[0].understood, Personal::new(format!("属实，更正信息，号码更正为{valid}（李四）")));
    let (answer, _) = answers(&ledger).remove(0);
    assert_eq!((answer.verdict, answer.opinion), (Some(Verdict::Holds), Some(Opinion::Correct)));
    let proposals = ledger.proposals(month("2018-07")).expect("reads");
    let told = proposals.iter().map(|p| (p.finding_id.clone(), p.suggested.expose(), p.before.expose(), p.who.expose()));
    assert_eq!(told.collect::<Vec<_>>(), [(id(5), valid, Some("53010219200508011X"), "李四")]);

    receive(&mut ledger, "c.xlsx", vec![corrected("440524188001010014", Some("440524188001010014"))]);
    assert!(ledger.proposals(month("2018-07")).expect("reads").is_empty(), "two numbers contradict each other");
}

#[test]
fn a_village_that_found_somebody_under_another_number_says_which() {
    let mut ledger = ledger();
    let valid = "11010519491231002X";
    let found = row(&[3], |cells| {
        cells.reason = "已纳入低保（姓名或证号登记有误）".into();
        cells.corrected = valid.into();
        cells.corrected_number = Some(valid.into());
    });
    let receipt = receive(&mut ledger, "a.xlsx", vec![found]);
    assert_eq!(outcomes(&receipt), [Outcome::Taken], "{}", receipt.rows[0].reason);
    let (answer, _) = answers(&ledger).remove(0);
    assert_eq!((answer.verdict, answer.opinion), (Some(Verdict::Unfounded), Some(Opinion::Correct)));
    let proposals = ledger.proposals(month("2018-07")).expect("reads");
    assert_eq!(proposals.iter().map(|p| (p.name.expose(), p.suggested.expose())).collect::<Vec<_>>(), [(Some("钱二"), valid)]);
    assert!(ledger.proposals(month("2018-06")).expect("reads").is_empty(), "a month's own lists do not change it");
}

#[test]
fn a_later_answer_that_the_registry_is_right_takes_a_number_back() {
    let mut ledger = ledger();
    let valid = "11010519491231002X";
    let corrected = row(&[5], |cells| {
        cells.corrected = valid.into();
        cells.corrected_number = Some(valid.into());
    });
    receive(&mut ledger, "a.xlsx", vec![corrected]);
    assert_eq!(ledger.proposals(month("2018-08")).expect("reads").len(), 1);
    let right = row(&[5], |cells| {
        cells.list = Some(month("2018-07"));
        cells.verdict = "现登记正确".into();
    });
    receive(&mut ledger, "b.xlsx", vec![right]);
    assert!(ledger.proposals(month("2018-08")).expect("reads").is_empty());
}

#[test]
fn the_suggested_number_counts_when_it_is_said_to_be_right() {
    let mut ledger = ledger();
    let suggested = Some("11010519491231002X".into());
    let agree = row(&[5], |cells| {
        cells.verdict = "建议号码正确".into();
        cells.suggested_number.clone_from(&suggested);
    });
    receive(&mut ledger, "a.xlsx", vec![agree]);
    assert_eq!(ledger.proposals(month("2018-07")).expect("reads")[0].suggested, "11010519491231002X");
    let mut ledger = self::ledger();
    let disagree = row(&[5], |cells| {
        cells.verdict = "现登记正确".into();
        cells.suggested_number.clone_from(&suggested);
    });
    receive(&mut ledger, "a.xlsx", vec![disagree]);
    assert_eq!(answers(&ledger)[0].0.verdict, Some(Verdict::Unfounded));
    assert!(ledger.proposals(month("2018-07")).expect("reads").is_empty());
}

#[test]
fn answers_in_the_wrong_column_and_in_free_text() {
    let free = |heading: &str, text: &str| {
        let (heading, text) = (heading.to_owned(), text.into());
        row(&[3], move |cells| cells.free.push((heading, text)))
    };
    for (what, cells, verdict, opinion, reason) in [
        ("现实情况", free("现实情况", "属实，已纳入"), Verdict::Holds, Some(Opinion::Included), ""),
        ("备注", free("备注", "人不在了"), Verdict::Unfounded, None, "已死亡"),
        ("处理意见", row(&[3], |cells| cells.opinion = "不属实".into()), Verdict::Unfounded, None, ""),
        ("核查结果", says(&[3], "正在办理"), Verdict::Holds, Some(Opinion::ToInclude), "正在办理（受理号）"),
        ("added column", row(&[3], |cells| cells.extra.push(("列1".to_owned(), "属实".into()))), Verdict::Holds, None, ""),
        (
            "未纳入原因",
            row(&[3], |cells| cells.reason = "家庭收入超标准".into()),
            Verdict::Unfounded,
            Some(Opinion::NotEligible),
            "家庭收入超标准",
        ),
    ] {
        let mut ledger = ledger();
        let receipt = receive(&mut ledger, "a.xlsx", vec![cells]);
        assert_eq!(outcomes(&receipt), [Outcome::Taken], "{what}: {}", receipt.rows[0].note().expose());
        let (answer, _) = answers(&ledger).remove(0);
        assert_eq!((answer.verdict, answer.opinion, answer.reason.expose()), (Some(verdict), opinion, reason), "{what}");
    }
}

#[test]
fn what_does_not_say_is_asked_back() {
    for (what, cells) in [
        ("unknown words", says(&[3], "看情况吧")),
        ("a doubt beside it", says(&[3], "属实，但不是他")),
        ("both", says(&[3], "属实，不属实")),
        (
            "two columns",
            row(&[3], |cells| {
                cells.verdict = "属实".into();
                cells.free.push(("现实情况".to_owned(), "不属实".into()));
            }),
        ),
        (
            "unfounded and yet to be included",
            row(&[3], |cells| {
                cells.verdict = "不属实".into();
                cells.opinion = "拟纳入".into();
            }),
        ),
        ("moved", says(&[3], "人已搬走")),
        ("as above", says(&[3], "同上")),
        ("a father", row(&[3], |cells| cells.free.push(("现实情况".to_owned(), "其父亲去世".into())))),
    ] {
        let receipt = one(cells);
        assert_eq!(receipt.outcome, Outcome::Unclear, "{what}: {receipt:?}");
        assert!(!receipt.note().is_empty(), "{what}");
    }
}

#[test]
fn empty_rows_and_rows_that_are_only_signed() {
    let empty = one(row(&[3], |_| ()));
    assert_eq!((empty.outcome, empty.reason.as_str()), (Outcome::Empty, ""));
    let signed = one(row(&[3], |cells| {
        cells.checkers = "张三".into();
        cells.signatures = "李四".into();
    }));
    assert_eq!(signed.outcome, Outcome::Empty);
    assert!(signed.reason.contains("没有核查结果"), "{}", signed.reason);
}

#[test]
fn an_unread_date_is_told_and_the_answer_taken() {
    let receipt = one(row(&[3], |cells| {
        cells.verdict = "属实".into();
        cells.checked = "前天".into();
    }));
    assert_eq!((receipt.outcome, receipt.quote.expose()), (Outcome::Taken, "前天"));
}

proptest! {
    #[test]
    fn whatever_is_written_a_row_has_one_outcome_and_no_answer_lacks_a_verdict(
        verdict in "\\PC{0,12}|[属实不已纳入死了是否同上]{0,6}",
        opinion in "\\PC{0,8}|[拟已纳入停发追缴不符合]{0,5}",
        free in "\\PC{0,16}",
        key in "\\PC{0,12}|F[0-9a-f]{6,16}@2018-0[5-8]",
        number in "\\PC{0,12}|F000000000000000[0-9]",
    ) {
        let mut ledger = ledger();
        let cells = Cells {
            key: key.into(),
            finding_ids: number.into(),
            verdict: verdict.into(),
            opinion: opinion.into(),
            free: vec![("现实情况".to_owned(), free.into())],
            list: Some(month("2018-06")),
            ..Cells::default()
        };
        let receipt = receive(&mut ledger, "a.xlsx", vec![cells.clone(), cells]);
        prop_assert_eq!(receipt.rows.len(), 2);
        prop_assert!(answers(&ledger).iter().all(|(answer, _)| answer.verdict.is_some()));
        prop_assert!(!receipt.rows.iter().any(|row| row.outcome == Outcome::Taken && row.understood.is_empty()));
        let again = ledger.receive(&[], &PHRASES, "t").expect("nothing");
        prop_assert!(again.is_empty());
    }
}
