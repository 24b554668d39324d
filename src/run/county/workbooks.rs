//! The workbooks of a run: out of its results, into its folder.
//!
//! Takes what was assessed, linked and known before; gives files under `reports/`, each noted in the manifest. Cost: linear in findings, and
//! in the households of the towns asked for.

use std::collections::BTreeMap;

use arrow::array::{Array, AsArray};
use arrow::datatypes::Date32Type;
use sha2::{Digest, Sha256};

use crate::assess::Assessed;
use crate::config::pipeline::Workbook;
use crate::intake::definitions::Definitions;
use crate::link::evidence::Evidence;
use crate::model::date::Day;
use crate::model::ids::hexadecimal;
use crate::model::intake::IntakeFile;
use crate::model::link::Linked;
use crate::model::masking::Audience;
use crate::model::personal::Personal;
use crate::model::record::RecordSet;
use crate::model::standing::Standings;
use crate::report::{DossierInput, OutputFile, ReportInput, ReviewInput, build, review_books};
use crate::run::RunError;
use crate::run::county::review::{Pairs, Reviewer};
use crate::run::county::{Run, dossier, picture, sample};
use crate::run::underway::Step;
use crate::store::manifest::OutputEntry;

/// What earlier months know of this one.
#[derive(Clone, Copy)]
pub(super) struct Known<'a> {
    /// Where findings stand; `None` without a ledger.
    pub(super) standings: Option<&'a Standings>,
    /// Person id → numbers that lists proposed, and what became of them.
    pub(super) proposed: &'a BTreeMap<String, Personal>,
    /// Number → how many share village, sex and year of birth with whoever bears it; empty where nothing is posted.
    pub(super) groups: &'a BTreeMap<Personal, u64>,
}

/// Number → how many persons share village, sex and year of birth with its bearer, who counts too.
pub(super) fn groups(linked: &Linked) -> BTreeMap<Personal, u64> {
    let people = &linked.people.0;
    let text = |column: &str, row: usize| {
        let column = people.column_by_name(column)?.as_string_opt::<i32>()?;
        column.is_valid(row).then(|| column.value(row)).filter(|text| !text.is_empty())
    };
    let births = people.column_by_name("birth").and_then(|column| column.as_primitive_opt::<Date32Type>());
    let birth = |row: usize| births.filter(|births| births.is_valid(row)).map(|births| Day(births.value(row)).ymd().0);
    let group = |row: usize| Some(((text("town", row), text("village", row)?), text("sex", row)?, birth(row)?));
    let mut sizes: BTreeMap<_, u64> = BTreeMap::new();
    for group in (0..people.num_rows()).filter_map(group) {
        *sizes.entry(group).or_default() += 1;
    }
    let of = |row: usize| Some((text("number", row)?.into(), sizes.get(&group(row)?).copied()?));
    (0..people.num_rows()).filter_map(of).collect()
}

