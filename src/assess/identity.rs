//! Identity rules: what only the record itself or linking can see, as findings about the person.
//!
//! Takes records, links, and accusations held back; gives one finding per person and rule, naming every row
//! concerned. Sentences say where a number is wrong, never the number: village lists print them. What is the matter with most numbers of a
//! file's column is told once ([`Legible`]), not of each person.

use std::cmp::{Ordering, Reverse};
use std::collections::{BTreeMap, BTreeSet, HashSet};

use rayon::prelude::*;

use super::absence::Likeness;
use super::compose::{About, Composer, Draft, fill};
use super::legible::Legible;
use super::repeated::{self, Pair, Sort};
use super::subjects::{index, persons_of, text_at};
use crate::config::policy::{Body, BuiltIn, Policy, Rule};
use crate::model::columns::{ID_NUMBER, ID_RAW, ID_STATE, IdState, NAME};
use crate::model::exemption::EXEMPTION;
use crate::model::finding::{Confidence, RuleNote, Scope};
use crate::model::link::{LinkStatus, PersonIx, Suspicion};
use crate::model::raw::SheetName;
use crate::model::record::RowId;

/// An accusation held back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldBack {
    /// The person.
    pub person: PersonIx,
    /// Rows that could be that person, and why the guard thinks so; `None` where only linking left the pair open.
    pub rows: Vec<(RowId, Option<Likeness>)>,
    /// The rule's id.
    pub rule: String,
    /// By how much the accusation would say that due and paid differ.
    pub gap_fen: Option<i64>,
}

/// What is said of one person under one rule.
#[derive(Default)]
struct Matter {
    rows: BTreeSet<RowId>,
    /// Sentences' details, in order of the rows.
    details: BTreeSet<(RowId, String)>,
    held: BTreeSet<String>,
    confidence: Option<Confidence>,
}

impl Matter {
    fn doubt(&mut self, confidence: Confidence) {
        self.confidence = Some(self.confidence.map_or(confidence, |known| known.max(confidence)));
    }
}

type Matters = BTreeMap<PersonIx, Matter>;

/// Findings of every built-in rule that the policy has, but of reviews.
pub(crate) fn of_records(composer: &Composer<'_>, legible: &Legible) -> Vec<Draft> {
    findings(composer, |built_in| match built_in {
        BuiltIn::NumberInvalid => Some(invalid(composer, legible)),
        BuiltIn::NumberDamaged => Some(damaged(composer, legible)),
        BuiltIn::Conflict => Some(conflicts(composer, legible)),
        BuiltIn::Duplicate => Some(duplicates(composer)),
        BuiltIn::NeedsReview => None,
    })
}

/// Columns of which most numbers are masked or ruined, where the policy reports wrong numbers; lists that repeat all over, where it reports that.
pub(crate) fn notes(composer: &Composer<'_>, legible: &Legible) -> Vec<RuleNote> {
    let rule = |wanted: BuiltIn| composer.input.policy.rules.iter().find(|rule| rule.body == Body::BuiltIn(wanted));
    let numbers = rule(BuiltIn::NumberInvalid).map(|rule| legible.notes(composer.input, &rule.card.id));
    let lists = rule(BuiltIn::Duplicate).map(|rule| written_so(composer, &rule.card.id));
    numbers.into_iter().chain(lists).flatten().collect()
}

/// Findings about what a human must decide first, where the policy reports them.
pub(crate) fn of_reviews(composer: &Composer<'_>, held: &[HeldBack]) -> Vec<Draft> {
    findings(composer, |built_in| (built_in == BuiltIn::NeedsReview).then(|| reviews(composer, held)))
}

fn findings(composer: &Composer<'_>, matters: impl Fn(BuiltIn) -> Option<Matters> + Sync) -> Vec<Draft> {
    let of_rule = |rule: &Rule| {
        let Body::BuiltIn(built_in) = rule.body else { return Vec::new() };
        let matters = matters(built_in).unwrap_or_default();
        matters.into_par_iter().map(|(person, matter)| draft(composer, rule, built_in, person, &matter)).collect()
    };
    composer.input.policy.rules.par_iter().flat_map(of_rule).collect()
}

/// Whether the policy reports what is held back.
pub(crate) fn reports_reviews(policy: &Policy) -> bool {
    policy.rules.iter().any(|rule| rule.body == Body::BuiltIn(BuiltIn::NeedsReview))
}

