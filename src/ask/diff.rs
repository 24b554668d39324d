//! `diff`: what became of findings from one run to a later one, by rule, town and village, with money.
//!
//! Takes two run folders; findings are the same when their ids are. A finding that is gone tells why: the later run asked and did not find
//! it, or did not evaluate the rule, or holds it back, or the person or household stands in no registry any more; where the later run had a
//! ledger, as the ledger says, which also says where everything stands now. What one of the runs was not
//! asked for (`--town`, `--village`) is left out and counted. Cost: one pass over findings, people and household codes.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt;
use std::path::Path;

use arrow::array::{Array, AsArray, StringArray};
use serde_json::json;
use unicode_width::UnicodeWidthStr;

use crate::intake::definitions::{self, Definitions};
use crate::model::change::{Change, Changed};
use crate::model::finding::{Finding, TimeBase};
use crate::model::money::Fen;
use crate::model::personal::{Expose, Personal};
use crate::model::standing::{State, Suspension};
use crate::model::stood::{StateSum, StateSums, Stood, state_sums};
use crate::report::{ChangesInput, ReportError, changes};
use crate::store::finished::{Finished, FinishedError};
use crate::store::stages::table::said;
use crate::store::stages::tables::Standings;

/// Why two runs cannot be compared.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DiffError {
    /// A folder is no finished run.
    #[error(transparent)]
    Finished(#[from] FinishedError),
    /// A run was stopped before it applied rules.
    #[error("{0} 没有做到核政策这一步，没有疑点可比")]
    NotAssessed(String),
    /// The layouts are not at hand or not sound.
    #[error("{0}")]
    Layouts(String),
    /// The workbook cannot be written.
    #[error(transparent)]
    Report(#[from] ReportError),
}

/// Counts and money of some findings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sum {
    /// Findings.
    pub count: u64,
    /// Owed and not paid, fen a month.
    pub owed: i64,
    /// Paid and not owed, fen a month.
    pub overpaid: i64,
}

impl Sum {
    fn add(&mut self, finding: &Finding) {
        self.count += 1;
        match finding.monthly_gap() {
            Some(gap) if gap > 0 => self.owed += gap,
            Some(gap) => self.overpaid -= gap,
            None => {}
        }
    }
}

/// Sums by change.
pub(crate) type Sums = BTreeMap<Change, Sum>;

/// What became of every finding.
#[derive(Debug)]
pub(crate) struct Differences {
    /// Months of the two runs.
    pub periods: (String, String),
    /// Day of the later one.
    pub as_of: String,
    /// Every finding, by rule, town, village, change, id.
    pub changes: Vec<Changed>,
    /// Findings that one of the runs was not asked for.
    pub outside: u64,
    /// What a reader should know first.
    pub notes: Vec<String>,
    /// Where everything stands in the later run, by rule, town, village; `None` where it had no ledger.
    pub stood: Option<Vec<Stood>>,
}

