//! Whether a register is whole enough, in a town, to say that somebody is not in it.
//!
//! Takes the month's rows by register, town and part; gives the towns where they fall short of what is expected, with the reason that says
//! most. Expected is what the county's own table says ([`ExpectedTable`]: short by one row is short; where it says less than is there, or
//! rows that repeat others make up the number, nobody knows), else what the last month had (short
//! beyond what chance takes away; where rows are lacking all over or a town has lost all, every town with fewer rows than then is), and in
//! any case what the poverty register's persons lead to expect of each town, and what households count of themselves ([`StatedSizes`]). A
//! register whose numbers are masked, or no row of which lies in a town of the county, says of nobody that he is not in it. Cost: linear in
//! rows.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use arrow::array::{Array, Int32Array};
use rayon::prelude::*;

use super::AssessInput;
use super::expected::{Expected, ExpectedTable, Said, UNKNOWN, Unclear};
use super::legible::Legible;
use super::stated::{Counted, StatedSizes, is_of};
use super::subjects::{POVERTY, Subjects, index, persons_of, text_at};
use crate::config::registry::Dictionary;
use crate::model::columns::{MONTH, PLACE_RAW, TOWN_CODE, VILLAGE_CODE};
use crate::model::date::Month;
use crate::model::finding::RuleNote;
use crate::model::link::PersonIx;
use crate::model::record::{RecordSet, RegistryRecords};
use crate::model::register::{EXPECTED_COUNTS, EXPECTED_LIST, RegisterPart, RegisterRows};
use crate::model::registry::{Grain, RegistryId};

/// Who expects, whoever says most first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum By {
    /// The county's table; whether it says 约.
    County { about: bool },
    /// A month before.
    Earlier(Month),
    /// Its households, so many of which lack rows.
    Households(i64),
    /// Nobody: the rows are there, their numbers are masked.
    Masked,
    /// Nobody: the rows lie in no town of this county.
    Elsewhere,
    /// The poverty register's persons.
    Share,
}

/// Rows that are not there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Shortfall {
    part: Option<String>,
    rows: i64,
    expected: i64,
    by: By,
}

impl Shortfall {
    /// `城乡居民医保参保名册本期只有 30 行，应有行数表写应有 61 行`.
    pub(crate) fn describe(&self, title: &str) -> String {
        let (rows, expected) = (self.rows, self.expected);
        let part = self.part.as_ref().map_or_else(String::new, |part| format!("“{part}”"));
        match self.by {
            By::County { about: false } => format!("{title}{part}本期只有 {rows} 行，应有行数表写应有 {expected} 行"),
            By::County { about: true } => format!("{title}{part}本期只有 {rows} 行，应有行数表写应有约 {expected} 行"),
            By::Earlier(month) => format!("{title}{part}本期只有 {rows} 行，{month} 有 {expected} 行"),
            By::Households(short) => {
                format!(
                    "{title}有 {short} 户写的人数比名册上的行数多（共写 {expected} 人，只有 {rows} 行），名册多半只报了部分人"
                )
            }
            By::Elsewhere => format!("{title}的 {expected} 行都不在本县的乡镇，多半是别处的名册"),
            By::Masked => format!("{title}有 {rows} 行号码打码（共 {expected} 行），凭它不能说谁不在册"),
            By::Share => format!("{title}本期只有 {rows} 行，按全县比例应有约 {expected} 行"),
        }
    }

    /// From what says most to what says least, then by how much is lacking.
    pub(crate) fn strength(&self) -> impl Ord + use<> {
        (self.by, self.rows - self.expected)
    }

    /// Whether whoever expects it knows as well.
    pub(crate) fn says_as_much_as(&self, other: &Self) -> bool {
        self.by <= other.by
    }

    /// Whether rows are surely lacking, and so many: a ratio of rows to persons is a guess.
    pub(crate) fn is_sure(&self) -> bool {
        self.by != By::Share && self.spoils_counts()
    }

    /// Whether so much is lacking, more than 5 %, that what is counted in the register says nothing of the place.
    pub(crate) fn spoils_counts(&self) -> bool {
        self.by != By::Masked && self.rows.saturating_mul(20) < self.expected.saturating_mul(19)
    }
}

