//! What `link` gives: every row → a person, and the pairs that a human must decide.

use std::collections::BTreeSet;
use std::fmt;

use arrow::array::RecordBatch;

use super::carried::Carried;
use super::decision::{DecisionState, KeptDecision};
use super::personal::Personal;
use super::proposal::KeptProposal;
use super::record::RowId;
use super::words::words;

/// A person of the run: the position in [`Linked::people`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PersonIx(pub u32);

words! {
    /// How a row came to its person. Its word is the value in `links.parquet`.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
    pub enum LinkStatus {
        /// Joined by an equal number, names agreeing; or the founder that others joined.
        Id = "id", "号码一致";
        /// Number damaged or retyped, repaired by proof.
        Repaired = "repaired", "号码修复";
        /// Joined by weight.
        Probable = "probable", "综合比对";
        /// Nobody joined.
        Alone = "alone", "没有其他名册对上";
    }
}

/// The link of one row.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Link {
    /// Its person.
    pub person: PersonIx,
    /// How.
    pub status: LinkStatus,
    /// Match weight in bits (log2 of the likelihood ratio incl. prior); 0 for a row that is alone.
    pub weight: f32,
    /// Probability that the row belongs to the person; 1 for founders and rows that are alone.
    pub probability: f32,
}

/// One bar of a weight: which comparison, which level fired, how many bits.
#[derive(Clone, Debug, PartialEq)]
pub struct WeightPart {
    /// Comparison: `prior`, `id_number`, `name`, `birth`, …
    pub comparison: String,
    /// Level that fired: `same sound`, `one digit differs`, …
    pub level: String,
    /// Bits.
    pub weight: f32,
}

/// [`ReviewPair::reason`] of a pair with an equal number: a conflict to settle, not a link that may be missing.
pub const CLASH: &str = "number equal, name differs";

/// A pair that a human must decide. The rows stay apart until then.
#[derive(Clone, Debug, PartialEq)]
pub struct ReviewPair {
    /// A row of the person on the spine.
    pub left: RowId,
    /// The row that could be the same person.
    pub right: RowId,
    /// Match weight in bits.
    pub weight: f32,
    /// Probability.
    pub probability: f32,
    /// Bars; they sum to the weight.
    pub parts: Vec<WeightPart>,
    /// Why it was not decided: `weak`, `tie`, `number equal, name differs`.
    pub reason: String,
}

/// Columns of [`People`], in order: stable id, best name, number, birth, sex, town and village (names, then codes), household.
/// All `Utf8` but `birth` (`Date32`); all nullable but `person_id`.
pub const PEOPLE_COLUMNS: [&str; 10] =
    ["person_id", "name", "number", "birth", "sex", "town", "village", "town_code", "village_code", "household"];

/// All persons of a run, row `i` = `PersonIx(i)`; columns [`PEOPLE_COLUMNS`].
///
/// `household` is the code of the first registry on the spine that gives one: bare for `poverty`, else
/// `registry:code`, because codes of different registries are different systems.
#[derive(Clone)]
pub struct People(pub RecordBatch);

impl fmt::Debug for People {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "People({})", self.0.num_rows())
    }
}

/// What answers did to the links.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Decided {
    /// Every answer once, by pair.
    pub kept: Vec<KeptDecision>,
    /// What a human must be told: contradictions, records that are gone. One sentence each.
    pub problems: Vec<String>,
    /// Persons that are two, by order.
    pub apart: BTreeSet<(PersonIx, PersonIx)>,
    /// Numbers that returned lists propose, by finding.
    pub proposals: Vec<KeptProposal>,
}

impl Decided {
    /// Whether a human has said that two persons are two.
    #[must_use]
    pub fn are_apart(&self, one: PersonIx, other: PersonIx) -> bool {
        self.apart.contains(&(one.min(other), one.max(other)))
    }

    /// Answers in this state.
    #[must_use]
    pub fn count(&self, state: DecisionState) -> u64 {
        self.kept.iter().filter(|kept| kept.state == state).count() as u64
    }
}

/// The result of linking.
#[derive(Clone, Debug)]
pub struct Linked {
    /// One per kept row, by [`RowId`].
    pub links: Vec<Link>,
    /// The persons, ordered by their founding row.
    pub people: People,
    /// Pairs for a human, heaviest first, ties by rows.
    pub review: Vec<ReviewPair>,
    /// Identity findings that only linking can see.
    pub suspicions: Vec<Suspicion>,
    /// How good the links probably are.
    pub quality: LinkQuality,
    /// What people's answers did.
    pub decided: Decided,
    /// What was carried over from an earlier run.
    pub carried: Carried,
}

/// A number of links as their probabilities foretell it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Estimate {
    /// Expected number.
    pub expected: f64,
    /// Lower end of the 95 % interval.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

/// How rows came to their persons, and how many links are probably wrong or missing.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct LinkQuality {
    /// Rows joined by an equal number, and founders that others joined.
    pub by_number: u64,
    /// Rows whose number was repaired by proof.
    pub repaired: u64,
    /// Rows joined by weight.
    pub probable: u64,
    /// Rows that nobody joined.
    pub alone: u64,
    /// Pairs for a human.
    pub review: u64,
    /// Blocking keys looked up in vain because too many records share them; their pairs were not compared.
    pub skipped: u64,
    /// Joined rows that are probably another person's.
    pub false_links: Estimate,
    /// Rows left open that probably belong to somebody known.
    pub missed_links: Estimate,
}

/// Something odd about identities that linking saw on its way.
#[derive(Clone, Debug, PartialEq)]
pub enum Suspicion {
    /// One valid number, two unrelated names.
    NumberTwoNames {
        /// A row that bears the number.
        left: RowId,
        /// The other row.
        right: RowId,
    },
    /// Two rows of one person where the registry's grain allows one.
    Duplicate {
        /// The first row.
        first: RowId,
        /// The row that repeats it.
        again: RowId,
    },
    /// A damaged or invalid number whose right value another registry proves.
    Damaged {
        /// The row with the damage.
        row: RowId,
        /// The number suggested.
        suggestion: Personal,
        /// The row that proves it.
        source: RowId,
    },
}