/// Compares two runs.
pub(crate) fn diff(old: &Path, new: &Path) -> Result<Differences, DiffError> {
    let (before, after) = (Finished::open(old)?, Finished::open(new)?);
    for run in [&before, &after] {
        if run.file_if_any("findings.parquet")?.is_none() {
            return Err(DiffError::NotAssessed(run.folder.display().to_string()));
        }
    }
    let (titles, untitled) = match definitions::usual(&after.run.pipeline) {
        Ok(definitions) => (titles(definitions), None),
        Err(missing) => (BTreeMap::new(), Some(format!("{missing}，规则只写编号，没有名称；在放着它的文件夹里再做一次就有"))),
    };
    let (was, is) = (before.findings()?, after.findings()?);
    let (old_ids, new_ids): (HashSet<&str>, HashSet<&str>) = (
        was.iter().map(|finding| finding.finding_id.as_str()).collect(),
        is.iter().map(|finding| finding.finding_id.as_str()).collect(),
    );
    let standings = after.declared_if_any::<Standings>()?;
    let stood = standings.as_ref().map(|table| stood(table, &titles));
    let gone = Gone::new(&after, &is, standings.as_ref())?;
    let (mut changes, mut outside) = (Vec::new(), 0);
    let mut add = |change: Change, finding: &Finding| {
        let title = titles.get(&finding.rule).map_or_else(|| finding.rule.clone(), |(_, title)| title.clone());
        changes.push(Changed { change, finding: finding.clone(), title });
    };
    for finding in &is {
        if old_ids.contains(finding.finding_id.as_str()) {
            add(Change::Persisting, finding);
        } else if asked(&before, finding) {
            add(Change::New, finding);
        } else {
            outside += 1;
        }
    }
    for finding in was.iter().filter(|finding| !new_ids.contains(finding.finding_id.as_str())) {
        if asked(&after, finding) {
            add(gone.why(&after, finding), finding);
        } else {
            outside += 1;
        }
    }
    changes.sort_by(|one, other| key(one).cmp(&key(other)));
    let mut notes: Vec<String> = untitled.into_iter().collect();
    if before.run.period > after.run.period {
        notes.push(format!("前一个运行是 {} 的，后一个是 {} 的：次序可能写反了", before.run.period, after.run.period));
    }
    if before.run.key != after.run.key {
        notes.push(
            "两次运行用的密钥不同，疑点和人员的编号全部改变：这里的新增、不再列出说明不了什么，请用同一个密钥把其中一次重做"
                .to_owned(),
        );
    }
    if before.run.pipeline_hash != after.run.pipeline_hash {
        notes.push("两次运行所用的定义（名册、政策或比对模型）不同，有些变化可能由此而来".to_owned());
    }
    if stood.is_none() {
        notes.push(format!("后一次运行（{}）没有用台账（--ledger），说不出各条疑点的状态", after.run.period));
    }
    if outside > 0 {
        notes.push(format!("有 {outside} 条疑点不在其中一次运行的范围（--town、--village）内，没有计入"));
    }
    Ok(Differences {
        periods: (before.run.period.clone(), after.run.period.clone()),
        as_of: after.run.as_of.clone(),
        changes,
        outside,
        notes,
        stood,
    })
}

fn key(changed: &Changed) -> impl Ord + '_ {
    let Finding { rule, town, village, finding_id, .. } = &changed.finding;
    (rule, (town.is_none(), town), (village.is_none(), village), changed.change, finding_id)
}

/// Position and title of rules.
fn titles(definitions: Definitions) -> BTreeMap<String, (usize, String)> {
    let rules = definitions.policy.rules.into_iter();
    rules.enumerate().map(|(at, rule)| (rule.card.id, (at, rule.card.title))).collect()
}

/// `standings.parquet` of the later run, by rule, town, village.
fn stood(table: &Standings, titles: &BTreeMap<String, (usize, String)>) -> Vec<Stood> {
    let place = |column: &StringArray, row: usize| said(column, row).filter(|name| !name.is_empty()).map(str::to_owned);
    let one = |row: usize| {
        let rule = table.rule.value(row).to_owned();
        let (order, title) = titles.get(&rule).cloned().unwrap_or_else(|| (usize::MAX, rule.clone()));
        let is_monthly = ["", TimeBase::Month.as_str()].contains(&said(&table.time_base, row).unwrap_or_default());
        Some(Stood {
            order,
            title,
            rule,
            town: place(&table.town, row),
            village: place(&table.village, row),
            state: State::parse(table.state.value(row), said(&table.reason, row).unwrap_or_default())?,
            months: table.months.value(row),
            gap_fen: (is_monthly && table.gap_fen.is_valid(row)).then(|| table.gap_fen.value(row)),
        })
    };
    (0..table.rule.len()).filter_map(one).collect()
}

