//! Place texts → towns and villages of one edition.
//!
//! Takes what a row says of where ([`PlaceText`]: separate columns, or one address), gives a [`Place`]. Never a village without a town; an
//! address of another county resolves to nothing. A name that is not on the list is the only nearest one of the list ([`Likeness`]) or
//! nothing, and the place says which. Pure; O(text × names of the county), so callers remember distinct texts.

use unicode_normalization::UnicodeNormalization;

use super::names::{Names, TownName};
pub use super::nearest::Likeness;
use super::nearest::{self, Column, TownLike, VillageLike};
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

/// What named the town.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TownSource {
    /// The row.
    Written,
    /// [`PlaceText::hint`].
    Sheet,
    /// The village, the only one of its name.
    Village,
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
    /// What named the town.
    pub town_from: TownSource,
    /// How near the town's name is to what was written.
    pub town_by: Likeness,
    /// How near the village's name is to what was written.
    pub village_by: Likeness,
    /// Whether a text after or beside the town found no village.
    pub left_over: bool,
    /// Whether that text is the name of a village of another town.
    pub contradicts: bool,
}

impl Place<'_> {
    /// Something is written of which nobody can tell where it is.
    #[must_use]
    pub fn unknown() -> Self {
        Self { state: PlaceState::Unknown, ..Self::nowhere() }
    }

    fn nowhere() -> Self {
        Self {
            town: None,
            village: None,
            group: None,
            state: PlaceState::Missing,
            town_from: TownSource::Written,
            town_by: Likeness::Same,
            village_by: Likeness::Same,
            left_over: false,
            contradicts: false,
        }
    }
}

/// NFKC, without spaces and invisible characters, 桴㯊 restored: 㯊 (U+3BCA) is not in GBK and was lost in six ways even in the official lists.
#[must_use]
pub fn fold(text: &str) -> String {
    let mut plain = text.nfkc().filter(|character| !character.is_whitespace() && !is_invisible(*character)).peekable();
    let mut folded = String::with_capacity(text.len());
    while let Some(character) = plain.next() {
        folded.push(suffix_character(character));
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

/// The traditional characters of suffixes in their simplified form.
fn suffix_character(character: char) -> char {
    match character {
        '縣' => '县',
        '區' => '区',
        '鎮' => '镇',
        '鄉' => '乡',
        '辦' => '办',
        '處' => '处',
        '會' => '会',
        '員' => '员',
        other => other,
    }
}

/// A town that a row names.
struct FoundTown<'s, 't> {
    name: &'s TownName,
    /// What follows it in its text.
    rest: &'t str,
    source: TownSource,
    by: Likeness,
}

/// Town, village and address of a row.
type Texts<'t> = [(&'t str, Column); 3];

