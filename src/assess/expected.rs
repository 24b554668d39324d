//! What the county's own table says that registers should have.
//!
//! Takes the rows of `expected_counts` (应有行数表: register, town, part, number as written); gives [`Expected`] numbers by register, town and
//! part, what cannot be told of a register there ([`Unclear`]), and a note on each cell that was not taken as it stands. `约96人` is 96, give
//! or take a twentieth; a number that cannot be read, or two that contradict, leave the place unknown, never whole. A part is a value of the
//! register's part column, else of the first column of codes or text in which it stands. Cost: linear in the table, and in a register's
//! rows for each of its columns that a part is looked for in.

use std::collections::BTreeMap;

use arrow::array::Array;

use super::subjects::text_at;
use crate::config::registry::{Dictionary, RegistryDefinition};
use crate::model::columns::{PLACE, TOWN, TOWN_CODE, VILLAGE};
use crate::model::field::FieldKind;
use crate::model::finding::RuleNote;
use crate::model::record::{RecordSet, RegistryRecords};
use crate::model::register::{EXPECTED_LIST, RegisterPart, RegisterRows};
use crate::model::registry::RegistryId;

/// The registry whose rows say how many rows the others should have.
const EXPECTED_COUNTS: &str = "expected_counts";

/// What a table writes for the county, and for all parts.
const ALL: [&str; 9] = ["全县", "全部", "合计", "总计", "小计", "全体", "所有", "县", "不分"];

/// A number that a register should have somewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Expected {
    /// Code of the town; the county has none.
    pub(crate) town: Option<String>,
    /// The part as written, and the column and value it is; `None` for all rows.
    pub(crate) part: Option<(String, Slice)>,
    /// As the table says.
    pub(crate) rows: i64,
    /// The least that will do: below `rows` where the table says 约.
    pub(crate) least: i64,
}

/// Rows that have a value in a column; `None` where no row has.
pub(crate) type Slice = Option<(String, String)>;

/// Where the table says something, and not how many.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Unclear {
    /// Code of the town; the county has none.
    pub(crate) town: Option<String>,
    /// `应有行数表写的应有行数“九十来人”读不懂`.
    pub(crate) told: String,
}

/// What is said of one register.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Said {
    pub(crate) expected: Vec<Expected>,
    pub(crate) unclear: Vec<Unclear>,
}

/// The county's table, read.
#[derive(Debug, Default)]
pub(crate) struct ExpectedTable {
    said: BTreeMap<RegistryId, Said>,
    notes: Vec<RuleNote>,
}

/// Register, code of the town, part as written.
type Cell = (RegistryId, Option<String>, Option<String>);

impl ExpectedTable {
    pub(crate) fn read(records: &RecordSet, dictionary: &Dictionary) -> Self {
        let mut table = Self::default();
        let Some((_, rows)) = records.registry(EXPECTED_COUNTS) else { return table };
        // Several rows of a town are its villages' where each names one, else the same said again.
        let mut cells: BTreeMap<Cell, BTreeMap<Option<String>, Vec<Count>>> = BTreeMap::new();
        for row in 0..rows.len() {
            let text = |column: &str| rows.text_at(column, row).map(str::trim).filter(|text| !text.is_empty());
            let all = |text: &str| ALL.contains(&text);
            let Some(name) = text("expected_registry").filter(|name| !all(name)) else { continue };
            let (written, town) = (text("expected_rows").unwrap_or(""), text(TOWN_CODE));
            let Some(definition) = dictionary.named(name) else {
                table.note(text(TOWN), format!("没有叫“{name}”的名册，这一行没有用上"));
                continue;
            };
            let place = text(PLACE[5]).filter(|place| town.is_none() && !place.split('/').all(all));
            if let Some(place) = place {
                table.note(None, format!("{}的乡镇“{place}”不认识，这一行没有用上", definition.title));
                continue;
            }
            let part = text("expected_part").filter(|part| !all(part));
            let count = Count::read(written);
            let at = format!("{}{}", definition.title, part.map_or_else(String::new, |part| format!("“{part}”")));
            match &count {
                Count::Unreadable(_) if written.is_empty() => table.note(text(TOWN), format!("{at}的应有行数空着：{UNKNOWN}")),
                Count::Unreadable(_) => table.note(text(TOWN), format!("{at}的应有行数“{written}”读不懂：{UNKNOWN}")),
                Count::Rows { rows, least } if rows != least => {
                    table.note(text(TOWN), format!("{at}的应有行数“{written}”按 {rows} 行算，少于 {least} 行才算缺"));
                }
                Count::Rows { .. } => {}
            }
            let own = |text: Option<&str>| text.map(str::to_owned);
            let cell = (definition.id.clone(), own(town), own(part));
            cells.entry(cell).or_default().entry(own(text(VILLAGE))).or_default().push(count);
        }
        for ((registry, town, part), counts) in cells {
            let Some(definition) = dictionary.registry(registry.as_str()) else { continue };
            let part = part.map(|part| {
                let slice = records.registry(registry.as_str()).and_then(|(_, rows)| slice(rows, definition, dictionary, &part));
                (part, slice)
            });
            let (expected, unclear) = combined(counts);
            let said = table.said.entry(registry).or_default();
            said.expected.extend(expected.map(|(rows, least)| Expected { town: town.clone(), part, rows, least }));
            said.unclear.extend(unclear.map(|told| Unclear { town, told: format!("{EXPECTED_LIST}{told}") }));
        }
        table
    }