/// Where a register is short: everywhere, or in towns (by code).
#[derive(Debug, Default, PartialEq, Eq)]
struct Short {
    county: Option<Shortfall>,
    towns: BTreeMap<String, Shortfall>,
    /// Where so much is lacking that what is counted in the register says nothing of any place.
    widely: Option<Shortfall>,
    /// Where the county's table does not tell: nobody knows whether the register is whole.
    unclear: Vec<Unclear>,
}

impl Short {
    /// Of several shortfalls of a place the one that says most is kept.
    fn add(&mut self, town: Option<&str>, shortfall: Shortfall) {
        let known = match town {
            Some(town) => self.towns.entry(town.to_owned()).or_insert_with(|| shortfall.clone()),
            None => self.county.get_or_insert_with(|| shortfall.clone()),
        };
        if shortfall.strength() < known.strength() {
            *known = shortfall;
        }
    }

    /// What says nothing of anybody in the county, nor, where much is lacking, of any place.
    fn add_widely(&mut self, shortfall: Shortfall) {
        if shortfall.spoils_counts() {
            self.widely.get_or_insert_with(|| shortfall.clone());
        }
        self.add(None, shortfall);
    }
}

/// Registers that are too thin to accuse by absence.
#[derive(Debug)]
pub(crate) struct Completeness {
    short: BTreeMap<RegistryId, Short>,
    notes: Vec<RuleNote>,
}

impl Completeness {
    /// Holds the rows of `registries` against what is expected of them; what the county accepts is taken for whole.
    pub(crate) fn new(
        input: &AssessInput<'_>,
        subjects: &Subjects<'_>,
        legible: &Legible,
        stated: &StatedSizes,
        registries: BTreeSet<RegistryId>,
    ) -> Self {
        let poor = poor_by_town(subjects);
        let have = register_rows(input.records, input.dictionary, input.period);
        let table = ExpectedTable::read(input.records, input.dictionary, input.period);
        // A table that could not be read says that the county knows better.
        let is_unread = input.aside.iter().any(|registry| registry.as_str() == EXPECTED_COUNTS);
        let short = |registry: RegistryId| {
            let (mut short, mut notes) = (Short::default(), Vec::new());
            if let Some((position, records)) = input.records.registry(registry.as_str()) {
                let have = by_place(&have, &registry);
                if let Some(said) = table.of(&registry) {
                    let present = Present::of(input, position, records);
                    against_county(said, &|expected| present.count(expected), &mut short);
                    short.unclear.extend(beside_named(said, &short, poor.keys().copied()));
                    let title = input.registry_title(registry.as_str());
                    let of_numbers = short.unclear.iter().skip(said.unclear.len());
                    notes.extend(of_numbers.map(|Unclear { town, summary }| {
                        let town = town.as_deref().and_then(|code| subjects.town_name(code));
                        of_table(town, format!("{title}{}：{UNKNOWN}", summary.trim_start_matches(EXPECTED_LIST)))
                    }));
                }
                if is_unread {
                    short.unclear.push(Unclear { town: None, summary: format!("{EXPECTED_LIST}没有读成") });
                }
                if let Some(earlier) = input.earlier {
                    below_earlier(&have, &by_place(&earlier.rows, &registry), earlier.period, &mut short);
                }
                if let Some((masked, all)) = legible.masked(position) {
                    short.add(None, Shortfall { part: None, rows: masked, expected: all, by: By::Masked });
                }
                if let Some(Counted { short: households, rows, persons, .. }) = stated.short(&registry) {
                    let by = By::Households(*households);
                    short.add_widely(Shortfall { part: None, rows: *rows, expected: *persons, by });
                }
                if !poor.is_empty() && lies_elsewhere(records) {
                    let expected = i64::from(index(records.len()));
                    short.add_widely(Shortfall { part: None, rows: 0, expected, by: By::Elsewhere });
                }
                below_share(input, subjects, &registry, &poor, &mut short);
            }
            let accepted = |town: Option<&str>| input.accepts(&registry, town, town.and_then(|code| subjects.town_name(code)));
            if accepted(None) {
                short = Short::default();
            }
            short.towns.retain(|town, _| !accepted(Some(town)));
            short.unclear.retain(|unclear| !accepted(unclear.town.as_deref()));
            ((registry, short), notes)
        };
        let (short, notes): (BTreeMap<_, _>, Vec<_>) = registries.into_par_iter().map(short).unzip();
        let unread = is_unread.then(|| of_table(None, format!("表（或其中的行）没有读成，各名册{UNKNOWN}")));
        Self { short, notes: table.notes().chain(notes.into_iter().flatten()).chain(unread).collect() }
    }