fn draft(composer: &Composer<'_>, rule: &Rule, built_in: BuiltIn, person: PersonIx, matter: &Matter) -> Draft {
    debug_assert_eq!(rule.card.scope, Scope::Person);
    let names = matches!(built_in, BuiltIn::Conflict | BuiltIn::NeedsReview | BuiltIn::Duplicate);
    let cells: BTreeSet<(RowId, &str)> = matter
        .rows
        .iter()
        .flat_map(|row| names.then_some((*row, NAME)).into_iter().chain([(*row, number_column(composer, *row))]))
        .collect();
    let mut detail = matter.details.iter().map(|(_, detail)| detail.as_str()).collect::<Vec<_>>().join("；");
    if !matter.held.is_empty() {
        let held = matter.held.iter().map(|title| format!("“{title}”")).collect::<Vec<_>>().join("、");
        detail = format!("{detail}；核对清楚前暂不列为{held}");
    }
    let name = composer.subjects.people_text("name", person).unwrap_or("（无姓名）");
    let sentence = fill(&rule.sentence, |placeholder| match placeholder {
        "name" => name.to_owned(),
        _ => detail.clone(),
    });
    let confidence = matter.confidence.unwrap_or(Confidence::Certain);
    composer.draft(rule, About::Person(person), confidence, sentence, composer.evidence(&cells))
}

/// The number as written where cleaning changed or dropped it, else as cleaned.
fn number_column(composer: &Composer<'_>, row: RowId) -> &'static str {
    let raw = composer.subjects.records.locate(row).and_then(|(position, row)| {
        composer.subjects.records.registries.get(position)?.text_at(ID_RAW, row).filter(|text| !text.is_empty())
    });
    if raw.is_some() { ID_RAW } else { ID_NUMBER }
}

/// The right number for a damaged row, and the row that proves it.
type Proofs<'a> = BTreeMap<RowId, (&'a str, RowId)>;

/// What linking proved.
fn proofs<'a>(composer: &Composer<'a>) -> Proofs<'a> {
    let suspicions = composer.subjects.suspicions();
    let damaged = suspicions.filter_map(|suspicion| match suspicion {
        Suspicion::Damaged { row, suggestion, source } => Some((*row, (suggestion.expose(), *source))),
        _ => None,
    });
    damaged.collect()
}

/// A row whose number is written and wrong, and what proves another.
struct Wrong<'a> {
    row: RowId,
    person: PersonIx,
    state: IdState,
    proof: Option<(&'a str, RowId)>,
}

/// Rows with a number that is written and wrong, in row order. A missing number is not a wrong one, and another kind
/// of document is none of ours. Where linking proved nothing, one of the person's other rows may.
fn wrong_numbers<'a>(composer: &Composer<'a>, legible: &Legible, proofs: &Proofs<'a>) -> Vec<Wrong<'a>> {
    let mut wrong = Vec::new();
    let (records, linked) = (composer.subjects.records, composer.subjects.linked);
    for (position, registry) in records.registries.iter().enumerate() {
        let Some(column) = registry.text(ID_STATE).filter(|_| registry.registry.as_str() != EXEMPTION) else { continue };
        let offset = records.offset(position);
        for (row, person) in persons_of(records, linked, position) {
            let Some(state) = text_at(Some(column), row).filter(|state| *state != IdState::Valid.as_str()) else { continue };
            match IdState::parse(state) {
                // A borrowed number is a conflict of two persons, told as such.
                None | Some(IdState::Valid | IdState::Missing | IdState::OtherDocument | IdState::Borrowed) => {}
                // Words instead of a number are a missing one; a stump of a number is wrong.
                Some(IdState::NoNumber) if !registry.text_at(ID_RAW, row).is_some_and(is_stump) => {}
                Some(state) => wrong.push((RowId(offset + index(row)), PersonIx(index(person)), state)),
            }
        }
    }
    wrong.retain(|(row, ..)| !legible.is_ruined(records, *row));
    // Once for each person: one may have any number of rows.
    let mut own = BTreeMap::new();
    let mut of_person = |person: PersonIx| {
        let look = || composer.rows_of(person).find_map(|other| Some((valid_number(composer, other)?, other)));
        *own.entry(person).or_insert_with(look)
    };
    let proven = wrong.into_iter().map(|(row, person, state)| {
        let proof = proofs.get(&row).copied().or_else(|| of_person(person));
        Wrong { row, person, state, proof }
    });
    proven.collect()
}

