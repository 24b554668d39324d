//! Which column is which field: headers through the aliases of one registry, and the result as a pin to paste.
//!
//! A header is matched whole after folding, never by a part of it: `户主身份证号` is not `身份证号`. A header of several
//! levels is also read without the slashes and by its last levels, unless the first ones speak of somebody else. Where no column says
//! a field so, one may say it loosely: with a number before it (`1、姓名`), a remark in brackets (`姓名（与户口簿一致）`), a dotted path
//! (`参保人.姓名`) or a word for whoever the list is of (`供养对象身份证号`); two columns that could are none. Several number, sex, birth or phone
//! columns each belong to the name before them. What is then bound twice is told with both places ([`clash`]).

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::spelling::{is_bare, loose_readings, readings, speaks_of_another};
use crate::config::registry::{Dictionary, RegistryDefinition, fold_header};
use crate::model::columns::{BIRTH, GUARDIAN_ID, HEAD_ID, HEAD_NAME, ID_NUMBER, NAME, PHONE, SEX, SPOUSE_ID};
use crate::model::field::FieldKind;
use crate::model::raw::{Mapping, Refusal, TableHead};

/// A head's headers in every way they may be read; made once for all registries.
pub(super) struct Spelled {
    exact: Vec<Vec<String>>,
    loose: Vec<Vec<String>>,
}

impl Spelled {
    pub(super) fn of(head: &TableHead) -> Self {
        let texts = || head.columns.iter().map(|column| column.text.as_str());
        Self { exact: texts().map(readings).collect(), loose: texts().map(loose_readings).collect() }
    }

    pub(super) fn exact(&self) -> &[Vec<String>] {
        &self.exact
    }
}

/// A column that has a field.
struct Bound<'a> {
    field: &'a str,
    /// Place among the field's aliases; 0 for a pin.
    rank: usize,
    position: usize,
}

/// The columns of `head` as fields of `registry`: pinned columns first, then the registry's own aliases, then the shared ones.
/// Several columns of one field come in the order of its aliases.
pub(super) fn columns(
    head: &TableHead,
    spelled: &Spelled,
    registry: &RegistryDefinition,
    dictionary: &Dictionary,
    pinned: &BTreeMap<String, String>,
) -> Mapping {
    let mut meanings: BTreeMap<&str, (&str, usize)> = BTreeMap::new();
    for usage in &registry.fields {
        let shared = dictionary.fields.get(&usage.field).map_or(&[][..], |definition| &definition.aliases);
        for (rank, alias) in shared.iter().enumerate() {
            meanings.insert(alias, (&usage.field, usage.aliases.len() + rank + 1));
        }
    }
    for usage in &registry.fields {
        for (rank, alias) in usage.aliases.iter().enumerate() {
            meanings.insert(alias, (&usage.field, rank + 1));
        }
    }
    for (header, field) in pinned {
        meanings.insert(header, (field, 0));
    }
    let meaning = |readings: &[String]| readings.iter().find_map(|reading| meanings.get(reading.as_str()).copied());
    let exact: Vec<Option<(&str, usize)>> = spelled.exact.iter().map(|readings| meaning(readings)).collect();
    let said: BTreeSet<&str> = exact.iter().flatten().map(|(field, _)| *field).collect();
    let mut loose: BTreeMap<&str, Vec<Bound<'_>>> = BTreeMap::new();
    let mut found: Vec<Bound<'_>> = Vec::new();
    for (position, (known, readings)) in exact.into_iter().zip(&spelled.loose).enumerate() {
        if let Some((field, rank)) = known {
            found.push(Bound { field, rank, position });
            continue;
        }
        let open = |reading: &String| meanings.get(reading.as_str()).filter(|(field, _)| !said.contains(field));
        if let Some(&(field, rank)) = readings.iter().find_map(open) {
            loose.entry(field).or_default().push(Bound { field, rank, position });
        }
    }
    let text = |bound: &Bound<'_>| head.columns.get(bound.position).map(|column| fold_header(&column.text));
    // Two columns that might be the field, and read differently, are none.
    let agreed = |columns: &Vec<Bound<'_>>| columns.iter().all(|column| text(column) == text(&columns[0]));
    found.extend(loose.into_values().filter(agreed).flatten());
    let has = |field: &str| registry.fields.iter().any(|used| used.field == field);
    by_neighbour(head, &mut found, &has);
    found.sort_unstable_by_key(|bound| (bound.field, bound.rank, bound.position));
    let left_over = (0..head.columns.len()).filter(|position| found.iter().all(|bound| bound.position != *position)).collect();
    Mapping {
        registry: registry.id.clone(),
        fields: found.into_iter().map(|bound| (bound.field.to_owned(), bound.position)).collect(),
        left_over,
        pinned: false,
    }
}

