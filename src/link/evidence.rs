//! Why each row is with its person: what brought the two together, the level of every comparison, and the weights that held then.
//!
//! Takes what the linker notes on its way; gives, for any row, the bars of its weight. Nothing is compared again: the bars
//! are the levels read against the weights of that moment, and what the total has beyond them is the term-frequency part of the name, so
//! that they sum to the weight exactly. 24 bytes per row.

use super::blocking::Blocks;
use super::levels::{COMPARISONS, Levels, MISSING};
use super::weights::{Bits, Weights, to_f32};
use crate::config::link::{self, BlockingRule};
use crate::config::link_saved::{Drift, SavedLayer};
use crate::model::link::WeightPart;
use crate::model::record::RowId;

/// The comparison whose part is what a name's rarity adds to its level.
pub const NAME_FREQUENCY: &str = "name_frequency";

/// What brought a row to its person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Basis {
    /// Nothing: it founded the person.
    Founder,
    /// An equal number.
    Number,
    /// It says what another row of its list says.
    Copy,
    /// A human's answer.
    Decision,
    /// A blocking rule, by its position in the model.
    Rule(u8),
}

/// One row's evidence.
#[derive(Clone, Copy, Debug)]
struct Row {
    basis: Basis,
    weights: u16,
    levels: Levels,
    /// The row of the person that it was compared with.
    representative: u32,
}

/// The best candidate that a joined row was not given to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rival {
    /// The row.
    pub row: RowId,
    /// A row of the person that came second.
    pub other: RowId,
    /// Its weight in 1/1024 bit.
    pub(super) bits: Bits,
}

impl Rival {
    /// Its weight in bits.
    #[must_use]
    pub fn weight(&self) -> f32 {
        to_f32(self.bits)
    }
}

/// One bar: positions in [`link::COMPARISONS`]; `None` for the prior and for the name's rarity.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bar {
    /// Comparison.
    pub comparison: Comparison,
    /// Bits.
    pub weight: f32,
}

/// What a bar is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// The odds before any comparison.
    Prior,
    /// A level of a comparison, both by position.
    Level(u8, u8),
    /// What the rarity of the name adds to its level.
    NameFrequency,
}

impl Comparison {
    /// The name in stage files.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Prior => "prior",
            Self::NameFrequency => NAME_FREQUENCY,
            Self::Level(comparison, _) => link::COMPARISONS.get(usize::from(comparison)).map_or("", |(name, _)| name),
        }
    }

    /// The level in stage files.
    #[must_use]
    pub fn level(self) -> &'static str {
        match self {
            Self::Prior | Self::NameFrequency => "",
            Self::Level(comparison, level) => {
                let levels = link::COMPARISONS.get(usize::from(comparison)).map_or(&[][..], |(_, levels)| levels);
                levels.get(usize::from(level)).copied().unwrap_or("")
            }
        }
    }
}

/// Gives the bars of a weight: the prior, every comparison that had evidence, and what the name's rarity adds; they sum to `total`.
fn each_bar(weights: &Weights, levels: Levels, total: Bits, mut give: impl FnMut(Bar)) {
    let bar = |comparison, bits| Bar { comparison, weight: to_f32(bits) };
    give(bar(Comparison::Prior, weights.prior));
    let mut rest = total - weights.prior;
    for (comparison, level) in (0u8..).zip(levels.0).filter(|(_, level)| *level != MISSING) {
        let bits = weights.bits(usize::from(comparison), usize::from(level));
        rest -= bits;
        give(bar(Comparison::Level(comparison, level), bits));
    }
    if rest != 0 {
        give(bar(Comparison::NameFrequency, rest));
    }
}

/// The bars as review pairs hold them.
pub(super) fn parts(weights: &Weights, levels: Levels, total: Bits) -> Vec<WeightPart> {
    let mut parts = Vec::new();
    each_bar(weights, levels, total, |bar| {
        parts.push(WeightPart {
            comparison: bar.comparison.name().to_owned(),
            level: bar.comparison.level().to_owned(),
            weight: bar.weight,
        });
    });
    parts
}

/// Every row's evidence.
#[derive(Clone, Debug)]
pub struct Evidence {
    /// What each registry's rows taught; one per registry, that of its largest layer.
    pub learned: Vec<SavedLayer>,
    /// Where that differs from the saved model in use.
    pub drift: Vec<Drift>,
    /// How blocking went, by registry and rule.
    pub blocks: Vec<Blocks>,
    rows: Vec<Row>,
    totals: Vec<Bits>,
    weights: Vec<Weights>,
    rivals: Vec<Rival>,
    rules: Vec<BlockingRule>,
}

