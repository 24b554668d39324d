//! A county's policy as data: dated parameters, facts, rules with their clauses, and sentence cases.
//!
//! Takes the files of one policy folder (`policy.toml`, `parameters*.toml`, `facts*.toml`, `clauses.toml`, any number of rule files) and
//! the alias dictionary; gives a [`Policy`] in which every name is resolved and every expression checked, or *all*
//! mistakes under carets. Reads no file itself. What a value means: money is fen, months are `yyyymm`.

mod case;
pub mod expression;
pub mod reference;
mod resolve;
mod written;

use std::collections::BTreeMap;

use crate::config::document::{Document, Spanned};
use crate::config::error::Problems;
use crate::config::registry::Dictionary;
use crate::model::date::{Day, Month};
use crate::model::finding::{Confidence, Scope};
use crate::model::registry::RegistryId;
use crate::model::rule::{Clause, Reading, RuleCard};
pub use case::{Case, CaseValue, Expect, Seen, SeenKind};
use expression::Expression;

/// Type of a fact, a record column or an expression.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ValueType {
    /// Yes or no.
    Bool,
    /// Money in fen, counts, years, months.
    Int,
    /// Text, codes.
    Text,
    /// A day.
    Date,
}

impl ValueType {
    /// For messages.
    #[must_use]
    pub fn plain(self) -> &'static str {
        match self {
            Self::Bool => "是或否",
            Self::Int => "数",
            Self::Text => "文字",
            Self::Date => "日期",
        }
    }
}

/// The value of a parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ParameterValue {
    /// A number in the parameter's unit.
    Int(i64),
    /// A word, for readings.
    Text(String),
    /// A day, for deadlines.
    Date(Day),
    /// Words, for tables.
    List(WordList),
}

/// The words of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WordList {
    /// The words.
    pub words: Vec<String>,
    /// Whether a text that merely holds one of them stands in the table.
    pub part: bool,
}

/// A dated number of the policy document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameter {
    /// In plain words.
    pub title: String,
    /// `fen/month`, `fen/year`, `years`, `basis points`, `date`, …
    pub unit: String,
    /// Where the document says so.
    pub clause: String,
    /// How its values come about.
    pub source: ParameterSource,
    /// Last month for which it has one, where it is a table of certain years.
    pub until: Option<Month>,
}

/// Where a parameter's values come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ParameterSource {
    /// From the month on, ascending; before the first there is none.
    Dated(Vec<(Month, ParameterValue)>),
    /// `of × share / 10000 / per`, rounded down to whole units.
    Derived {
        /// Parameter it starts from.
        of: String,
        /// Parameter in basis points that it is multiplied with.
        share: Option<String>,
        /// What it is divided by: 12 makes a year's amount a month's.
        per: i64,
    },
    /// A table's words; none yet where it is empty.
    Words(WordList),
}

/// How rows become one value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Take {
    /// Whether there is a row; never null.
    Exists,
    /// The first value in row order.
    First,
    /// The smallest value, the earliest day.
    Min,
    /// The largest value, the latest day.
    Max,
    /// The sum of the values.
    Sum,
    /// The number of rows; never null.
    Count,
    /// True if any is true, else null if any is null.
    Any,
    /// False if any is false, else null if any is null.
    All,
    /// The largest value of each of the registry's own households, summed; one that holds nobody new is somebody entered again.
    SumPerHousehold,
    /// Full years from the day on the as-of date, of the first value.
    Age,
    /// The number of different values; never null.
    Distinct,
    /// The number of rows that bear the most frequent value; never null.
    MostAlike,
    /// Whether the registry says anything of the matter at all: it has the column, and a row that passes the filter. The same for everybody;
    /// null where it does not.
    Supplied,
    /// Whether some row of the subject says which household of the registry it belongs to.
    Keyed,
    /// Whether the cell is empty where the row's own sheet has the column; null where it has not.
    Blank,
}