    fn note(&mut self, town: Option<&str>, note: String) {
        let (rule, town) = (EXPECTED_LIST.to_owned(), town.map(str::to_owned));
        self.notes.push(RuleNote { rule, town, note, held: false, concerned: 0, short: None });
    }

    /// What is said of a register.
    pub(crate) fn of(&self, registry: &RegistryId) -> Option<&Said> {
        self.said.get(registry)
    }

    /// Cells that were not taken as they stand.
    pub(crate) fn notes(&self) -> impl Iterator<Item = RuleNote> + '_ {
        self.notes.iter().cloned()
    }
}

/// What follows from a number that cannot be read.
const UNKNOWN: &str = "是否齐全不明，在其中查不到的人只列为先核对";

/// What the county's table says, where it says a number; for run.json.
#[must_use]
pub fn told_by_county(records: &RecordSet, dictionary: &Dictionary) -> RegisterRows {
    let mut told = RegisterRows::new();
    for (registry, said) in ExpectedTable::read(records, dictionary).said {
        for Expected { town, part, rows, .. } in said.expected {
            let code = |(written, slice): (String, Slice)| slice.map_or(written, |(_, value)| value);
            let part = RegisterPart { registry: registry.clone(), town_code: town, part: part.map(code) };
            *told.entry(part).or_default() += rows;
        }
    }
    told
}

/// A number as read.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Count {
    Rows { rows: i64, least: i64 },
    Unreadable(String),
}

impl Count {
    /// `96`, `９６人`, `1,296 行`, `约96人`, `96 人左右`, `96余人`, `90-100`, `1.2万`.
    fn read(written: &str) -> Self {
        let plain = |character: char| match character {
            '０'..='９' => char::from_u32(u32::from(character) - u32::from('０') + u32::from('0')).unwrap_or(character),
            '．' => '.',
            '，' => ',',
            '－' | '–' | '—' | '~' | '～' | '至' | '到' => '-',
            other => other,
        };
        let text: String = written.chars().filter(|character| !character.is_whitespace()).map(plain).collect();
        let about =
            ["约", "大概", "左右", "上下", "近", "来人", "来行", "≈", "估计", "预计"].iter().any(|word| text.contains(word));
        let noise = [
            "大约",
            "约计",
            "约",
            "大概",
            "左右",
            "上下",
            "接近",
            "将近",
            "近",
            "≈",
            "估计",
            "预计",
            "不少于",
            "至少",
            "以上",
            "≥",
            ">=",
            "共计",
            "合计",
            "共",
            "计",
            "应有",
            "应报",
            "余",
            "多",
            "来",
        ];
        let mut digits = text.clone();
        for word in noise {
            digits = digits.replace(word, "");
        }
        let digits = digits.trim_end_matches(['人', '户', '行', '条', '名', '口', '个', '份', '次', '。', '+', '整']);
        let number = |digits: &str| -> Option<i64> {
            let (digits, scale) = digits.strip_suffix('万').map_or((digits, 1_i64), |digits| (digits, 10_000));
            let digits = digits.trim_end_matches(['人', '户', '行']).replace(',', "");
            let (whole, part) = digits.split_once('.').unwrap_or((&digits, ""));
            let figures = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
            let places = u32::try_from(part.trim_end_matches('0').len()).ok()?;
            if whole.is_empty() || !figures(whole) || !figures(part) || places > scale.ilog10() {
                return None;
            }
            let fraction: i64 = if places == 0 { 0 } else { part.trim_end_matches('0').parse().ok()? };
            whole.parse::<i64>().ok()?.checked_mul(scale)?.checked_add(fraction * scale / 10_i64.pow(places))
        };
        let give = |rows: i64| Self::Rows { rows, least: rows - (rows / 20).max(i64::from(rows > 0)) };
        match (number(digits), digits.split_once('-').map(|(from, to)| (number(from), number(to)))) {
            (Some(rows), _) if about || digits.contains('万') => give(rows),
            (Some(rows), _) => Self::Rows { rows, least: rows },
            (None, Some((Some(least), Some(rows)))) if least <= rows => Self::Rows { rows, least },
            _ => Self::Unreadable(written.to_owned()),
        }
    }
}

