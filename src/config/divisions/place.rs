//! Place texts → towns and villages of one edition.
//!
//! Takes what a row says of where ([`PlaceText`]: separate columns, or one address), gives a [`Place`]. Never a village without a town; an
//! address of another county resolves to nothing. Pure; O(text × names of the county), so callers remember distinct texts.

use std::collections::{BTreeMap, BTreeSet};

use unicode_normalization::UnicodeNormalization;

use super::{Edition, Town, Village};
use crate::model::text::{is_invisible, recomposed};

/// The written parts of a place; empty where a sheet has no such column.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PlaceText<'a> {
    /// 县.
    pub county: &'a str,
    /// 乡镇.
    pub town: &'a str,
    /// 村.
    pub village: &'a str,
    /// 组, 自然村.
    pub group: &'a str,
    /// All in one: `贵州省遵义市正安县瑞溪镇燕子坝村三组`, `瑞溪/燕子坝`.
    pub address: &'a str,
    /// A name the sheet or file carries (`瑞溪镇`), used for the town when nothing above names one.
    pub hint: &'a str,
}

/// How far a place resolved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlaceState {
    /// Town and village.
    Village,
    /// The town; the village was not written or is not known.
    Town,
    /// Something was written, nothing is known.
    Unknown,
    /// Another county's address.
    Elsewhere,
    /// Nothing was written.
    Missing,
}

/// Where a row belongs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place<'a> {
    /// The town.
    pub town: Option<&'a Town>,
    /// The village, of that town.
    pub village: Option<&'a Village>,
    /// What follows the village, as written.
    pub group: Option<String>,
    /// How far it resolved.
    pub state: PlaceState,
    /// Whether the town came from [`PlaceText::hint`].
    pub from_hint: bool,
    /// Whether a text after or beside the town found no village.
    pub left_over: bool,
}

const TOWN_SUFFIXES: [&str; 5] = ["街道办事处", "街道办", "街道", "镇", "乡"];
const ETHNIC_WORDS: [&str; 9] = ["仡佬族", "苗族", "土家族", "布依族", "彝族", "侗族", "回族", "各族", "民族"];
const COMMUNITY_SUFFIXES: [&str; 5] = ["社区居民委员会", "社区居委会", "居民委员会", "居委会", "社区"];
const VILLAGE_SUFFIXES: [&str; 6] = ["村村民委员会", "村村委会", "村民委员会", "村委会", "村委", "村"];

/// NFKC, without spaces and invisible characters, 桴㯊 restored: 㯊 (U+3BCA) is not in GBK and was lost in six ways even in the official lists.
#[must_use]
pub fn fold(text: &str) -> String {
    let mut plain = text.nfkc().filter(|character| !character.is_whitespace() && !is_invisible(*character)).peekable();
    let mut folded = String::with_capacity(text.len());
    while let Some(character) = plain.next() {
        folded.push(character);
        if character == '桴' {
            folded.push('㯊');
            if plain
                .next_if(|next| matches!(next, '㯊' | '焉' | '?' | '□' | '■' | '\u{e000}'..='\u{f8ff}' | '\u{f0000}'..))
                .is_none()
            {
                // GB18030's four bytes 82 31 B9 31 read as GBK: two lost bytes, each followed by the digit 1.
                while plain.next_if_eq(&'\u{fffd}').is_some() {
                    plain.next_if_eq(&'1');
                }
            }
        }
    }
    recomposed(folded)
}

/// `谢坝仡佬族苗族乡` → `谢坝`.
pub(super) fn town_base(name: &str) -> String {
    let mut base = strip_one(name, &TOWN_SUFFIXES).unwrap_or(name);
    while let Some(shorter) = strip_one(base, &ETHNIC_WORDS) {
        base = shorter;
    }
    base.to_owned()
}

/// `燕子坝村村民委员会` → `燕子坝`.
pub(super) fn village_base(name: &str) -> String {
    let base = strip_one(name, &COMMUNITY_SUFFIXES).or_else(|| strip_one(name, &VILLAGE_SUFFIXES));
    base.unwrap_or(name).to_owned()
}

fn strip_one<'a>(text: &'a str, suffixes: &[&str]) -> Option<&'a str> {
    suffixes.iter().find_map(|suffix| text.strip_suffix(suffix)).filter(|rest| !rest.is_empty())
}

/// Town base → positions of the towns it may mean now.
type TownName = (String, Vec<usize>);
/// Village base → town and village by position.
type VillageName = (String, (usize, usize));

/// Every name that leads to a town or a village of one edition.
#[derive(Clone, Debug, Default)]
pub(super) struct Names {
    /// Province, prefecture, county, in full and short.
    above: Vec<String>,
    /// Town base → towns it may mean now; longest first where one begins another.
    towns: Vec<TownName>,
    /// Village base → village, per base of the town it was ever written under.
    villages: BTreeMap<String, Vec<VillageName>>,
}

