//! Persons and households → findings, with what makes a register doubtful.

use crate::assess::{AssessInput, Assessed, assess, expected_rows, register_rows};
use crate::model::columns::GRADE;
use crate::model::intake::IntakeFile;
use crate::model::link::Linked;
use crate::model::record::{RecordSet, RegistryRecords};
use crate::model::register::{EarlierRows, RegisterCount};
use crate::run::RunError;
use crate::run::county::source::Source;
use crate::run::county::{Run, dates, missing};
use crate::run::underway::Step;
use crate::store::manifest::EarlierEntry;
use crate::store::stages;

impl Run<'_> {
    /// Rows of an earlier month: of the run named, of the ledger, or those that the run whose rows are taken was held against.
    fn earlier_rows(&self, source: &Source) -> Result<Option<EarlierRows>, RunError> {
        if let Some(rows) = self.earlier.as_ref().and_then(|earlier| earlier.rows.clone()) {
            return Ok(Some(rows));
        }
        let recorded = self.life.as_ref().map(|life| life.rows(self.period)).transpose()?.flatten();
        let of_run = || match source {
            Source::Run(finished) => finished.run.expected_by_month.clone().and_then(EarlierEntry::read),
            Source::Files(_) => None,
        };
        Ok(recorded.or_else(of_run).filter(|earlier| earlier.period < self.period))
    }

    /// Registers whose rows are all for another year, and for which. School registers go by school years.
    pub(super) fn of_other_years<'r>(&self, records: &'r RecordSet) -> impl Iterator<Item = (&'r RegistryRecords, i32)> {
        let (dictionary, year) = (&self.definitions.dictionary, self.period.year());
        let by_calendar = move |registry: &&RegistryRecords| {
            let fields = dictionary.registry(registry.registry.as_str()).map_or(&[][..], |known| &known.fields);
            !fields.iter().any(|used| matches!(used.field.as_str(), GRADE | "semester"))
        };
        let all = records.registries.iter().filter(by_calendar);
        all.filter_map(move |registry| Some((registry, registry.other_year(year)?)))
    }

    pub(super) fn assess(
        &mut self,
        source: &Source,
        records: &RecordSet,
        linked: &Linked,
        intake: &[IntakeFile],
    ) -> Result<Assessed, RunError> {
        let mut aside = missing::set_aside(intake, &self.definitions.dictionary);
        aside.extend(self.of_other_years(records).map(|(registry, _)| registry.registry.clone()));
        let outdated = dates::outdated(intake, records, &self.definitions.dictionary, self.period);
        aside.extend(outdated.into_iter().map(|(registry, _)| registry));
        let known = self.known()?;
        let earlier = self.earlier_rows(source)?;
        self.refused = missing::refused(intake, &self.definitions.dictionary);
        self.rows = register_rows(records, &self.definitions.dictionary, self.period);
        self.underway.manifest.registers = RegisterCount::all(&self.rows);
        self.underway.manifest.expected_by_county =
            RegisterCount::all(&expected_rows(records, &self.definitions.dictionary, self.period));
        self.underway.manifest.expected_by_month = earlier.as_ref().map(Into::into);
        self.underway.manifest.accepted = self.accepted.iter().map(ToString::to_string).collect();
        let assessed = assess(&AssessInput {
            records,
            linked,
            policy: &self.definitions.policy,
            dictionary: &self.definitions.dictionary,
            period: self.period,
            as_of: self.as_of,
            key: &self.definitions.key,
            towns: &self.underway.request.towns,
            villages: &self.underway.request.villages,
            known: known.as_ref(),
            earlier: earlier.as_ref(),
            accepted: &self.accepted,
            aside: &aside,
            blank_is_absent: true,
        })
        .map_err(|error| RunError::Internal(error.to_string()))?;
        let person = self.underway.workspace.path("stages/facts_person.parquet")?;
        let household = self.underway.workspace.path("stages/facts_household.parquet")?;
        let findings = self.underway.workspace.path("stages/findings.parquet")?;
        let suspended = self.underway.workspace.path("stages/suspended.parquet")?;
        // The facts of persons are by far the largest.
        let (facts, others) = rayon::join(
            || stages::write_facts(&person, &assessed.facts_person),
            || {
                stages::write_facts(&household, &assessed.facts_household)?;
                stages::write_findings(&findings, &assessed.findings)?;
                stages::write_findings(&suspended, &assessed.suspended)
            },
        );
        facts?;
        others?;
        stages::write_rates(&self.underway.workspace.path("stages/rates.parquet")?, &assessed.rates)?;
        self.write_review(records, linked, &assessed.held)?;
        self.underway.stage(Step::ASSESS, records.len() as u64, assessed.findings.len() as u64);
        self.underway.manifest.notes = assessed.notes.iter().map(Into::into).collect();
        self.underway.manifest.rules = assessed.counts.iter().map(|count| (count.rule.clone(), count.into())).collect();
        for exemption in &assessed.exemptions {
            *self.underway.manifest.exemptions.entry(exemption.status.as_str()).or_default() += 1;
        }
        for finding in &assessed.findings {
            *self.underway.manifest.findings.entry(finding.rule.clone()).or_default() += 1;
        }
        Ok(assessed)
    }
}