    /// Cells of the county's table that were not taken as they stand.
    pub(crate) fn notes(&self) -> &[RuleNote] {
        &self.notes
    }

    /// Why what is counted in `registry` says nothing of any place: rows are lacking all over, or it ends early.
    pub(crate) fn widely(&self, registry: &RegistryId) -> Option<&Shortfall> {
        self.short.get(registry)?.widely.as_ref()
    }

    /// Why nobody of the county can be said not to stand in `registry`, and nobody of a town.
    pub(crate) fn shortfalls(&self, registry: &RegistryId, town: Option<&str>) -> [Option<&Shortfall>; 2] {
        let Some(short) = self.short.get(registry) else { return [None; 2] };
        [short.county.as_ref(), town.and_then(|town| short.towns.get(town))]
    }

    /// What the county's table leaves unknown of `registry`: of the county, or of a town.
    pub(crate) fn unclear(&self, registry: &RegistryId) -> &[Unclear] {
        self.short.get(registry).map_or(&[], |short| &short.unclear)
    }
}

/// A note on the county's table.
fn of_table(town: Option<&str>, note: String) -> RuleNote {
    let (rule, town) = (EXPECTED_LIST.to_owned(), town.map(str::to_owned));
    RuleNote { rule, town, note, held: false, concerned: 0, short: None }
}

/// Rows of the month by register, town and part.
#[must_use]
pub fn register_rows(records: &RecordSet, dictionary: &Dictionary, period: Month) -> RegisterRows {
    let count = |registry: &crate::model::record::RegistryRecords| {
        let part = dictionary.registry(registry.registry.as_str()).and_then(|definition| definition.part.as_deref());
        let (towns, parts) = (registry.text(TOWN_CODE), part.and_then(|part| registry.text(part)));
        let (months, years) = (registry.int32(MONTH), registry.int32("year"));
        let mut rows: BTreeMap<(Option<&str>, Option<&str>), i64> = BTreeMap::new();
        for row in (0..registry.len()).filter(|row| is_of(months, *row, period.yyyymm()) && is_of(years, *row, period.year())) {
            *rows.entry((text_at(towns, row), text_at(parts, row))).or_default() += 1;
        }
        let own = |text: Option<&str>| text.map(str::to_owned);
        let named = |((town, part), count)| {
            (RegisterPart { registry: registry.registry.clone(), town_code: own(town), part: own(part) }, count)
        };
        rows.into_iter().map(named).collect::<Vec<_>>()
    };
    records.registries.par_iter().flat_map_iter(count).collect()
}

/// Rows with a place that no division of this county is, where none lies in one: fewer say nothing. Chosen: half, three at least.
fn lies_elsewhere(records: &RegistryRecords) -> bool {
    let (Some(towns), Some(places)) = (records.text(TOWN_CODE), records.text(PLACE_RAW)) else { return false };
    let elsewhere = places.len() - places.null_count();
    elsewhere >= 3 && elsewhere * 2 > records.len() && towns.null_count() == towns.len()
}

type Places<'a> = BTreeMap<(Option<&'a str>, Option<&'a str>), i64>;

/// A register's rows by town and part.
fn by_place<'a>(rows: &'a RegisterRows, registry: &RegistryId) -> Places<'a> {
    let own = rows.iter().filter(|(part, _)| part.registry == *registry);
    own.map(|(part, rows)| ((part.town_code.as_deref(), part.part.as_deref()), *rows)).collect()
}

/// Rows of a register, and how many persons they are of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Count {
    rows: i64,
    /// Rows that repeat no other: where a row is a person, persons.
    distinct: i64,
    /// Some of the rows name no village.
    lacks_villages: bool,
}

/// A register's rows of the month, to be held against the county's table.
struct Present<'a> {
    records: &'a RegistryRecords,
    period: Month,
    months: Option<&'a Int32Array>,
    years: Option<&'a Int32Array>,
    /// The person of each row, where a row is a person.
    persons: Option<Vec<usize>>,
    /// By town and village.
    places: BTreeMap<(Option<&'a str>, Option<&'a str>), Count>,
}