impl Names {
    pub(super) fn new(
        above: &[String],
        towns: &[Town],
        villages: &[Vec<Village>],
        aliases: &BTreeSet<(String, String, usize)>,
    ) -> Self {
        let mut now = BTreeMap::new();
        for (town, villages) in villages.iter().enumerate() {
            for (at, village) in villages.iter().enumerate() {
                now.insert(village.line, (town, at));
            }
        }
        let mut town_names: BTreeMap<String, BTreeSet<usize>> = BTreeMap::new();
        let mut village_names: BTreeMap<String, BTreeSet<VillageName>> = BTreeMap::new();
        for (town, village, line) in aliases {
            if let Some(&found) = now.get(line) {
                village_names.entry(town.clone()).or_default().insert((village.clone(), found));
                // A town of another edition (瑞濠街道) means the towns its villages lie in now.
                town_names.entry(town.clone()).or_default().insert(found.0);
                // Under its town of today too, whatever the name was.
                village_names.entry(towns[found.0].base.clone()).or_default().insert((village.clone(), found));
            }
        }
        for (at, town) in towns.iter().enumerate() {
            town_names.insert(town.base.clone(), BTreeSet::from([at]));
        }
        let mut names: Vec<TownName> = town_names.into_iter().map(|(base, found)| (base, found.into_iter().collect())).collect();
        names.sort_by(|one, other| other.0.len().cmp(&one.0.len()).then_with(|| one.0.cmp(&other.0)));
        let short = |name: &String| name.trim_end_matches(['省', '市', '县', '区']).to_owned();
        let above = above.iter().flat_map(|name| [name.clone(), short(name)]).filter(|name| !name.is_empty()).collect();
        let villages = village_names.into_iter().map(|(town, found)| (town, found.into_iter().collect())).collect();
        Self { above, towns: names, villages }
    }

    /// Takes province, prefecture and county off the front.
    fn below_county<'t>(&self, text: &'t str) -> &'t str {
        let mut rest = separators(text);
        for name in &self.above {
            if let Some(after) = rest.strip_prefix(name.as_str()) {
                rest = separators(after);
            }
        }
        rest
    }

    /// The town at the front of `text`: its base and what follows. A base alone counts only when no village suffix follows it
    /// (`瑞溪村` is a village, `瑞溪燕子坝` begins with a town).
    fn town<'s, 't>(&'s self, text: &'t str) -> Option<(&'s TownName, &'t str)> {
        self.towns.iter().find_map(|entry| {
            let after = text.strip_prefix(entry.0.as_str())?;
            let mut rest = after;
            while let Some(shorter) = ETHNIC_WORDS.iter().find_map(|word| rest.strip_prefix(word)) {
                rest = shorter;
            }
            if let Some(rest) = TOWN_SUFFIXES.iter().find_map(|suffix| rest.strip_prefix(suffix)) {
                return Some((entry, separators(rest)));
            }
            let is_village = COMMUNITY_SUFFIXES.iter().chain(&VILLAGE_SUFFIXES).any(|suffix| after.starts_with(suffix));
            (!is_village).then(|| (entry, separators(after)))
        })
    }

    /// The village at the front of `text` under the town `base`: where it is now and what follows.
    fn village<'t>(&self, edition: &Edition, base: &str, text: &'t str) -> Option<((usize, usize), &'t str)> {
        let names = self.villages.get(base)?;
        let longest = names.iter().filter(|(name, _)| text.starts_with(name.as_str())).map(|(name, _)| name.len()).max()?;
        let rest = text.get(longest..)?;
        let mut candidates: Vec<(usize, usize)> = names
            .iter()
            .filter(|(name, _)| name.len() == longest && text.starts_with(name.as_str()))
            .map(|(_, found)| *found)
            .collect();
        let community = COMMUNITY_SUFFIXES.iter().find_map(|suffix| rest.strip_prefix(suffix));
        let village = VILLAGE_SUFFIXES.iter().find_map(|suffix| rest.strip_prefix(suffix));
        if candidates.len() > 1 && (community.is_some() || village.is_some()) {
            // 土坪村 beside 土坪居委会: only the suffix tells.
            candidates.retain(|&(town, at)| edition.villages[town][at].is_community == community.is_some());
        }
        let [found] = candidates.as_slice() else { return None };
        match community.or(village) {
            Some(after) => Some((*found, separators(after))),
            // Without a suffix the name must end here: 新桥头组 is not 新桥.
            None if rest.chars().next().is_none_or(|next| !next.is_alphanumeric() || is_numeral(next)) => {
                Some((*found, separators(rest)))
            }
            None => None,
        }
    }
}

