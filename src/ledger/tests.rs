//! Lives of findings: months recorded one after the other, answers between them.

use std::collections::BTreeSet;
use std::path::Path;

use super::{Basis, Ledger, Month, Purged};
use crate::model::date;
use crate::model::finding::{Confidence, Evidence, Finding, Kind, RuleNote, Scope, Subject};
use crate::model::register::{RegisterPart, RegisterRows};
use crate::model::registry::RegistryId;
use crate::model::rule::RuleCard;
use crate::model::standing::{Answer, Reopening, Standings, State, Suspension, Withheld, Withholding};

const RULE: &str = "living.two_none_uncovered";

fn month(text: &str) -> date::Month {
    text.parse().expect("a month")
}

/// A finding about `who`, resting on one cell.
fn finding(who: &str, cell: &str) -> Finding {
    Finding {
        finding_id: format!("F{who}"),
        rule: RULE.to_owned(),
        kind: Kind::Miss,
        scope: Scope::Household,
        clause: "三(三)2".to_owned(),
        basis: None,
        person_id: None,
        household_code: Some(who.into()),
        name: Some("赵某".into()),
        id_number: None,
        town: Some("土坪镇".to_owned()),
        village: Some("高台村".to_owned()),
        time_base: None,
        due_fen: Some(32_300),
        paid_fen: Some(0),
        gap_fen: Some(32_300),
        confidence: Confidence::Certain,
        sentence: format!("该户{who}未查到").into(),
        evidence: vec![Evidence {
            registry: "poverty".into(),
            file: Some("a.xlsx".into()),
            sheet: Some("Sheet1".into()),
            row: Some(5),
            column: "脱贫属性".to_owned(),
            value: cell.into(),
        }],
        subject: Subject::default(),
    }
}

fn cards() -> Vec<RuleCard> {
    vec![RuleCard {
        id: RULE.to_owned(),
        title: "“两无”户未纳入".to_owned(),
        clause: "三(三)2".to_owned(),
        basis: None,
        kind: Kind::Miss,
        scope: Scope::Household,
        lead: "县民政局".to_owned(),
        responsible: Vec::new(),
        quotation: String::new(),
        time_base: None,
        internal: false,
        definition: "as it is".to_owned(),
    }]
}

/// One month's findings and what was withheld.
#[derive(Default)]
struct Found {
    findings: Vec<Finding>,
    withheld: Vec<Withheld>,
    notes: Vec<RuleNote>,
    towns: Vec<String>,
    rows: RegisterRows,
    refused: BTreeSet<RegistryId>,
    /// Whether the rule is about registers that contradict each other.
    compares: bool,
    /// What the rule says, where not what it always said; empty where the rule is no more.
    definition: Option<&'static str>,
}

impl Found {
    fn of(findings: &[Finding]) -> Self {
        Self { findings: findings.to_vec(), ..Self::default() }
    }