/// Whether a run was asked for findings of this place.
fn asked(run: &Finished, finding: &Finding) -> bool {
    let among =
        |wanted: &[String], name: &Option<String>| wanted.is_empty() || name.as_ref().is_some_and(|name| wanted.contains(name));
    among(&run.run.towns, &finding.town) && among(&run.run.villages, &finding.village)
}

/// Who is still there, and whom the later run wants checked first.
struct Gone {
    persons: HashSet<String>,
    households: HashSet<Personal>,
    checked_first: HashSet<String>,
    /// Finding → where the ledger says it stands, with the reason; empty where the later run had no ledger.
    standings: HashMap<String, (String, String)>,
}

impl Gone {
    fn new(after: &Finished, is: &[Finding], table: Option<&Standings>) -> Result<Self, FinishedError> {
        let texts = |table: &str, column: &str| -> Result<HashSet<String>, FinishedError> {
            let table = after.table(table)?;
            let column = table.column_by_name(column).and_then(|column| column.as_string_opt::<i32>());
            Ok(column.into_iter().flat_map(|column| column.iter().flatten().map(str::to_owned)).collect())
        };
        let mut standings = HashMap::new();
        if let Some(table) = table {
            let of = |column: &StringArray, row: usize| said(column, row).unwrap_or_default().to_owned();
            let row = |row: usize| (of(&table.finding_id, row), (of(&table.state, row), of(&table.reason, row)));
            standings.extend((0..table.finding_id.len()).map(row));
        }
        let review = is.iter().filter(|finding| finding.rule == "identity.needs_review");
        Ok(Self {
            persons: texts("people.parquet", "person_id")?,
            households: texts("facts_household.parquet", "household_code")?.into_iter().map(Personal::from).collect(),
            standings,
            checked_first: review
                .flat_map(|finding| [finding.person_id.as_deref(), finding.household_code.expose()])
                .flatten()
                .map(str::to_owned)
                .collect(),
        })
    }

    fn why(&self, after: &Finished, finding: &Finding) -> Change {
        let there = match (&finding.person_id, &finding.household_code) {
            (Some(person), _) => self.persons.contains(person),
            (None, Some(code)) => self.households.contains(code),
            (None, None) => true,
        };
        let held = |town: &Option<String>| town.is_none() || *town == finding.town;
        let subject = finding.person_id.as_deref().or(finding.household_code.expose());
        if after.run.notes.iter().any(|note| note.held && note.rule == finding.rule && held(&note.town)) {
            Change::NotEvaluated
        } else if !there {
            Change::SubjectGone
        } else if let Some((state, reason)) = self.standings.get(&finding.finding_id) {
            // The ledger knows what the rule itself said of this finding.
            match (state == State::Suspended(Suspension::Review).plain(), reason == Suspension::Review.plain()) {
                (true, true) => Change::HeldBack,
                (true, false) => Change::NotEvaluated,
                (false, _) => Change::Resolved,
            }
        } else if finding.rule != "identity.needs_review" && subject.is_some_and(|subject| self.checked_first.contains(subject)) {
            Change::HeldBack
        } else {
            Change::Resolved
        }
    }
}

impl Differences {
    /// Sums by whatever `group` says, in its order.
    pub(crate) fn sums<K: Ord>(&self, group: impl Fn(&Changed) -> K) -> BTreeMap<K, Sums> {
        let mut sums: BTreeMap<K, Sums> = BTreeMap::new();
        for changed in &self.changes {
            sums.entry(group(changed)).or_default().entry(changed.change).or_default().add(&changed.finding);
        }
        sums
    }