fn is_numeral(character: char) -> bool {
    character.is_ascii_digit() || matches!(character, '一' | '二' | '三' | '四' | '五' | '六' | '七' | '八' | '九' | '十' | '第')
}

fn separators(text: &str) -> &str {
    text.trim_start_matches(['/', '\\', '-', '—', ',', '，', '、', '>', '|', '·', '.', ' '])
}

impl Edition {
    /// Resolves the parts of a place. Columns go before the address, both before the hint.
    #[must_use]
    pub fn place(&self, parts: &PlaceText<'_>) -> Place<'_> {
        let mut place =
            Place { town: None, village: None, group: None, state: PlaceState::Missing, from_hint: false, left_over: false };
        let [county, town, village, group, address] =
            [parts.county, parts.town, parts.village, parts.group, parts.address].map(fold);
        let written = [&county, &town, &village, &address].iter().any(|text| !text.is_empty());
        if !group.is_empty() {
            place.group = Some(parts.group.trim().to_owned());
        }
        if !county.is_empty() && !self.names.below_county(&county).is_empty() {
            place.state = PlaceState::Elsewhere;
            return place;
        }
        let mut found: Option<(&TownName, &str)> = None;
        let mut elsewhere = false;
        for (text, is_village) in [(&town, false), (&village, true), (&address, false)] {
            let below = self.names.below_county(text);
            // A village column may repeat the town (瑞溪镇燕子坝村), but 新州 there is the village: only a full town name counts.
            let with_suffix = |found: &(&TownName, &str)| {
                let after = below.strip_prefix(found.0.0.as_str()).unwrap_or("");
                TOWN_SUFFIXES.iter().chain(&ETHNIC_WORDS).any(|suffix| after.starts_with(suffix)) || below.len() < text.len()
            };
            let here = self.names.town(below).filter(|entry| !is_village || with_suffix(entry));
            elsewhere |= here.is_none() && is_elsewhere(below);
            found = found.or(here);
        }
        if found.is_none() && elsewhere {
            place.state = PlaceState::Elsewhere;
            return place;
        }
        let hint = fold(parts.hint);
        if found.is_none() && !hint.is_empty() {
            found = self.names.town(self.names.below_county(&hint)).map(|(entry, _)| (entry, ""));
            place.from_hint = found.is_some();
        }
        let Some((entry, after_town)) = found else {
            place.state = if written { PlaceState::Unknown } else { PlaceState::Missing };
            return place;
        };
        let in_village = self.without_town(&village, &entry.0);
        let in_address = self.without_town(&address, &entry.0);
        for text in [in_village, after_town, in_address, group.as_str()] {
            if let Some(((town, at), rest)) = self.names.village(self, &entry.0, text) {
                (place.town, place.village) = (Some(&self.towns[town]), Some(&self.villages[town][at]));
                // 燕子坝村三组 under 组 says the group after the village.
                if !rest.is_empty() && (place.group.is_none() || text == group) {
                    place.group = Some(rest.to_owned());
                }
                place.state = PlaceState::Village;
                return place;
            }
        }
        place.left_over = [in_village, after_town, in_address].iter().any(|text| !text.is_empty());
        if let [only] = entry.1.as_slice() {
            place.town = Some(&self.towns[*only]);
            place.state = PlaceState::Town;
        } else {
            place.state = PlaceState::Unknown;
        }
        place
    }

    /// The town that a sheet or file name speaks of, if exactly one is named: `瑞溪镇低保名册.xlsx`, `凤仪`.
    #[must_use]
    pub fn town_in(&self, name: &str) -> Option<&Town> {
        let folded = fold(name);
        let mut named = self.towns.iter().filter(|town| folded.contains(&town.base));
        let first = named.next()?;
        named.next().is_none().then_some(first)
    }

    /// What a text says below the town: itself without county and, where it repeats it, the town.
    fn without_town<'t>(&self, text: &'t str, base: &str) -> &'t str {
        let below = self.names.below_county(text);
        // A village of the town's own name stays: 瑞溪社区 of 瑞溪镇.
        if self.names.village(self, base, below).is_some() {
            return below;
        }
        match self.names.town(below) {
            Some((entry, rest)) if entry.0 == base => rest,
            _ => below,
        }
    }
}

/// Whether a text without a known town begins with another province, prefecture or county.
fn is_elsewhere(text: &str) -> bool {
    let mut before = 0;
    for character in text.chars() {
        match character {
            '省' | '县' | '市' if before >= 2 => return true,
            '镇' | '乡' | '村' | '组' | '路' | '社' => return false,
            _ => before += 1,
        }
    }
    false
}
