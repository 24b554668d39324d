//! A synthetic county with its truth: the registries of one or more months as real offices export them, and beside them which
//! row is whom and what a perfect tool would find.
//!
//! Takes [`PracticeOptions`] and the county's real villages ([`read_divisions`]); gives [`PracticeFile`]s one by one to a
//! callback, so that a county of 200,000 households never stands in memory as files. Guarantees: the same options give the same
//! bytes; people, names, numbers and phones are invented; at noise 0 every row is clean; a registry keeps its mistakes from month
//! to month. Cost: linear in households × months.
//!
//! ```
//! use bidui::practice::{PracticeOptions, generate, read_divisions};
//! let villages = "as_of,street_code,village_code,village_name\n2017-10-31,520324101,520324101202,燕子坝村村民委员会\n";
//! let towns = "as_of,street_code,street_name\n2017-10-31,520324101,瑞溪镇\n";
//! let villages = read_divisions(villages, towns)?;
//! let mut paths = Vec::new();
//! generate(&PracticeOptions { households: 40, ..PracticeOptions::default() }, villages, |file| {
//!     paths.push(file.path);
//!     Ok::<(), bidui::practice::PracticeError>(())
//! })?;
//! assert!(paths.contains(&"truth/2018-06/rows.csv".to_owned()));
//! # Ok::<(), bidui::practice::PracticeError>(())
//! ```

mod conflicts;
mod county;
mod damage;
mod disability;
mod divisions;
mod education;
mod exemptions;
mod files;
mod findings;
mod gaps;
mod health;
mod names;
mod offices;
mod partial;
mod poverty;
mod poverty_facts;
mod random;
mod registers;
mod relief;
mod sheet;
mod table;
#[cfg(test)]
mod tests;
mod truth;
mod two_none;
mod welfare;
mod work;
mod write;

pub use divisions::{Village, read_divisions};
pub use partial::Partial;

use std::collections::BTreeSet;

use crate::model::date::Month;
use education::Education;
use files::{Desk, Written};
use findings::{IdentityEvents, Key};
use health::Health;
use offices::Offices;
use relief::Relief;
use truth::RowTruth;
use work::Work;

/// How the registries are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Layout {
    /// One tidy workbook per registry: header in row 1, then the rows.
    Plain,
    /// The formats and layouts that offices really send, see `fixtures/README.md`.
    #[default]
    Mixed,
}

/// Which kinds of damage and layouts there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Edition {
    /// Those that `fixtures/` were made with.
    First,
    /// And those that were met since: two valid numbers of one person, another given name under an equal number, twins, lent numbers, words for
    /// numbers; lists side by side, headers that occur twice, quarters, forms.
    #[default]
    Second,
}

/// What county to make.
#[derive(Clone, Debug, PartialEq)]
pub struct PracticeOptions {
    /// Households of the whole county, about 3.2 people each, three in ten of them poor.
    pub households: u32,
    /// Another seed, another county.
    pub seed: u64,
    /// How many months, at least one.
    pub months: u32,
    /// The first of them.
    pub first_month: Month,
    /// Factor on the rates of identity damage: 1 damages about 11 % of rows (9 % in the first edition), 0 none.
    pub noise: f64,
    /// How the registries are written.
    pub layout: Layout,
    /// Which kinds of damage and layouts there are.
    pub edition: Edition,
    /// Registries that come in short; the truth is that of the whole ones.
    pub partial: Vec<Partial>,
}

impl Default for PracticeOptions {
    /// 300 households in June 2018, the size of `fixtures/`.
    fn default() -> Self {
        let first_month = Month(2018 * 12 + 5);
        Self {
            households: 300,
            seed: 1,
            months: 1,
            first_month,
            noise: 1.0,
            layout: Layout::Mixed,
            edition: Edition::Second,
            partial: Vec::new(),
        }
    }
}

/// One file to be written.
#[derive(Clone, PartialEq, Eq)]
pub struct PracticeFile {
    /// `2018-06/…` for inputs, `truth/2018-06/…` for the truth; `/` between parts.
    pub path: String,
    /// Its content.
    pub bytes: Vec<u8>,
}

impl std::fmt::Debug for PracticeFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "PracticeFile({}, {} bytes)", self.path, self.bytes.len())
    }
}

/// Why a county could not be made.
#[derive(Debug, thiserror::Error)]
pub enum PracticeError {
    /// The list of towns and villages cannot be used.
    #[error("乡镇、村（居）代码表无法使用：{what}")]
    Divisions {
        /// What is wrong with it.
        what: String,
    },
    /// A workbook or archive could not be put together.
    #[error("无法生成文件：{what}")]
    Write {
        /// As the library says.
        what: String,
    },
}

