//! The linkage model as data: thresholds, blocking rules and the prior of every comparison level.
//!
//! Takes the document `pipelines/link.toml`; gives a [`LinkModel`] in which every level of every comparison has its [`Odds`], or
//! all mistakes at once with their places.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::document::{Document, Spanned};
use super::error::{Problems, closest};
use super::parse::parse;
use crate::model::words::words;

/// The model that ships with the program.
const SHIPPED: &str = include_str!("../../pipelines/link.toml");

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
    /// Most records behind a blocking key; larger blocks are split.
    pub block: usize,
    /// Most rounds of household evidence.
    pub rounds: usize,
}

/// How the run's own pairs are weighed against the priors.
#[derive(Clone, Debug)]
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

words! {
    /// A way of making candidate pairs: two records that share the key are compared.
    /// Its word is the name in models and stage files; in plain words it says how a row came to its person.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
    #[serde(rename_all = "snake_case")]
    pub enum BlockingRule {
        /// A valid number, or one that a damaged number may have been.
        Number = "number", "号码（含可能的原号码）相同";
        /// The first 15 characters of the number.
        Stem = "stem", "号码前15位相同";
        /// First six and last four characters and family name; only where some number is masked.
        Ends = "ends", "号码首六位、末四位和姓相同";
        /// Name and birth date.
        NameBirth = "name_birth", "姓名和出生日期相同";
        /// Sound of the name and birth date.
        SoundBirth = "sound_birth", "姓名同音且出生日期相同";
        /// Name and village.
        NameVillage = "name_village", "姓名和村相同";
        /// Sound of the name and village.
        SoundVillage = "sound_village", "姓名同音且同村";
        /// Households with a member in common that is linked already.
        Household = "household", "所在户另有成员已对上";
        /// Birth date and sequence inside the number, whatever the region.
        BirthSequence = "birth_sequence", "号码中出生日期和顺序码相同";
        /// Birth date and village.
        BirthVillage = "birth_village", "出生日期和村相同";
        /// Name and name of the head.
        NameHead = "name_head", "姓名和户主姓名相同";
        /// Sound of the name and phone.
        SoundPhone = "sound_phone", "姓名同音且电话相同";
    }
}

/// Blocking rules in order.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Blocking {
    /// A pair belongs to the first that makes it.
    pub rules: Vec<BlockingRule>,
}

/// Comparisons in the order their parts are printed, each with its levels from the best to the worst; missing evidence is no level.
pub const COMPARISONS: [(&str, &[&str]); 10] = [
    (
        "id_number",
        &[
            "equal",
            "corrected by hand",
            "one digit differs",
            "neighbours swapped",
            "character missing or doubled",
            "float rounding",
            "float stem",
            "masked alike",
            "same birth and sequence",
            "two slips",
            "same birth",
            "another member's number",
            "contested",
            "damaged, unlike",
            "two valid numbers",
        ],
    ),
    (
        "name",
        &[
            "same",
            "unknown character",
            "same sound",
            "one character looks alike",
            "one character dropped",
            "one character differs",
            "one character differs, kin",
            "different",
        ],
    ),
    ("birth", &["equal", "day and month swapped", "one part differs", "different"]),
    ("sex", &["equal", "different"]),
    ("place", &["village", "town", "town, village unknown", "elsewhere"]),
    ("household", &["same code", "two members linked", "one member linked", "same head", "apart", "other head"]),
    ("phone", &["equal", "different"]),
    ("neighbours", &["both rows beside", "one row beside", "elsewhere"]),
    ("namesakes", &["only one in the village"]),
    ("lists", &["like most of the list", "like many of the list", "unlike the list"]),
];

/// A linkage model as written, with the places of what is checked beyond its shape.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    model: Option<Spanned<String>>,
    thresholds: Spanned<Thresholds>,
    limits: Limits,
    calibration: WrittenCalibration,
    #[serde(default)]
    code_systems: BTreeMap<String, Vec<String>>,
    blocking: Blocking,
    id_number: Spanned<WrittenLevels>,
    name: Spanned<WrittenLevels>,
    birth: Spanned<WrittenLevels>,
    sex: Spanned<WrittenLevels>,
    place: Spanned<WrittenLevels>,
    household: Spanned<WrittenLevels>,
    phone: Spanned<WrittenLevels>,
    neighbours: Spanned<WrittenLevels>,
    namesakes: Spanned<WrittenLevels>,
    lists: Spanned<WrittenLevels>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenCalibration {
    comparisons: Vec<Spanned<String>>,
    strength: Spanned<f64>,
    proven_pairs: usize,
    random_pairs: usize,
}

type WrittenLevels = BTreeMap<Spanned<String>, Spanned<Odds>>;

/// A linkage model: every level of every comparison has its odds.
#[derive(Clone, Debug)]
pub struct LinkModel {
    /// A saved model whose weights are used in place of those learned from the run's own pairs: its file, relative to the model's.
    pub saved: Option<Spanned<String>>,
    /// When a weight is enough.
    pub thresholds: Thresholds,
    /// What keeps the work linear.
    pub limits: Limits,
    /// Own counts against priors.
    pub calibration: Calibration,
    /// Code system → registries that share it.
    pub code_systems: BTreeMap<String, Vec<String>>,
    /// Blocking rules.
    pub blocking: Blocking,
    /// Per comparison of [`COMPARISONS`], per level, its odds.
    pub odds: [Vec<Odds>; COMPARISONS.len()],
}

