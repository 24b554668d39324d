//! From the lists as written to linked editions.

use std::collections::{BTreeMap, BTreeSet};

use super::names::{self, Names};
use super::{ByDate, Edition, Town, Village};

/// The lists, folded: code → name per date.
#[derive(Debug, Default)]
pub(super) struct Written {
    /// Province, prefecture, county.
    pub(super) above: Vec<String>,
    pub(super) towns: ByDate,
    pub(super) villages: ByDate,
}

/// A village name of any edition: town base, village base, and which line it means.
type Alias = (String, String, usize);

/// Links the villages of successive editions and gives each edition every name that leads to it.
pub(super) fn editions(written: &Written) -> Vec<Edition> {
    let mut aliases: BTreeSet<Alias> = BTreeSet::new();
    let mut lines = 0;
    let mut previous: Vec<(String, Village)> = Vec::new();
    let mut editions = Vec::new();
    for (as_of, villages) in &written.villages {
        let no_towns = BTreeMap::new();
        let town_names = written.towns.get(as_of).unwrap_or(&no_towns);
        let current: Vec<(String, Village)> = link(villages, town_names, &previous, &mut lines);
        aliases.extend(current.iter().map(|(town, village)| (town.clone(), village.base.clone(), village.line)));
        let towns: Vec<Town> = town_names
            .iter()
            .map(|(code, name)| Town { code: code.clone(), name: name.clone(), base: names::town_base(name) })
            .collect();
        let mut by_town: Vec<Vec<Village>> = towns
            .iter()
            .map(|town| {
                current
                    .iter()
                    .filter(|(_, village)| village.code.starts_with(&town.code))
                    .map(|(_, village)| village.clone())
                    .collect()
            })
            .collect();
        for villages in &mut by_town {
            name_apart(villages);
        }
        editions.push(Edition { as_of: *as_of, towns, villages: by_town, names: Names::default() });
        previous = current;
    }
    // Towns of editions without villages only lend their names (凤仪镇 before it became 凤仪街道): same base, nothing more to link.
    for edition in &mut editions {
        edition.names = Names::new(&written.above, &edition.towns, &edition.villages, &aliases);
    }
    editions
}

/// Same code; else same names of town and village; else a name that one town lost and another gained.
fn link(
    villages: &BTreeMap<String, String>,
    towns: &BTreeMap<String, String>,
    previous: &[(String, Village)],
    lines: &mut usize,
) -> Vec<(String, Village)> {
    let town_of =
        |code: &str| code.get(..9).and_then(|town| towns.get(town)).map(|name| names::town_base(name)).unwrap_or_default();
    let gone: Vec<&(String, Village)> = previous.iter().filter(|(_, village)| !villages.contains_key(&village.code)).collect();
    let mut taken = BTreeSet::new();
    villages
        .iter()
        .map(|(code, name)| {
            let (town, base) = (town_of(code), names::village_base(name));
            let same_name = gone.iter().filter(|(_, village)| village.base == base);
            let moved: Vec<_> = same_name.clone().collect();
            let ancestor = previous
                .iter()
                .find(|(_, village)| village.code == *code)
                .or_else(|| same_name.clone().find(|(old_town, _)| *old_town == town).copied())
                .or(if let [only] = moved.as_slice() { Some(**only) } else { None })
                .map(|(_, village)| village.line)
                .filter(|line| taken.insert(*line));
            let line = ancestor.unwrap_or_else(|| {
                *lines += 1;
                *lines - 1
            });
            let is_community = code.as_bytes().get(9) == Some(&b'0');
            let name = format!("{base}{}", if is_community { "社区" } else { "村" });
            (town, Village { code: code.clone(), name, base, is_community, line })
        })
        .collect()
}

/// Two villages of a town that would print alike get their code's last three digits.
fn name_apart(villages: &mut [Village]) {
    let names: Vec<String> = villages.iter().map(|village| village.name.clone()).collect();
    for village in villages {
        if names.iter().filter(|name| **name == village.name).count() > 1 {
            let tail: String = village.code.chars().skip(9).collect();
            village.name = format!("{}({tail})", village.name);
        }
    }
}