impl Edition {
    /// Resolves the parts of a place. Columns go before the address, names that are on the list before spellings of them, both before the
    /// hint; a village alone gives the town where that is blank or cannot be read.
    #[must_use]
    pub fn place(&self, parts: &PlaceText<'_>) -> Place<'_> {
        let mut place = Place::nowhere();
        let [county, town, village, group, address] =
            [parts.county, parts.town, parts.village, parts.group, parts.address].map(fold);
        // `燕子坝村三组` under 组, where nothing else says a place.
        let is_alone = [&town, &village, &address].iter().all(|text| text.is_empty()) && parts.hint.is_empty();
        let village = if is_alone && nearest::has_village_suffix(&group) { group.clone() } else { village };
        let written = [&county, &town, &village, &address].iter().any(|text| !text.is_empty());
        if !group.is_empty() {
            place.group = Some(parts.group.trim().to_owned());
        }
        if !self.names.below_county_alike(&county).is_empty() {
            place.state = PlaceState::Elsewhere;
            return place;
        }
        let texts: Texts<'_> = [(&town, Column::Town), (&village, Column::Village), (&address, Column::Address)];
        let below = texts.map(|(text, column)| (self.names.below_county_alike(text), column));
        let hint = fold(parts.hint);
        let found = self.listed_town(&texts, &below);
        // A misspelt county is ours only with a town of ours.
        let elsewhere = |text: &str| is_elsewhere(self.names.below_county(text));
        if found.is_none() && (elsewhere(&county) || texts.iter().any(|(text, _)| elsewhere(text))) {
            place.state = PlaceState::Elsewhere;
            return place;
        }
        let in_county = !county.is_empty() || below[2].0.len() < address.len();
        let found = found
            .or_else(|| self.similar_town(&below))
            .or_else(|| self.town_of_sheet(&hint))
            .or_else(|| self.town_of_village(&below, in_county));
        let Some(found) = found else {
            place.state = if written { PlaceState::Unknown } else { PlaceState::Missing };
            return place;
        };
        let base = found.name.base.as_str();
        let in_texts = [self.without_town(below[1].0, base), found.rest, self.without_town(below[2].0, base)];
        if let Some((like, in_group)) = self.village_below(base, in_texts, &group) {
            let (town, at) = like.at;
            (place.town, place.village) = (Some(&self.towns[town]), Some(&self.villages[town][at]));
            (place.town_from, place.town_by, place.village_by) = (found.source, found.by, like.by);
            // 燕子坝村三组 under 组 says the group after the village.
            if !like.rest.is_empty() && (place.group.is_none() || in_group) {
                place.group = Some(like.rest.to_owned());
            }
            place.state = PlaceState::Village;
            return place;
        }
        place.left_over = in_texts.iter().any(|text| !text.is_empty());
        place.contradicts = in_texts.iter().any(|text| self.names.is_village_of_county(text));
        match found.name.towns.as_slice() {
            // A town known by its shape only, with a village of another one: neither is sure.
            [only] if !place.contradicts || found.by <= Likeness::Sound => {
                place.town = Some(&self.towns[*only]);
                (place.town_from, place.town_by) = (found.source, found.by);
                place.state = PlaceState::Town;
            }
            _ => place.state = PlaceState::Unknown,
        }
        place
    }

    /// The town that a sheet or file name speaks of, if exactly one is named: `瑞溪镇低保名册.xlsx`, `凤仪`.
    #[must_use]
    pub fn town_in(&self, name: &str) -> Option<&Town> {
        let folded = fold(name);
        let mut named = self.towns.iter().filter(|town| folded.contains(&town.base));
        match (named.next(), named.next()) {
            (Some(only), None) => Some(only),
            (None, _) => match self.names.town_like_in(&folded)?.towns.as_slice() {
                [only] => Some(&self.towns[*only]),
                _ => None,
            },
            _ => None,
        }
    }

    /// The town whose name a text is, and whether in full: `瑞溪镇`, `瑞溪`. A name that several towns of today come from is none of them.
    #[must_use]
    pub fn town_named(&self, text: &str) -> Option<(&Town, bool)> {
        let folded = fold(text);
        let below = self.names.below_county(&folded);
        let (name, rest) = self.names.town(below)?;
        match name.towns.as_slice() {
            [only] if rest.is_empty() => Some((&self.towns[*only], below.len() > name.base.len())),
            _ => None,
        }
    }

    /// The villages whose name a text is, with its ending or without: `青定村`, `青定`.
    #[must_use]
    pub fn villages_named(&self, text: &str) -> Vec<(&Town, &Village)> {
        let folded = fold(text);
        let found = self.names.villages_named(self, self.names.below_county(&folded));
        found.into_iter().map(|(town, at)| (&self.towns[town], &self.villages[town][at])).collect()
    }

    /// The villages whose name a text says in full, suffix and all, or is: `青定村2018年参保花名册`, `青定`. Several where towns share the name.
    #[must_use]
    pub fn villages_in(&self, text: &str) -> Vec<(&Town, &Village)> {
        let folded = fold(text);
        let mut found = self.names.villages_said(self, &folded);
        found.sort_unstable();
        found.dedup();
        found.into_iter().map(|(town, at)| (&self.towns[town], &self.villages[town][at])).collect()
    }

    /// A town that stands on the list.
    fn listed_town<'t>(&self, texts: &Texts<'t>, below: &Texts<'t>) -> Option<FoundTown<'_, 't>> {
        texts.iter().zip(below).find_map(|((text, column), (below, _))| {
            let (name, rest) = self.names.town(below)?;
            // A village column may repeat the town (瑞溪镇燕子坝村), but 新州 there is the village: only a full town name counts.
            let counts = *column != Column::Village || Names::says_in_full(below, name) || below.len() < text.len();
            counts.then_some(FoundTown { name, rest, source: TownSource::Written, by: Likeness::Same })
        })
    }