    fn with<T>(&self, period: &str, work: impl FnOnce(&Month<'_>) -> T) -> T {
        let (period, mut cards) = (month(period), cards());
        if self.compares {
            for card in &mut cards {
                card.kind = Kind::Conf;
            }
        }
        match self.definition {
            Some("") => cards.clear(),
            Some(other) => cards.iter_mut().for_each(|card| card.definition = other.to_owned()),
            None => {}
        }
        work(&Month {
            rows: &self.rows,
            refused: &self.refused,
            period,
            as_of: period.last_day(),
            key_mark: "0123456789abcdef",
            findings: &self.findings,
            withheld: &self.withheld,
            notes: &self.notes,
            cards: &cards,
            towns: &self.towns,
            villages: &[],
        })
    }
}

fn standings(ledger: &Ledger, period: &str, found: &Found) -> Standings {
    found.with(period, |month| ledger.standings(month).expect("stands"))
}

/// Standings, then recorded.
fn recorded(ledger: &mut Ledger, period: &str, found: &Found) -> Standings {
    found.with(period, |month| {
        let standings = ledger.standings(month).expect("stands");
        ledger.record(month, &standings, period, "2018-07-01T00:00:00Z").expect("records");
        standings
    })
}

fn states(standings: &Standings) -> Vec<(String, State)> {
    standings.iter().map(|standing| (standing.finding_id.clone(), standing.state)).collect()
}

fn state(standings: &Standings, who: &str) -> Option<State> {
    standings.iter().find(|standing| standing.finding_id == format!("F{who}")).map(|standing| standing.state)
}

/// An answer written past `receive`: verdict, reality, opinion, to the list of a month.
fn answered(ledger: &Ledger, about: &Finding, list: &str, verdict: Option<&str>, reality: &str, opinion: Option<&str>) {
    let count: i64 = ledger.connection.query_row("SELECT count(*) FROM receipt", [], |row| row.get(0)).expect("counts");
    ledger
        .connection
        .execute("INSERT INTO receipt (sha256, file, received_at) VALUES (?1, 'r.xlsx', 't')", [count.to_string()])
        .expect("a receipt");
    ledger
        .connection
        .execute(
            "INSERT INTO answer (receipt, sheet, row, finding_id, list, basis, verdict, reality, reason, opinion, method, checkers, \
             corrected_number) VALUES (?1, 's', 5, ?2, ?3, ?4, ?5, ?6, '', ?7, '入户', '张三', '')",
            rusqlite::params![
                ledger.connection.last_insert_rowid(),
                about.finding_id,
                month(list).yyyymm(),
                Basis::of(about).0,
                verdict,
                reality,
                opinion
            ],
        )
        .expect("an answer");
}

#[test]
fn a_finding_is_new_then_persists_then_is_settled_by_data_and_told_once() {
    let mut ledger = Ledger::in_memory();
    let found = Found::of(&[finding("a", "未脱贫")]);
    assert_eq!(state(&recorded(&mut ledger, "2018-05", &found), "a"), Some(State::New));
    let second = recorded(&mut ledger, "2018-06", &found);
    assert_eq!(state(&second, "a"), Some(State::Persisting));
    assert_eq!((second.present[0].months, second.present[0].asked, second.present[0].first), (2, 1, month("2018-05")));
    let third = recorded(&mut ledger, "2018-07", &Found::default());
    assert_eq!(state(&third, "a"), Some(State::SettledByData));
    assert_eq!(third.absent[0].0.gap_fen, Some(32_300));
    assert_eq!(states(&recorded(&mut ledger, "2018-08", &Found::default())), []);
    assert_eq!(state(&recorded(&mut ledger, "2018-09", &found), "a"), Some(State::Reopened(Reopening::CameBack)));
    assert_eq!(state(&recorded(&mut ledger, "2018-10", &found), "a"), Some(State::Persisting));
}

#[test]
fn what_a_changed_rule_no_longer_finds_is_not_settled_by_data() {
    for definition in ["otherwise", ""] {
        let mut ledger = Ledger::in_memory();
        let found = Found::of(&[finding("a", "未脱贫")]);
        recorded(&mut ledger, "2018-05", &found);
        let changed = Found { definition: Some(definition), ..Found::default() };
        assert_eq!(state(&recorded(&mut ledger, "2018-06", &changed), "a"), Some(State::Redefined), "{definition}");
        assert_eq!(states(&recorded(&mut ledger, "2018-07", &changed)), [], "told once");
        assert_eq!(state(&recorded(&mut ledger, "2018-08", &found), "a"), Some(State::Reopened(Reopening::CameBack)));
        // The rule as it is now found it last.
        assert_eq!(state(&recorded(&mut ledger, "2018-09", &Found::default()), "a"), Some(State::SettledByData));
    }
}

#[test]
fn a_ledger_of_before_does_not_say_what_its_rules_were() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("old.db");
    Ledger::create(&path).expect("made");
    let mut ledger = Ledger::open(&path, &path).expect("opens");
    recorded(&mut ledger, "2018-05", &Found::of(&[finding("a", "未脱贫")]));
    ledger
        .connection
        .execute_batch("DROP TABLE definition; DROP TABLE register_rows; DROP TABLE key_mark; PRAGMA user_version = 1;")
        .expect("as version 1 was");
    drop(ledger);
    let mut ledger = Ledger::open(&path, &path).expect("opens and is brought up to date");
    assert_eq!(state(&recorded(&mut ledger, "2018-06", &Found::default()), "a"), Some(State::Redefined));
}

