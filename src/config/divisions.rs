//! Towns and villages of the county in every edition of the official code list, with the crosswalk between editions.
//!
//! Takes the texts of two CSVs ([`Gazetteer::resolve`]), gives an [`Edition`] per date that [`Edition::place`] (module [`place`]) looks texts up
//! in. A village keeps one line of descent through recodings (村 → 居), renamings and new towns, so every edition's names lead to the
//! edition in force. Building costs O(editions × villages); nothing here changes afterwards.

mod crosswalk;
mod names;
mod nearest;
pub mod place;

use std::collections::BTreeMap;

use crate::model::date::{Day, Month};

/// A mistake in a division list.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("区划表“{list}”第{line}行：{what}")]
pub struct DivisionsProblem {
    /// `villages` or `streets`.
    pub list: &'static str,
    /// 1-based line; 0 for the list as a whole.
    pub line: u64,
    /// What is wrong and what is expected.
    pub what: String,
}

/// A town of one edition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Town {
    /// 9 digits.
    pub code: String,
    /// Full official name, lost characters restored: `瑞溪镇`, `谢坝仡佬族苗族乡`.
    pub name: String,
    /// Without suffix and ethnic words: `瑞溪`.
    pub base: String,
}

/// A village of one edition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Village {
    /// 12 digits.
    pub code: String,
    /// Base and `村` (codes 2xx) or `社区` (0xx); unique within the town.
    pub name: String,
    /// Without suffix: `燕子坝`.
    pub base: String,
    /// Whether it is a residents' committee (0xx).
    pub is_community: bool,
    /// Line of descent, the same in every edition.
    line: usize,
}

/// The towns and villages at one date, and how every other edition's names lead to them.
#[derive(Clone, Debug)]
pub struct Edition {
    /// The date the list speaks for.
    pub as_of: Day,
    towns: Vec<Town>,
    /// Per town, by code.
    villages: Vec<Vec<Village>>,
    names: names::Names,
}

impl Edition {
    /// Towns by code.
    #[must_use]
    pub fn towns(&self) -> &[Town] {
        &self.towns
    }

    /// Villages of a town by code; empty for an unknown town.
    #[must_use]
    pub fn villages(&self, town_code: &str) -> &[Village] {
        self.towns.iter().position(|town| town.code == town_code).map_or(&[], |at| &self.villages[at])
    }
}

/// Every edition.
#[derive(Clone, Debug)]
pub struct Gazetteer {
    /// Ascending; at least one, each with towns and villages.
    editions: Vec<Edition>,
}

impl Gazetteer {
    /// Reads `as_of,street_code,village_code,village_name` and `as_of,street_code,street_name`. In the second list codes of 2, 4 and 6 digits
    /// name province, prefecture and county; editions without villages only lend old town names. All mistakes are reported at once.
    pub fn resolve(villages_csv: &str, streets_csv: &str) -> Result<Self, Vec<DivisionsProblem>> {
        let mut problems = Vec::new();
        let streets = rows::<3>("streets", streets_csv, ["as_of", "street_code", "street_name"], &mut problems);
        let villages =
            rows::<4>("villages", villages_csv, ["as_of", "street_code", "village_code", "village_name"], &mut problems);
        let mut written = crosswalk::Written::default();
        for (line, as_of, [_, code, name]) in &streets {
            match code.len() {
                2 | 4 | 6 => written.above.push(place::fold(name)),
                9 => {
                    written.towns.entry(*as_of).or_default().insert(code.clone(), place::fold(name));
                }
                _ => problems.push(DivisionsProblem {
                    list: "streets",
                    line: *line,
                    what: format!("代码“{code}”应为 2、4、6 或 9 位数字"),
                }),
            }
        }
        for (line, as_of, [_, town, code, name]) in &villages {
            if code.len() != 12 || !code.starts_with(town.as_str()) {
                let what = format!("村代码“{code}”应为 12 位并以乡镇代码“{town}”开头");
                problems.push(DivisionsProblem { list: "villages", line: *line, what });
            } else if !written.towns.get(as_of).is_some_and(|towns| towns.contains_key(town)) {
                let what = format!("{as_of} 的乡镇代码“{town}”不在乡镇表中");
                problems.push(DivisionsProblem { list: "villages", line: *line, what });
            } else {
                written.villages.entry(*as_of).or_default().insert(code.clone(), place::fold(name));
            }
        }
        if problems.is_empty() && written.villages.is_empty() {
            problems.push(DivisionsProblem { list: "villages", line: 0, what: "没有任何村级数据".to_owned() });
        }
        if problems.is_empty() { Ok(Self { editions: crosswalk::editions(&written) }) } else { Err(problems) }
    }

    /// The edition in force in a month: the newest not after its last day, else the oldest.
    #[must_use]
    pub fn edition(&self, period: Month) -> &Edition {
        let after = self.editions.partition_point(|edition| edition.as_of <= period.last_day());
        &self.editions[after.saturating_sub(1)]
    }

    /// Looks a place up in the edition in force at `period`; see [`Edition::place`].
    #[must_use]
    pub fn place(&self, period: Month, parts: &place::PlaceText<'_>) -> place::Place<'_> {
        self.edition(period).place(parts)
    }
}

fn rows<const N: usize>(
    list: &'static str,
    text: &str,
    expected: [&str; N],
    problems: &mut Vec<DivisionsProblem>,
) -> Vec<(u64, Day, [String; N])> {
    let mut reader =
        csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text.trim_start_matches('\u{feff}').as_bytes());
    let mut rows = Vec::new();
    for (position, record) in reader.records().enumerate() {
        let line = position as u64 + 1;
        let mut problem = |what: String| problems.push(DivisionsProblem { list, line, what });
        let record = match record {
            Ok(record) => record,
            Err(error) => {
                problem(format!("无法读取：{error}"));
                continue;
            }
        };
        if position == 0 {
            if !record.iter().eq(expected) {
                problem(format!("表头应为 {}", expected.join(",")));
            }
            continue;
        }
        if record.len() != N {
            problem(format!("应有 {N} 列，实有 {} 列", record.len()));
            continue;
        }
        match record.get(0).unwrap_or("").parse::<Day>() {
            Ok(day) => rows.push((line, day, std::array::from_fn(|at| record.get(at).unwrap_or("").trim().to_owned()))),
            Err(what) => problem(what),
        }
    }
    rows
}

type ByDate = BTreeMap<Day, BTreeMap<String, String>>;

#[cfg(test)]
mod tests;