impl LinkModel {
    /// Reads and checks a model.
    pub fn resolve(document: &Document) -> Result<Self, Problems> {
        let mut problems = Problems::default();
        let model = Self::collect(document, &mut problems);
        problems.into_whole(model)
    }

    /// The same with mistakes reported beside what can be read all the same.
    #[must_use]
    pub fn collect(document: &Document, problems: &mut Problems) -> Option<Self> {
        let written = parse::<Written>(document, problems)?;
        let thresholds = *written.thresholds.get_ref();
        if !(thresholds.review <= thresholds.confirm && thresholds.margin >= 0.0) {
            let text = "[thresholds] 应满足 review ≤ confirm 且 margin ≥ 0";
            problems.add(document, written.thresholds.span(), text, "这里");
        }
        let strength = written.calibration.strength;
        if strength.get_ref().is_nan() || *strength.get_ref() <= 0.0 {
            problems.add(document, strength.span(), "strength 应大于 0", "这里");
        }
        for comparison in &written.calibration.comparisons {
            if !COMPARISONS.iter().any(|(name, _)| name == comparison.get_ref()) {
                let known = COMPARISONS.iter().map(|(name, _)| *name);
                problems.add_misspelt(document, comparison.span(), "比较项", comparison.get_ref(), known);
            }
        }
        let tables = [
            &written.id_number,
            &written.name,
            &written.birth,
            &written.sex,
            &written.place,
            &written.household,
            &written.phone,
            &written.neighbours,
            &written.namesakes,
            &written.lists,
        ];
        let mut odds: [Vec<Odds>; COMPARISONS.len()] = Default::default();
        for ((resolved, (comparison, levels)), table) in odds.iter_mut().zip(COMPARISONS).zip(tables) {
            *resolved = levels_of(document, comparison, levels, table, problems);
        }
        Some(Self {
            saved: written.model,
            thresholds,
            limits: written.limits,
            calibration: Calibration {
                comparisons: written.calibration.comparisons.into_iter().map(Spanned::into_inner).collect(),
                strength: strength.into_inner(),
                proven_pairs: written.calibration.proven_pairs,
                random_pairs: written.calibration.random_pairs,
            },
            code_systems: written.code_systems,
            blocking: written.blocking,
            odds,
        })
    }

    /// The model that ships with the program (`pipelines/link.toml`).
    pub fn shipped() -> Result<Self, Problems> {
        Self::resolve(&Document { path: "pipelines/link.toml".to_owned(), text: SHIPPED.to_owned() })
    }

    /// Odds of one level; `None` for a comparison or level there is not.
    #[must_use]
    pub fn odds_of(&self, comparison: &str, level: &str) -> Option<Odds> {
        let (at, (_, levels)) = COMPARISONS.iter().enumerate().find(|(_, (name, _))| *name == comparison)?;
        self.odds[at].get(levels.iter().position(|name| *name == level)?).copied()
    }

    /// The system that the household codes of a registry belong to.
    #[must_use]
    pub fn code_system<'a>(&'a self, registry: &'a str) -> &'a str {
        let shared = self.code_systems.iter().find(|(_, registries)| registries.iter().any(|id| id == registry));
        shared.map_or(registry, |(system, _)| system)
    }
}

/// The odds of each level in order, neutral where a mistake is reported.
fn levels_of(
    document: &Document,
    comparison: &str,
    levels: &[&str],
    table: &Spanned<WrittenLevels>,
    problems: &mut Problems,
) -> Vec<Odds> {
    for (level, odds) in table.get_ref() {
        if !levels.contains(&level.get_ref().as_str()) {
            problems.add_misspelt(document, level.span(), "级别", level.get_ref(), levels.iter().copied());
        }
        for (which, share) in [("m", odds.get_ref().m), ("u", odds.get_ref().u)] {
            if !(share > 0.0 && share <= 1.0) {
                let text = format!("“{}”的 {which} 应大于 0 且不大于 1，现为 {share}", level.get_ref());
                problems.add(document, odds.span(), text, "这里");
            }
        }
    }
    let found = |name: &str| table.get_ref().iter().find(|(level, _)| level.get_ref() == name).map(|(_, odds)| *odds.get_ref());
    // A level that is misspelt is told there.
    let meant: Vec<&str> = table.get_ref().keys().filter_map(|level| closest(level.get_ref(), levels.iter().copied())).collect();
    let is_told = |level: &&str| meant.contains(level) || problems.is_suspect(level);
    let missing: Vec<&str> = levels.iter().filter(|level| found(level).is_none() && !is_told(level)).copied().collect();
    if !missing.is_empty() {
        let text = format!("[{comparison}] 缺少级别“{}”", missing.join("”“"));
        problems.add_with_hint(document, table.span(), text, "在这一节里", "不用的级别也要写，m 与 u 相同即不计分");
    }
    levels.iter().map(|level| found(level).unwrap_or(Odds { m: 1.0, u: 1.0 })).collect()
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
    fn every_mistake_is_told_at_once_with_its_place() {
        let text = SHIPPED
            .replace("confirm = 5.0", "confirm = -5.0")
            .replace("{ m = 0.99, u = 0.5 }", "{ m = 1.99, u = 0.0 }")
            .replace("\"one digit differs\"", "\"one digit difers\"")
            .replace("\"equal\" = { m = 0.88", "# \"equal\" = { m = 0.88");
        let problems = LinkModel::resolve(&Document { path: "link.toml".to_owned(), text }).expect_err("mistakes").render(false);
        for word in ["review", " m ", " u ", "是不是“one digit differs”", "缺少级别“equal”", "link.toml:"] {
            assert!(problems.contains(word), "{word}: {problems}");
        }
    }
}
