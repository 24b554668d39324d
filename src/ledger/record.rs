//! A month against the ledger: where every finding stands, and the month written into it.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt::Write;

use rusqlite::{OptionalExtension, Row, params};

use super::life::{self, Answered, Basis, Before};
use super::{Ledger, LedgerError, TABLES};
use crate::model::date;
use crate::model::finding::{Confidence, Finding, Kind, RuleNote, Scope};
use crate::model::ids::PartsDigest;
use crate::model::personal::Personal;
use crate::model::register::{EarlierRows, RegisterPart, RegisterRows};
use crate::model::registry::RegistryId;
use crate::model::rule::RuleCard;
use crate::model::standing::{
    Answer, Opinion, Remembered, Standing, Standings, State, Suspension, Verdict, Withheld, Withholding,
};

/// What a run found in a month.
#[derive(Clone, Copy, Debug)]
pub struct Month<'a> {
    /// The month.
    pub period: date::Month,
    /// The run's as-of day.
    pub as_of: date::Day,
    /// What tells the key from others ([`crate::model::ids::CountyKey::mark`]).
    pub key_mark: &'a str,
    /// Its findings.
    pub findings: &'a [Finding],
    /// Subjects about whom rules could not decide, or need not.
    pub withheld: &'a [Withheld],
    /// Rows by register part, that next month's may be held against them.
    pub rows: &'a RegisterRows,
    /// Registers of which something was refused.
    pub refused: &'a BTreeSet<RegistryId>,
    /// What was not evaluated.
    pub notes: &'a [RuleNote],
    /// The rules.
    pub cards: &'a [RuleCard],
    /// The run is of these towns only; empty for the county.
    pub towns: &'a [String],
    /// The run is of these villages only; empty for all.
    pub villages: &'a [String],
}

impl Month<'_> {
    /// Whether the run speaks for this place.
    fn covers(&self, town: Option<&String>, village: Option<&String>) -> bool {
        let among =
            |wanted: &[String], name: Option<&String>| wanted.is_empty() || name.is_some_and(|name| wanted.contains(name));
        among(self.towns, town) && among(self.villages, village)
    }

    fn card(&self, rule: &str) -> Option<&RuleCard> {
        self.cards.iter().find(|card| card.id == rule)
    }

    /// Whether the rule is not what it was, or is not asked any more under the readings of this month. A ledger that did not write down what
    /// its rules were cannot vouch for it.
    fn redefined(&self, what: &Remembered, then: Option<&String>) -> bool {
        let could_not = |note: &RuleNote| {
            let here = note.town.is_none() || note.town == what.town;
            note.held && note.rule == what.rule && here && !note.note.starts_with(NOT_ASKED)
        };
        self.card(&what.rule).is_none_or(|card| then.is_none_or(|then| *then != card.definition))
            && !self.notes.iter().any(could_not)
    }

    fn evaluated(&self, rule: &str, town: Option<&String>) -> bool {
        self.cards.iter().any(|card| card.id == rule)
            && !self
                .notes
                .iter()
                .any(|note| note.held && note.rule == rule && (note.town.is_none() || note.town.as_ref() == town))
    }
}

impl Month<'_> {
    /// Whether registers contradict each other, or themselves, by this rule. Nobody contradicts a register that did not come in: the rule
    /// itself needs none of them.
    fn compares(&self, rule: &str) -> bool {
        self.card(rule).is_some_and(|card| matches!(card.kind, Kind::Conf | Kind::Dup))
    }

    /// Whether every one of these registers came in whole.
    fn has_all(&self, registers: &BTreeSet<RegistryId>) -> bool {
        let came = |wanted: &RegistryId| self.rows.iter().any(|(part, rows)| part.registry == *wanted && *rows > 0);
        registers.iter().all(|register| came(register) && !self.refused.contains(register))
    }
}

/// How notes begin on rules that this month does not ask, whatever the data.
const NOT_ASKED: &str = "本期不适用";

