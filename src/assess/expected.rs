//! What the county's own table says that registers should have.
//!
//! Takes the rows of `expected_counts` (应有行数表: register, town, village, part, month, number as written); gives [`Expected`] numbers by register,
//! place and part, what cannot be told of a register there ([`Unclear`]), and a note on each cell that was not taken as it stands. `约96人` is 96,
//! give or take a twentieth; a number that cannot be read, two that contradict, households of a register of persons, a place that the divisions
//! lack, or another month's number leave the place unknown, never whole. A part is a value of the register's part column, else of the first
//! column of codes or text in which it stands. Cost: linear in the table, and in a register's rows for each of its columns that a part is
//! looked for in.

use std::collections::BTreeMap;

use arrow::array::Array;

use super::subjects::text_at;
use crate::config::registry::{Dictionary, RegistryDefinition};
use crate::model::columns::{MONTH, PLACE, TOWN, TOWN_CODE, VILLAGE_CODE};
use crate::model::date::Month;
use crate::model::field::FieldKind;
use crate::model::finding::RuleNote;
use crate::model::personal::Personal;
use crate::model::record::{RecordSet, RegistryRecords};
use crate::model::register::{EXPECTED_COUNTS, EXPECTED_LIST, RegisterPart, RegisterRows};
use crate::model::registry::RegistryId;

/// What a table writes for the county, and for all parts.
const ALL: [&str; 9] = ["全县", "全部", "合计", "总计", "小计", "全体", "所有", "县", "不分"];

/// A number that a register should have somewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Expected {
    /// Code of the town; the county has none.
    pub(crate) town: Option<String>,
    /// Code of the village; a town as a whole has none.
    pub(crate) village: Option<String>,
    /// The part as written, and the column and value it is; `None` for all rows.
    pub(crate) part: Option<(String, Slice)>,
    /// As the table says.
    pub(crate) rows: i64,
    /// The least that will do: below `rows` where the table says 约.
    pub(crate) least: i64,
    /// The most that the table can mean; none where it says 不少于.
    pub(crate) most: Option<i64>,
}

/// Rows that have a value in a column; `None` where no row has.
pub(crate) type Slice = Option<(String, String)>;

/// Where the table says something, and not how many.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Unclear {
    /// Code of the town; the county has none.
    pub(crate) town: Option<String>,
    /// `应有行数表写的应有行数“九十来人”读不懂`.
    pub(crate) summary: String,
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

/// Register, codes of the town and the village, part as written.
type Cell = (RegistryId, Option<String>, Option<String>, Option<String>);

