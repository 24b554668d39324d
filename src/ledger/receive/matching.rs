//! Which findings a row is about: by its key, else by the finding numbers printed in it, else by person, rule and village.
//!
//! Keys and numbers are read whatever happened to them on the way (case, width, spaces, an end cut off); where a row's key, its numbers
//! and its name do not belong together, columns were sorted apart, and the row is handed back instead of answering for somebody else.
//! Cost: an indexed look-up per number; the first row without any reads the month's findings once.

use std::collections::{BTreeMap, HashMap};

use rusqlite::{Connection, OptionalExtension, Row, params};
use unicode_normalization::UnicodeNormalization;

use super::Cells;
use crate::ledger::LedgerError;
use crate::ledger::record::month_of;
use crate::model::date::Month;
use crate::model::finding::Kind;
use crate::model::identity::name::{FoldedName, compare};
use crate::model::personal::{Expose, Personal, is_mask_of};

/// Characters of a whole finding number: `F` and 16 hexadecimal digits.
const WHOLE: usize = 17;
/// A number cut shorter than this could be anybody's.
const SHORTEST: usize = 7;

/// A finding as it was when a list asked about it.
#[derive(Clone, Debug)]
pub(super) struct Sighting {
    pub(super) finding_id: String,
    pub(super) rule: String,
    pub(super) kind: Kind,
    pub(super) name: Option<Personal>,
    pub(super) id_number: Option<Personal>,
    pub(super) town: Option<Personal>,
    pub(super) village: Option<Personal>,
    pub(super) basis: String,
}

/// What a row is about.
#[derive(Debug)]
pub(super) enum Match {
    /// These findings.
    Found(Matched),
    /// A finding, but the ledger knows none such: why.
    Unknown(String),
    /// Parts of the row belong to different findings: which.
    Mixed(String),
    /// It names nothing.
    Nothing,
}

/// Why a row whose numbers and name disagree is not taken.
const SORTED_APART: &str = "这一行的姓名、证号不是这条疑点的人，可能有的列单独排过序、粘错了行";

/// Findings that a row is about.
#[derive(Debug)]
pub(super) struct Matched {
    /// In the order in which the row names them.
    pub(super) sightings: Vec<Sighting>,
    /// The list that asked.
    pub(super) list: Month,
    /// Numbers in the row that the ledger does not know.
    pub(super) missing: Vec<String>,
    /// What a reader should know; else empty.
    pub(super) note: String,
}

/// The findings that some numbers name.
#[derive(Debug, Default)]
struct Named {
    sightings: Vec<Sighting>,
    list: Option<Month>,
    missing: Vec<String>,
    note: String,
}

/// Looks findings up.
pub(super) struct Matcher<'c> {
    connection: &'c Connection,
    /// By month: folded name → findings.
    people: BTreeMap<Month, HashMap<String, Vec<Sighting>>>,
}

impl<'c> Matcher<'c> {
    pub(super) fn new(connection: &'c Connection) -> Self {
        Self { connection, people: BTreeMap::new() }
    }

