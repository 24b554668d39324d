//! Registries that come in short, so that it shows what a run makes of what it cannot know.

use std::str::FromStr;

use super::random::Random;
use super::table::Table;

/// Every registry there is.
const REGISTRIES: [&str; 30] = [
    "poverty",
    "dibao",
    "dibao_payment",
    "tekun",
    "tekun_payment",
    "insurance",
    "premium_subsidy",
    "disability",
    "disability_subsidy",
    "student",
    "student_aid",
    "student_loan",
    "village_list",
    "inpatient",
    "chronic",
    "major_disease",
    "disability_service",
    "staff",
    "relocation",
    "temporary_aid",
    "death",
    "marriage",
    "inspection",
    "training",
    "employment",
    "service_card",
    "start_up",
    "east_school",
    "job_bank",
    "job_fair",
];

/// A registry of which only a part is sent, the same part every month.
///
/// ```
/// use bidui::practice::Partial;
/// assert!("insurance:0.5".parse::<Partial>().is_ok()); // every second person, evenly
/// assert!("disability:cut=0.5".parse::<Partial>().is_ok()); // the first half
/// assert!("student:初中".parse::<Partial>().is_ok()); // nobody with such a cell: a stage, a school, a town
/// assert!("tekun".parse::<Partial>().is_ok()); // the header alone
/// assert!("insurances:0.5".parse::<Partial>().is_err());
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Partial {
    registry: &'static str,
    left: Left,
}

/// What is left of it.
#[derive(Clone, Debug, PartialEq)]
enum Left {
    /// The header.
    Nothing,
    /// This share of persons.
    Evenly(f64),
    /// This share of rows, from the top.
    Top(f64),
    /// Rows without a cell that begins so.
    Without(String),
}

impl FromStr for Partial {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (registry, left) = text.split_once(':').unwrap_or((text, ""));
        let registry = REGISTRIES.iter().find(|known| **known == registry);
        let registry = registry.ok_or_else(|| format!("没有名册 {text}，可以写的有：{}", REGISTRIES.join("、")))?;
        let share = |text: &str| match text.parse::<f64>() {
            Ok(share) if (0.0..=1.0).contains(&share) => Ok(share),
            Ok(_) => Err(format!("{text} 不在 0 到 1 之间")),
            Err(_) => Err(format!("{text} 不是比例")),
        };
        let left = match left.strip_prefix("cut=") {
            Some(text) => Left::Top(share(text)?),
            None if left.is_empty() => Left::Nothing,
            None if left.starts_with(|first: char| first.is_ascii_digit()) => Left::Evenly(share(left)?),
            None => Left::Without(left.to_owned()),
        };
        Ok(Self { registry, left })
    }
}

impl Partial {
    /// Takes out of the registry's table what is not sent.
    pub(super) fn shorten(&self, seed: u64, table: &mut Table) {
        if table.registry != self.registry {
            return;
        }
        match &self.left {
            Left::Nothing => table.rows.clear(),
            Left::Evenly(share) => {
                table.rows.retain(|row| Random::keyed(seed, &[71, u64::from(row.pid.unwrap_or(0))]).chance(*share));
            }
            Left::Top(share) => {
                let count = |rows: usize| f64::from(u32::try_from(rows).unwrap_or(u32::MAX));
                let until = count(table.rows.len()) * share;
                table.rows = std::mem::take(&mut table.rows)
                    .into_iter()
                    .enumerate()
                    .take_while(|(at, _)| count(*at) < until)
                    .map(|(_, row)| row)
                    .collect();
            }
            Left::Without(text) => table.rows.retain(|row| !row.cells.iter().any(|cell| cell.text().starts_with(text.as_str()))),
        }
    }
}
