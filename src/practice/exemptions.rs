//! The county's exemption list: some of what a perfect tool would find is excused for a while, and is then no finding; other rows are
//! expired, or name a rule there is not, and excuse nobody.

use std::collections::BTreeSet;

use super::findings::{Key, TrueFindings};
use super::offices::Offices;
use super::random::Random;
use super::table::{Cell, Row, Table, headers};

/// Rule as the list writes it (id or title), rule id, reason.
const EXCUSED: [(&str, &str, &str); 3] = [
    ("“两无”户未纳入低保或特困", "living.two_none_uncovered", "子女有赡养能力，已签赡养协议"),
    ("health.not_enrolled、贫困人口参合未获资助", "health.not_enrolled", "在外省参保，参保证明已核"),
    ("living.nursing_missed", "living.nursing_missed", "本人书面放弃"),
];
/// Of the findings of such a rule one in so many is excused, one at least; the last of them never is.
const ONE_IN: usize = 10;

impl Offices<'_> {
    /// The list; whom it excuses is taken out of `found`.
    pub(super) fn exemptions(&self, found: &mut TrueFindings) -> Table {
        let mut rows = Vec::new();
        let last_year = format!("{}-12-31", self.month.year() - 1);
        let this_year = format!("{}年12月31日", self.month.year());
        for (stream, (written, rule, reason)) in (0u64..).zip(EXCUSED) {
            let keys: Vec<Key> = found.iter().filter(|(known, _)| *known == rule).map(|(_, key)| *key).collect();
            let count = (keys.len() / ONE_IN).max(1).min(keys.len().saturating_sub(1));
            let positions = (0..u32::try_from(keys.len()).unwrap_or(0)).collect();
            let mut random = Random::keyed(self.county.seed, &[61, u64::from(self.month_index), stream]);
            let chosen = random.sample(positions, count);
            let chosen: BTreeSet<usize> = chosen.into_iter().map(|position| position as usize).collect();
            for key in chosen.iter().map(|position| keys[*position]) {
                found.remove(&(rule, key));
                rows.push(self.exemption(key, written, reason, &this_year));
            }
            // The first that is not excused was excused last year.
            if let Some(key) = (0..keys.len()).find(|position| !chosen.contains(position)).map(|position| keys[position]) {
                rows.push(self.exemption(key, rule, reason, &last_year));
                if stream == 0 {
                    rows.push(self.exemption(key, "living.two_nones_uncovered", reason, ""));
                }
            }
        }
        Table {
            registry: "exemption",
            title: format!("{}年豁免清单", self.month.year()),
            office: "正安县民生保障组",
            headers: headers(&["乡镇", "村", "姓名", "身份证号码", "豁免规则", "豁免理由", "有效期至", "认定单位"]),
            rows,
        }
    }

    /// A row; a household is named by its head.
    fn exemption(&self, key: Key, rule: &str, reason: &str, until: &str) -> Row {
        let pid = match key {
            Key::Person(pid) => pid,
            Key::Household(hid) => self.county.household(hid).first,
        };
        let person = self.county.person(pid);
        let village = &self.county.villages[self.county.household_of(pid).village as usize];
        let short = village.short();
        let texts = [village.town.as_str(), &short, &person.name, &person.number, rule, reason, until, "县民生保障组"];
        let cells = texts.map(Cell::from).to_vec();
        Row { pid: Some(pid), more: Vec::new(), household: person.household, town: village.town_index, cells }
    }
}