/// Which rows of the registry count for a subject.
#[derive(Clone, Debug, PartialEq)]
pub enum Reach {
    /// Rows linked to the person, or to members of the household.
    Own,
    /// Those, and every row that shares a household code of the same registry with one of them.
    RegistryHousehold,
    /// Rows of a household-grain registry, carried from the head to everybody in the head's household in this registry.
    Through(RegistryId),
    /// Every row of the registry, for everybody: what the register as a whole says.
    Whole,
    /// Rows that stand for the village in which the person or household lives.
    Village,
    /// The subject's rows, and every row of the registry with the same value in this column: payments to one account.
    Sharing(String),
    /// Rows that name the subject in this number column, and not as the row's own person: the spouse of a marriage.
    NamedBy(String),
    /// Rows of the persons who stand beside the subject in the rows of another registry: the other one of a couple.
    Beside(Box<Pairs>),
}

/// Rows that name two persons: the one they are linked to, and one by number.
#[derive(Clone, Debug, PartialEq)]
pub struct Pairs {
    /// Registry.
    pub registry: RegistryId,
    /// Column with the other's number.
    pub number: String,
    /// Which rows count.
    pub filter: Option<Expression>,
}

/// One registry that can give a fact.
#[derive(Clone, Debug, PartialEq)]
pub struct Source {
    /// Registry.
    pub registry: RegistryId,
    /// Record column; `None` only for [`Take::Exists`] and [`Take::Count`].
    pub field: Option<String>,
    /// Row filter over the registry's record columns; a row where it is null does not count.
    pub filter: Option<Expression>,
    /// How rows become one value.
    pub take: Take,
    /// Which rows.
    pub reach: Reach,
    /// Only rows that bear in this column the name of nobody in the subject's household.
    pub stranger: Option<String>,
}

/// How alternatives combine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Combine {
    /// The first that has a value.
    #[default]
    First,
    /// True if any is true.
    Any,
}

/// Where a fact comes from.
#[derive(Clone, Debug, PartialEq)]
pub enum Origin {
    /// Registries, in order of preference.
    Sources {
        /// Alternatives.
        sources: Vec<Source>,
        /// How they combine.
        combine: Combine,
    },
    /// A person fact over the members of the household.
    Members {
        /// The person fact.
        fact: String,
        /// How members become one value.
        take: Take,
        /// Only members for whom this fact is true.
        among: Option<String>,
    },
    /// An expression over other facts.
    Derived(Box<Expression>),
}

/// One column of the facts table of its scope.
#[derive(Clone, Debug, PartialEq)]
pub struct Fact {
    /// Column name; unique over both scopes.
    pub name: String,
    /// In plain words.
    pub title: String,
    /// Person or household.
    pub scope: Scope,
    /// Type.
    pub value_type: ValueType,
    /// Whether the number is fen, to be shown in yuan.
    pub money: bool,
    /// Whether rules run without any of its registries (it is null then).
    pub optional: bool,
    /// Where it comes from.
    pub origin: Origin,
}

/// Rules whose logic is built in, because only linking or the record itself can see them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BuiltIn {
    /// The number fails GB 11643 or is nobody's, and nothing proves another.
    NumberInvalid,
    /// The number is damaged; with the suggestion where there is one.
    NumberDamaged,
    /// One valid number, two unrelated names.
    Conflict,
    /// Two rows of one person where the registry's grain allows one.
    Duplicate,
    /// A pair that a human must decide, or a finding that is held back by one.
    NeedsReview,
}

/// A legal reason why a rule does not apply to a subject.
#[derive(Clone, Debug, PartialEq)]
pub struct Exemption {
    /// `部分保`.
    pub reason: String,
    /// When.
    pub when: Expression,
}

/// How sure a rule's findings can be at the most.
#[derive(Clone, Debug, PartialEq)]
pub struct Ceiling {
    /// The best tier.
    pub tier: Confidence,
    /// Where this is not false; everywhere without it.
    pub when: Option<Expression>,
}