impl<'a> Present<'a> {
    fn of(input: &AssessInput<'a>, position: usize, records: &'a RegistryRecords) -> Self {
        let of_persons = records.grain == Grain::Person;
        let persons = of_persons.then(|| persons_of(input.records, input.linked, position).map(|(_, person)| person).collect());
        let (months, years) = (records.int32(MONTH), records.int32("year"));
        let mut present = Self { records, period: input.period, months, years, persons, places: BTreeMap::new() };
        let (towns, villages) = (records.text(TOWN_CODE), records.text(VILLAGE_CODE));
        let mut places: BTreeMap<(Option<&str>, Option<&str>), Vec<usize>> = BTreeMap::new();
        for row in (0..records.len()).filter(|row| present.is_of_month(*row)) {
            places.entry((text_at(towns, row), text_at(villages, row))).or_default().push(row);
        }
        present.places = places.into_iter().map(|(place, rows)| (place, present.counted(rows.into_iter()))).collect();
        present
    }

    fn is_of_month(&self, row: usize) -> bool {
        is_of(self.months, row, self.period.yyyymm()) && is_of(self.years, row, self.period.year())
    }

    fn counted(&self, rows: impl Iterator<Item = usize>) -> Count {
        let (mut count, mut persons) = (Count::default(), HashSet::new());
        for row in rows {
            count.rows += 1;
            let person = self.persons.as_ref().and_then(|persons| persons.get(row));
            count.distinct += i64::from(person.is_none_or(|person| persons.insert(*person)));
        }
        count
    }

    /// Rows where the county's table expects some.
    fn count(&self, expected: &Expected) -> Count {
        let (town, village) = (expected.town.as_deref(), expected.village.as_deref());
        let in_town = |(at, _): &(Option<&str>, Option<&str>)| town.is_none_or(|town| *at == Some(town));
        let in_place = |place: &(Option<&str>, Option<&str>)| in_town(place) && (village.is_none() || place.1 == village);
        let mut count = match &expected.part {
            None => self.places.iter().filter(|(place, _)| in_place(place)).fold(Count::default(), |sum, (_, count)| Count {
                rows: sum.rows + count.rows,
                distinct: sum.distinct + count.distinct,
                ..sum
            }),
            Some((_, None)) => Count::default(),
            Some((_, Some((column, value)))) => {
                let (values, towns) = (self.records.text(column), self.records.text(TOWN_CODE));
                let villages = self.records.text(VILLAGE_CODE);
                let counts = |row: &usize| {
                    text_at(values, *row) == Some(value)
                        && in_place(&(text_at(towns, *row), text_at(villages, *row)))
                        && self.is_of_month(*row)
                };
                self.counted((0..self.records.len()).filter(counts))
            }
        };
        count.lacks_villages = village.is_some() && self.places.keys().any(|place| in_town(place) && place.1.is_none());
        count
    }
}

fn sum(rows: &Places<'_>, town: Option<&str>, part: Option<&str>) -> i64 {
    let counts = |((at, of), _): &(&(Option<&str>, Option<&str>), &i64)| {
        town.is_none_or(|town| *at == Some(town)) && part.is_none_or(|part| *of == Some(part))
    };
    rows.iter().filter(counts).map(|(_, rows)| rows).sum()
}

