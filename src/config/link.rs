//! The linkage model as data: thresholds, blocking rules and the prior of every comparison level.
//!
//! Takes the text of `pipelines/link.toml`; gives a [`LinkModel`] in which every level that the comparisons know has its
//! [`Odds`], or all mistakes at once.

use std::collections::BTreeMap;

use serde::Deserialize;

/// The model that ships with the program.
const SHIPPED: &str = include_str!("../../pipelines/link.toml");

/// A mistake in a linkage model.
#[derive(Debug, thiserror::Error)]
pub enum LinkModelError {
    /// Not TOML, or not of this form; the message has line and caret.
    #[error("关联模型无法读取：\n{0}")]
    Form(#[from] toml::de::Error),
    /// Values that make no sense, one per line.
    #[error("关联模型有误：\n{}", .0.join("\n"))]
    Values(Vec<String>),
}

/// How often a level fires for one person's rows (`m`) and for two persons' (`u`).
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Odds {
    /// Share among pairs that match, above 0 and at most 1.
    pub m: f64,
    /// Share among pairs that do not, above 0 and at most 1.
    pub u: f64,
}

/// When a weight is enough, in bits.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Thresholds {
    /// At least this joins.
    pub confirm: f64,
    /// At least this, and less than `confirm`: a human decides.
    pub review: f64,
    /// A join beats the best assignment without it by at least this.
    pub margin: f64,
}

/// What keeps the work linear.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// Most records of the indexed side per blocking key.
    pub block: usize,
    /// Most rounds of household evidence.
    pub rounds: usize,
}

/// How the run's own pairs are weighed against the priors.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Calibration {
    /// Comparisons that are calibrated.
    pub comparisons: Vec<String>,
    /// A prior counts as much as this many pairs.
    pub strength: f64,
    /// Most pairs with an equal number that are counted.
    pub proven_pairs: usize,
    /// Random pairs that are counted.
    pub random_pairs: usize,
}

/// A way of making candidate pairs: two records that share the key are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BlockingRule {
    /// A valid number, or one that a damaged number may have been.
    Number,
    /// The first 15 characters of the number.
    Stem,
    /// First six and last four characters and family name; only where some number is masked.
    Ends,
    /// Name and birth date.
    NameBirth,
    /// Sound of the name and birth date.
    SoundBirth,
    /// Name and village.
    NameVillage,
    /// Sound of the name and village.
    SoundVillage,
    /// Households with a member in common that is linked already.
    Household,
    /// Birth date and sequence inside the number, whatever the region.
    BirthSequence,
    /// Birth date and village.
    BirthVillage,
    /// Name and name of the head.
    NameHead,
    /// Sound of the name and phone.
    SoundPhone,
}

/// Blocking rules in order.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Blocking {
    /// A pair belongs to the first that makes it.
    pub rules: Vec<BlockingRule>,
}

/// The levels of one comparison by name.
pub type LevelOdds = BTreeMap<String, Odds>;

/// A linkage model.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LinkModel {
    /// When a weight is enough.
    pub thresholds: Thresholds,
    /// What keeps the work linear.
    pub limits: Limits,
    /// Own counts against priors.
    pub calibration: Calibration,
    /// Code system → registries that share it.
    #[serde(default)]
    pub code_systems: BTreeMap<String, Vec<String>>,
    /// Blocking rules.
    pub blocking: Blocking,
    /// Levels of the resident number.
    pub id_number: LevelOdds,
    /// Levels of the name.
    pub name: LevelOdds,
    /// Levels of the birth date.
    pub birth: LevelOdds,
    /// Levels of the sex.
    pub sex: LevelOdds,
    /// Levels of town and village.
    pub place: LevelOdds,
    /// Levels of the household.
    pub household: LevelOdds,
    /// Levels of the phone.
    pub phone: LevelOdds,
    /// Levels of the rows above and below.
    pub neighbours: LevelOdds,
}

impl LinkModel {
    /// Reads and checks a model.
    pub fn parse(text: &str) -> Result<Self, LinkModelError> {
        let model: Self = toml::from_str(text)?;
        let mut mistakes = Vec::new();
        for (comparison, levels) in model.comparisons() {
            for (level, odds) in levels {
                for (which, share) in [("m", odds.m), ("u", odds.u)] {
                    if !(share > 0.0 && share <= 1.0) {
                        mistakes.push(format!("[{comparison}] “{level}”的 {which} 应大于 0 且不大于 1，现为 {share}"));
                    }
                }
            }
        }
        let thresholds = model.thresholds;
        if !(thresholds.review <= thresholds.confirm && thresholds.margin >= 0.0) {
            mistakes.push("[thresholds] 应满足 review ≤ confirm 且 margin ≥ 0".to_owned());
        }
        if model.calibration.strength.is_nan() || model.calibration.strength <= 0.0 {
            mistakes.push("[calibration] strength 应大于 0".to_owned());
        }
        for comparison in &model.calibration.comparisons {
            if !model.comparisons().iter().any(|(name, _)| name == comparison) {
                mistakes.push(format!("[calibration] comparisons 中没有名为“{comparison}”的比较项"));
            }
        }
        if mistakes.is_empty() { Ok(model) } else { Err(LinkModelError::Values(mistakes)) }
    }

    /// The model that ships with the program (`pipelines/link.toml`).
    pub fn shipped() -> Result<Self, LinkModelError> {
        Self::parse(SHIPPED)
    }

    /// Comparisons by name, in the order their parts are printed.
    #[must_use]
    pub fn comparisons(&self) -> [(&'static str, &LevelOdds); 8] {
        [
            ("id_number", &self.id_number),
            ("name", &self.name),
            ("birth", &self.birth),
            ("sex", &self.sex),
            ("place", &self.place),
            ("household", &self.household),
            ("phone", &self.phone),
            ("neighbours", &self.neighbours),
        ]
    }

    /// The system that the household codes of a registry belong to.
    #[must_use]
    pub fn code_system<'a>(&'a self, registry: &'a str) -> &'a str {
        let shared = self.code_systems.iter().find(|(_, registries)| registries.iter().any(|id| id == registry));
        shared.map_or(registry, |(system, _)| system)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_model_is_sound() {
        let model = LinkModel::shipped().expect("sound");
        assert_eq!(model.code_system("dibao_payment"), "dibao");
        assert_eq!(model.code_system("insurance"), "insurance");
    }

    #[test]
    fn every_mistake_is_told_at_once() {
        let text = SHIPPED.replace("confirm = 5.0", "confirm = -5.0").replace("{ m = 0.99, u = 0.5 }", "{ m = 1.99, u = 0.0 }");
        let message = LinkModel::parse(&text).expect_err("three mistakes").to_string();
        assert!(message.contains("review") && message.contains(" m ") && message.contains(" u "), "{message}");
    }
}
