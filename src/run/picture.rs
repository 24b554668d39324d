//! Records, links, findings and verdicts → pictures of persons and households.
//!
//! Takes what a run knows (fresh, or read back from its stage files) and whom to show; gives [`PersonPicture`]s with every source row, how it
//! was joined, what is left to a human, every rule. Cost: one pass over the links, then only the rows of whom is shown.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::Date32Type;

use crate::assess::Verdicts;
use crate::config::registry::Dictionary;
use crate::model::columns;
use crate::model::date::{Day, Month};
use crate::model::exemption::{EXEMPTION, EXEMPTION_LIST};
use crate::model::finding::{Finding, Scope};
use crate::model::link::{Link, LinkStatus, Linked, PersonIx};
use crate::model::money::Fen;
use crate::model::personal::Personal;
use crate::model::picture::{Cell, Doubtful, HouseholdPicture, Judged, PersonPicture, Place, SourceRow, Verdict};
use crate::model::record::{RecordSet, RegistryRecords, RowId};
use crate::model::registry::RegistryId;
use crate::run::corrections;
use crate::store::stages::link_reasons::why;

/// Columns shown beside the cells, or of no interest to a reader.
const SHOWN_ELSEWHERE: [&str; 11] = [
    columns::NAME,
    columns::ID_NUMBER,
    columns::ID_STATE,
    columns::ID_RAW,
    columns::HOUSEHOLD_CODE,
    columns::TOWN,
    columns::TOWN_CODE,
    columns::VILLAGE,
    columns::VILLAGE_CODE,
    columns::GROUP,
    columns::REPAIRS,
];

/// What a run knows.
#[derive(Clone, Copy)]
pub(crate) struct Known<'a> {
    /// Every kept row.
    pub(crate) records: &'a RecordSet,
    /// The person of every row.
    pub(crate) linked: &'a Linked,
    /// Findings.
    pub(crate) findings: &'a [Finding],
    /// Titles of registries, where definitions are at hand.
    pub(crate) dictionary: Option<&'a Dictionary>,
    /// `links.parquet`, where why rows were joined is to be told.
    pub(crate) why: Option<&'a RecordBatch>,
}