    /// A town that a text has a spelling of: the only nearest one, else the one of the nearest that has the village.
    fn similar_town<'t>(&self, below: &Texts<'t>) -> Option<FoundTown<'_, 't>> {
        let mut doubtful = Vec::new();
        for (text, column) in below {
            let near = self.names.near_towns(self, text, *column);
            match near.as_slice() {
                [only] if only.by < Likeness::Half => return Some(FoundTown::similar(only)),
                _ => doubtful.extend(near),
            }
        }
        doubtful.retain(|like| self.has_village(like, below));
        let first = doubtful.first()?;
        doubtful.iter().all(|like| like.town.base == first.town.base).then(|| FoundTown::similar(first))
    }

    /// Whether the texts name a village of a town that they spell; beside half a name one that no other town has.
    fn has_village(&self, like: &TownLike<'_, '_>, below: &Texts<'_>) -> bool {
        let base = like.town.base.as_str();
        let texts = [self.without_town(below[1].0, base), like.rest, self.without_town(below[2].0, base)];
        texts.into_iter().filter(|text| !text.is_empty()).any(|text| {
            let alike = || Names::near_village(self, self.names.villages(base), text, Likeness::Sound).map(|village| village.at);
            let here = self.names.village(self, base, text).map(|(at, _)| at).or_else(alike);
            let in_county = || Names::near_village(self, &self.names.all_villages, text, Likeness::Sound);
            here.is_some_and(|at| like.by < Likeness::Half || in_county().is_some_and(|village| village.at == at))
        })
    }

    fn town_of_sheet(&self, hint: &str) -> Option<FoundTown<'_, 'static>> {
        let (name, _) = self.names.town(self.names.below_county(hint))?;
        Some(FoundTown { name, rest: "", source: TownSource::Sheet, by: Likeness::Same })
    }

    /// The town of the only village in the county with the name written, where no other town is named. Beside a town that cannot be read
    /// the sound is enough; without one the village is written in full, an address with our county.
    fn town_of_village<'t>(&self, below: &Texts<'t>, in_county: bool) -> Option<FoundTown<'_, 't>> {
        let [(town, _), (village, _), (address, _)] = *below;
        let is_village = self.names.is_village_of_county(town);
        if !is_village && nearest::names_another_town(town) {
            return None;
        }
        let is_unreadable = !is_village && !town.is_empty();
        let [below_town, below_village, below_address] = [town, village, address].map(nearest::below_unreadable_town);
        let (below_town, below_village, below_address) = (below_town?, below_village?, below_address?);
        let found = [(below_village, village), (below_town, town), (below_address, if in_county { address } else { "" })];
        found.into_iter().filter(|(text, whole)| !text.is_empty() && !whole.is_empty()).find_map(|(text, whole)| {
            let is_unreadable = is_unreadable || text.len() < whole.len();
            if !is_unreadable && !nearest::has_village_suffix(text) {
                return None;
            }
            let worst = if is_unreadable { Likeness::Sound } else { Likeness::Same };
            let only = Names::near_village(self, &self.names.all_villages, text, worst)?;
            let name = self.names.name_of(&self.towns[only.at.0])?;
            Some(FoundTown { name, rest: text, source: TownSource::Village, by: Likeness::Same })
        })
    }

    /// The village under a town: one on the list in any text, else one with the group's name behind it, else a spelling of one. Whether
    /// the group's text had it.
    fn village_below<'t>(&self, base: &str, texts: [&'t str; 3], group: &'t str) -> Option<(VillageLike<'t>, bool)> {
        let listed = |(at, rest)| VillageLike { by: Likeness::Same, at, rest };
        let all = texts.into_iter().chain([group]);
        let known = all.into_iter().find_map(|text| Some((listed(self.names.village(self, base, text)?), text == group)));
        let with_group = || texts.into_iter().find_map(|text| self.names.village_and_group(self, base, text)).map(listed);
        let similar = || {
            // A name that a village elsewhere in the county bears is no slip.
            let unknown = texts.into_iter().filter(|text| !text.is_empty() && !self.names.is_village_of_county(text));
            unknown
                .filter_map(|text| Names::near_village(self, self.names.villages(base), text, Likeness::Slip))
                .min_by_key(|like| like.by)
        };
        known.or_else(|| with_group().or_else(similar).map(|like| (like, false)))
    }

    /// What a text says below the town: itself without county and, where it repeats it, the town.
    fn without_town<'t>(&self, below: &'t str, base: &str) -> &'t str {
        // A village of the town's own name stays: 瑞溪社区 of 瑞溪镇.
        if self.names.village(self, base, below).is_some() {
            return below;
        }
        match self.names.town(below) {
            Some((entry, rest)) if entry.base == base => rest,
            Some(_) => below,
            None => self.names.below_town_alike(base, below).unwrap_or(below),
        }
    }
}

impl<'s, 't> FoundTown<'s, 't> {
    fn similar(like: &TownLike<'s, 't>) -> Self {
        Self { name: like.town, rest: like.rest, source: TownSource::Written, by: like.by }
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