/// A finding's earlier months.
#[derive(Debug)]
struct Past {
    first: i64,
    last: i64,
    months: u32,
    asked: u32,
    asked_last: Option<i64>,
}

impl Ledger {
    /// Where every finding stands in `month`: from earlier months and from answers; what the ledger may hold of this month or
    /// of later ones does not count.
    pub fn standings(&self, month: &Month<'_>) -> Result<Standings, LedgerError> {
        let period = i64::from(month.period.yyyymm());
        let periods = self.periods_before(period)?;
        let past = self.past(period)?;
        let held = self.withheld_before(period)?;
        let definitions = self.definitions_before(period)?;
        let mut answers = self.answers_until(period)?;

        let was_gone = |id: &str| {
            let Some(last) = periods.last() else { return false };
            past.get(id).is_some_and(|past| past.last < *last) && !held.contains(&(id.to_owned(), *last))
        };
        let standing = |id: &str, past: Option<&Past>, found: bool, state: State, answer: Option<Answered>| Standing {
            finding_id: id.to_owned(),
            state,
            first: past.map_or(month.period, |past| month_of(past.first)),
            last: if found { month.period } else { past.map_or(month.period, |past| month_of(past.last)) },
            months: past.map_or(0, |past| past.months) + u32::from(found),
            asked: past.map_or(0, |past| past.asked),
            asked_last: past.and_then(|past| past.asked_last).map(month_of),
            answer: answer.map(|answered| answered.answer),
        };

        let registers = self.registers_before(period)?;
        let comparable = |last: i64| registers.get(&last).is_none_or(|registers| month.has_all(registers));

        let mut standings = Standings::default();
        let mut found: BTreeSet<&str> = BTreeSet::new();
        for finding in month.findings {
            let id = finding.finding_id.as_str();
            found.insert(id);
            let past = past.get(id);
            let before = Before { seen: past.is_some(), gone: was_gone(id), answer: answers.remove(id) };
            let state = life::present(&before, month.period, &Basis::of(finding));
            standings.present.push(standing(id, past, true, state, before.answer));
        }

        let why: HashMap<&str, Withholding> = month.withheld.iter().map(|held| (held.finding_id.as_str(), held.why)).collect();
        let mut missing: Vec<&String> = past.keys().filter(|id| !found.contains(id.as_str())).collect();
        missing.sort();
        for id in missing {
            let Some(gone) = past.get(id) else { continue };
            let carried =
                periods.iter().filter(|period| **period > gone.last).all(|period| held.contains(&(id.clone(), *period)));
            if !carried {
                continue; // settled in an earlier month, and told then
            }
            let mut remembered = self.remembered(id, gone.last)?;
            remembered.time_base = month.card(&remembered.rule).and_then(|card| card.time_base);
            if !month.covers(remembered.town.as_ref(), remembered.village.as_ref()) {
                continue;
            }
            let state = match why.get(id.as_str()) {
                Some(Withholding::Exempt(until)) => State::Exempt(*until),
                Some(Withholding::Suspended(suspension)) => State::Suspended(*suspension),
                None if month.redefined(&remembered, definitions.get(&(gone.last, remembered.rule.clone()))) => State::Redefined,
                None if !month.evaluated(&remembered.rule, remembered.town.as_ref()) => {
                    State::Suspended(Suspension::NotEvaluated)
                }
                None if month.compares(&remembered.rule) && !comparable(gone.last) => State::Suspended(Suspension::NotEvaluated),
                None => State::SettledByData,
            };
            let standing = standing(id, Some(gone), false, state, answers.remove(id));
            standings.absent.push((remembered, standing));
        }
        Ok(standings)
    }