/// Rows and the least that will do, from what is said of one cell, by village; else why they cannot be told.
fn combined(counts: BTreeMap<Option<String>, Vec<Count>>) -> (Option<(i64, i64)>, Option<String>) {
    let (mut all, mut unclear) = ((0_i64, 0_i64), None);
    let mut known = true;
    for counts in counts.into_values() {
        let mut numbers: Vec<(i64, i64)> = Vec::new();
        for count in counts {
            match count {
                Count::Rows { rows, least } => numbers.push((rows, least)),
                Count::Unreadable(written) if written.is_empty() => unclear = Some("的应有行数空着".to_owned()),
                Count::Unreadable(written) => unclear = Some(format!("的应有行数“{written}”读不懂")),
            }
        }
        numbers.sort_unstable();
        numbers.dedup();
        match (numbers.first(), numbers.last()) {
            (Some(first), Some(last)) => {
                if first.0 != last.0 {
                    unclear = Some(format!("对同一处写了 {} 行和 {} 行", first.0, last.0));
                }
                // Fewer than the least that is said is short whichever is right.
                all = (all.0 + first.0, all.1 + first.1);
            }
            _ => known = false,
        }
    }
    (known.then_some(all), unclear)
}

/// The column and value that a part is: of the register's part column, else of the first column of codes or text that has it.
fn slice(rows: &RegistryRecords, definition: &RegistryDefinition, dictionary: &Dictionary, written: &str) -> Slice {
    let others = definition.fields.iter().map(|used| used.field.as_str());
    let kinds = [FieldKind::Code, FieldKind::Text];
    let mut fields = definition.part.as_deref().into_iter().chain(others).filter_map(|name| dictionary.fields.get(name));
    fields.find_map(|field| {
        let is_part = definition.part.as_deref() == Some(field.name.as_str());
        if !kinds.contains(&field.kind) {
            return None;
        }
        let value = if field.codes.is_empty() { written } else { field.code(written)? };
        let column = rows.text(&field.name);
        let stands = || column.is_some_and(|column| (0..column.len()).any(|row| text_at(Some(column), row) == Some(value)));
        // A stage that the part column knows and no row has is lacking.
        (is_part && !field.codes.is_empty() || stands()).then(|| (field.name.clone(), value.to_owned()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(written: &str) -> Option<(i64, i64)> {
        match Count::read(written) {
            Count::Rows { rows, least } => Some((rows, least)),
            Count::Unreadable(_) => None,
        }
    }

    #[test]
    fn numbers_as_offices_write_them() {
        for written in ["96", " 96 ", "96人", "９６ 行", "96.0", "共96条", "96余人", "不少于96人"] {
            assert_eq!(read(written), Some((96, 96)), "{written}");
        }
        for written in ["约96人", "96 人左右", "大约96", "近 96 人"] {
            assert_eq!(read(written), Some((96, 92)), "{written}");
        }
        assert_eq!(read("1,296人"), Some((1296, 1296)));
        assert_eq!(read("90-100人"), Some((100, 90)));
        assert_eq!(read("1.2万"), Some((12_000, 11_400)));
        assert_eq!(read("0"), Some((0, 0)));
        for written in ["", "-5", "九十来人", "待定", "1e2", "96/144", "见附表"] {
            assert_eq!(read(written), None, "{written}");
        }
    }

    #[test]
    fn what_is_said_twice_counts_once_and_what_contradicts_is_unclear() {
        let of = |counts: &[(Option<&str>, &str)]| {
            let mut by_village: BTreeMap<Option<String>, Vec<Count>> = BTreeMap::new();
            for (village, written) in counts {
                by_village.entry(village.map(str::to_owned)).or_default().push(Count::read(written));
            }
            combined(by_village)
        };
        assert_eq!(of(&[(None, "96"), (None, "96人")]), (Some((96, 96)), None));
        assert_eq!(of(&[(Some("甲"), "40"), (Some("乙"), "56")]), (Some((96, 96)), None));
        let (rows, unclear) = of(&[(None, "96"), (None, "69")]);
        assert!(rows == Some((69, 69)) && unclear.is_some());
        let (rows, unclear) = of(&[(Some("甲"), "40"), (Some("乙"), "")]);
        assert!(rows.is_none() && unclear.is_some());
    }
}