/// The condition part of a rule.
#[derive(Clone, Debug, PartialEq)]
pub struct Condition {
    /// Whom it is about; where null or false the rule does not apply.
    pub population: Expression,
    /// When it fires; null is "cannot tell".
    pub test: Expression,
    /// Presence facts whose absence accuses; empty where nothing is accused by absence.
    pub searched: Vec<String>,
    /// Up to which share of a unit's subjects the rule may well be right (basis points); the policy's setting where it does not say.
    pub plausible: Option<i64>,
    /// Owed over the rule's time base, fen.
    pub due: Option<Expression>,
    /// Paid over the rule's time base, fen.
    pub paid: Option<Expression>,
    /// Exemptions, each touching this rule only.
    pub exemptions: Vec<Exemption>,
    /// How sure its findings can be at the most.
    pub at_most: Vec<Ceiling>,
    /// Facts that only `at_most` rests on, transitively, each once, sorted: the rule does not need them.
    pub aside: Vec<String>,
    /// Coverage is reported; the parameter with the target in basis points, where the clause names one.
    pub rate: Option<RateTarget>,
    /// Parameter with the last day by which it is to be done; until then nobody is listed.
    pub by: Option<String>,
    /// Facts it rests on, transitively, each once, sorted.
    pub mentions: Vec<String>,
}

/// Places that a tally is held against its goal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UnitLevel {
    /// The county as a whole.
    County,
    /// Each town.
    Town,
    /// Each village.
    Village,
}

/// What a tally counts.
#[derive(Clone, Debug, PartialEq)]
pub enum Counted {
    /// Persons or households for whom this fact is true, or the sum of a number.
    Fact(String),
    /// Rows of a registry.
    Rows(Box<CountedRows>),
    /// A parameter as a share of another: this year's standard of the last one's.
    Standard {
        /// The parameter.
        now: String,
        /// What it is held against.
        before: String,
    },
}

/// Rows that a tally counts.
#[derive(Clone, Debug, PartialEq)]
pub struct CountedRows {
    /// Those that count.
    pub source: Source,
    /// Those of whom they are a share.
    pub among: Option<Source>,
    /// Without a row that passes this the registry says nothing of the matter.
    pub there: Option<Source>,
}

/// What a tally has to reach; the parameter's name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Goal {
    /// A number.
    Least(String),
    /// A share of those for whom the other fact is true, in basis points.
    Share(String),
}

/// A rule about a place and not about anybody in it: a number or a share to be reached, by a day.
#[derive(Clone, Debug, PartialEq)]
pub struct Tally {
    /// Which places.
    pub unit: UnitLevel,
    /// What counts.
    pub count: Counted,
    /// Of whom; always there for a share.
    pub among: Option<String>,
    /// How many.
    pub goal: Goal,
    /// Parameter with the last day; until then a shortfall is only told.
    pub by: Option<String>,
    /// Facts it rests on, transitively, each once, sorted.
    pub mentions: Vec<String>,
}

impl Condition {
    /// Its expressions: population, test, amounts, exemptions.
    pub fn expressions(&self) -> impl Iterator<Item = &Expression> {
        let parts = [Some(&self.population), Some(&self.test), self.due.as_ref(), self.paid.as_ref()];
        parts.into_iter().flatten().chain(self.exemptions.iter().map(|exemption| &exemption.when))
    }
}

/// A coverage rate to report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RateTarget {
    /// Parameter in basis points.
    pub target: Option<String>,
}

/// What a rule does.
#[derive(Clone, Debug, PartialEq)]
pub enum Body {
    /// Conditions over facts.
    Condition(Box<Condition>),
    /// A number or share to be reached by a place.
    Tally(Box<Tally>),
    /// Built in.
    BuiltIn(BuiltIn),
}