/// Wrong numbers for which nothing proves another; a placeholder is nobody's number whatever is known elsewhere.
fn invalid(composer: &Composer<'_>, legible: &Legible) -> Matters {
    let mut matters = Matters::new();
    for Wrong { row, person, state, proof } in wrong_numbers(composer, legible, &proofs(composer)) {
        if state == IdState::Placeholder || proof.is_none() {
            let matter = matters.entry(person).or_default();
            matter.rows.insert(row);
            matter.details.insert((row, format!("{}{}", composer.place_of(row), state.plain())));
        }
    }
    matters
}

/// Whether a text that is no number was to become one.
fn is_stump(written: &str) -> bool {
    written.bytes().filter(u8::is_ascii_digit).count() >= 4
}

/// Wrong numbers for which another row proves the right one, and valid numbers that linking found mistyped.
fn damaged(composer: &Composer<'_>, legible: &Legible) -> Matters {
    let proven = proofs(composer);
    let mut rows: BTreeMap<RowId, (&str, RowId)> = proven.clone();
    // Another person's number is a conflict, not a slip of the pen.
    for row in borrowed(composer).keys() {
        rows.remove(row);
    }
    rows.retain(|row, _| lent_number(composer, *row).is_none() && !legible.is_ruined(composer.subjects.records, *row));
    for Wrong { row, state, proof, .. } in wrong_numbers(composer, legible, &proven) {
        if state == IdState::Placeholder {
            rows.remove(&row);
        } else if let Some(proof) = proof {
            rows.insert(row, proof);
        }
    }
    let mut matters = Matters::new();
    for (row, (suggestion, source)) in rows {
        let Some(person) = composer.subjects.person(row) else { continue };
        let matter = matters.entry(person).or_default();
        matter.rows.extend([row, source]);
        let written = composer
            .subjects
            .records
            .locate(row)
            .and_then(|(position, row)| composer.subjects.records.registries.get(position)?.text_at(ID_NUMBER, row));
        let difference = written.map(|written| difference(written, suggestion)).unwrap_or_default();
        let detail = format!("{}号码有误{difference}，应以{}为准", composer.place_of(row), composer.place_of(source));
        matter.details.insert((row, detail));
        let status = composer.subjects.linked.links.get(row.0 as usize).map(|link| link.status);
        matter.doubt(if status == Some(LinkStatus::Probable) { Confidence::Check } else { Confidence::Likely });
    }
    matters
}

/// `（相差一位，第12位）` where exactly one place differs.
fn difference(written: &str, suggestion: &str) -> String {
    if written.chars().count() != suggestion.chars().count() {
        return String::new();
    }
    let mut places = written.chars().zip(suggestion.chars()).enumerate().filter(|(_, (left, right))| left != right);
    match (places.next(), places.next()) {
        (Some((place, _)), None) => format!("（相差一位，第{}位）", place + 1),
        _ => String::new(),
    }
}

/// One number on two persons' rows. The finding is about the person whose row bears the number wrongly: the one with another number
/// elsewhere, else the one with fewer rows that bear it; where that does not tell, about both, to be checked first.
fn conflicts(composer: &Composer<'_>, legible: &Legible) -> Matters {
    let mut matters = Matters::new();
    for suspicion in composer.subjects.suspicions() {
        let Suspicion::NumberTwoNames { left, right } = suspicion else { continue };
        let Some(number) = valid_number(composer, *right) else { continue };
        let (Some(first), Some(second)) = (composer.subjects.person(*left), composer.subjects.person(*right)) else { continue };
        let bearing = |person: PersonIx| {
            let numbers = || composer.rows_of(person).filter_map(|row| valid_number(composer, row));
            let has_another = numbers().any(|other| other != number);
            (has_another, Reverse(numbers().filter(|other| *other == number).count()))
        };
        let order = bearing(first).cmp(&bearing(second));
        let bearers: &[_] = match order {
            Ordering::Greater => &[(first, *left, *right)],
            Ordering::Less => &[(second, *right, *left)],
            Ordering::Equal => &[(first, *left, *right), (second, *right, *left)],
        };
        for (person, row, other) in bearers {
            let matter = matters.entry(*person).or_default();
            matter.rows.extend([*row, *other]);
            let detail = format!("{}与{}是同一个号码、两个姓名", composer.place_of(*row), composer.place_of(*other));
            matter.details.insert((*row, detail));
            matter.doubt(if order.is_eq() { Confidence::Check } else { Confidence::Likely });
        }
    }
    for (row, owner) in borrowed(composer) {
        let Some(person) = composer.subjects.person(row) else { continue };
        let matter = matters.entry(person).or_default();
        matter.rows.extend([row, owner]);
        matter.details.insert((row, format!("{}的号码在{}是另一个人的", composer.place_of(row), composer.place_of(owner))));
        matter.doubt(Confidence::Likely);
    }
    for (row, owner) in lent(composer) {
        if legible.is_ruined(composer.subjects.records, row) {
            continue;
        }
        let Some(person) = composer.subjects.person(row) else { continue };
        let matter = matters.entry(person).or_default();
        matter.rows.insert(row);
        matter.rows.extend(owner);
        let place = composer.place_of(row);
        let detail = match owner {
            Some(owner) => format!("{place}填的是另一个人的号码，见{}", composer.place_of(owner)),
            None => format!("{place}填的是另一个人的号码"),
        };
        matter.details.insert((row, detail));
        matter.doubt(if owner.is_some() { Confidence::Likely } else { Confidence::Check });
    }
    matters
}