    /// For other programs: totals, and sums by rule, town and village; ids of the findings, nothing of persons.
    #[must_use]
    pub(crate) fn json(&self) -> serde_json::Value {
        let sums = |sums: &Sums| -> serde_json::Value {
            let of = |(change, sum): (&Change, &Sum)| {
                (change.as_str().to_owned(), json!({"findings": sum.count, "owed_fen": sum.owed, "overpaid_fen": sum.overpaid}))
            };
            sums.iter().map(of).collect::<serde_json::Map<_, _>>().into()
        };
        let groups = self.sums(|changed| {
            let Finding { rule, town, village, .. } = &changed.finding;
            (rule.clone(), town.clone(), village.clone())
        });
        let groups = groups.iter().map(
            |((rule, town, village), found)| json!({"rule": rule, "town": town, "village": village, "changes": sums(found)}),
        );
        let findings = self.changes.iter().map(|changed| {
            json!({"finding_id": changed.finding.finding_id, "rule": changed.finding.rule, "change": changed.change.as_str()})
        });
        json!({
            "old": self.periods.0,
            "new": self.periods.1,
            "notes": self.notes,
            "outside": self.outside,
            "totals": self.sums(|_| ()).get(&()).map_or_else(|| json!({}), sums),
            "groups": groups.collect::<Vec<_>>(),
            "states": self.stood.as_deref().map(states_json),
            "findings": findings.collect::<Vec<_>>(),
        })
    }
}

/// Where everything stands, for other programs: totals, and sums by rule, town and village.
fn states_json(stood: &[Stood]) -> serde_json::Value {
    let sums = |sums: &StateSums| -> serde_json::Value {
        let of = |(kind, sum): (&usize, &StateSum)| {
            let told = json!({
                "findings": sum.count, "owed_fen": sum.owed, "overpaid_fen": sum.overpaid, "most_months": sum.months,
                "until": sum.until.map(|day| day.to_string()),
            });
            (State::KINDS.get(*kind).map_or("", |state| state.as_str()).to_owned(), told)
        };
        sums.iter().map(of).collect::<serde_json::Map<_, _>>().into()
    };
    let groups = state_sums(stood, |one| (one.rule.clone(), one.town.clone(), one.village.clone()));
    let groups = groups
        .iter()
        .map(|((rule, town, village), found)| json!({"rule": rule, "town": town, "village": village, "states": sums(found)}));
    json!({
        "totals": state_sums(stood, |_| ()).get(&()).map_or_else(|| json!({}), sums),
        "groups": groups.collect::<Vec<_>>(),
    })
}

/// Where everything stands, as lines: in all, by rule, town and village.
fn write_states(stood: &[Stood], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let line = |f: &mut fmt::Formatter<'_>, name: &str, sums: &StateSums| {
        for (kind, sum) in sums {
            let state = State::KINDS.get(*kind).map_or("", |state| state.plain());
            let until = sum.until.map(|day| format!("  最早 {day} 到期")).unwrap_or_default();
            write!(f, "\n{}{}{}", padded(name, 60), padded(state, 14), right(&sum.count.to_string(), 8))?;
            write!(f, "{}{}", right(&sum.months.to_string(), 10), right(&Fen(sum.owed).to_string(), 15))?;
            write!(f, "{}{until}", right(&Fen(sum.overpaid).to_string(), 15))?;
        }
        Ok(())
    };
    let nowhere = |name: &Option<String>| name.clone().unwrap_or_else(|| "全县、未定".to_owned());
    let last = |town: &Option<String>| usize::from(town.is_none());
    write!(f, "\n\n状态（后一次运行的台账）")?;
    for (title, group) in [
        ("全部", state_sums(stood, |_| (0, String::new()))),
        ("规则", state_sums(stood, |one| (one.order, one.title.clone()))),
        ("乡镇", state_sums(stood, |one| (last(&one.town), nowhere(&one.town)))),
        (
            "村",
            state_sums(stood, |one| (last(&one.town), format!("{}{}", nowhere(&one.town), one.village.as_deref().unwrap_or("")))),
        ),
    ] {
        write!(f, "\n\n{}{}{}", padded(title, 60), padded("状态", 14), right("条数", 8))?;
        write!(f, "{}{}{}", right("最长月数", 10), right("应补", 15), right("多发", 15))?;
        for ((_, name), sums) in &group {
            line(f, name, sums)?;
        }
    }
    Ok(())
}