impl ExpectedTable {
    pub(crate) fn read(records: &RecordSet, dictionary: &Dictionary, period: Month) -> Self {
        let mut table = Self::default();
        let Some((position, rows)) = records.registry(EXPECTED_COUNTS) else { return table };
        let mut cells: BTreeMap<Cell, Vec<Count>> = BTreeMap::new();
        let mut of_other_months: BTreeMap<RegistryId, usize> = BTreeMap::new();
        let mut towns: BTreeMap<&str, &str> = BTreeMap::new();
        for row in 0..rows.len() {
            let text = |column: &str| rows.text_at(column, row).map(str::trim).filter(|text| !text.is_empty());
            let all = |text: &str| ALL.contains(&text) || text.starts_with(['各', '全']);
            let Some(name) = text("expected_registry").filter(|name| !all(name)) else { continue };
            let Some(definition) = dictionary.named(name) else {
                table.note(text(TOWN), format!("没有叫“{name}”的名册，这一行没有用上"));
                continue;
            };
            let of_now =
                |column: &str, now: i32| rows.int32(column).is_none_or(|said| said.is_null(row) || said.value(row) == now);
            if !of_now(MONTH, period.yyyymm()) || !of_now("year", period.year()) {
                *of_other_months.entry(definition.id.clone()).or_default() += 1;
                continue;
            }
            let (town, village) = (text(TOWN_CODE), text(VILLAGE_CODE));
            let unplaced = text(PLACE[5]).filter(|place| village.is_none() && !place.split('/').all(all));
            if let Some(place) = unplaced.filter(|place| town.is_none() || names_a_village(place)) {
                table.note(text(TOWN), format!("{}的乡镇、村“{place}”不认识：{UNKNOWN}", definition.title));
                table.leave_unclear(definition, town, &format!("里的乡镇、村“{place}”不认识"));
                continue;
            }
            let part = text("expected_part").filter(|part| !all(part));
            let written = text("expected_rows").unwrap_or("");
            let header = records.origin(position, row).and_then(|(sheet, _)| sheet.header("expected_rows")).unwrap_or("");
            let count = Count::read(written, header.contains('户') && !written.contains('人'));
            let is_of_persons = written.ends_with(['人', '口', '名']) || header.contains("人数") && !written.contains('户');
            let at = format!("{}{}", definition.title, part.map_or_else(String::new, |part| format!("“{part}”")));
            match &count {
                Count::Rows { rows, least, .. } if rows != least => {
                    table.note(text(TOWN), format!("{at}的应有行数“{written}”按 {rows} 行算，少于 {least} 行才算缺"));
                }
                _ => {}
            }
            let count = match count {
                Count::Households(rows) if definition.grain.is_household() => Count::Rows { rows, least: rows, most: Some(rows) },
                Count::Rows { rows, .. } if definition.grain.is_household() && is_of_persons => Count::Persons(rows),
                count => count,
            };
            towns.extend(town.zip(text(TOWN)));
            let own = |text: Option<&str>| text.map(str::to_owned);
            cells.entry((definition.id.clone(), own(town), own(village), own(part))).or_default().push(count);
        }
        for ((registry, town, village, part), counts) in cells {
            let Some(definition) = dictionary.registry(registry.as_str()) else { continue };
            let part = part.map(|part| {
                let slice = records.registry(registry.as_str()).and_then(|(_, rows)| slice(rows, definition, dictionary, &part));
                (part, slice)
            });
            let (said, unclear) = combined(counts);
            if let Some(told) = unclear {
                let part = part.as_ref().map_or_else(String::new, |(part, _)| format!("“{part}”"));
                let town = town.as_deref();
                table
                    .note(town.and_then(|town| towns.get(town).copied()), format!("{}{part}{told}：{UNKNOWN}", definition.title));
                table.leave_unclear(definition, town, &told);
            }
            if let Some((rows, least, most)) = said {
                table.said.entry(registry).or_default().expected.push(Expected { town, village, part, rows, least, most });
            }
        }
        for (registry, rows) in of_other_months {
            if table.said.contains_key(&registry) {
                continue;
            }
            if let Some(definition) = dictionary.registry(registry.as_str()) {
                table.note(None, format!("{}的 {rows} 行是别的月份或年度的，没有 {period} 的：{UNKNOWN}", definition.title));
                table.leave_unclear(definition, None, &format!("没有 {period} 的数"));
            }
        }
        table
    }