#[test]
fn the_newest_month_says_with_which_key_and_a_ledger_of_before_does_not() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("old.db");
    Ledger::create(&path).expect("made");
    let mut ledger = Ledger::open(&path, &path).expect("opens");
    assert_eq!(ledger.key_mark().expect("read"), None);
    let found = Found::of(&[finding("a", "未脱贫")]);
    recorded(&mut ledger, "2018-05", &found);
    assert_eq!(ledger.key_mark().expect("read").as_deref(), Some("0123456789abcdef"));
    ledger.connection.execute_batch("DROP TABLE key_mark; PRAGMA user_version = 2;").expect("as version 2 was");
    drop(ledger);
    let mut ledger = Ledger::open(&path, &path).expect("opens and is brought up to date");
    assert_eq!(ledger.key_mark().expect("read"), None);
    recorded(&mut ledger, "2018-06", &found);
    assert_eq!(ledger.key_mark().expect("read").as_deref(), Some("0123456789abcdef"));
}

#[test]
fn the_same_month_again_gives_the_same_and_writes_nothing() {
    let mut ledger = Ledger::in_memory();
    let found = Found::of(&[finding("a", "未脱贫")]);
    let first = recorded(&mut ledger, "2018-06", &found);
    found.with("2018-06", |month| {
        let again = ledger.standings(month).expect("stands");
        assert_eq!(again, first);
        assert!(!ledger.record(month, &again, "2018-06", "later").expect("records"));
        assert!(!ledger.record(month, &again, "village lists of the same findings", "later").expect("records"));
    });
    // Newer months do not change what an older one says.
    recorded(&mut ledger, "2018-07", &Found::default());
    assert_eq!(standings(&ledger, "2018-06", &found), first);
}

#[test]
fn what_a_month_cannot_tell_stays_as_it_was() {
    let mut ledger = Ledger::in_memory();
    let found = Found::of(&[finding("a", "未脱贫"), finding("b", "未脱贫"), finding("c", "未脱贫")]);
    recorded(&mut ledger, "2018-05", &found);
    let held = |who: &str, why| Withheld { finding_id: format!("F{who}"), rule: RULE.to_owned(), why };
    let until = "2018-12-31".parse().ok();
    let unclear = Found {
        withheld: vec![held("a", Withholding::Suspended(Suspension::Review)), held("b", Withholding::Exempt(until))],
        ..Found::default()
    };
    let second = recorded(&mut ledger, "2018-06", &unclear);
    assert_eq!(state(&second, "a"), Some(State::Suspended(Suspension::Review)));
    assert_eq!(state(&second, "b"), Some(State::Exempt(until)));
    assert_eq!(state(&second, "c"), Some(State::SettledByData));
    // A registry is missing: nothing has been settled by that; what was settled before stays settled.
    let note =
        RuleNote { rule: RULE.to_owned(), town: None, note: "未评估".to_owned(), held: true, concerned: 0, short: None };
    let missing = Found { notes: vec![note], ..Found::default() };
    let third = recorded(&mut ledger, "2018-07", &missing);
    assert_eq!(state(&third, "a"), Some(State::Suspended(Suspension::NotEvaluated)));
    assert_eq!(state(&third, "b"), Some(State::Suspended(Suspension::NotEvaluated)));
    assert_eq!(state(&third, "c"), None);
    // Back after months that could not tell: it has persisted, it has not come back.
    assert_eq!(state(&recorded(&mut ledger, "2018-08", &found), "a"), Some(State::Persisting));
    assert_eq!(state(&standings(&ledger, "2018-08", &found), "c"), Some(State::Reopened(Reopening::CameBack)));
}