/// The valid number on a row that shows it to be somebody else's.
fn lent_number<'a>(composer: &Composer<'a>, row: RowId) -> Option<&'a str> {
    let (position, at) = composer.subjects.records.locate(row)?;
    let records = composer.subjects.records.registries.get(position)?;
    let is_lent = records.text_at(ID_STATE, at) == Some(IdState::Borrowed.as_str());
    records.text_at(ID_NUMBER, at).filter(|_| is_lent && records.registry.as_str() != EXEMPTION)
}

/// Rows that show their number to be somebody else's, and a row of whose it is.
fn lent(composer: &Composer<'_>) -> BTreeMap<RowId, Option<RowId>> {
    let records = composer.subjects.records;
    let rows = |wanted: IdState| {
        records.registries.iter().enumerate().flat_map(move |(position, registry)| {
            let states = registry.text(ID_STATE);
            let is_wanted = move |row: &usize| text_at(states, *row) == Some(wanted.as_str());
            (0..registry.len()).filter(is_wanted).map(move |row| RowId(records.offset(position) + index(row)))
        })
    };
    let lent: Vec<(RowId, &str)> = rows(IdState::Borrowed).filter_map(|row| Some((row, lent_number(composer, row)?))).collect();
    if lent.is_empty() {
        return BTreeMap::new();
    }
    let wanted: HashSet<&str> = lent.iter().map(|(_, number)| *number).collect();
    let mut owners: BTreeMap<&str, RowId> = BTreeMap::new();
    for row in rows(IdState::Valid) {
        if let Some(number) = valid_number(composer, row).filter(|number| wanted.contains(number)) {
            owners.entry(number).or_insert(row);
        }
    }
    lent.into_iter().map(|(row, number)| (row, owners.get(number).copied())).collect()
}

/// Rows joined in spite of their number, which is valid and another person's: the row, and a row of the number's owner.
fn borrowed(composer: &Composer<'_>) -> BTreeMap<RowId, RowId> {
    let joined: Vec<(RowId, &str)> = composer
        .subjects
        .suspicions()
        .filter_map(|suspicion| match suspicion {
            Suspicion::Damaged { row, .. } => Some((*row, valid_number(composer, *row)?)),
            _ => None,
        })
        .collect();
    let wanted: HashSet<&str> = joined.iter().map(|(_, number)| *number).collect();
    let mut bearers: BTreeMap<&str, Vec<RowId>> = BTreeMap::new();
    let records = composer.subjects.records;
    for (position, registry) in records.registries.iter().enumerate() {
        let Some(column) = registry.text(ID_NUMBER) else { continue };
        for row in 0..registry.len() {
            if let Some(number) = text_at(Some(column), row).filter(|number| wanted.contains(number)) {
                bearers.entry(number).or_default().push(RowId(records.offset(position) + index(row)));
            }
        }
    }
    let owner = |(row, number): (RowId, &str)| {
        let person = composer.subjects.person(row)?;
        let others = bearers.get(number)?.iter().copied();
        others.into_iter().find(|other| composer.subjects.person(*other) != Some(person)).map(|other| (row, other))
    };
    joined.into_iter().filter_map(owner).collect()
}

/// The row's number, where it is a valid one.
fn valid_number<'a>(composer: &Composer<'a>, row: RowId) -> Option<&'a str> {
    let (position, at) = composer.subjects.records.locate(row)?;
    let records = composer.subjects.records.registries.get(position)?;
    // What the county's own list says of a number proves nothing.
    let of_list = records.registry.as_str() == EXEMPTION;
    let valid = !of_list && records.text_at(ID_STATE, at) == Some(IdState::Valid.as_str());
    records.text_at(ID_NUMBER, at).filter(|_| valid)
}