    /// The findings that a row is about.
    pub(super) fn find(&mut self, cells: &Cells) -> Result<Match, LedgerError> {
        let (key, asked) = cells.key.expose().split_once(['@', '＠']).unwrap_or((cells.key.expose(), ""));
        let list = month(asked).or(cells.list);
        let (keyed, numbered) = (numbers(key), numbers(cells.finding_ids.expose()));
        if keyed.is_empty() && numbered.is_empty() {
            return self.by_person(cells);
        }
        let (key, number) = (self.named(&keyed, list)?, self.named(&numbered, list)?);
        let within = number.sightings.iter().all(|one| key.sightings.iter().any(|other| one.finding_id == other.finding_id));
        if !key.sightings.is_empty() && !number.sightings.is_empty() && within {
            // A row may have been split into one row for each finding.
            let number = Named { missing: Vec::new(), ..number };
            return Ok(match self.is_about(&number, cells)? {
                About::Another => Match::Mixed(SORTED_APART.to_owned()),
                _ => found(number, "", cells.name.expose()),
            });
        }
        if key.sightings.is_empty() && number.sightings.is_empty() {
            let first = if keyed.is_empty() { &numbered } else { &keyed };
            let list = list.map_or_else(String::new, |list| format!("{list} "));
            let shown = first.iter().take(3).cloned().collect::<Vec<_>>().join("、");
            return Ok(Match::Unknown(format!("台账里没有{list}的疑点 {shown}")));
        }
        let (by_key, by_number) = (self.is_about(&key, cells)?, self.is_about(&number, cells)?);
        Ok(match (key.sightings.is_empty(), number.sightings.is_empty()) {
            (false, true) if by_key.may_be() => found(key, "", cells.name.expose()),
            (true, false) if by_number.may_be() => found(number, "", cells.name.expose()),
            (false, false) if by_number == About::Person && by_key != About::Person => {
                found(number, "行标识是别的行的，按疑点编号和姓名认", cells.name.expose())
            }
            (false, false) if by_key == About::Person && by_number != About::Person => {
                found(key, "疑点编号是别的行的，按行标识和姓名认", cells.name.expose())
            }
            (false, false) => Match::Mixed("行标识和疑点编号不是同一条疑点，可能有的列单独排过序、粘错了行".to_owned()),
            _ => Match::Mixed(SORTED_APART.to_owned()),
        })
    }

    /// Whom the row speaks of, against the findings that its numbers name.
    fn is_about(&mut self, named: &Named, cells: &Cells) -> Result<About, LedgerError> {
        let same_name = is_of(named, cells.name.expose());
        if same_name == Some(true) {
            return Ok(About::Person);
        }
        let mut known = named.sightings.iter().filter_map(|sighting| sighting.id_number.expose()).peekable();
        let number = folded_number(cells.id_number.expose());
        let other_number = known.peek().is_some() && known.all(|known| denies(&number, &folded_number(known)));
        if other_number {
            return Ok(About::Another);
        }
        // Without a number in the row a name that somebody else on the list has says as much.
        let Some(name) = FoldedName::new(cells.name.expose()).filter(|_| same_name == Some(false)) else {
            return Ok(About::Unknown);
        };
        let on_list = match named.list {
            Some(list) if number.is_empty() => !self.namesakes(list, &name)?.is_empty(),
            _ => false,
        };
        Ok(if on_list { About::Another } else { About::Renamed })
    }

    /// Findings of the list about people of this name.
    fn namesakes(&mut self, list: Month, name: &FoldedName) -> Result<&[Sighting], LedgerError> {
        if !self.people.contains_key(&list) {
            let people = self.people(list)?;
            self.people.insert(list, people);
        }
        Ok(self.people.get(&list).and_then(|people| people.get(&name.folded())).map_or(&[][..], Vec::as_slice))
    }

    /// The findings with these numbers in the list of `list`; where no list is known, in the last month that each was found in.
    fn named(&self, numbers: &[String], list: Option<Month>) -> Result<Named, LedgerError> {
        let mut named = Named::default();
        for number in numbers {
            let months = self.months(number)?;
            let ids: Vec<&String> = months.keys().collect();
            let [id] = ids[..] else {
                named.missing.push(number.clone());
                continue;
            };
            let month = match list {
                Some(list) if months[id].contains(&list) => Some(list),
                Some(_) => None,
                None => months[id].last().copied(),
            };
            let Some(month) = month.filter(|month| named.list.is_none_or(|known| known == *month)) else {
                named.missing.push(number.clone());
                continue;
            };
            if list.is_none() {
                named.note = format!("没有写是哪个月的清单，按台账算 {month} 的");
            }
            named.list = Some(month);
            named.sightings.extend(self.sighting(id, month)?);
        }
        Ok(named)
    }