    /// Leaves unknown whether a register is whole.
    fn leave_unclear(&mut self, definition: &RegistryDefinition, town: Option<&str>, why: &str) {
        let unclear = Unclear { town: town.map(str::to_owned), summary: format!("{EXPECTED_LIST}{why}") };
        self.said.entry(definition.id.clone()).or_default().unclear.push(unclear);
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

/// Whether a text written for a place ends as villages do.
fn names_a_village(place: &str) -> bool {
    place.rsplit('/').next().is_some_and(|last| ["村", "社区", "居委会", "村委会", "居"].iter().any(|end| last.ends_with(end)))
}

/// What follows from a number that cannot be read.
pub(crate) const UNKNOWN: &str = "是否齐全不明，在其中查不到的人只列为先核对";

/// What the county's table says, where it says a number; for run.json.
#[must_use]
pub fn expected_rows(records: &RecordSet, dictionary: &Dictionary, period: Month) -> RegisterRows {
    let mut expected_rows = RegisterRows::new();
    for (registry, said) in ExpectedTable::read(records, dictionary, period).said {
        for Expected { town, part, rows, .. } in said.expected {
            let code = |(written, slice): (String, Slice)| slice.map_or(written, |(_, value)| value);
            let part = RegisterPart { registry: registry.clone(), town_code: town, part: part.map(code) };
            *expected_rows.entry(part).or_default() += rows;
        }
    }
    expected_rows
}

/// A number as read.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Count {
    Rows {
        rows: i64,
        least: i64,
        most: Option<i64>,
    },
    Households(i64),
    /// Persons of a list of households.
    Persons(i64),
    Unreadable(Personal),
}

impl Count {
    /// `96`, `９６人`, `1,296 行`, `约96人`, `96 人左右`, `96余人`, `90-100`, `1.2万`; `36户`.
    fn read(written: &str, of_households: bool) -> Self {
        let plain = |character: char| match character {
            '０'..='９' => char::from_u32(u32::from(character) - u32::from('０') + u32::from('0')).unwrap_or(character),
            '．' => '.',
            '，' => ',',
            '－' | '–' | '—' | '~' | '～' | '至' | '到' => '-',
            other => other,
        };
        let text: String = written.chars().filter(|character| !character.is_whitespace()).map(plain).collect();
        // `36户144人` counts both.
        let text = match text.split_once('户') {
            Some((_, persons)) if persons.ends_with('人') => persons.trim_start_matches(['/', '、', ',', '共']).to_owned(),
            _ => text,
        };
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
        let is_least = ["不少于", "至少", "以上", "≥", ">=", "余", "多", "+"].iter().any(|word| text.contains(word));
        let mut digits = text.clone();
        for word in noise {
            digits = digits.replace(word, "");
        }
        let of_households = of_households || digits.ends_with('户');
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
        let slack = |rows: i64| (rows / 20).max(i64::from(rows > 0));
        let most = |rows: i64| Some(rows).filter(|_| !is_least);
        match (number(digits), digits.split_once('-').map(|(from, to)| (number(from), number(to)))) {
            (Some(rows), _) if of_households => Self::Households(rows),
            (Some(rows), _) if about || digits.contains('万') => {
                Self::Rows { rows, least: rows - slack(rows), most: most(rows + slack(rows)) }
            }
            (Some(rows), _) => Self::Rows { rows, least: rows, most: most(rows) },
            (None, Some((Some(least), Some(rows)))) if least <= rows => Self::Rows { rows, least, most: most(rows) },
            _ => Self::Unreadable(written.into()),
        }
    }
}

/// Rows, the least and the most.
type Numbers = (i64, i64, Option<i64>);

/// Rows, the least and the most, from what is said of one cell; and why it cannot be told.
fn combined(counts: Vec<Count>) -> (Option<Numbers>, Option<String>) {
    let (mut numbers, mut unclear): (Vec<Numbers>, Option<String>) = (Vec::new(), None);
    for count in counts {
        match count {
            Count::Rows { rows, least, most } => numbers.push((rows, least, most)),
            Count::Households(rows) => unclear = Some(format!("的应有行数写的是 {rows} 户，名册是一人一行，缺不缺人看不出")),
            Count::Persons(rows) => unclear = Some(format!("的应有行数写的是 {rows} 人，名册是一户一行，缺不缺户看不出")),
            Count::Unreadable(written) if written.is_empty() => unclear = Some("的应有行数空着".to_owned()),
            Count::Unreadable(written) => unclear = Some(format!("的应有行数“{}”读不懂", written.expose())),
        }
    }
    numbers.sort_unstable();
    numbers.dedup();
    if let (Some(first), Some(last)) = (numbers.first(), numbers.last())
        && first.0 != last.0
    {
        unclear = Some(format!("对同一处写了 {} 行和 {} 行", first.0, last.0));
    }
    // Fewer than the least that is said is short whichever is right.
    let most = numbers.iter().map(|(.., most)| *most).reduce(|one, other| one.zip(other).map(|(one, other)| one.max(other)));
    (numbers.first().map(|(rows, least, _)| (*rows, *least, most.flatten())), unclear)
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
        match Count::read(written, false) {
            Count::Rows { rows, least, .. } => Some((rows, least)),
            Count::Households(_) | Count::Persons(_) | Count::Unreadable(_) => None,
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
        assert_eq!((read("36户144人"), read("36户/144人")), (Some((144, 144)), Some((144, 144))));
        assert_eq!(read("90-100人"), Some((100, 90)));
        assert_eq!(read("1.2万"), Some((12_000, 11_400)));
        assert_eq!(read("0"), Some((0, 0)));
        for written in ["", "-5", "九十来人", "待定", "1e2", "96/144", "见附表"] {
            assert_eq!(read(written), None, "{written}");
        }
    }

    #[test]
    fn households_are_no_persons_and_some_numbers_say_the_most() {
        for written in ["36户", "共 36 户"] {
            assert_eq!(Count::read(written, false), Count::Households(36), "{written}");
        }
        assert_eq!(Count::read("36", true), Count::Households(36), "应有户数");
        assert_eq!(Count::read("96人", false), Count::Rows { rows: 96, least: 96, most: Some(96) });
        assert_eq!(Count::read("不少于96人", false), Count::Rows { rows: 96, least: 96, most: None });
    }

    #[test]
    fn what_is_said_twice_counts_once_and_what_contradicts_is_unclear() {
        let of = |counts: &[&str]| combined(counts.iter().map(|written| Count::read(written, false)).collect());
        assert_eq!(of(&["96", "96人"]), (Some((96, 96, Some(96))), None));
        let (rows, unclear) = of(&["96", "69"]);
        assert!(rows == Some((69, 69, Some(96))) && unclear.is_some());
        let (rows, unclear) = of(&["40", ""]);
        assert!(rows == Some((40, 40, Some(40))) && unclear.is_some());
        let (rows, unclear) = of(&["36户"]);
        assert!(rows.is_none() && unclear.is_some());
    }
}