/// The comparison as a workbook, in the layout shipped with the program.
pub(crate) fn diff_workbook(differences: &Differences) -> Result<Vec<u8>, DiffError> {
    let layouts = crate::config::layout::Layouts::shipped().map_err(|problems| DiffError::Layouts(problems.to_string()))?;
    let input = ChangesInput {
        periods: (&differences.periods.0, &differences.periods.1),
        as_of: &differences.as_of,
        changes: &differences.changes,
        notes: &differences.notes,
        stood: differences.stood.as_deref(),
    };
    Ok(changes(&input, &layouts)?.bytes)
}

impl fmt::Display for Differences {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} → {}", self.periods.0, self.periods.1)?;
        for note in &self.notes {
            writeln!(f, "注意  {note}")?;
        }
        let all = self.sums(|_| ());
        let Some(all) = all.get(&()) else {
            write!(f, "两次运行都没有疑点")?;
            return self.stood.as_deref().map_or(Ok(()), |stood| write_states(stood, f));
        };
        for (change, sum) in all {
            write!(f, "\n{}  {} 条", padded(change.plain(), 24), sum.count)?;
            if sum.owed != 0 || sum.overpaid != 0 {
                write!(f, "，应补 {} 元/月，多发 {} 元/月", Fen(sum.owed), Fen(sum.overpaid))?;
            }
        }
        for (title, group) in [
            ("规则", self.sums(|changed| changed.title.clone())),
            ("乡镇", self.sums(|changed| changed.finding.town.clone().unwrap_or_else(|| "全县、未定".to_owned()))),
            (
                "村、规则",
                self.sums(|changed| {
                    let Finding { town, village, .. } = &changed.finding;
                    format!("{}{} {}", town.as_deref().unwrap_or("全县"), village.as_deref().unwrap_or(""), changed.title)
                }),
            ),
        ] {
            write!(f, "\n\n{}", padded(title, 60))?;
            for change in Change::ALL {
                f.write_str(&right(short(change), 10))?;
            }
            write!(f, "{}{}", right("应补变化", 15), right("多发变化", 15))?;
            for (name, sums) in group {
                write!(f, "\n{}", padded(&name, 60))?;
                for change in Change::ALL {
                    f.write_str(&right(&sums.get(&change).map_or(0, |sum| sum.count).to_string(), 10))?;
                }
                let (owed, overpaid) = moved(&sums);
                write!(f, "{}{}", right(&Fen(owed).to_string(), 15), right(&Fen(overpaid).to_string(), 15))?;
            }
        }
        self.stood.as_deref().map_or(Ok(()), |stood| write_states(stood, f))
    }
}

/// How owed and overpaid moved: what came less what went.
fn moved(sums: &Sums) -> (i64, i64) {
    sums.iter().fold((0, 0), |(owed, overpaid), (change, sum)| match change {
        Change::New => (owed + sum.owed, overpaid + sum.overpaid),
        Change::Persisting => (owed, overpaid),
        _ => (owed - sum.owed, overpaid - sum.overpaid),
    })
}

/// Column heads of four characters.
fn short(change: Change) -> &'static str {
    match change {
        Change::New => "新增",
        Change::Persisting => "仍在",
        Change::Resolved => "不再列出",
        Change::HeldBack => "暂缓",
        Change::NotEvaluated => "未评估",
        Change::SubjectGone => "已不在册",
    }
}

/// Filled up with blanks to a number of half-width places.
fn padded(text: &str, places: usize) -> String {
    format!("{} ", crate::model::text::padded(text, places.saturating_sub(1)))
}

/// Set to the right of a number of half-width places.
fn right(text: &str, places: usize) -> String {
    format!("{}{text}", " ".repeat(places.saturating_sub(UnicodeWidthStr::width(text)).max(1)))
}