    /// Whom earlier months found anything about: rule → person ids and household codes.
    pub fn known(&self, period: date::Month) -> Result<BTreeMap<String, BTreeSet<Personal>>, LedgerError> {
        let error = LedgerError::sql("读取");
        let sql = format!("SELECT DISTINCT rule, coalesce(person_id, household_code) FROM sighting JOIN ({NEWEST}) USING (run)");
        let mut statement = self.connection.prepare(&sql).map_err(&error)?;
        let mut rows = statement.query([period.yyyymm()]).map_err(&error)?;
        let mut known: BTreeMap<String, BTreeSet<Personal>> = BTreeMap::new();
        while let Some(row) = rows.next().map_err(&error)? {
            // A finding about a place has neither.
            if let Some(subject) = row.get(1).map_err(&error)? {
                known.entry(row.get(0).map_err(&error)?).or_default().insert(subject);
            }
        }
        Ok(known)
    }

    /// Writes a whole-county run into the ledger, in one transaction. A run that found the same as the newest one of its period
    /// changes nothing; `recorded_at` is a UTC time for the history and appears in no result. Gives whether it was written.
    pub fn record(
        &mut self,
        month: &Month<'_>,
        standings: &Standings,
        fingerprint: &str,
        recorded_at: &str,
    ) -> Result<bool, LedgerError> {
        let digest = digest(month, standings);
        let period = month.period.yyyymm();
        let error = LedgerError::sql("写入");
        let transaction = self.connection.transaction().map_err(&error)?;
        let newest: Option<String> = transaction
            .query_row("SELECT digest FROM run WHERE period = ?1 ORDER BY seq DESC LIMIT 1", [period], |row| row.get(0))
            .optional()
            .map_err(&error)?;
        if newest.is_some_and(|newest| newest == digest) {
            return Ok(false);
        }
        {
            let run = "INSERT INTO run (period, as_of, fingerprint, digest, recorded_at) VALUES (?1, ?2, ?3, ?4, ?5)";
            transaction
                .execute(run, params![period, month.as_of.to_string(), fingerprint, digest, recorded_at])
                .map_err(&error)?;
            let run = transaction.last_insert_rowid();
            let mut sighting = transaction
                .prepare(
                    "INSERT INTO sighting VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17)",
                )
                .map_err(&error)?;
            for (finding, standing) in month.findings.iter().zip(&standings.present) {
                sighting
                    .execute(params![
                        run,
                        finding.finding_id,
                        finding.rule,
                        finding.kind.as_str(),
                        finding.scope.as_str(),
                        finding.ground(),
                        finding.person_id,
                        finding.household_code,
                        finding.name,
                        finding.id_number,
                        finding.town,
                        finding.village,
                        finding.gap_fen,
                        finding.confidence.as_str(),
                        finding.sentence,
                        Basis::of(finding).0,
                        standing.state.is_asked(),
                    ])
                    .map_err(&error)?;
            }
            let mut definition = transaction.prepare("INSERT INTO definition VALUES (?1, ?2, ?3)").map_err(&error)?;
            for card in month.cards {
                definition.execute(params![run, card.id, card.definition]).map_err(&error)?;
            }
            let mut withheld = transaction.prepare("INSERT INTO withheld VALUES (?1, ?2, ?3, ?4)").map_err(&error)?;
            for (_, standing) in &standings.absent {
                let (why, until) = match standing.state {
                    State::Suspended(suspension) => (suspension.plain(), None),
                    State::Exempt(until) => ("豁免", until.map(|day| day.to_string())),
                    _ => continue,
                };
                withheld.execute(params![run, standing.finding_id, why, until]).map_err(&error)?;
            }
            transaction.execute("INSERT INTO key_mark VALUES (?1, ?2)", params![run, month.key_mark]).map_err(&error)?;
            let mut rows = transaction.prepare("INSERT INTO register_rows VALUES (?1, ?2, ?3, ?4, ?5)").map_err(&error)?;
            for (part, count) in month.rows {
                let (town, of) = (part.town_code.as_deref().unwrap_or(""), part.part.as_deref().unwrap_or(""));
                rows.execute(params![run, part.registry.as_str(), town, of, count]).map_err(&error)?;
            }
        }
        transaction.commit().map_err(&error)?;
        Ok(true)
    }