/// Where a register has fewer rows than the county's table says; and where nobody knows, as the table says less than is there, or what is there
/// is enough only with rows that repeat others.
fn against_county(said: &Said, count: &dyn Fn(&Expected) -> Count, short: &mut Short) {
    short.unclear.clone_from(&said.unclear);
    // What the table says of the county counts before the sum of what it says of towns.
    let (mut county, mut towns) = (None, (0_i64, 0_i64));
    let mut of_villages: BTreeMap<(Option<&str>, Option<&str>), Expected> = BTreeMap::new();
    let doubt = |short: &mut Short, expected: &Expected, why: String| {
        short.unclear.push(Unclear { town: expected.town.clone(), summary: format!("{EXPECTED_LIST}{why}") });
    };
    let compare = |expected: &Expected, rows: i64, distinct: i64, short: &mut Short| {
        let part = expected.part.as_ref().map(|(written, _)| written.clone());
        if rows < expected.least {
            let by = By::County { about: expected.least < expected.rows };
            short.add(expected.town.as_deref(), Shortfall { part, rows, expected: expected.rows, by });
        } else if is_repeated(expected.least, distinct) {
            doubt(short, expected, format!("写应有 {} 行，名册的 {rows} 行里有 {} 行是重复的", expected.rows, rows - distinct));
        } else if rows < expected.rows {
            doubt(short, expected, format!("写应有约 {} 行，名册有 {rows} 行，缺不缺说不准", expected.rows));
        } else if expected.most.is_some_and(|most| distinct > most) {
            doubt(short, expected, format!("写应有 {} 行，名册却有 {rows} 行：这个数不是这份名册的", expected.rows));
        }
    };
    for expected in &said.expected {
        let Count { rows, distinct, lacks_villages } = count(expected);
        if expected.part.is_none() {
            match expected.town {
                None => county = Some((rows, expected.least)),
                Some(_) => towns = (towns.0 + rows, towns.1 + expected.least),
            }
        }
        if lacks_villages {
            let key = (expected.town.as_deref(), expected.part.as_ref().map(|(written, _)| written.as_str()));
            let sum = of_villages.entry(key).or_insert_with(|| Expected {
                village: None,
                rows: 0,
                least: 0,
                most: None,
                ..expected.clone()
            });
            (sum.rows, sum.least) = (sum.rows + expected.rows, sum.least + expected.least);
        } else {
            compare(expected, rows, distinct, short);
        }
    }
    for expected in of_villages.values() {
        let Count { rows, distinct, .. } = count(expected);
        compare(expected, rows, distinct, short);
        doubt(short, expected, "按村写，名册有行没写村，各村的缺不缺看不出".to_owned());
    }
    let (rows, expected) = county.unwrap_or(towns);
    let whole = Shortfall { part: None, rows, expected, by: By::County { about: false } };
    short.widely = Some(whole).filter(Shortfall::spoils_counts);
}

/// Towns of which the county's table says nothing, where most of those that it speaks of are short.
fn beside_named<'t>(said: &Said, short: &Short, towns: impl Iterator<Item = &'t str>) -> Vec<Unclear> {
    let named: BTreeSet<&str> = said.expected.iter().filter_map(|expected| expected.town.as_deref()).collect();
    let lacking = named.iter().filter(|town| short.towns.contains_key(**town)).count();
    if lacking < 2 || lacking * 2 <= named.len() || said.expected.iter().any(|expected| expected.town.is_none()) {
        return Vec::new();
    }
    let summary = format!("{EXPECTED_LIST}写了 {} 个乡镇，其中 {lacking} 个缺行，没有写到的乡镇缺不缺说不准", named.len());
    let beside = towns.filter(|town| !named.contains(town));
    beside.map(|town| Unclear { town: Some(town.to_owned()), summary: summary.clone() }).collect()
}

/// Whether rows that repeat others hide that some are lacking, beyond what a county counts along.
fn is_repeated(least: i64, distinct: i64) -> bool {
    distinct < least && (least - distinct).saturating_mul(200) > least
}

/// More than a month's changes and chance take away: three rows, 5 %, and one standard deviation.
fn is_cut(rows: i64, expected: i64) -> bool {
    let lacking = expected - rows;
    lacking >= 3 && lacking.saturating_mul(20) > expected && lacking.saturating_mul(lacking) > expected
}