    /// Whole numbers that begin so, with the months each was found in, ascending.
    fn months(&self, number: &str) -> Result<BTreeMap<String, Vec<Month>>, LedgerError> {
        let error = LedgerError::sql("读取");
        let mut statement = self
            .connection
            .prepare_cached(
                "SELECT DISTINCT finding_id, period FROM sighting JOIN run ON run.seq = sighting.run \
                 WHERE finding_id >= ?1 AND finding_id < ?1 || 'g' ORDER BY finding_id, period LIMIT 1000",
            )
            .map_err(&error)?;
        let rows = statement.query_map([number], |row| Ok((row.get::<_, String>(0)?, month_of(row.get(1)?)))).map_err(&error)?;
        let mut months: BTreeMap<String, Vec<Month>> = BTreeMap::new();
        for row in rows {
            let (id, month) = row.map_err(&error)?;
            months.entry(id).or_default().push(month);
        }
        Ok(months)
    }

    /// A finding as the newest run of the month saw it.
    fn sighting(&self, id: &str, month: Month) -> Result<Option<Sighting>, LedgerError> {
        let error = LedgerError::sql("读取");
        self.connection
            .prepare_cached(
                "SELECT finding_id, rule, kind, name, id_number, town, village, basis FROM sighting JOIN run ON run.seq = sighting.run \
                 WHERE finding_id = ?1 AND period = ?2 ORDER BY run DESC LIMIT 1",
            )
            .map_err(&error)?
            .query_row(params![id, month.yyyymm()], |row| Ok(sighting(row)))
            .optional()
            .map_err(&error)?
            .transpose()
    }

    /// Without any number: the person with this name, whose number is the one in the row, and the rules that the row names.
    fn by_person(&mut self, cells: &Cells) -> Result<Match, LedgerError> {
        // `填报单位：…` of a list pasted below another may stand under 姓名.
        let labelled = cells.name.expose().contains(['：', ':']);
        let Some(name) = FoldedName::new(cells.name.expose()).filter(|_| !labelled) else { return Ok(Match::Nothing) };
        let newest = || -> Result<Option<Month>, LedgerError> {
            let month: Option<i64> = self
                .connection
                .query_row("SELECT max(period) FROM run", [], |row| row.get(0))
                .map_err(LedgerError::sql("读取"))?;
            Ok(month.map(month_of))
        };
        let list = match cells.list {
            Some(list) => Some(list),
            None => newest()?,
        };
        let Some(list) = list else { return Ok(Match::Unknown("台账里还没有任何一个月的疑点".to_owned())) };
        if cells.rules.is_empty() {
            return Ok(Match::Unknown("没有行标识和疑点编号，也看不出是哪一类疑点".to_owned()));
        }
        let namesakes = self.namesakes(list, &name)?;
        let number = folded_number(cells.id_number.expose());
        let fits = |sighting: &&Sighting| {
            let same_number = match sighting.id_number.expose().map(folded_number) {
                Some(known) if !number.is_empty() => known == number || is_mask_of(&number, &known),
                _ => number.is_empty(),
            };
            let same_village = cells.village.is_empty()
                || sighting.village.expose().is_some_and(|village| same_place(village, cells.village.expose()));
            cells.rules.contains(&sighting.rule) && same_number && same_village
        };
        let fitting: Vec<Sighting> = namesakes.iter().filter(fits).cloned().collect();
        let by_rule = |rule: &String| fitting.iter().filter(|sighting| sighting.rule == *rule).count();
        if fitting.is_empty() {
            return Ok(Match::Unknown(format!("没有行标识和疑点编号；按姓名、证号、疑点类型在 {list} 的清单里找不到")));
        }
        if cells.rules.iter().any(|rule| by_rule(rule) > 1) {
            return Ok(Match::Unknown(format!(
                "没有行标识和疑点编号；按姓名、疑点类型在 {list} 的清单里找到不止一条，分不出是哪条"
            )));
        }
        let note = format!("没有行标识和疑点编号，按姓名、疑点类型认作 {list} 清单的这条疑点");
        Ok(Match::Found(Matched { sightings: fitting, list, missing: Vec::new(), note }))
    }

