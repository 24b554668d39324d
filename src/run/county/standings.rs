//! A run with a ledger: whom it knows, where this month's findings stand, and the month written into it.
//!
//! A run of some towns, and a masked one, only reads the ledger: what it leaves out has not been settled, and what it prints is asked of
//! nobody. The month is written when every output is in its place and just before the run's `run.json` is: if it cannot be written, the last
//! run comes back; after a crash in between, the next command that writes finds the month recorded and puts `run.json` in its place.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::assess::Assessed;
use crate::ledger::{Month, digest};
use crate::model::date;
use crate::model::finding::Finding;
use crate::model::ids::CountyKey;
use crate::model::personal::Personal;
use crate::model::proposal::Proposal;
use crate::model::register::EarlierRows;
use crate::model::rule::RuleCard;
use crate::model::standing::{Remembered, Standing, Standings, State};
use crate::run::RunError;
use crate::run::county::Run;
use crate::store::ledger_file::{self, HeldLedger, LedgerFileError};
use crate::store::stages::{StageError, tables, write_table};
use crate::store::workspace::LedgerEntry;
use crate::store::{clock, ours};

/// The ledger of a run.
#[derive(Debug)]
pub(super) struct Life {
    path: PathBuf,
    held: HeldLedger,
    /// Whether the run is written into it.
    writes: bool,
}

impl Life {
    /// Opens the ledger at `path`; one that only reads must be there. With another key nothing in it would be known again.
    pub(super) fn open(path: &Path, key: &CountyKey, writes: bool, progress: &dyn Fn(&str)) -> Result<Self, RunError> {
        let held = ledger_file::open(path, writes)?;
        if held.ledger.key_mark().map_err(LedgerFileError::from)?.is_some_and(|mark| mark != key.mark()) {
            return Err(LedgerFileError::OtherKey { path: path.to_owned() }.into());
        }
        held.told.iter().for_each(|told| progress(told));
        Ok(Self { path: ours::whole(path).unwrap_or_else(|| path.to_owned()), held, writes })
    }

    /// Whether the month is written into it.
    pub(super) fn writes(&self) -> bool {
        self.writes
    }

    /// Which ledger, and how far its history goes: another state, other outputs.
    pub(super) fn state(&self) -> Result<String, RunError> {
        let state = self.held.ledger.state().map_err(|error| RunError::Ledger(error.into()))?;
        Ok(format!("{} {state}", self.path.display()))
    }

    /// Rows of the last month recorded before `period`.
    pub(super) fn rows(&self, period: date::Month) -> Result<Option<EarlierRows>, RunError> {
        self.held.ledger.rows(period).map_err(|error| RunError::Ledger(error.into()))
    }

    /// Numbers that lists of earlier months proposed.
    pub(super) fn proposals(&self, period: date::Month) -> Result<Vec<Proposal>, RunError> {
        self.held.ledger.proposals(period).map_err(|error| RunError::Ledger(error.into()))
    }
}

/// So many findings on either side of which none comes back are no chance: with the same key the county is the same.
const NONE_COMES_BACK: usize = 10;

/// Whether nothing of what a ledger holds is found again, as with another key. Ledgers of version 2 and before do not say with which they were made.
fn knows_nobody(standings: &Standings, period: date::Month) -> bool {
    standings.present.len() >= NONE_COMES_BACK
        && standings.absent.len() >= NONE_COMES_BACK
        && standings.present.iter().all(|standing| standing.first == period)
}