fn duplicates(composer: &Composer<'_>) -> Matters {
    let mut matters = Matters::new();
    for Pair { first, again, sort } in repeated::pairs(composer).0 {
        let Some(person) = composer.subjects.person(first) else { continue };
        let matter = matters.entry(person).or_default();
        matter.rows.extend([first, again]);
        matter.details.insert((first, format!("{}与{}重复", composer.place_of(first), composer.place_of(again))));
        let sheet = |row: RowId| {
            let (position, at) = composer.subjects.records.locate(row)?;
            composer.subjects.records.registries.get(position)?.sheets.get(at).copied()
        };
        match sort {
            Sort::Person => {}
            // Two lists may both tell of the one payment.
            Sort::Payment if sheet(first) != sheet(again) => matter.doubt(Confidence::Check),
            Sort::Payment => matter.doubt(Confidence::Likely),
            Sort::OfNoMonth | Sort::OfAnotherDay => matter.doubt(Confidence::Check),
        }
        for row in [first, again] {
            match composer.subjects.linked.links.get(row.0 as usize).map(|link| link.status) {
                Some(LinkStatus::Repaired) => matter.doubt(Confidence::Likely),
                Some(LinkStatus::Probable) => matter.doubt(Confidence::Check),
                _ => {}
            }
        }
    }
    matters
}

/// Lists of payments in which so many persons have two equal rows that it is no slip.
fn written_so(composer: &Composer<'_>, rule: &str) -> Vec<RuleNote> {
    let records = composer.subjects.records;
    let note = |(position, persons): (usize, usize)| {
        let title = composer.input.registry_title(records.registries.get(position)?.registry.as_str());
        let note = format!(
            "{title}有 {persons} 人（户）同一个月有两行一样的发放，多半是分月、分批写的，不是重复：不逐人列出，请核对表上有没有漏写月份"
        );
        Some(RuleNote { rule: rule.to_owned(), town: None, note, held: false, concerned: 0, short: None })
    };
    let habits = repeated::pairs(composer).1;
    let of_sheets = |((position, one, other), persons): ((usize, u32, u32), usize)| {
        let title = composer.input.registry_title(records.registries.get(position)?.registry.as_str());
        let [one, other] = [one, other].map(|sheet| records.sources.get(sheet as usize).map(|source| named(&source.name)));
        let (one, other) = (one?, other?);
        let note = format!(
            "{title}有 {persons} 人在 {one} 和 {other} 里都有，后一张多半是同一批人的另一份表（变动、调整、标准等），不是重复：不逐人列出，请核对以哪一张为准"
        );
        Some(RuleNote { rule: rule.to_owned(), town: None, note, held: false, concerned: 0, short: None })
    };
    let sheets = habits.sheets.into_iter().filter_map(of_sheets);
    habits.payments.into_iter().filter_map(note).chain(sheets).collect()
}

fn named(SheetName { file, sheet }: &SheetName) -> String {
    if sheet.is_empty() { file.clone() } else { format!("{file} 工作表“{sheet}”") }
}

fn reviews(composer: &Composer<'_>, held: &[HeldBack]) -> Matters {
    let mut matters = Matters::new();
    let mut add = |person: PersonIx, row: RowId| {
        let matter = matters.entry(person).or_default();
        matter.rows.insert(row);
        matter.details.insert((row, format!("{}可能就是此人", composer.place_of(row))));
        matter.confidence = Some(Confidence::Check);
    };
    for pair in composer.subjects.reviews() {
        if let Some(person) = composer.subjects.person(pair.left) {
            add(person, pair.right);
        }
    }
    for accusation in held {
        for (row, _) in &accusation.rows {
            add(accusation.person, *row);
        }
    }
    for accusation in held {
        if let Some(matter) = matters.get_mut(&accusation.person) {
            let rule = composer.input.policy.rule(&accusation.rule);
            matter.held.insert(rule.map_or_else(|| accusation.rule.clone(), |rule| rule.card.title.clone()));
        }
    }
    // The person's own row stands beside what could be the same.
    for (person, matter) in &mut matters {
        matter.rows.extend(composer.rows_of(*person).take(1));
    }
    matters
}

#[cfg(test)]
mod tests {
    use super::difference;

    #[test]
    fn one_wrong_digit_is_placed() {
        assert_eq!(difference("520324199003071234", "520324199013071234"), "（相差一位，第11位）");
        assert_eq!(difference("520324199003071234", "520324199013071235"), "");
        assert_eq!(difference("52032419900307123", "520324199003071234"), "");
    }
}