fn below_earlier(have: &Places<'_>, earlier: &Places<'_>, month: Month, short: &mut Short) {
    let towns: BTreeSet<&str> = earlier.keys().filter_map(|(town, _)| *town).collect();
    let parts: BTreeSet<Option<&str>> = earlier.keys().map(|(_, part)| *part).chain([None]).collect();
    // (town, part, rows now, rows then) of every town and every part of it.
    let cells = |town: Option<&str>| -> Vec<(Option<String>, i64, i64)> {
        parts.iter().map(|part| (part.map(str::to_owned), sum(have, town, *part), sum(earlier, town, *part))).collect()
    };
    let worst = |town: Option<&str>, is_short: &dyn Fn(i64, i64) -> bool| {
        let short = cells(town).into_iter().filter(|(_, rows, expected)| is_short(*rows, *expected));
        short.max_by_key(|(_, rows, expected)| expected - rows)
    };
    let shortfall = |(part, rows, expected)| Shortfall { part, rows, expected, by: By::Earlier(month) };
    let cut: BTreeSet<&str> = towns.iter().copied().filter(|town| worst(Some(town), &is_cut).is_some()).collect();
    // What is lacking beside the towns that are cut: spread thinly over the others, or in rows that name no town.
    let left = |rows: &Places<'_>, part: Option<&str>| {
        sum(rows, None, part) - cut.iter().map(|town| sum(rows, Some(town), part)).sum::<i64>()
    };
    // Where most towns are cut, what the others lost is too little to be seen in each.
    let mostly = cut.len() >= 3 && cut.len() * 2 > towns.len();
    let thin = mostly || parts.iter().any(|part| is_cut(left(have, *part), left(earlier, *part)));
    // A file that ends early has towns without a row; where it ends, one has lost a few. A town that merely shrank says nothing of others.
    let ends_early = cut.iter().any(|town| sum(have, Some(town), None) == 0);
    if (thin || ends_early)
        && let Some(worst) = worst(None, &|rows, expected| rows < expected)
    {
        short.widely.get_or_insert(shortfall(worst));
    }
    // Fewer than a month takes away as a rule, beside the towns that are cut; or a town that has as many rows as then while all others lost some,
    // and so may have had more: nobody knows.
    let lacking = left(earlier, None) - left(have, None);
    let some_lack = short.widely.is_none() && lacking >= 3 && lacking.saturating_mul(50) > left(earlier, None);
    if thin || some_lack {
        let (rows, expected) = (sum(have, None, None), sum(earlier, None, None));
        short.unclear.push(Unclear { town: None, summary: format!("本期有 {rows} 行，{month} 有 {expected} 行") });
    }
    let doubted = towns.iter().filter(|town| thin || ends_early || cut.contains(*town));
    for town in doubted {
        if let Some(worst) = worst(Some(town), &|rows, expected| rows < expected) {
            short.add(Some(town), shortfall(worst));
        }
    }
    if thin && let Some(worst) = worst(None, &|rows, expected| rows < expected) {
        // A register whose rows name no town is thin everywhere.
        if towns.is_empty() || sum(have, None, None) - towns.iter().map(|town| sum(have, Some(town), None)).sum::<i64>() > 0 {
            short.add(None, shortfall(worst));
        }
    }
}

/// Poverty persons by town.
fn poor_by_town<'a>(subjects: &Subjects<'a>) -> BTreeMap<&'a str, i64> {
    let mut poor: BTreeMap<&str, i64> = BTreeMap::new();
    if let Some((position, _)) = subjects.records.registry(POVERTY) {
        let mut persons: Vec<usize> = persons_of(subjects.records, subjects.linked, position).map(|(_, person)| person).collect();
        persons.sort_unstable();
        persons.dedup();
        for person in persons {
            if let Some(town) = subjects.people_text("town_code", PersonIx(index(person))) {
                *poor.entry(town).or_default() += 1;
            }
        }
    }
    poor
}

/// Towns with far fewer rows than the county's ratio of rows to poverty persons leads to expect.
fn below_share(
    input: &AssessInput<'_>,
    subjects: &Subjects<'_>,
    registry: &RegistryId,
    poor: &BTreeMap<&str, i64>,
    short: &mut Short,
) {
    let Some((position, records)) = subjects.records.registry(registry.as_str()) else { return };
    let (towns, months, years) = (records.text(TOWN_CODE), records.int32(MONTH), records.int32("year"));
    let mut rows: BTreeMap<&str, i64> = BTreeMap::new();
    for (row, person) in persons_of(subjects.records, subjects.linked, position) {
        if !is_of(months, row, input.period.yyyymm()) || !is_of(years, row, input.period.year()) {
            continue;
        }
        let person = PersonIx(index(person));
        if let Some(town) = text_at(towns, row).or_else(|| subjects.people_text("town_code", person)) {
            *rows.entry(town).or_default() += 1;
        }
    }
    let settings = &input.policy.settings;
    for (town, shortfall) in shares(&rows, poor, settings.completeness_share, settings.completeness_least) {
        short.add(Some(&town), shortfall);
    }
}

fn shares(rows: &BTreeMap<&str, i64>, poor: &BTreeMap<&str, i64>, share: i64, least: i64) -> BTreeMap<String, Shortfall> {
    let (all_rows, all_poor) = (rows.values().sum::<i64>(), poor.values().sum::<i64>());
    let mut short = BTreeMap::new();
    if all_poor == 0 {
        return short;
    }
    for (town, poor) in poor {
        let expected = poor.saturating_mul(all_rows) / all_poor;
        let rows = rows.get(town).copied().unwrap_or(0);
        if expected >= least && rows.saturating_mul(10_000) < expected.saturating_mul(share) {
            short.insert((*town).to_owned(), Shortfall { part: None, rows, expected, by: By::Share });
        }
    }
    short
}

#[cfg(test)]
#[path = "completeness_tests.rs"]
mod tests;