    fn people(&self, list: Month) -> Result<HashMap<String, Vec<Sighting>>, LedgerError> {
        let error = LedgerError::sql("读取");
        let mut statement = self
            .connection
            .prepare(
                "SELECT finding_id, rule, kind, name, id_number, town, village, basis FROM sighting \
                 WHERE run = (SELECT max(seq) FROM run WHERE period = ?1) AND name IS NOT NULL ORDER BY finding_id",
            )
            .map_err(&error)?;
        let mut rows = statement.query([list.yyyymm()]).map_err(&error)?;
        let mut people: HashMap<String, Vec<Sighting>> = HashMap::new();
        while let Some(row) = rows.next().map_err(&error)? {
            let sighting = sighting(row)?;
            if let Some(name) = sighting.name.expose().and_then(FoldedName::new) {
                people.entry(name.folded()).or_default().push(sighting);
            }
        }
        Ok(people)
    }
}

fn found(named: Named, note: &str, name: &str) -> Match {
    let is_named = is_of(&named, name);
    let renamed = is_named == Some(false);
    let Named { mut sightings, list, missing, note: of_list } = named;
    // A row is about one person or household; numbers of others may have been pasted into its cell.
    let own = |sighting: &Sighting| sighting.name.expose().and_then(FoldedName::new);
    let all = sightings.len();
    let others = if let Some(name) = FoldedName::new(name).filter(|_| is_named == Some(true)) {
        sightings.retain(|sighting| own(sighting).is_none_or(|known| compare(&known, &name).agrees()));
        all - sightings.len()
    } else {
        let mut known = sightings.iter().filter_map(own);
        let first = known.next();
        if first.is_some_and(|first| known.any(|other| !compare(&first, &other).agrees())) {
            return Match::Mixed("一行里有几个人的疑点编号，看不出回复的是谁，请一人写一行".to_owned());
        }
        0
    };
    let others = if others > 0 { format!("编号里另有 {others} 条是别人的，没有算") } else { String::new() };
    let Some(list) = list else { return Match::Unknown("台账里没有这条疑点".to_owned()) };
    let renamed = if renamed { "姓名与台账不同" } else { "" };
    let note = [note, renamed, of_list.as_str(), others.as_str()]
        .into_iter()
        .filter(|text| !text.is_empty())
        .collect::<Vec<_>>()
        .join("；");
    Match::Found(Matched { sightings, list, missing, note })
}

/// Whom a row speaks of, against the findings that its numbers name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum About {
    /// The person of the findings, by name.
    Person,
    /// Somebody else: by number, or by a name that somebody else on the list has.
    Another,
    /// Somebody of another name, and nothing says more.
    Renamed,
    /// It does not say.
    Unknown,
}

impl About {
    fn may_be(self) -> bool {
        matches!(self, Self::Person | Self::Unknown)
    }
}

/// Whether a number, whole or masked in any way, cannot be the one known; what is neither whole nor masked denies nothing.
fn denies(number: &str, known: &str) -> bool {
    if known.contains('*') {
        return false;
    }
    match (number.split_once('*'), number.rsplit_once('*')) {
        (Some((first, _)), Some((_, last))) => {
            first.len() + last.len() >= 4 && !(known.starts_with(first) && known.ends_with(last))
        }
        _ => matches!(number.len(), 15 | 18) && number.len() == known.len() && number != known,
    }
}

/// Whether the findings are about somebody of this name; `None` where either has no name.
fn is_of(named: &Named, name: &str) -> Option<bool> {
    let name = FoldedName::new(name)?;
    let mut known = named.sightings.iter().filter_map(|sighting| sighting.name.expose().and_then(FoldedName::new)).peekable();
    known.peek()?;
    Some(known.any(|known| compare(&known, &name).agrees()))
}

fn sighting(row: &Row<'_>) -> Result<Sighting, LedgerError> {
    let error = LedgerError::sql("读取");
    let kind: String = row.get(2).map_err(&error)?;
    Ok(Sighting {
        finding_id: row.get(0).map_err(&error)?,
        rule: row.get(1).map_err(&error)?,
        kind: Kind::ALL
            .into_iter()
            .find(|known| known.as_str() == kind)
            .ok_or(LedgerError::Damaged { table: "sighting", column: "kind" })?,
        name: row.get(3).map_err(&error)?,
        id_number: row.get(4).map_err(&error)?,
        town: row.get(5).map_err(&error)?,
        village: row.get(6).map_err(&error)?,
        basis: row.get(7).map_err(&error)?,
    })
}

