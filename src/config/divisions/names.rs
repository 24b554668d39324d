//! Every name that leads to a town or a village of one edition, and what of it stands at the front of a text.
//!
//! Names of other editions, of administrations above and all suffixes count; a text must say a name as it is on the list (module
//! [`super::nearest`] is for those that do not). Building costs O(names), looking up O(names of the county or of a town).

use std::collections::{BTreeMap, BTreeSet};

use super::{Edition, Town, Village};
use crate::model::identity::name::FoldedName;

pub(super) const TOWN_SUFFIXES: [&str; 10] =
    ["街道办事处", "街道办", "街道", "办事处", "镇人民政府", "镇政府", "镇", "乡人民政府", "乡政府", "乡"];
const ETHNIC_WORDS: [&str; 9] = ["仡佬族", "苗族", "土家族", "布依族", "彝族", "侗族", "回族", "各族", "民族"];
pub(super) const COMMUNITY_SUFFIXES: [&str; 7] =
    ["社区居民委员会", "社区居委会", "社区居委", "居民委员会", "居委会", "居委", "社区"];
pub(super) const VILLAGE_SUFFIXES: [&str; 7] = ["村村民委员会", "村村委会", "村民委员会", "村委会", "村委", "行政村", "村"];

/// `谢坝仡佬族苗族乡` → `谢坝`.
pub(super) fn town_base(name: &str) -> String {
    without_ethnic_words(strip_one(name, &TOWN_SUFFIXES).unwrap_or(name)).to_owned()
}

/// `谢坝仡佬族苗族` → `谢坝`.
pub(super) fn without_ethnic_words(name: &str) -> &str {
    let mut base = name;
    while let Some(shorter) = strip_one(base, &ETHNIC_WORDS) {
        base = shorter;
    }
    base
}

/// `燕子坝村村民委员会` → `燕子坝`.
pub(super) fn village_base(name: &str) -> String {
    let base = strip_one(name, &COMMUNITY_SUFFIXES).or_else(|| strip_one(name, &VILLAGE_SUFFIXES));
    base.unwrap_or(name).to_owned()
}

fn strip_one<'a>(text: &'a str, suffixes: &[&str]) -> Option<&'a str> {
    suffixes.iter().find_map(|suffix| text.strip_suffix(suffix)).filter(|rest| !rest.is_empty())
}

/// A town and a village by position.
pub(super) type At = (usize, usize);

/// A name of a town without its suffix, and the positions of the towns it may mean now.
#[derive(Clone, Debug)]
pub(super) struct TownName {
    pub(super) base: String,
    pub(super) folded: Option<FoldedName>,
    pub(super) towns: Vec<usize>,
}

/// A name of a village without its suffix, and the village.
#[derive(Clone, Debug)]
pub(super) struct VillageName {
    pub(super) base: String,
    pub(super) folded: Option<FoldedName>,
    pub(super) at: At,
}

impl VillageName {
    fn new((base, at): (String, At)) -> Self {
        Self { folded: folded(&base), base, at }
    }
}

/// A listed name to compare with. 㯊 has no reading in the tables; 焉 is what stands for it most often.
fn folded(base: &str) -> Option<FoldedName> {
    FoldedName::new(&base.replace('㯊', "焉"))
}

/// A province, prefecture or county.
#[derive(Clone, Debug)]
pub(super) struct Above {
    /// In full.
    pub(super) name: String,
    /// Without its last character.
    pub(super) short: String,
    pub(super) folded: Option<FoldedName>,
}