#[test]
fn a_contradiction_is_not_gone_where_a_register_of_then_did_not_come_in() {
    let rows = |registers: &[&str]| -> RegisterRows {
        let part = |name: &&str| RegisterPart { registry: (*name).into(), town_code: None, part: None };
        registers.iter().map(|name| (part(name), 5)).collect()
    };
    let mut ledger = Ledger::in_memory();
    let june = Found { rows: rows(&["poverty", "insurance"]), compares: true, ..Found::of(&[finding("a", "未脱贫")]) };
    recorded(&mut ledger, "2018-05", &june);
    let unable = Some(State::Suspended(Suspension::NotEvaluated));
    let with = |registers: &[&str]| Found { rows: rows(registers), compares: true, ..Found::default() };
    for found in [with(&["poverty"]), Found { refused: ["insurance".into()].into(), ..with(&["poverty", "insurance"]) }] {
        assert_eq!(state(&standings(&ledger, "2018-06", &found), "a"), unable);
    }
    // Nor a month later, as long as it is out.
    recorded(&mut ledger, "2018-06", &with(&["poverty"]));
    assert_eq!(state(&standings(&ledger, "2018-07", &with(&["poverty"])), "a"), unable);
    assert_eq!(state(&standings(&ledger, "2018-07", &with(&["insurance", "poverty"])), "a"), Some(State::SettledByData));
}

#[test]
fn a_town_not_evaluated_settles_nothing_there() {
    let mut ledger = Ledger::in_memory();
    let elsewhere = Finding { town: Some("安场镇".to_owned()), ..finding("b", "未脱贫") };
    recorded(&mut ledger, "2018-05", &Found::of(&[finding("a", "未脱贫"), elsewhere]));
    let note = RuleNote {
        rule: RULE.to_owned(),
        town: Some("土坪镇".to_owned()),
        note: "未评估".to_owned(),
        held: true,
        concerned: 0,
        short: None,
    };
    let month = standings(&ledger, "2018-06", &Found { notes: vec![note], ..Found::default() });
    assert_eq!(state(&month, "a"), Some(State::Suspended(Suspension::NotEvaluated)));
    assert_eq!(state(&month, "b"), Some(State::SettledByData));
    let town = Found { towns: vec!["安场镇".to_owned()], ..Found::default() };
    assert_eq!(states(&standings(&ledger, "2018-06", &town)), [("Fb".to_owned(), State::SettledByData)]);
}

#[test]
fn answers_settle_until_the_data_say_otherwise() {
    let all = ["a", "b", "c", "d", "e"].map(|who| finding(who, "未脱贫"));
    let mut ledger = Ledger::in_memory();
    recorded(&mut ledger, "2018-06", &Found::of(&all));
    answered(&ledger, &all[0], "2018-06", Some("属实"), "", Some("已纳入"));
    answered(&ledger, &all[1], "2018-06", Some("不属实"), "全家外迁", None);
    answered(&ledger, &all[2], "2018-06", Some("不属实"), "", None);
    answered(&ledger, &all[3], "2018-06", Some("属实"), "", Some("拟纳入"));
    answered(&ledger, &all[4], "2018-06", None, "", Some("不符合"));
    let same = standings(&ledger, "2018-06", &Found::of(&all));
    let expected = [State::SettledByAnswer, State::SettledByAnswer, State::Disputed, State::Confirmed, State::SettledByAnswer];
    assert_eq!(same.present.iter().map(|standing| standing.state).collect::<Vec<_>>(), expected);
    // A month on: said to be done but still there; denied and unchanged; denied but the rows changed.
    let mut next = all.clone();
    next[4] = finding("e", "返贫");
    let later = standings(&ledger, "2018-07", &Found::of(&next));
    let expected = [
        State::Reopened(Reopening::StillThere),
        State::SettledByAnswer,
        State::Disputed,
        State::Confirmed,
        State::Reopened(Reopening::RowsChanged),
    ];
    assert_eq!(later.present.iter().map(|standing| standing.state).collect::<Vec<_>>(), expected);
    assert_eq!(later.present[3].answer.as_ref().map(Answer::plain), Some("属实，拟纳入（张三）".into()));
    // And gone: the data settle it, and the answer is still told.
    let gone = standings(&ledger, "2018-07", &Found::default());
    assert!(gone.absent.iter().all(|(_, standing)| standing.state == State::SettledByData && standing.answer.is_some()));
}