/// Finding numbers in a text, each once, in order: `F` and hexadecimal digits, `O`, `I` and `l` read as the digits they look like.
pub(super) fn numbers(text: &str) -> Vec<String> {
    let plain: String = text.nfkc().flat_map(char::to_lowercase).collect();
    let mut found = Vec::new();
    for word in plain.split(|character: char| !character.is_ascii_alphanumeric()) {
        let digits: String = word
            .chars()
            .map(|character| match character {
                'o' => '0',
                'i' | 'l' => '1',
                other => other,
            })
            .collect();
        // Without its letter a number is believed only when whole.
        let number = match digits.strip_prefix('f') {
            Some(rest) if digits.len() <= WHOLE && digits.len() >= SHORTEST => format!("F{rest}"),
            _ if digits.len() == WHOLE - 1 => format!("F{digits}"),
            _ => continue,
        };
        if number.chars().skip(1).all(|character| character.is_ascii_hexdigit()) && !found.contains(&number) {
            found.push(number);
        }
    }
    found
}

/// `2018-06`, however its parts are divided.
fn month(text: &str) -> Option<Month> {
    let plain: String = text.nfkc().collect();
    let mut parts = plain.split(|character: char| !character.is_ascii_digit()).filter(|part| !part.is_empty());
    let first = parts.next()?;
    let (year, month) = match (first.len(), parts.next()) {
        (4, Some(month)) => (first, month),
        (6, None) => (first.get(..4)?, first.get(4..)?),
        _ => return None,
    };
    Month::new(year.parse().ok()?, month.parse().ok()?)
}

/// A number, whole or masked, without what differs only in writing.
fn folded_number(text: &str) -> String {
    text.nfkc()
        .filter(|character| character.is_ascii_alphanumeric() || *character == '*')
        .map(|character| character.to_ascii_uppercase())
        .collect()
}

/// `燕子坝` and `燕子坝村`.
fn same_place(one: &str, other: &str) -> bool {
    let bare = |text: &str| -> String {
        let text: String = text.nfkc().filter(|character| !character.is_whitespace()).collect();
        ["村民委员会", "居民委员会", "村委会", "居委会", "社区", "村", "居"]
            .iter()
            .find_map(|ending| text.strip_suffix(ending).filter(|rest| rest.chars().count() >= 2).map(str::to_owned))
            .unwrap_or(text)
    };
    bare(one) == bare(other)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn numbers_survive_what_people_do_to_them() {
        let whole = "F0123456789abcdef";
        for text in [
            "F0123456789abcdef",
            "f0123456789ABCDEF",
            "Ｆ０１２３４５６７８９ａｂｃｄｅｆ",
            " F0123456789abcdef\n",
            "0123456789abcdef",
            "fO123456789abcdef",
        ] {
            assert_eq!(numbers(text), [whole], "{text}");
        }
        assert_eq!(numbers("F0123456789abcdef；\nF1123456789abcdef"), [whole, "F1123456789abcdef"]);
        assert_eq!(numbers("F0123456"), ["F0123456"], "an end cut off");
        for text in ["F0123", "", "张三", "520324199003071234", "Fghijkl0", "2018-06"] {
            assert!(numbers(text).is_empty(), "{text}");
        }
    }

    #[test]
    fn the_list_of_a_key() {
        for text in ["2018-06", "2018/6", "201806", "２０１８－０６"] {
            assert_eq!(month(text).map(|month| month.to_string()).as_deref(), Some("2018-06"), "{text}");
        }
        assert_eq!(month("2018-13"), None);
    }

    proptest! {
        #[test]
        fn any_text_is_searched_for_numbers(text in "\\PC{0,40}") {
            for number in numbers(&text) {
                prop_assert!(number.len() >= SHORTEST && number.len() <= WHOLE);
            }
        }
    }
}