impl<'a> Known<'a> {
    /// A text column of the people table.
    pub(crate) fn people_text(&self, column: &str, person: PersonIx) -> Option<&'a str> {
        let array = self.linked.people.0.column_by_name(column)?.as_string_opt::<i32>()?;
        let at = person.0 as usize;
        (at < array.len() && array.is_valid(at)).then(|| array.value(at)).filter(|text| !text.is_empty())
    }

    /// All persons.
    pub(crate) fn everybody(&self) -> impl Iterator<Item = PersonIx> + use<'a> {
        (0..u32::try_from(self.linked.people.0.num_rows()).unwrap_or(u32::MAX)).map(PersonIx)
    }

    /// The rows of each of these persons, in row order; one pass over all links.
    fn rows_of(&self, wanted: &BTreeSet<PersonIx>) -> HashMap<PersonIx, Vec<RowId>> {
        let mut rows: HashMap<PersonIx, Vec<RowId>> = HashMap::new();
        for (link, row) in self.linked.links.iter().zip(0..) {
            if wanted.contains(&link.person) {
                rows.entry(link.person).or_default().push(RowId(row));
            }
        }
        rows
    }

    /// In which registries these persons stand, by person id.
    pub(crate) fn registries(&self, wanted: &BTreeSet<PersonIx>) -> HashMap<String, BTreeSet<RegistryId>> {
        let mut found: HashMap<String, BTreeSet<RegistryId>> = HashMap::new();
        for (position, records) in self.records.registries.iter().enumerate() {
            let start = self.records.offset(position) as usize;
            for link in self.linked.links.iter().skip(start).take(records.len()).filter(|link| wanted.contains(&link.person)) {
                let Some(id) = self.people_text("person_id", link.person) else { continue };
                if let Some(known) = found.get_mut(id) {
                    known.insert(records.registry.clone());
                } else {
                    found.insert(id.to_owned(), BTreeSet::from([records.registry.clone()]));
                }
            }
        }
        found
    }

    /// The pictures of these persons, in the order of `wanted`'s persons.
    pub(crate) fn persons(&self, wanted: &BTreeSet<PersonIx>, verdicts: &mut Verdicts) -> BTreeMap<PersonIx, PersonPicture> {
        let rows = self.rows_of(wanted);
        let mut doubts: HashMap<RowId, Vec<usize>> = HashMap::new();
        for (at, pair) in self.linked.review.iter().enumerate() {
            for side in [pair.left, pair.right] {
                if self.linked.links.get(side.0 as usize).is_some_and(|link| wanted.contains(&link.person)) {
                    doubts.entry(side).or_default().push(at);
                }
            }
        }
        let mut findings: HashMap<&str, Vec<&Finding>> = HashMap::new();
        for finding in self.findings.iter().filter(|finding| finding.scope != Scope::Household) {
            if let Some(person) = &finding.person_id {
                findings.entry(person).or_default().push(finding);
            }
        }
        let mut proposed = corrections::by_person(self.linked);
        wanted
            .iter()
            .map(|person| {
                let empty = Vec::new();
                let mut picture = self.person(*person, rows.get(person).unwrap_or(&empty), &doubts);
                picture.proposed = proposed.remove(person).unwrap_or_default();
                picture.findings = findings.get(picture.person_id.as_str()).into_iter().flatten().copied().cloned().collect();
                picture.rules = verdicts.persons.remove(&picture.person_id).unwrap_or_default();
                self.excuse(&mut picture.rules, &picture.findings, &|line: &Excuse<'_>| line.person == *person);
                (*person, picture)
            })
            .collect()
    }

    fn person(&self, person: PersonIx, rows: &[RowId], doubts: &HashMap<RowId, Vec<usize>>) -> PersonPicture {
        let text = |column: &str| self.people_text(column, person).unwrap_or_default().to_owned();
        let births = self.linked.people.0.column_by_name("birth").and_then(|column| column.as_primitive_opt::<Date32Type>());
        let at = person.0 as usize;
        let birth = births.filter(|births| births.is_valid(at)).map(|births| Day(births.value(at)));
        let first = |column: &str| {
            rows.iter().find_map(|row| {
                let (position, row) = self.records.locate(*row)?;
                self.records.registries.get(position)?.text_at(column, row)
            })
        };
        let pairs = rows.iter().flat_map(|row| doubts.get(row).into_iter().flatten().map(move |pair| (*row, *pair)));
        PersonPicture {
            person_id: text("person_id"),
            name: text("name").into(),
            number: text("number").into(),
            birth,
            sex: text("sex"),
            town: text("town"),
            village: text("village"),
            group: first(columns::GROUP).unwrap_or_default().to_owned(),
            relation: first(columns::RELATION).unwrap_or_default().to_owned(),
            rows: rows.iter().filter_map(|row| self.source_row(*row)).collect(),
            doubts: pairs.filter_map(|(row, pair)| self.doubtful(row, pair)).collect(),
            proposed: Vec::new(),
            rules: Vec::new(),
            findings: Vec::new(),
        }
    }

    fn place(&self, row: RowId) -> Option<Place> {
        let (position, at) = self.records.locate(row)?;
        let registry = &self.records.registries.get(position)?.registry;
        let (sheet, line) = self.records.origin(position, at)?;
        let title = self.dictionary.and_then(|dictionary| dictionary.registry(registry.as_str()));
        Some(Place {
            title: title.map_or_else(|| registry.to_string(), |known| known.title.clone()),
            registry: registry.clone(),
            file: sheet.name.file.as_str().into(),
            sheet: sheet.name.sheet.as_str().into(),
            line,
        })
    }

    fn source_row(&self, row: RowId) -> Option<SourceRow> {
        let (position, at) = self.records.locate(row)?;
        let records = self.records.registries.get(position)?;
        let link = self.linked.links.get(row.0 as usize)?;
        let text = |column: &str| records.text_at(column, at).unwrap_or_default().to_owned();
        let (sheet, _) = self.records.origin(position, at)?;
        let cells = records.batch.schema_ref().fields().iter().filter_map(|field| {
            let name = field.name().as_str();
            if SHOWN_ELSEWHERE.contains(&name) || name.ends_with("_state") || name.ends_with("_raw") {
                return None;
            }
            let value = cell_text(records, name, at)?;
            let header = match sheet.header(name) {
                Some(header) => header,
                // Read out of the number, not out of a cell.
                None if [columns::BIRTH, columns::SEX].contains(&name) => return None,
                // Read out of a title or a file name.
                None => {
                    let field = self.dictionary.and_then(|dictionary| dictionary.fields.get(name));
                    field.map_or(name, |field| field.title.as_str())
                }
            };
            Some(Cell { field: name.to_owned(), header: header.to_owned(), value: value.into() })
        });
        let why = self.why.and_then(|links| why(links, row, link.weight, |row| self.place_told(row)));
        let (why, parts) = why.map_or((None, Vec::new()), |(why, parts)| (Some(why), parts));
        Some(SourceRow {
            place: self.place(row)?,
            name: text(columns::NAME).into(),
            number: text(columns::ID_NUMBER).into(),
            number_state: text(columns::ID_STATE),
            number_raw: records.text_at(columns::ID_RAW, at).map(Into::into),
            address: [columns::TOWN, columns::VILLAGE, columns::GROUP].map(text).concat().into(),
            household_code: text(columns::HOUSEHOLD_CODE).into(),
            cells: cells.collect(),
            status: link.status,
            weight: link.weight,
            probability: link.probability,
            parts,
            why,
        })
    }

    /// `insurance（医保.xlsx，Sheet1）第12行 张小明`.
    fn place_told(&self, row: RowId) -> Personal {
        let Some(Place { registry, file, sheet, line, .. }) = self.place(row) else { return Personal::default() };
        let sheet = if sheet.is_empty() { String::new() } else { format!("，{}", sheet.expose()) };
        let name = self.records.locate(row).and_then(|(position, at)| {
            let records = self.records.registries.get(position)?;
            records.text_at(columns::NAME, at)
        });
        format!("{registry}（{}{sheet}）第{line}行 {}", file.expose(), name.unwrap_or_default()).into()
    }

    /// Rules that fire but made no finding because the county's exemption list names the subject.
    pub(crate) fn excuse(&self, rules: &mut [Judged], findings: &[Finding], is_about: &dyn Fn(&Excuse<'_>) -> bool) {
        let fires =
            |judged: &Judged| judged.verdict == Verdict::Fires && !findings.iter().any(|finding| finding.rule == judged.rule.id);
        for judged in rules.iter_mut().filter(|judged| fires(judged)) {
            let named = |line: &Excuse<'_>| {
                [judged.rule.id.as_str(), &judged.rule.title, "全部"].iter().any(|name| line.rules.contains(name))
            };
            if self.exemptions().iter().any(|line| is_about(line) && named(line)) {
                judged.verdict = Verdict::Exempt;
                judged.why = format!("{EXEMPTION_LIST}写明不列为疑点（{}）", judged.why.expose()).into();
            }
        }
    }

    /// The county's exemption list; empty in most runs.
    fn exemptions(&self) -> Vec<Excuse<'a>> {
        let Some((position, records)) = self.records.registry(EXEMPTION) else { return Vec::new() };
        let links = self.linked.links.iter().skip(self.records.offset(position) as usize).take(records.len());
        let line = |(row, link): (usize, &Link)| Excuse {
            person: link.person,
            household: records.text_at(columns::HOUSEHOLD_CODE, row),
            rules: records.text_at("exempt_rule", row).unwrap_or_default(),
        };
        links.enumerate().map(line).collect()
    }

    /// A review pair seen from one of its rows.
    fn doubtful(&self, row: RowId, pair: usize) -> Option<Doubtful> {
        let pair = self.linked.review.get(pair)?;
        Some(Doubtful {
            place: self.place(if pair.left == row { pair.right } else { pair.left })?,
            weight: pair.weight,
            probability: pair.probability,
            reason: pair.reason.clone(),
            parts: pair.parts.clone(),
        })
    }
}