#[test]
fn where_the_rows_stand_does_not_matter_what_they_say_does() {
    let one = finding("a", "未脱贫");
    let mut moved = one.clone();
    moved.evidence[0].file = Some("另一个文件.xls".into());
    moved.evidence[0].row = Some(77);
    moved.evidence[0].column = "脱贫 属性".to_owned();
    assert_eq!(Basis::of(&one), Basis::of(&moved));
    assert_ne!(Basis::of(&one), Basis::of(&finding("a", "返贫")));
}

#[test]
fn history_cannot_be_changed() {
    let mut ledger = Ledger::in_memory();
    recorded(&mut ledger, "2018-06", &Found::of(&[finding("a", "未脱贫")]));
    for statement in ["UPDATE run SET period = 201805", "DELETE FROM sighting", "UPDATE sighting SET gap_fen = 0"] {
        let error = ledger.connection.execute(statement, []).expect_err(statement);
        assert!(error.to_string().contains("只增不改"), "{error}");
    }
}

#[test]
fn another_programs_file_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let text = folder.path().join("笔记.db");
    std::fs::write(&text, "不是数据库，只是一段很长很长的文字").expect("writes");
    let other = folder.path().join("other.db");
    let connection = rusqlite::Connection::open(&other).expect("opens");
    connection.execute_batch("CREATE TABLE t (x); PRAGMA user_version = 7;").expect("a table");
    drop(connection);
    for path in [&text, &other] {
        let opened = Ledger::look(path).and_then(|()| Ledger::open(path, path).map(drop));
        assert!(matches!(opened, Err(super::LedgerError::Foreign { .. })), "{}", path.display());
    }
    assert!(matches!(Ledger::look(&folder.path().join("none.db")), Err(super::LedgerError::Missing { .. })));
}

#[test]
fn what_has_not_been_seen_for_long_is_forgotten_whole_and_nothing_else() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("ledger.db");
    Ledger::create(&path).expect("made");
    let mut ledger = Ledger::open(&path, &path).expect("opens");
    let (old, lasting) = (finding("很久以前的一户", "未脱贫"), finding("b", "未脱贫"));
    recorded(&mut ledger, "2018-01", &Found::of(&[old.clone(), lasting.clone()]));
    answered(&ledger, &old, "2018-01", Some("属实"), "全家已外迁多年", None);
    answered(&ledger, &lasting, "2018-01", Some("属实"), "", Some("拟纳入"));
    recorded(&mut ledger, "2018-02", &Found::of(std::slice::from_ref(&lasting)));
    recorded(&mut ledger, "2018-09", &Found::of(std::slice::from_ref(&lasting)));
    let before = standings(&ledger, "2018-10", &Found::of(std::slice::from_ref(&lasting)));

    let expected = Purged { findings: 1, sightings: 1, answers: 1, receipts: 1, ..Purged::default() };
    assert_eq!(ledger.purgeable(month("2018-06")).expect("counts"), expected);
    assert_eq!(ledger.purge(month("2018-06")).expect("purges"), expected);
    assert_eq!(ledger.purge(month("2018-06")).expect("purges"), Purged::default());
    assert_eq!(standings(&ledger, "2018-10", &Found::of(&[lasting])), before);
    drop(ledger);
    for gone in ["很久以前的一户", "全家已外迁多年"] {
        assert!(!stands(&path, gone), "{gone} can still be read");
    }
    let ledger = Ledger::open(&path, &path).expect("opens");
    let error = ledger.connection.execute("DELETE FROM sighting", []).expect_err("append-only again");
    assert!(error.to_string().contains("只增不改"), "{error}");
}