/// Whose a column is, by the name nearest to it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Owner {
    Person,
    Head,
    Guardian,
    Spouse,
    /// Somebody that the registry has no field for.
    Other,
}

impl Owner {
    /// The field of his number.
    fn number(self) -> Option<&'static str> {
        match self {
            Self::Person => Some(ID_NUMBER),
            Self::Head => Some(HEAD_ID),
            Self::Guardian => Some(GUARDIAN_ID),
            Self::Spouse => Some(SPOUSE_ID),
            Self::Other => None,
        }
    }
}

/// Where several columns say number, sex, birth or phone and not whose, each is that of the name before it (of the name behind it where
/// numbers stand before names). A bare name beside a member's is the head's.
fn by_neighbour(head: &TableHead, found: &mut Vec<Bound<'_>>, has: &dyn Fn(&str) -> bool) {
    let text = |position: usize| head.columns.get(position).map_or("", |column| column.text.as_str());
    let of = |found: &[Bound<'_>], field: &str| -> Vec<usize> {
        found.iter().filter(|bound| bound.field == field && bound.rank > 0).map(|bound| bound.position).collect()
    };
    let names = of(found, NAME);
    let members = || names.iter().filter(|position| speaks_of_member(text(**position)));
    if names.len() == 2 && members().count() == 1 && of(found, HEAD_NAME).is_empty() {
        let member = *members().next().unwrap_or(&0);
        if has(HEAD_NAME) {
            found
                .iter_mut()
                .filter(|bound| bound.field == NAME && bound.position != member)
                .for_each(|bound| bound.field = HEAD_NAME);
        } else {
            // A pupil's family on the pupil's row.
            found.retain(|bound| bound.field != NAME || bound.position != member);
        }
    }
    let owner = |position: usize| -> Option<Owner> {
        match found.iter().find(|bound| bound.position == position).map(|bound| bound.field) {
            Some(NAME) => Some(Owner::Person),
            Some(HEAD_NAME) => Some(Owner::Head),
            Some("guardian_name") => Some(Owner::Guardian),
            Some("spouse_name") => Some(Owner::Spouse),
            Some("account_name" | "care_guardian" | "sign_doctor") => Some(Owner::Other),
            None if names_somebody(text(position)) => Some(Owner::Other),
            _ => None,
        }
    };
    let owners: Vec<(usize, Owner)> = (0..head.columns.len()).filter_map(|at| Some((at, owner(at)?))).collect();
    let mut changes: Vec<(usize, Option<&'static str>)> = Vec::new();
    // A member's number is not the person's, where the name is not a member's.
    let numbers = of(found, ID_NUMBER);
    let is_members = |position: &usize| speaks_of_member(text(*position));
    if !of(found, NAME).iter().any(is_members) && !numbers.iter().all(is_members) {
        found.retain(|bound| bound.field != ID_NUMBER || bound.rank == 0 || !is_members(&bound.position));
    }
    for field in [ID_NUMBER, SEX, BIRTH, PHONE] {
        let mut columns = of(found, field);
        let all = columns.len();
        columns.retain(|position| is_bare(text(*position)));
        columns.sort_unstable();
        if field != ID_NUMBER {
            let same = |position: &usize| {
                columns.iter().filter(|other| fold_header(text(**other)) == fold_header(text(*position))).count() > 1
            };
            columns = columns.iter().copied().filter(|position| same(position)).collect();
        }
        let first_name = owners.first().map_or(usize::MAX, |(at, _)| *at);
        let alone = matches!(columns.as_slice(), [only] if is_heads(*only, &owners));
        if columns.is_empty() || (all < 2 && !alone) {
            continue;
        }
        let before_names = columns.first().is_some_and(|first| *first + 1 == first_name) && columns.len() >= owners.len();
        for position in columns {
            let nearest = if before_names {
                owners.iter().find(|(at, _)| *at > position)
            } else {
                owners.iter().rev().find(|(at, _)| *at < position)
            };
            match nearest.map(|(_, owner)| *owner) {
                None | Some(Owner::Person) => {}
                Some(owner) => {
                    let own = owner.number().filter(|number| field == ID_NUMBER && has(number));
                    changes.push((position, own));
                }
            }
        }
    }
    for (position, field) in changes {
        match field {
            Some(field) => found.iter_mut().filter(|bound| bound.position == position).for_each(|bound| bound.field = field),
            None => found.retain(|bound| bound.position != position),
        }
    }
}

/// `户主姓名|身份证号|姓名`: the only number stands between the head's name and the person's.
fn is_heads(position: usize, owners: &[(usize, Owner)]) -> bool {
    let at = |wanted: Option<usize>, owner: Owner| owners.iter().any(|(at, known)| Some(*at) == wanted && *known == owner);
    at(position.checked_sub(1), Owner::Head) && at(position.checked_add(1), Owner::Person)
}

fn speaks_of_member(header: &str) -> bool {
    let folded = fold_header(header);
    ["家庭成员", "成员", "家庭人员"].iter().any(|word| folded.starts_with(word))
}

/// Whether a column without a field holds a name.
fn names_somebody(header: &str) -> bool {
    const NOT_NAMES: [&str; 9] = ["号", "号码", "电话", "手机", "关系", "单位", "日期", "时间", "金额"];
    let folded = fold_header(header);
    let other = speaks_of_another(&folded) && NOT_NAMES.iter().all(|word| !folded.ends_with(word));
    folded.ends_with("姓名") || folded.ends_with("名字") || (other && folded.chars().count() <= 6)
}

/// Two columns that would both be the same field of which only one can be right; the refusal names both places.
#[must_use]
pub fn clash(head: &TableHead, mapping: &Mapping, dictionary: &Dictionary) -> Option<Refusal> {
    let header = |position: usize| head.columns.get(position).map(|column| fold_header(&column.text));
    let clashing = |((one, first), (other, second)): (&(String, usize), &(String, usize))| {
        let kind = dictionary.fields.get(one).map(|definition| definition.kind);
        // What only describes a person may stand twice; the first is used.
        let describes = matches!(kind, Some(FieldKind::Place | FieldKind::Phone | FieldKind::Text) | None);
        one == other && !describes && (header(*first) == header(*second) || one == NAME)
    };
    let pair = mapping.fields.iter().zip(mapping.fields.iter().skip(1)).find(|pair| clashing(*pair))?;
    let places = [pair.0.1.min(pair.1.1), pair.0.1.max(pair.1.1)];
    let [first, second] = places.map(|position| head.columns.get(position));
    let (first, second) = (first?, second?);
    let title = dictionary.fields.get(&pair.0.0).map_or(pair.0.0.as_str(), |definition| definition.title.as_str());
    Some(twice(head, title, [(first.index, first.text.as_str()), (second.index, second.text.as_str())]))
}

/// The refusal of a table in which two columns say the same.
#[must_use]
pub fn twice(head: &TableHead, field: &str, columns: [(u32, &str); 2]) -> Refusal {
    let [(first, one), (second, other)] = columns.map(|(index, text)| (letters(index), text));
    // Names and numbers may be another person's; two amounts, months or states are both the row's.
    let is_of_somebody = ["姓名", "号", "出生", "性别"].iter().any(|word| field.contains(word));
    let (which, rename) = if is_of_somebody {
        ("分不清哪一列是本人的", format!("改成它真正的意思（例如“户主{field}”“监护人{field}”）"))
    } else {
        ("分不清该用哪一列", "写明它是什么（例如是哪个月的、哪一种的）".to_owned())
    };
    Refusal {
        name: head.name.clone(),
        code: "duplicate-header".into(),
        what: format!(
            "第 {} 行的表头里 {first} 列“{one}”和 {second} 列“{other}”都可以是“{field}”，{which}，没有读入",
            head.header_row
        ),
        hint: format!("请把其中一列的表头{rename}，或删去重复的一列后重新报送"),
    }
}

/// `0` → `A`, `27` → `AB`.
#[must_use]
pub fn letters(column: u32) -> String {
    let mut rest = column + 1;
    let mut name = Vec::new();
    while rest > 0 {
        name.push(char::from(b'A' + u8::try_from((rest - 1) % 26).unwrap_or(0)));
        rest = (rest - 1) / 26;
    }
    name.iter().rev().collect()
}

/// The field of the registry that an unused header most resembles, by letters changed; none where nothing is near or it is about somebody else.
#[must_use]
pub fn nearest<'d>(header: &str, registry: &RegistryDefinition, dictionary: &'d Dictionary) -> Option<&'d str> {
    let spelled = readings(header).into_iter().chain(loose_readings(header)).collect::<Vec<_>>();
    if spelled.iter().any(|reading| speaks_of_another(reading)) {
        return None;
    }
    let mut best: Option<(f64, &str)> = None;
    for usage in &registry.fields {
        let Some(definition) = dictionary.fields.get(&usage.field) else { continue };
        for alias in usage.aliases.iter().chain(&definition.aliases) {
            let near = spelled.iter().map(|reading| strsim::normalized_damerau_levenshtein(reading, alias)).fold(0.0, f64::max);
            if near > best.map_or(NEAR, |(near, _)| near) {
                best = Some((near, &definition.title));
            }
        }
    }
    best.map(|(_, title)| title)
}