    /// How far the history goes, which only grows but for purges: rows by table, and what the newest run found.
    pub fn state(&self) -> Result<String, LedgerError> {
        let error = LedgerError::sql("读取");
        let mut state = String::new();
        for table in TABLES {
            let count = |row: &rusqlite::Row<'_>| row.get::<_, i64>(0);
            let rows = self.connection.query_row(&format!("SELECT count(*) FROM {table}"), [], count).map_err(&error)?;
            let _ = write!(state, "{table} {rows} ");
        }
        let newest: Option<String> = self
            .connection
            .query_row("SELECT digest FROM run ORDER BY seq DESC LIMIT 1", [], |row| row.get(0))
            .optional()
            .map_err(&error)?;
        Ok(state + &newest.unwrap_or_default())
    }

    /// Rows of the last month before `period` whose rows were recorded.
    pub fn rows(&self, period: date::Month) -> Result<Option<EarlierRows>, LedgerError> {
        let error = LedgerError::sql("读取");
        let sql = format!(
            "SELECT run, period FROM ({NEWEST}) WHERE run IN (SELECT run FROM register_rows) ORDER BY period DESC LIMIT 1"
        );
        let newest: Option<(i64, i64)> = self
            .connection
            .query_row(&sql, [period.yyyymm()], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()
            .map_err(&error)?;
        let Some((run, month)) = newest else { return Ok(None) };
        let sql = "SELECT registry, town_code, part, rows FROM register_rows WHERE run = ?1";
        let mut statement = self.connection.prepare(sql).map_err(&error)?;
        let some = |text: String| Some(text).filter(|text| !text.is_empty());
        let rows = statement
            .query_map([run], |row| {
                let registry = RegistryId(row.get(0)?);
                let part = RegisterPart { registry, town_code: some(row.get(1)?), part: some(row.get(2)?) };
                Ok((part, row.get(3)?))
            })
            .map_err(&error)?;
        let rows = rows.collect::<Result<_, _>>().map_err(&error)?;
        Ok(Some(EarlierRows { period: month_of(month), rows }))
    }

    /// Registers of which rows were recorded, by month.
    fn registers_before(&self, period: i64) -> Result<HashMap<i64, BTreeSet<RegistryId>>, LedgerError> {
        let error = LedgerError::sql("读取");
        let sql = format!("SELECT DISTINCT period, registry FROM register_rows JOIN ({NEWEST}) USING (run) WHERE rows > 0");
        let mut statement = self.connection.prepare(&sql).map_err(&error)?;
        let mut rows = statement.query([period]).map_err(&error)?;
        let mut registers: HashMap<i64, BTreeSet<RegistryId>> = HashMap::new();
        while let Some(row) = rows.next().map_err(&error)? {
            let registry = RegistryId(row.get(1).map_err(&error)?);
            registers.entry(row.get(0).map_err(&error)?).or_default().insert(registry);
        }
        Ok(registers)
    }

    /// Months recorded before `period`, ascending.
    fn periods_before(&self, period: i64) -> Result<Vec<i64>, LedgerError> {
        let error = LedgerError::sql("读取");
        let mut statement =
            self.connection.prepare("SELECT DISTINCT period FROM run WHERE period < ?1 ORDER BY period").map_err(&error)?;
        let periods = statement.query_map([period], |row| row.get(0)).map_err(&error)?;
        periods.collect::<Result<_, _>>().map_err(&error)
    }

    fn past(&self, period: i64) -> Result<HashMap<String, Past>, LedgerError> {
        let error = LedgerError::sql("读取");
        let sql = format!(
            "SELECT finding_id, min(period), max(period), count(*), sum(listed), max(iif(listed, period, NULL)) \
             FROM sighting JOIN ({NEWEST}) USING (run) GROUP BY finding_id"
        );
        let mut statement = self.connection.prepare(&sql).map_err(&error)?;
        let rows = statement
            .query_map([period], |row| {
                let past = Past {
                    first: row.get(1)?,
                    last: row.get(2)?,
                    months: row.get(3)?,
                    asked: row.get(4)?,
                    asked_last: row.get(5)?,
                };
                Ok((row.get(0)?, past))
            })
            .map_err(&error)?;
        rows.collect::<Result<_, _>>().map_err(&error)
    }

    /// What each rule was in each month before.
    fn definitions_before(&self, period: i64) -> Result<HashMap<(i64, String), String>, LedgerError> {
        let error = LedgerError::sql("读取");
        let sql = format!("SELECT period, rule, digest FROM definition JOIN ({NEWEST}) USING (run)");
        let mut statement = self.connection.prepare(&sql).map_err(&error)?;
        let rows = statement.query_map([period], |row| Ok(((row.get(0)?, row.get(1)?), row.get(2)?))).map_err(&error)?;
        rows.collect::<Result<_, _>>().map_err(&error)
    }

    fn withheld_before(&self, period: i64) -> Result<BTreeSet<(String, i64)>, LedgerError> {
        let error = LedgerError::sql("读取");
        let sql = format!("SELECT finding_id, period FROM withheld JOIN ({NEWEST}) USING (run)");
        let mut statement = self.connection.prepare(&sql).map_err(&error)?;
        let rows = statement.query_map([period], |row| Ok((row.get(0)?, row.get(1)?))).map_err(&error)?;
        rows.collect::<Result<_, _>>().map_err(&error)
    }

    /// The last answer to each finding, to lists of `period` and before.
    fn answers_until(&self, period: i64) -> Result<BTreeMap<String, Answered>, LedgerError> {
        let error = LedgerError::sql("读取");
        let mut statement = self
            .connection
            .prepare(
                "SELECT finding_id, list, verdict, reality, reason, opinion, method, checkers, checked_on, corrected_number, file, \
                 sheet, row, basis, contradicts IS NOT NULL FROM answer JOIN receipt ON receipt.seq = answer.receipt \
                 WHERE list <= ?1 ORDER BY answer.seq",
            )
            .map_err(&error)?;
        let mut rows = statement.query([period]).map_err(&error)?;
        let mut answers = BTreeMap::new();
        while let Some(row) = rows.next().map_err(&error)? {
            let answered = Answered {
                answer: answer(row)?,
                basis: Basis(row.get(13).map_err(&error)?),
                contradicts: row.get(14).map_err(&error)?,
            };
            answers.insert(answered.answer.finding_id.clone(), answered);
        }
        Ok(answers)
    }

    /// A finding as it was in a month it was found in.
    fn remembered(&self, id: &str, period: i64) -> Result<Remembered, LedgerError> {
        let error = LedgerError::sql("读取");
        let mut statement = self
            .connection
            .prepare_cached(
                "SELECT rule, kind, scope, clause, person_id, household_code, name, id_number, town, village, gap_fen, confidence, \
                 sentence FROM sighting JOIN run ON run.seq = sighting.run WHERE finding_id = ?1 AND period = ?2 \
                 ORDER BY run DESC LIMIT 1",
            )
            .map_err(&error)?;
        let mut rows = statement.query(params![id, period]).map_err(&error)?;
        let Some(row) = rows.next().map_err(&error)? else {
            return Err(LedgerError::Damaged { table: "sighting", column: "finding_id" });
        };
        let damaged = |column| move || LedgerError::Damaged { table: "sighting", column };
        let (kind, scope, confidence): (String, String, String) =
            (row.get(1).map_err(&error)?, row.get(2).map_err(&error)?, row.get(11).map_err(&error)?);
        Ok(Remembered {
            finding_id: id.to_owned(),
            rule: row.get(0).map_err(&error)?,
            kind: Kind::ALL.into_iter().find(|known| known.as_str() == kind).ok_or_else(damaged("kind"))?,
            scope: Scope::ALL.into_iter().find(|known| known.as_str() == scope).ok_or_else(damaged("scope"))?,
            clause: row.get(3).map_err(&error)?,
            person_id: row.get(4).map_err(&error)?,
            household_code: row.get(5).map_err(&error)?,
            name: row.get(6).map_err(&error)?,
            id_number: row.get(7).map_err(&error)?,
            town: row.get(8).map_err(&error)?,
            village: row.get(9).map_err(&error)?,
            gap_fen: row.get(10).map_err(&error)?,
            time_base: None,
            confidence: Confidence::ALL
                .into_iter()
                .find(|known| known.as_str() == confidence)
                .ok_or_else(damaged("confidence"))?,
            sentence: row.get(12).map_err(&error)?,
        })
    }
}

/// The run that counts for each month before ?1, as `run` and `period`.
const NEWEST: &str = "SELECT max(seq) AS run, period FROM run WHERE period < ?1 GROUP BY period";

/// An answer from the columns `finding_id, list, verdict, … , file, sheet, row`.
pub(super) fn answer(row: &Row<'_>) -> Result<Answer, LedgerError> {
    let error = LedgerError::sql("读取");
    let damaged = |column| move || LedgerError::Damaged { table: "answer", column };
    let text = |at: usize| row.get::<_, Personal>(at).map_err(&error);
    let optional = |at: usize| row.get::<_, Option<String>>(at).map_err(&error);
    let known = |column, found: Option<String>, names: &[&str]| match found {
        None => Ok(None),
        Some(value) => names.iter().position(|name| *name == value).map(Some).ok_or_else(damaged(column)),
    };
    let verdict = known("verdict", optional(2)?, &Verdict::ALL.map(Verdict::plain))?;
    let opinion = known("opinion", optional(5)?, &Opinion::ALL.map(Opinion::plain))?;
    let checked_on = optional(8)?.map(|day| day.parse().map_err(|_| damaged("checked_on")())).transpose()?;
    Ok(Answer {
        finding_id: row.get(0).map_err(&error)?,
        list: month_of(row.get(1).map_err(&error)?),
        verdict: verdict.map(|at| Verdict::ALL[at]),
        reality: text(3)?,
        reason: text(4)?,
        opinion: opinion.map(|at| Opinion::ALL[at]),
        method: text(6)?,
        checkers: text(7)?,
        checked_on,
        corrected_number: text(9)?,
        file: text(10)?,
        sheet: text(11)?,
        row: row.get(12).map_err(&error)?,
    })
}

/// From `yyyymm`.
pub(super) fn month_of(yyyymm: i64) -> date::Month {
    let part = |number: i64| i32::try_from(number).unwrap_or_default();
    date::Month(part(yyyymm / 100) * 12 + part(yyyymm % 100) - 1)
}

/// Of everything a run would write but its time.
#[must_use]
pub fn digest(month: &Month<'_>, standings: &Standings) -> String {
    let mut digest = PartsDigest::default();
    let mut add = |text: &str| digest.add(text);
    add(&month.as_of.to_string());
    for (finding, standing) in month.findings.iter().zip(&standings.present) {
        add(&finding.finding_id);
        add(&Basis::of(finding).0);
        add(finding.sentence.expose());
        add(&format!("{:?} {:?} {}", finding.gap_fen, finding.confidence, standing.state.is_asked()));
    }
    for card in month.cards {
        add(&card.definition);
    }
    for (remembered, standing) in &standings.absent {
        add(&remembered.finding_id);
        add(&format!("{:?}", standing.state));
    }
    for (part, rows) in month.rows {
        add(&format!("{part:?} {rows}"));
    }
    digest.digits(32)
}