/// A row of a list that came back at a time, from which no answer was read; gives its receipt.
fn quoted(ledger: &Ledger, received_at: &str, row: u32, quote: &str) -> i64 {
    let connection = &ledger.connection;
    let receipt = "INSERT INTO receipt (sha256, file, received_at) VALUES (?1, 'r.xlsx', ?2)";
    connection.execute(receipt, [quote, received_at]).expect("a receipt");
    let number = connection.last_insert_rowid();
    let row = rusqlite::params![number, row, quote];
    connection.execute("INSERT INTO returned_row VALUES (?1, 's', ?2, '看不懂', ?3)", row).expect("a row");
    number
}

/// Whether a text stands in the file of a ledger, or in what SQLite keeps beside it.
fn stands(path: &Path, text: &str) -> bool {
    ["", "-wal", "-shm", "-journal"].iter().any(|ending| {
        let mut file = path.as_os_str().to_owned();
        file.push(ending);
        std::fs::read(file).is_ok_and(|bytes| memchr::memmem::find(&bytes, text.as_bytes()).is_some())
    })
}

#[test]
fn what_returned_lists_said_goes_too_unless_an_answer_that_stays_rests_on_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("ledger.db");
    Ledger::create(&path).expect("made");
    let mut ledger = Ledger::open(&path, &path).expect("opens");
    let (old, lasting) = (finding("很久以前的一户", "未脱贫"), finding("b", "未脱贫"));
    recorded(&mut ledger, "2018-01", &Found::of(&[old.clone(), lasting.clone()]));
    recorded(&mut ledger, "2018-09", &Found::of(std::slice::from_ref(&lasting)));
    answered(&ledger, &lasting, "2018-01", Some("属实"), "", None);
    let kept = ledger.connection.last_insert_rowid();
    let of_lasting: i64 =
        ledger.connection.query_row("SELECT receipt FROM answer WHERE seq = ?1", [kept], |row| row.get(0)).expect("there");
    let note = "INSERT INTO returned_row VALUES (?1, 's', ?2, '已接收', ?3)";
    ledger.connection.execute(note, rusqlite::params![of_lasting, 5, "留下的说明"]).expect("a row");
    ledger.connection.execute(note, rusqlite::params![of_lasting, 6, "王五520324199001011234"]).expect("a row");
    quoted(&ledger, "2018-02-11T08:00:00Z", 7, "李四13800138000");
    quoted(&ledger, "2018-10-11T08:00:00Z", 7, "赵六今年才来");
    let counts = ledger.purge(month("2018-06")).expect("purges");
    assert_eq!(counts, Purged { findings: 1, sightings: 1, answers: 0, rows: 2, receipts: 1, unfinished: false });
    for gone in ["很久以前的一户", "王五520324199001011234", "李四13800138000"] {
        assert!(!stands(&path, gone), "{gone} can still be read, the ledger open");
    }
    drop(ledger);
    for gone in ["很久以前的一户", "王五520324199001011234", "李四13800138000"] {
        assert!(!stands(&path, gone), "{gone} can still be read");
    }
    for kept in ["留下的说明", "赵六今年才来"] {
        assert!(stands(&path, kept), "{kept}");
    }
}

#[test]
fn a_purge_killed_before_the_file_was_rewritten_is_found_and_finished_by_the_next() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("ledger.db");
    Ledger::create(&path).expect("made");
    let mut ledger = Ledger::open(&path, &path).expect("opens");
    let old: Vec<Finding> = (0..200).map(|number| finding(&format!("很久以前的第{number}户"), "未脱贫")).collect();
    recorded(&mut ledger, "2018-01", &Found::of(&old));
    recorded(&mut ledger, "2018-09", &Found::default());
    drop(ledger);
    let mut ledger = Ledger::open(&path, &path).expect("opens");
    ledger.forget(month("2018-06")).expect("forgets");
    // As a version left it that was killed here.
    let killed = folder.path().join("killed.db");
    drop(ledger);
    std::fs::copy(&path, &killed).expect("copied");
    let mut again = Ledger::open(&killed, &killed).expect("opens");
    let expected = Purged { unfinished: true, ..Purged::default() };
    assert_eq!(again.purgeable(month("2018-06")).expect("counts"), expected);
    assert_eq!(again.purge(month("2018-06")).expect("purges"), expected);
    assert_eq!(again.purgeable(month("2018-06")).expect("counts"), Purged::default());
    drop(again);
    assert!(!stands(&killed, "很久以前的第"));
}