/// Every name that leads to a town or a village of one edition.
#[derive(Clone, Debug, Default)]
pub(super) struct Names {
    pub(super) above: Vec<Above>,
    /// Longest first where one begins another.
    pub(super) towns: Vec<TownName>,
    /// Per base of the town they were ever written under.
    villages: BTreeMap<String, Vec<VillageName>>,
    /// Those of all towns.
    pub(super) all_villages: Vec<VillageName>,
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
        let mut village_names: BTreeMap<String, BTreeSet<(String, At)>> = BTreeMap::new();
        let mut all_villages: BTreeSet<(String, At)> = BTreeSet::new();
        for (town, village, line) in aliases {
            if let Some(&found) = now.get(line) {
                village_names.entry(town.clone()).or_default().insert((village.clone(), found));
                // A town of another edition (瑞濠街道) means the towns its villages lie in now.
                town_names.entry(town.clone()).or_default().insert(found.0);
                // Under its town of today too, whatever the name was.
                village_names.entry(towns[found.0].base.clone()).or_default().insert((village.clone(), found));
                all_villages.insert((village.clone(), found));
            }
        }
        for (at, town) in towns.iter().enumerate() {
            town_names.insert(town.base.clone(), BTreeSet::from([at]));
        }
        let mut names: Vec<TownName> = town_names
            .into_iter()
            .map(|(base, towns)| TownName { folded: folded(&base), base, towns: towns.into_iter().collect() })
            .collect();
        names.sort_by(|one, other| other.base.len().cmp(&one.base.len()).then_with(|| one.base.cmp(&other.base)));
        let above = above.iter().map(|name| {
            let short = name.trim_end_matches(['省', '市', '县', '区', '旗']).to_owned();
            Above { name: name.clone(), folded: FoldedName::new(&short), short }
        });
        let listed = |names: BTreeSet<(String, At)>| names.into_iter().map(VillageName::new).collect::<Vec<_>>();
        Self {
            above: above.filter(|above| !above.short.is_empty()).collect(),
            towns: names,
            villages: village_names.into_iter().map(|(town, names)| (town, listed(names))).collect(),
            all_villages: listed(all_villages),
        }
    }

    /// Villages by every name they had, under a town's base.
    pub(super) fn villages(&self, base: &str) -> &[VillageName] {
        self.villages.get(base).map_or(&[], Vec::as_slice)
    }

    /// Takes province, prefecture and county off the front.
    pub(super) fn below_county<'t>(&self, text: &'t str) -> &'t str {
        let mut rest = separators(text);
        for above in &self.above {
            // 遵义县 lies in 遵义市 and is another county than ours.
            let short = || rest.strip_prefix(above.short.as_str()).filter(|after| !after.starts_with('县'));
            if let Some(after) = rest.strip_prefix(above.name.as_str()).or_else(short) {
                rest = separators(after);
            }
        }
        rest
    }

    /// The town at the front of `text`: its base and what follows. A base alone counts only when no village suffix follows it
    /// and no suffix of another town (`瑞溪村` is a village, `土坪坝乡` another town, `瑞溪燕子坝` begins with a town).
    pub(super) fn town<'t>(&self, text: &'t str) -> Option<(&TownName, &'t str)> {
        self.towns.iter().find_map(|entry| {
            let after = text.strip_prefix(entry.base.as_str())?;
            let mut rest = after;
            while let Some(shorter) = ETHNIC_WORDS.iter().find_map(|word| rest.strip_prefix(word)) {
                rest = shorter;
            }
            if let Some(rest) = TOWN_SUFFIXES.iter().find_map(|suffix| rest.strip_prefix(suffix)) {
                return Some((entry, separators(rest)));
            }
            let is_village = COMMUNITY_SUFFIXES.iter().chain(&VILLAGE_SUFFIXES).any(|suffix| after.starts_with(suffix));
            (!is_village && !is_longer_town(after)).then(|| (entry, separators(after)))
        })
    }

    /// Whether `text` says the town in full: base and suffix, or `市坪苗族`.
    pub(super) fn says_in_full(text: &str, town: &TownName) -> bool {
        let after = text.strip_prefix(town.base.as_str()).unwrap_or("");
        TOWN_SUFFIXES.iter().chain(&ETHNIC_WORDS).any(|suffix| after.starts_with(suffix))
    }

    /// The town name that is this town's own.
    pub(super) fn name_of(&self, town: &Town) -> Option<&TownName> {
        self.towns.iter().find(|entry| entry.base == town.base)
    }

    /// The village at the front of `text` under the town `base`: where it is now and what follows.
    pub(super) fn village<'t>(&self, edition: &Edition, base: &str, text: &'t str) -> Option<(At, &'t str)> {
        let (found, rest, has_suffix) = self.longest_village(edition, base, text)?;
        // Without a suffix the name must end here: 新桥头组 is not 新桥.
        let ends = rest.chars().next().is_none_or(|next| !next.is_alphanumeric() || is_numeral(next));
        (has_suffix || ends).then(|| (found, separators(rest)))
    }

    /// The villages whose name a folded text is. Where a village and a community share it, the ending tells.
    pub(super) fn villages_named(&self, edition: &Edition, text: &str) -> BTreeSet<At> {
        if text == "新建" || TOWN_SUFFIXES.contains(&text) {
            return BTreeSet::new();
        }
        let named = self.all_villages.iter().filter_map(|name| Some((name.at, text.strip_prefix(name.base.as_str())?)));
        let ends = |after: &str| COMMUNITY_SUFFIXES.iter().chain(&VILLAGE_SUFFIXES).any(|suffix| after == *suffix);
        let named: Vec<(At, &str)> = named.filter(|(_, after)| after.is_empty() || ends(after)).collect();
        let is_this = |((town, at), after): &(At, &str)| {
            after.is_empty() || edition.villages[*town][*at].is_community == COMMUNITY_SUFFIXES.contains(after)
        };
        // Names of communities that became villages, and the other way round, stand under both.
        let only: BTreeSet<At> = named.iter().filter(|found| is_this(found)).map(|(at, _)| *at).collect();
        if only.is_empty() { named.into_iter().map(|(at, _)| at).collect() } else { only }
    }

    /// Villages that a folded text says in full anywhere in it, or by their bare name alone. What is part of a longer name is not said.
    pub(super) fn villages_said(&self, edition: &Edition, text: &str) -> Vec<At> {
        let mut said: Vec<(usize, usize, At)> = Vec::new();
        for name in self.all_villages.iter().filter(|name| name.base.chars().count() >= 2) {
            for (start, base) in text.match_indices(name.base.as_str()) {
                let (before, after) = (text.get(..start).unwrap_or(""), text.get(start + base.len()..).unwrap_or(""));
                let community = COMMUNITY_SUFFIXES.iter().any(|suffix| after.starts_with(suffix));
                let village = VILLAGE_SUFFIXES.iter().any(|suffix| after.starts_with(suffix));
                let is_whole = before.is_empty() && after.is_empty() && base != "新建";
                let (town, at) = name.at;
                let is_this = if community || village { edition.villages[town][at].is_community == community } else { is_whole };
                // Names of communities that became villages, and the other way round, stand under both.
                let is_only = || !self.all_villages.iter().any(|other| other.base == name.base && other.at != name.at);
                if begins(before) && (is_this || ((community || village) && is_only())) {
                    said.push((start, start + base.len(), name.at));
                }
            }
        }
        let longest = |(start, end, _): &(usize, usize, At)| {
            !said.iter().any(|(from, to, _)| from <= start && end <= to && to - from > end - start)
        };
        said.iter().filter(|found| longest(found)).map(|(.., at)| *at).collect()
    }

    /// The village at the front of `text` where a group's name stands right behind its base: `流渡沙寨组` under 流渡镇.
    pub(super) fn village_and_group<'t>(&self, edition: &Edition, base: &str, text: &'t str) -> Option<(At, &'t str)> {
        let (found, rest, has_suffix) = self.longest_village(edition, base, text)?;
        let taken = text.len() - rest.len();
        let is_group = !has_suffix && rest.ends_with('组') && rest.chars().count() >= 3;
        let is_longer = self.all_villages.iter().any(|name| name.base.len() > taken && text.starts_with(name.base.as_str()));
        (is_group && !is_longer).then_some((found, rest))
    }

    /// The village whose name begins `text`, what follows, and whether a suffix was between.
    fn longest_village<'t>(&self, edition: &Edition, base: &str, text: &'t str) -> Option<(At, &'t str, bool)> {
        let names = self.villages(base).iter().filter(|name| text.starts_with(name.base.as_str()));
        let longest = names.clone().map(|name| name.base.len()).max()?;
        let rest = text.get(longest..)?;
        let mut candidates: Vec<At> = names.filter(|name| name.base.len() == longest).map(|name| name.at).collect();
        let community = COMMUNITY_SUFFIXES.iter().find_map(|suffix| rest.strip_prefix(suffix));
        let village = VILLAGE_SUFFIXES.iter().find_map(|suffix| rest.strip_prefix(suffix));
        if candidates.len() > 1 && (community.is_some() || village.is_some()) {
            // 土坪村 beside 土坪居委会: only the suffix tells.
            candidates.retain(|&(town, at)| edition.villages[town][at].is_community == community.is_some());
        }
        let [found] = candidates.as_slice() else { return None };
        let after = community.or(village);
        Some((*found, after.unwrap_or(rest), after.is_some()))
    }
}