/// More than three of five letters the same.
const NEAR: f64 = 0.6;

/// The mapping as a `[[pin]]` for the pipeline file; columns without a field stand below as comments.
#[must_use]
pub fn paste(head: &TableHead, mapping: &Mapping) -> String {
    let quoted = |text: &str| toml::Value::String(text.to_owned()).to_string();
    let mut out = format!("[[pin]]\nfiles = {}\n", quoted(&head.name.file));
    if !head.name.sheet.is_empty() {
        let _ = writeln!(out, "sheet = {}", quoted(&head.name.sheet));
    }
    let _ = writeln!(out, "registry = {}\n[pin.columns]", quoted(mapping.registry.as_str()));
    let mut by_position: Vec<(usize, Option<&str>)> =
        mapping.fields.iter().map(|(field, position)| (*position, Some(field.as_str()))).collect();
    by_position.extend(mapping.left_over.iter().map(|position| (*position, None)));
    by_position.sort_unstable();
    let mut written: Vec<String> = Vec::new();
    for (position, field) in by_position {
        let Some(column) = head.columns.get(position) else { continue };
        let header = column.text.replace(['\n', '\r'], "");
        // A header that stands twice can be pinned once only.
        let comment = if field.is_none() || written.contains(&header) { "# " } else { "" };
        let _ = writeln!(out, "{comment}{} = {}", quoted(&header), quoted(field.unwrap_or("")));
        written.push(header);
    }
    out
}