#[test]
fn every_cause_has_its_sentence_and_none_of_damage_says_to_begin_anew() {
    use super::{LedgerError, Trouble};
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| folder.path().join(name);
    Ledger::create(&at("whole.db")).expect("made");
    let mut ledger = Ledger::open(&at("whole.db"), &at("whole.db")).expect("opens");
    let many: Vec<Finding> = (0..60).map(|number| finding(&number.to_string(), "未脱贫")).collect();
    recorded(&mut ledger, "2018-05", &Found::of(&many));
    drop(ledger);
    let bytes = std::fs::read(at("whole.db")).expect("a file");
    let opened = |name: &str, bytes: &[u8]| {
        std::fs::write(at(name), bytes).expect("written");
        let error = Ledger::look(&at(name)).and_then(|()| Ledger::open(&at(name), &at(name)).map(drop)).expect_err(name);
        assert_eq!(std::fs::read(at(name)).expect("there"), bytes, "{name} is as it was");
        error
    };
    for cut in [bytes.len() / 2, 4_096, 700, 60, 16] {
        let error = opened("cut.db", &bytes[..cut]);
        assert_eq!(error.trouble(), Some(Trouble::Damaged), "{cut}: {error}");
        assert!(error.to_string().contains("备份") && !error.to_string().contains("新建"), "{error}");
    }
    assert!(matches!(opened("blank.db", b""), LedgerError::Blank { .. }));
    assert!(matches!(opened("other.db", b"PK\x03\x04 a workbook"), LedgerError::Foreign { .. }));
    assert!(matches!(Ledger::look(folder.path()), Err(LedgerError::Folder { .. })));
    let mut newer = bytes.clone();
    newer[60..64].copy_from_slice(&99_i32.to_be_bytes());
    assert!(matches!(opened("newer.db", &newer), LedgerError::Newer { version: 99, .. }));

    let mut ledger = Ledger::open(&at("whole.db"), &at("whole.db")).expect("opens");
    let pages: i64 = ledger.connection.query_row("PRAGMA page_count", [], |row| row.get(0)).expect("a number");
    ledger.connection.execute_batch(&format!("PRAGMA max_page_count = {pages}")).expect("set");
    let found = Found::of(&many);
    let standings = standings(&ledger, "2018-06", &found);
    let full = found.with("2018-06", |month| ledger.record(month, &standings, "f", "t").expect_err("full"));
    assert_eq!(full.trouble(), Some(Trouble::Full), "{full}");
    for (code, expected, word) in [
        (rusqlite::ffi::SQLITE_BUSY, Trouble::Busy, "占用"),
        (rusqlite::ffi::SQLITE_IOERR, Trouble::Disk, "磁盘"),
        (rusqlite::ffi::SQLITE_CANTOPEN, Trouble::Disk, "权限"),
        (rusqlite::ffi::SQLITE_READONLY, Trouble::ReadOnly, "只读"),
        (rusqlite::ffi::SQLITE_CORRUPT, Trouble::Damaged, "备份"),
        (rusqlite::ffi::SQLITE_CONSTRAINT, Trouble::Ours, "维护人员"),
    ] {
        let error = LedgerError::sql("写入")(rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(code), None));
        assert_eq!(error.trouble(), Some(expected));
        assert!(error.to_string().contains(word) && !error.to_string().contains("新建"), "{error}");
    }
}