/// A row of the exemption list.
#[derive(Clone, Copy)]
pub(crate) struct Excuse<'a> {
    /// Whom it names.
    pub(crate) person: PersonIx,
    /// The household it names.
    pub(crate) household: Option<&'a str>,
    rules: &'a str,
}

/// A household of these members (head first where a row says so), with its findings and rules.
pub(crate) fn household(
    code: Option<Personal>,
    mut members: Vec<PersonPicture>,
    verdicts: &mut Verdicts,
    findings: &[&Finding],
) -> HouseholdPicture {
    members.sort_by_key(|member| member.relation != "户主");
    let rules = code.as_ref().and_then(|code| verdicts.households.remove(code)).unwrap_or_default();
    let (head, town, village, group) = members
        .first()
        .map_or_else(Default::default, |head| (head.name.clone(), head.town.clone(), head.village.clone(), head.group.clone()));
    let findings = findings.iter().copied().cloned().collect();
    HouseholdPicture { code, head, town, village, group, members, rules, findings }
}

/// A record cell in plain words; `None` where it is empty.
fn cell_text(records: &RegistryRecords, column: &str, row: usize) -> Option<String> {
    if let Some(text) = records.text_at(column, row) {
        return Some(text.to_owned()).filter(|text| !text.is_empty());
    }
    let int = records.int(column).filter(|array| array.is_valid(row)).map(|array| array.value(row));
    let int32 = records.int32(column).filter(|array| array.is_valid(row)).map(|array| array.value(row));
    let flag = records.flag(column).filter(|array| array.is_valid(row)).map(|array| array.value(row));
    let day = records.date(column).filter(|array| array.is_valid(row)).map(|array| Day(array.value(row)));
    match (int, int32, flag, day) {
        (Some(fen), ..) if column.ends_with("_fen") => Some(Fen(fen).to_string()),
        (Some(number), ..) => Some(number.to_string()),
        (_, Some(month), ..) if column == columns::MONTH => {
            let whole = Month::new(month / 100, u32::try_from(month % 100).unwrap_or(0));
            Some(whole.map_or_else(|| month.to_string(), |month| month.to_string()))
        }
        (_, Some(number), ..) => Some(number.to_string()),
        (_, _, Some(yes), _) => Some(if yes { "是" } else { "否" }.to_owned()),
        (_, _, _, Some(day)) => Some(day.to_string()),
        _ => None,
    }
}

/// How a row came to its person, in words: `号码修复，权重 18.3 比特，概率 0.9999`.
pub(crate) fn joined(row: &SourceRow) -> String {
    let odds = match row.status {
        LinkStatus::Id | LinkStatus::Alone => String::new(),
        _ if row.weight == 0.0 => String::new(),
        _ => format!("，权重 {:.1} 比特，概率 {:.4}", row.weight, row.probability),
    };
    format!("{}{odds}", row.status.plain())
}