/// Whether a name may begin behind `before`: behind no letter, or behind a place or a time.
fn begins(before: &str) -> bool {
    before
        .chars()
        .next_back()
        .is_none_or(|last| !matches!(last, '\u{3400}'..='\u{9fff}') || "镇乡处道县市区省年月日度期".contains(last))
}

/// Whether one more character and 镇 or 乡 follow a town's base; 场镇, 集镇, 城镇 are where its market is.
fn is_longer_town(after: &str) -> bool {
    let mut next = after.chars();
    let one = next.next().is_some_and(|one| one.is_alphabetic() && !matches!(one, '场' | '集' | '城' | '乡'));
    one && matches!(next.next(), Some('镇' | '乡')) && next.next() != Some('村')
}

pub(super) fn is_numeral(character: char) -> bool {
    character.is_ascii_digit() || matches!(character, '一' | '二' | '三' | '四' | '五' | '六' | '七' | '八' | '九' | '十' | '第')
}

pub(super) fn is_separator(character: char) -> bool {
    matches!(character, '/' | '\\' | '-' | '—' | ',' | '，' | '、' | '>' | '|' | '·' | '.' | ' ')
}

/// The text without separators at its front.
pub(super) fn separators(text: &str) -> &str {
    text.trim_start_matches(is_separator)
}