/// One rule.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    /// Its public face.
    pub card: RuleCard,
    /// Sentence for the village, with `{fact}`, `{due}`, `{paid}`, `{gap}`, `{late}` (days), `{$parameter}`; for a tally
    /// `{unit}`, `{count}`, `{among}`, `{share}`, `{goal}`, `{short}`, `{late}`.
    pub sentence: String,
    /// First month it is in force.
    pub from: Option<Month>,
    /// Last month it is in force.
    pub until: Option<Month>,
    /// Reading → the choices under which it applies; none named, it applies under all.
    pub under: Vec<(String, Vec<String>)>,
    /// What it does.
    pub body: Body,
}

/// How the engine is to be careful, from `policy.toml`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Registries whose persons are assessed; lists that hold everybody (insurance) are only looked up.
    pub people: Vec<RegistryId>,
    /// A town's rows of a searched registry below this share of what the county leads to expect: held (basis points).
    pub completeness_share: i64,
    /// Towns where fewer rows than this are expected are not judged.
    pub completeness_least: i64,
    /// A rule that accuses by absence is held in a unit where it fires on more than this share, unless it says another (basis points).
    pub plausible_share: i64,
    /// A rule that fires on more than this share of its population carries a banner (basis points).
    pub implausible_share: i64,
    /// Populations smaller than this carry none.
    pub implausible_least: i64,
    /// A link by weight at or above this probability makes a finding likely, below it to be checked (basis points).
    pub likely_probability: i64,
}

/// Readings chosen by a pipeline: reading → choice.
#[derive(Clone, Copy, Debug)]
pub struct ChosenReadings<'a> {
    /// The pipeline, for carets.
    pub document: &'a Document,
    /// What it chooses.
    pub readings: &'a BTreeMap<Spanned<String>, Spanned<String>>,
}

/// A county's policy.
#[derive(Clone, Debug, PartialEq)]
pub struct Policy {
    /// County, for rates and titles: `正安县`.
    pub county: String,
    /// `正安县脱贫攻坚民生保障`.
    pub title: String,
    /// Document and number.
    pub document: String,
    /// Settings.
    pub settings: Settings,
    /// Parameters and chosen readings, by name.
    pub parameters: BTreeMap<String, Parameter>,
    /// How passages that can be read in several ways are read, in the order written.
    pub readings: Vec<Reading>,
    /// Facts, each after those it rests on.
    pub facts: Vec<Fact>,
    /// Rules, by id.
    pub rules: Vec<Rule>,
    /// Sentence cases, in file order.
    pub cases: Vec<Case>,
    /// The document's promises, in its order.
    pub clauses: Vec<Clause>,
}

impl Policy {
    /// Resolves the files of a policy folder, given in any order; what a file is follows from its name: `policy.toml`,
    /// `parameters.toml`, `facts.toml`, the document's text, and any other `*.toml` with rules and cases.
    pub fn resolve(documents: &[Document], dictionary: &Dictionary) -> Result<Self, Problems> {
        let mut problems = Problems::default();
        let policy = resolve::resolve(documents, dictionary, None, &mut problems);
        problems.into_whole(policy)
    }

    /// As [`Policy::resolve`], with readings that a pipeline chose in place of the folder's, and mistakes of the dictionary known: what follows from
    /// them is not reported.
    #[must_use]
    pub fn collect(
        documents: &[Document],
        dictionary: &Dictionary,
        pipeline: ChosenReadings<'_>,
        problems: &mut Problems,
    ) -> Option<Self> {
        resolve::resolve(documents, dictionary, Some(pipeline), problems)
    }

    /// The rule with this id.
    #[must_use]
    pub fn rule(&self, id: &str) -> Option<&Rule> {
        self.rules.iter().find(|rule| rule.card.id == id)
    }

    /// The public face of a rule.
    #[must_use]
    pub fn card(&self, id: &str) -> Option<RuleCard> {
        self.rule(id).map(|rule| rule.card.clone())
    }