/// Makes the county and hands each file to `write`, inputs of a month before its truth.
///
/// # Errors
/// What `write` returns, or a [`PracticeError`] of our own.
pub fn generate<E: From<PracticeError>>(
    options: &PracticeOptions,
    villages: Vec<Village>,
    mut write: impl FnMut(PracticeFile) -> Result<(), E>,
) -> Result<(), E> {
    let county = county::settle(options.seed, options.edition, options.households, villages);
    let mut gaps = Vec::new();
    for month_index in 0..options.months {
        let month = Month(options.first_month.0 + i32::try_from(month_index).unwrap_or(0));
        gaps = gaps::open(&county, month_index, &gaps);
        let mut state = welfare::entitled(&county, month_index);
        gaps::apply(&county, &mut state, &gaps);
        welfare::overpay(&county, &mut state, month_index);
        welfare::support_healthy(&county, &mut state, month_index);
        let offices = Offices { county: &county, state: &state, month, month_index, noise: options.noise };
        let mut events = IdentityEvents::new(county.people.len());
        let mut rows = RowTruth::new(options.edition != Edition::First);
        let mut desk = Desk {
            layout: options.layout,
            edition: options.edition,
            seed: options.seed,
            month,
            villages: &county.villages,
            partial: &options.partial,
            truth: &mut rows,
        };
        let mut hand_out = |written: Vec<Written>| -> Result<(), E> {
            written
                .into_iter()
                .try_for_each(|file| write(PracticeFile { path: format!("{month}/{}", file.path), bytes: file.bytes }))
        };
        // The wide edition reaches one town in the second month.
        let wide = (month_index == 1 && options.layout == Layout::Mixed).then(|| offices.poverty_wide());
        let poverty = offices.poverty(&mut events);
        // It has no column for work.
        let last_town = county.villages.last().map(|village| village.town_index);
        let of_last_town = poverty.rows.iter().filter(|row| wide.is_some() && Some(row.town) == last_town);
        let no_work_told: BTreeSet<Key> = of_last_town.filter_map(|row| row.pid).map(Key::Person).collect();
        hand_out(desk.poverty(poverty, wide)?)?;
        hand_out(desk.file(offices.dibao(&mut events), None)?)?;
        hand_out(desk.file(offices.dibao_payment(&mut events), None)?)?;
        hand_out(desk.file(offices.tekun(&mut events), None)?)?;
        hand_out(desk.file(offices.tekun_payment(&mut events), None)?)?;
        hand_out(desk.file(offices.insurance(&mut events), None)?)?;
        hand_out(desk.file(offices.premium_subsidy(&mut events), None)?)?;
        hand_out(desk.file(offices.disability(&mut events), None)?)?;
        let nursing = offices.disability_subsidy(true, &mut events);
        let living = offices.disability_subsidy(false, &mut events);
        hand_out(desk.file(nursing, Some(living))?)?;

        let education = Education::new(&county, &state, month, month_index);
        hand_out(desk.file(offices.student(&education, &mut events), None)?)?;
        hand_out(desk.file(offices.student_aid(&education, &mut events), None)?)?;
        hand_out(desk.file(offices.student_loan(&education, &mut events), None)?)?;
        hand_out(desk.file(offices.village_list(), None)?)?;
        let health = Health::new(&offices);
        hand_out(desk.file(offices.inpatient(&health, &mut events), None)?)?;
        hand_out(desk.file(offices.chronic(&health, &mut events), None)?)?;
        hand_out(desk.file(offices.major_disease(&health, &mut events), None)?)?;
        hand_out(desk.file(offices.disability_service(&health, &mut events), None)?)?;
        hand_out(desk.file(Offices::staff(), None)?)?;
        let relief = Relief::new(&offices);
        hand_out(desk.file(offices.relocation(&relief, &mut events), None)?)?;
        hand_out(desk.file(offices.temporary_aid(&health, &relief, &mut events), None)?)?;
        hand_out(desk.file(offices.death(&relief, &mut events), None)?)?;
        hand_out(desk.file(offices.marriage(&mut events), None)?)?;
        hand_out(desk.file(offices.inspection(), None)?)?;
        let work = Work::new(&offices);
        for table in offices.work(&work, &mut events).into_iter().chain(offices.work_events()) {
            hand_out(desk.file(table, None)?)?;
        }

        let mut found = findings::of_state(&county, &state);
        education.findings(&mut found);
        health.findings(&mut found);
        relief.findings(&mut found);
        work.findings(&relief, &education, &mut found);
        conflicts::findings(&offices, &mut found);
        two_none::findings(&offices, &mut found);
        events.add_to(&mut found);
        found.retain(|(rule, key)| {
            !(["work.state_conflict", "conflict.work_months"].contains(rule) && no_work_told.contains(key))
        });
        hand_out(desk.file(offices.exemptions(&mut found), None)?)?;
        let truth = [("rows", rows.into_csv()), ("findings", truth::findings(&found)), ("persons", truth::persons(&county))];
        for (name, csv) in truth {
            write(PracticeFile { path: format!("truth/{month}/{name}.csv"), bytes: csv.into_bytes() })?;
        }
    }
    Ok(())
}