impl Run<'_> {
    pub(super) fn pairs(&self, records: &RecordSet, linked: &Linked, evidence: Option<&Evidence>, assessed: &Assessed) -> Pairs {
        let places = (&*self.underway.request.towns, &*self.underway.request.villages);
        let reviewer = Reviewer::new(self.definitions, records, linked, places);
        let wanted = self.definitions.workbooks.contains(&Workbook::Sample);
        let sample = evidence.filter(|_| wanted).map(|evidence| sample::draw(&reviewer, evidence)).unwrap_or_default();
        Pairs { sample, ..reviewer.pairs(&assessed.held) }
    }

    pub(super) fn report(
        &mut self,
        assessed: &Assessed,
        known: Known<'_>,
        intake: &[IntakeFile],
        records_total: u64,
        pairs: &Pairs,
    ) -> Result<(), RunError> {
        let policy = &self.definitions.policy;
        let cards = self.cards();
        let deadlines = policy.deadlines(self.period, self.as_of);
        let populations: Vec<_> = assessed.counts.iter().map(|count| (count.rule.clone(), count.population)).collect();
        let exempt: Vec<_> = assessed.counts.iter().map(|count| (count.rule.clone(), count.exempt)).collect();
        let contradicted: Vec<_> = pairs.contradicted().collect();
        let mut books = build(
            &ReportInput {
                county: &self.definitions.county,
                period: self.period,
                as_of: self.as_of,
                dictionary: &self.definitions.dictionary,
                findings: &assessed.findings,
                rates: &assessed.rates,
                notes: &assessed.notes,
                suspended: &assessed.suspended,
                cards: &cards,
                readings: &policy.readings,
                clauses: &policy.clauses,
                intake,
                populations: &populations,
                exempt: &exempt,
                contradicted: &contradicted,
                exemptions: &assessed.exemptions,
                deadlines: &deadlines,
                records_total,
                workbooks: &self.definitions.workbooks,
                town_files: self.definitions.town_files,
                identity_files: self.definitions.identity_files,
                standings: known.standings,
                proposed: known.proposed,
                posted: self.underway.request.posted(),
                groups: known.groups,
                tool_version: env!("CARGO_PKG_VERSION"),
            },
            &self.definitions.layouts,
        )
        .map_err(|error| RunError::Internal(error.to_string()))?;
        let review = ReviewInput {
            county: &self.definitions.county,
            period: self.period,
            as_of: self.as_of,
            tool_version: env!("CARGO_PKG_VERSION"),
            posted: self.underway.request.posted(),
            pending: &pairs.pending,
            decided: &pairs.decided,
            suspended: if self.definitions.workbooks.contains(&Workbook::Review) { &assessed.suspended } else { &[] },
            notes: &assessed.notes,
            cards: &cards,
            sample: &pairs.sample,
        };
        let review = review_books(&review, &self.definitions.layouts);
        books.extend(review.map_err(|error| RunError::Internal(error.to_string()))?);
        self.underway.stage(Step::REPORT, assessed.findings.len() as u64, books.iter().map(|book| book.rows).sum());
        for book in books {
            self.write_book(book)?;
        }
        self.underway.manifest.outputs.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(())
    }

    fn write_book(&mut self, book: OutputFile) -> Result<(), RunError> {
        self.underway.workspace.write(&book.path, &book.bytes)?;
        let sha256 = hexadecimal(&Sha256::digest(&book.bytes));
        self.underway.manifest.outputs.push(OutputEntry { path: book.path, sha256, rows: book.rows });
        Ok(())
    }

    /// A dossier per town, one town at a time: only one is held in memory.
    pub(super) fn dossiers(&mut self, records: &RecordSet, linked: &Linked, assessed: &Assessed) -> Result<(), RunError> {
        let Definitions { dictionary, policy, .. } = self.definitions;
        let not_evaluated = dossier::not_evaluated(assessed);
        let cards: Vec<_> = policy.rules.iter().map(|rule| rule.card.clone()).collect();
        let chosen = dossier::Chosen {
            known: picture::Known {
                records,
                linked,
                findings: &assessed.findings,
                definitions: Some((dictionary, policy)),
                why: None,
            },
            assessed,
            policy,
            dictionary,
            period: self.period,
            as_of: self.as_of,
            audience: Audience::of(self.underway.request.posted(), Audience::Village),
            villages: &self.underway.request.villages,
        };
        for town in &self.underway.request.towns {
            let households =
                dossier::households(&chosen, town, &not_evaluated).map_err(|error| RunError::Internal(error.to_string()))?;
            let input = DossierInput {
                county: &self.definitions.county,
                period: self.period,
                as_of: self.as_of,
                town,
                households: &households,
                cards: &cards,
                not_evaluated: &not_evaluated,
                audience: chosen.audience,
                tool_version: env!("CARGO_PKG_VERSION"),
            };
            let book = crate::report::dossier(&input, &self.definitions.layouts)
                .map_err(|error| RunError::Internal(error.to_string()))?;
            self.underway.stage(Step::DOSSIER, households.len() as u64, book.rows);
            self.write_book(book)?;
        }
        Ok(())
    }
}