impl Run<'_> {
    /// Whom the ledger knows; `None` without one.
    pub(super) fn known(&self) -> Result<Option<BTreeMap<String, BTreeSet<Personal>>>, RunError> {
        let known = self.life.as_ref().map(|life| life.held.ledger.known(self.period)).transpose();
        known.map_err(|error| RunError::Ledger(error.into()))
    }

    /// Where this month's findings stand, also written as `stages/standings.parquet`; `None` without a ledger.
    pub(super) fn standings(&mut self, assessed: &Assessed) -> Result<Option<Standings>, RunError> {
        let Some(life) = &self.life else { return Ok(None) };
        let cards = self.cards();
        let standings =
            life.held.ledger.standings(&self.month(assessed, &cards)).map_err(|error| RunError::Ledger(error.into()))?;
        let is_marked = life.held.ledger.key_mark().map_err(LedgerFileError::from)?.is_some();
        if !is_marked && knows_nobody(&standings, self.period) {
            return Err(LedgerFileError::OtherKey { path: life.path.clone() }.into());
        }
        write(&self.underway.workspace.path("stages/standings.parquet")?, &assessed.findings, &standings)?;
        for standing in standings.iter() {
            *self.underway.manifest.standings.entry(standing.state.plain().to_owned()).or_default() += 1;
        }
        Ok(Some(standings))
    }

    /// What [`Self::record`] leaves in the ledger, where the run is one that does.
    pub(super) fn entry(&self, life: &Life, assessed: &Assessed, standings: &Standings) -> Option<LedgerEntry> {
        let digest = || digest(&self.month(assessed, &self.cards()), standings);
        let entry = || LedgerEntry { path: life.path.display().to_string(), period: self.period.to_string(), digest: digest() };
        life.writes.then(entry)
    }

    /// Writes the month into the ledger, where the run is one that does.
    pub(super) fn record(&self, mut life: Life, assessed: &Assessed, standings: &Standings) -> Result<(), RunError> {
        if life.writes {
            let cards = self.cards();
            let month = self.month(assessed, &cards);
            let recorded = life.held.ledger.record(&month, standings, &self.underway.fingerprint, &clock::utc_now());
            recorded.map_err(|error| RunError::Ledger(error.into()))?;
            life.held.finish()?;
        }
        Ok(())
    }

    /// The rules' public faces.
    pub(super) fn cards(&self) -> Vec<RuleCard> {
        self.definitions.policy.rules.iter().map(|rule| rule.card.clone()).collect()
    }

    fn month<'m>(&'m self, assessed: &'m Assessed, cards: &'m [RuleCard]) -> Month<'m> {
        Month {
            period: self.period,
            as_of: self.as_of,
            key_mark: &self.key_mark,
            findings: &assessed.findings,
            withheld: &assessed.withheld,
            rows: &self.rows,
            refused: &self.refused,
            notes: &assessed.notes,
            cards,
            towns: &self.underway.request.towns,
            villages: &self.underway.request.villages,
        }
    }

    /// A line on what moved: `台账：新增 3，持续未回复 12，…`.
    pub(super) fn moved(standings: &Standings) -> String {
        let mut counts: BTreeMap<State, (usize, &str)> = BTreeMap::new();
        for standing in standings.iter() {
            let plain = standing.state.plain();
            // States with different reasons are told as one.
            match counts.values_mut().find(|(_, known)| *known == plain) {
                Some((count, _)) => *count += 1,
                None => {
                    counts.insert(standing.state, (1, plain));
                }
            }
        }
        let told: Vec<String> = counts.values().map(|(count, plain)| format!("{plain} {count}")).collect();
        format!("\n台账：{}", if told.is_empty() { "没有疑点".to_owned() } else { told.join("，") })
    }
}

/// `standings.parquet`: one row per finding of this month and per finding open before it.
fn write(path: &Path, findings: &[Finding], standings: &Standings) -> Result<(), StageError> {
    let present = findings.iter().map(Remembered::from).zip(&standings.present);
    let rows: Vec<(Remembered, &Standing)> =
        present.chain(standings.absent.iter().map(|(what, standing)| (what.clone(), standing))).collect();
    let text = |pick: &dyn Fn(&Remembered, &Standing) -> Option<String>| {
        rows.iter().map(|(what, standing)| pick(what, standing)).collect()
    };
    let count = |pick: fn(&Standing) -> u32| rows.iter().map(|(_, standing)| Some(pick(standing))).collect();
    let reason = |_: &Remembered, standing: &Standing| match standing.state {
        State::Reopened(why) => Some(why.plain().to_owned()),
        State::Suspended(why) => Some(why.plain().to_owned()),
        State::Exempt(until) => until.map(|day| day.to_string()),
        _ => None,
    };
    let table = tables::Standings {
        finding_id: text(&|what, _| Some(what.finding_id.clone())),
        rule: text(&|what, _| Some(what.rule.clone())),
        town: text(&|what, _| what.town.clone()),
        village: text(&|what, _| what.village.clone()),
        time_base: text(&|what, _| what.time_base.map(|base| base.as_str().to_owned())),
        gap_fen: rows.iter().map(|(what, _)| what.gap_fen).collect(),
        state: text(&|_, standing| Some(standing.state.plain().to_owned())),
        reason: text(&reason),
        first: text(&|_, standing| Some(standing.first.to_string())),
        last: text(&|_, standing| Some(standing.last.to_string())),
        months: count(|standing| standing.months),
        asked: count(|standing| standing.asked),
        answer: text(&|_, standing| standing.answer.as_ref().map(|answer| answer.plain().expose().to_owned())),
        answered_list: text(&|_, standing| standing.answer.as_ref().map(|answer| answer.list.to_string())),
    };
    write_table(path, table)
}