    /// The reading chosen that leaves a rule out, if one does.
    #[must_use]
    pub fn left_out_by(&self, rule: &Rule) -> Option<&Reading> {
        let reading = |name: &str| self.readings.iter().find(|reading| reading.id == name);
        rule.under.iter().find_map(|(name, choices)| reading(name).filter(|reading| !choices.contains(&reading.chosen)))
    }

    /// The fact of this name.
    #[must_use]
    pub fn fact(&self, name: &str) -> Option<&Fact> {
        self.facts.iter().find(|fact| fact.name == name)
    }

    /// Chooses a reading; an unknown one is left alone.
    pub fn choose(&mut self, reading: &str, choice: &str) {
        if let Some(reading) = self.readings.iter_mut().find(|known| known.id == reading) {
            choice.clone_into(&mut reading.chosen);
            if let Some(parameter) = self.parameters.get_mut(&reading.id) {
                parameter.source = ParameterSource::Dated(vec![(Month(0), ParameterValue::Text(choice.to_owned()))]);
            }
        }
    }

    /// The day by which each rule's matter is to be done, where its clause sets one that is known in `period`.
    #[must_use]
    pub fn deadlines(&self, period: Month, as_of: Day) -> Vec<(String, Day)> {
        let values = self.values_at(period, as_of);
        let by = |rule: &Rule| match &rule.body {
            Body::Condition(condition) => condition.by.clone(),
            Body::Tally(tally) => tally.by.clone(),
            Body::BuiltIn(_) => None,
        };
        let day = |rule: &Rule| match values.get(&by(rule)?)? {
            ParameterValue::Date(day) => Some((rule.card.id.clone(), *day)),
            _ => None,
        };
        self.rules.iter().filter_map(day).collect()
    }

    /// Every parameter that has a value in `period`, `year`, `month` (`yyyymm`) of the period itself, its first and last days `month_start` and
    /// `month_end`, and the day `as_of`.
    #[must_use]
    pub fn values_at(&self, period: Month, as_of: Day) -> BTreeMap<String, ParameterValue> {
        let mut values: BTreeMap<String, ParameterValue> =
            self.parameters.keys().filter_map(|name| Some((name.clone(), self.value_at(name, period, 0)?))).collect();
        values.insert("year".to_owned(), ParameterValue::Int(i64::from(period.year())));
        values.insert("month".to_owned(), ParameterValue::Int(i64::from(period.yyyymm())));
        values.insert("as_of".to_owned(), ParameterValue::Date(as_of));
        values.insert("month_start".to_owned(), ParameterValue::Date(period.first_day()));
        values.insert("month_end".to_owned(), ParameterValue::Date(period.last_day()));
        values
    }

    // `depth` bounds a cycle of derived parameters, which `resolve` has already refused.
    fn value_at(&self, name: &str, period: Month, depth: u32) -> Option<ParameterValue> {
        let parameter = self.parameters.get(name)?;
        if parameter.until.is_some_and(|until| period > until) {
            return None;
        }
        match &parameter.source {
            ParameterSource::Dated(values) => {
                values.iter().rev().find(|(from, _)| *from <= period).map(|(_, value)| value.clone())
            }
            ParameterSource::Derived { of, share, per } if depth < 8 => {
                let number = |name: &str| match self.value_at(name, period, depth + 1) {
                    Some(ParameterValue::Int(number)) => Some(number),
                    _ => None,
                };
                let share = share.as_deref().map_or(Some(10_000), number)?;
                // Multiply first: 387600 × 10 % / 12 loses nothing before the one division.
                number(of)?.checked_mul(share)?.checked_div(per.checked_mul(10_000)?).map(ParameterValue::Int)
            }
            ParameterSource::Words(list) if !list.words.is_empty() => Some(ParameterValue::List(list.clone())),
            ParameterSource::Derived { .. } | ParameterSource::Words(_) => None,
        }
    }
}

#[cfg(test)]
pub(crate) mod tests;