impl Evidence {
    pub(super) fn new(rows: usize, rules: &[BlockingRule]) -> Self {
        let founder = Row { basis: Basis::Founder, weights: 0, levels: Levels([MISSING; COMPARISONS]), representative: u32::MAX };
        let (learned, drift, blocks) = (Vec::new(), Vec::new(), Vec::new());
        Self {
            learned,
            drift,
            blocks,
            rows: vec![founder; rows],
            totals: Vec::new(),
            weights: Vec::new(),
            rivals: Vec::new(),
            rules: rules.to_vec(),
        }
    }

    /// Remembers weights; gives what to note rows with.
    pub(super) fn keep(&mut self, weights: &Weights) -> u16 {
        self.weights.push(weights.clone());
        u16::try_from(self.weights.len() - 1).unwrap_or(u16::MAX)
    }

    /// Notes what a layer taught; of several layers of a registry the largest counts.
    pub(super) fn learn(&mut self, learned: SavedLayer, drift: Vec<Drift>) {
        let earlier = self.learned.iter().position(|layer| layer.registry == learned.registry);
        if earlier.is_some_and(|at| self.learned[at].rows >= learned.rows) {
            return;
        }
        self.drift.retain(|layer| layer.registry != learned.registry);
        self.drift.extend(drift);
        match earlier {
            Some(at) => self.learned[at] = learned,
            None => self.learned.push(learned),
        }
    }

    pub(super) fn note(&mut self, row: u32, basis: Basis, weights: u16, levels: Levels, representative: u32) {
        self.rows[row as usize] = Row { basis, weights, levels, representative };
    }

    pub(super) fn rival(&mut self, rival: Rival) {
        self.rivals.push(rival);
    }

    /// Takes the weights of all rows once they are settled.
    pub(super) fn settle(&mut self, totals: Vec<Bits>) {
        self.totals = totals;
        self.rivals.sort_unstable();
        self.learned.sort_by(|a, b| a.registry.cmp(&b.registry));
        let by = |drift: &Drift| (drift.saved - drift.now).abs();
        let name = |drift: &Drift| (drift.registry.clone(), drift.comparison.clone(), drift.level.clone());
        self.drift.sort_by(|a, b| by(b).total_cmp(&by(a)).then_with(|| name(a).cmp(&name(b))));
    }

    /// What brought the row to its person.
    #[must_use]
    pub fn basis(&self, row: RowId) -> Basis {
        self.rows.get(row.0 as usize).map_or(Basis::Founder, |row| row.basis)
    }

    /// The basis as `links.parquet` calls it; `None` for a founder.
    #[must_use]
    pub fn rule(&self, row: RowId) -> Option<&'static str> {
        match self.basis(row) {
            Basis::Founder => None,
            Basis::Number => Some("equal number"),
            Basis::Copy => Some("same as another row"),
            Basis::Decision => Some("decision"),
            Basis::Rule(at) => Some(self.rules.get(usize::from(at)).map_or("", |rule| rule.as_str())),
        }
    }

    /// The row of the person that the row was compared with.
    #[must_use]
    pub fn compared_with(&self, row: RowId) -> Option<RowId> {
        self.rows.get(row.0 as usize).filter(|row| row.basis != Basis::Founder).map(|row| RowId(row.representative))
    }

    /// The level of every comparison that had evidence.
    pub fn levels(&self, row: RowId) -> impl Iterator<Item = Comparison> + '_ {
        let levels = self.rows.get(row.0 as usize).map_or([MISSING; COMPARISONS], |row| row.levels.0);
        let present = (0u8..).zip(levels).filter(|(_, level)| *level != MISSING);
        present.map(|(comparison, level)| Comparison::Level(comparison, level))
    }

    /// The bars of the row's weight; none for a founder.
    #[must_use]
    pub fn bars(&self, row: RowId) -> Vec<Bar> {
        let mut bars = Vec::new();
        self.each_bar(row, |bar| bars.push(bar));
        bars
    }

    /// Gives the bars of the row's weight, without allocating.
    pub fn each_bar(&self, row: RowId, give: impl FnMut(Bar)) {
        let (Some(noted), Some(total)) = (self.rows.get(row.0 as usize), self.totals.get(row.0 as usize)) else { return };
        if let Some(weights) = self.weights.get(usize::from(noted.weights)).filter(|_| noted.basis != Basis::Founder) {
            each_bar(weights, noted.levels, *total, give);
        }
    }

    /// The best candidate that the row was not given to.
    #[must_use]
    pub fn rival_of(&self, row: RowId) -> Option<Rival> {
        self.rivals.binary_search_by_key(&row, |rival| rival.row).ok().and_then(|at| self.rivals.get(at)).copied()
    }
}
