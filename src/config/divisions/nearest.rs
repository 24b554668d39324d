//! Names that stand on no list → the one listed name they are a spelling of.
//!
//! Takes texts in which [`super::names`] found nothing, gives the nearest town or village by [`Likeness`]. Only where exactly one is
//! nearest, never a choice between two: a slip that two names explain says nothing. A name that some village of the county really
//! bears is that village's and no slip of another's. Pure; O(places to cut × names of the county or town), some microseconds.

use super::Edition;
use super::names::{
    At, COMMUNITY_SUFFIXES, Names, TOWN_SUFFIXES, TownName, VILLAGE_SUFFIXES, VillageName, is_numeral, is_separator, separators,
    without_ethnic_words,
};
use crate::model::identity::name::{FoldedName, NameLevel, compare, is_unknown};

/// No name of a town or village is longer.
const LONGEST: usize = 10;
/// Written where nobody knew.
const UNKNOWN_WORDS: [&str; 10] = ["不详", "不明", "不清楚", "未知", "未填", "待补", "待查", "待核实", "暂无", "空白"];

/// Said alike in the south-west though the tables read them otherwise: 崖 as 岩 (ái), 菁 as 箐 (qìng).
const SAID_ALIKE: [(char, char); 2] = [('崖', '岩'), ('菁', '箐')];

/// How near a written name is to a listed one, nearest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Likeness {
    /// The same characters; traditional forms count as the same.
    Same,
    /// The same sound, dialects folded, or the same but for unreadable characters.
    Sound,
    /// One character looks alike.
    Shape,
    /// One character dropped, added, changed or two exchanged, and enough others left to know the name by.
    Slip,
    /// Half a name: says something only beside a village that is known.
    Half,
}

/// A name as written.
struct Written {
    folded: FoldedName,
    /// With [`SAID_ALIKE`] put right, where that changes it.
    said: Option<FoldedName>,
}

impl Written {
    fn new(name: &str) -> Option<Self> {
        let said: String = name
            .chars()
            .map(|written| SAID_ALIKE.iter().find(|(other, _)| *other == written).map_or(written, |(_, listed)| *listed))
            .collect();
        let said = if said == name { None } else { FoldedName::new(&said) };
        Some(Self { folded: FoldedName::new(name)?, said })
    }

    /// How near it is to a listed name, if at all.
    fn likeness(&self, listed: Option<&FoldedName>) -> Option<Likeness> {
        let listed = listed?;
        let said = self.said.as_ref().and_then(|said| likeness(said, listed)).map(|by| by.max(Likeness::Sound));
        likeness(&self.folded, listed).into_iter().chain(said).min()
    }
}

fn likeness(written: &FoldedName, listed: &FoldedName) -> Option<Likeness> {
    match compare(written, listed) {
        NameLevel::Same => return Some(Likeness::Same),
        // A name of one character is no more than a syllable.
        _ if listed.len() < 2 => return None,
        NameLevel::Wildcard | NameLevel::SameSound => return Some(Likeness::Sound),
        // 风华 is no 凤仪: beside a character that only looks alike one must be the very same.
        NameLevel::LookAlike | NameLevel::OneCharacter if !written.has_character_of(listed) => return None,
        NameLevel::LookAlike => return Some(Likeness::Shape),
        NameLevel::OneCharacter => return Some(Likeness::Slip),
        NameLevel::Dropped | NameLevel::Different => {}
    }
    if written.has_wildcard() {
        return None;
    }
    let (long, short) = (listed.len() >= 3, written.len() == 1);
    if written.is_reordering_of(listed) || long && listed.loses_one_to(written) && !short {
        Some(Likeness::Slip)
    } else if written.loses_one_to(listed) {
        Some(if long || written.has_double() { Likeness::Slip } else { Likeness::Half })
    } else {
        (listed.len() == 2 && (listed.loses_one_to(written) || listed.shares_a_place_with(written))).then_some(Likeness::Half)
    }
}

/// Which column a text is from: what stands at its front differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Column {
    Town,
    Village,
    Address,
}

/// A town that a text may begin with.
#[derive(Clone, Copy, Debug)]
pub(super) struct TownLike<'s, 't> {
    pub(super) by: Likeness,
    pub(super) town: &'s TownName,
    /// What follows it.
    pub(super) rest: &'t str,
}

/// A village that a text begins with.
#[derive(Clone, Copy, Debug)]
pub(super) struct VillageLike<'t> {
    pub(super) by: Likeness,
    pub(super) at: At,
    /// What follows it.
    pub(super) rest: &'t str,
}

/// A text cut into a name, a suffix and what follows.
struct Cut<'t> {
    name: &'t str,
    suffix: &'t str,
    rest: &'t str,
}

/// Every way to cut `text` behind a name at one of `suffixes` (longer ones first).
fn cuts<'t>(text: &'t str, suffixes: &[&str]) -> Vec<Cut<'t>> {
    let positions = text.char_indices().skip(1).take(LONGEST);
    positions
        .filter_map(|(at, _)| {
            let (name, tail) = text.split_at(at);
            let suffix = suffixes.iter().find(|suffix| tail.starts_with(**suffix))?;
            let (suffix, rest) = tail.split_at(suffix.len());
            Some(Cut { name, suffix, rest: separators(rest) })
        })
        .collect()
}

/// Where a name without suffix may end: before a separator, at the end, and (`numbers`) before a numeral.
fn open_cuts(text: &str, numbers: bool) -> Vec<Cut<'_>> {
    let ends = |next: char| is_separator(next) || numbers && is_numeral(next);
    let inner = text.char_indices().skip(1).filter(|(_, next)| ends(*next)).map(|(at, _)| at);
    inner
        .chain(std::iter::once(text.len()))
        .map(|at| text.split_at(at))
        .filter(|(name, _)| !name.is_empty() && name.chars().count() <= LONGEST)
        .map(|(name, rest)| Cut { name, suffix: "", rest: separators(rest) })
        .collect()
}

fn village_cuts(text: &str) -> Vec<Cut<'_>> {
    let mut found = cuts(text, &COMMUNITY_SUFFIXES);
    found.extend(cuts(text, &VILLAGE_SUFFIXES));
    if found.is_empty() { open_cuts(text, true) } else { found }
}

/// Whether a text names a town that is none of ours, as far as it can be read: not blank, `?镇`, `#REF!`, `不详`.
pub(super) fn names_another_town(text: &str) -> bool {
    let name = cuts(text, &TOWN_SUFFIXES).first().map_or(text, |cut| cut.name);
    let readable =
        name.chars().filter(|character| !character.is_ascii() && character.is_alphanumeric() && !is_unknown(*character));
    readable.count() >= 2 && !UNKNOWN_WORDS.contains(&name)
}

/// What follows a town that cannot be read (`?镇燕子坝村`), all where none stands, `None` where one does that is none of ours.
pub(super) fn below_unreadable_town(text: &str) -> Option<&str> {
    match cuts(text, &TOWN_SUFFIXES).first() {
        Some(cut) if names_another_town(cut.name) => None,
        Some(cut) => Some(cut.rest),
        None => Some(text),
    }
}

/// Whether a village's suffix stands behind a name.
pub(super) fn has_village_suffix(text: &str) -> bool {
    [&COMMUNITY_SUFFIXES, &VILLAGE_SUFFIXES].iter().any(|suffixes| !cuts(text, suffixes.as_slice()).is_empty())
}

impl Names {
    /// [`Names::below_county`], where province, prefecture or county may be misspelt.
    pub(super) fn below_county_alike<'t>(&self, text: &'t str) -> &'t str {
        let mut rest = self.below_county(text);
        while let Some(after) = self.below_misspelt(rest) {
            rest = self.below_county(after);
        }
        rest
    }

    /// What follows `正按县`: the unit is the same and the name sounds or looks like it.
    fn below_misspelt<'t>(&self, text: &'t str) -> Option<&'t str> {
        let (at, unit) = text.char_indices().take(5).find(|(_, next)| matches!(next, '省' | '市' | '县' | '区' | '旗'))?;
        let (name, rest) = text.split_at(at);
        let written = Written::new(name).filter(|written| written.folded.len() >= 2)?;
        let alike = |listed| written.likeness(listed).is_some_and(|by| by <= Likeness::Shape);
        let known = self.above.iter().any(|above| above.name.ends_with(unit) && alike(above.folded.as_ref()));
        known.then(|| rest.get(unit.len_utf8()..))?
    }

    /// The towns nearest to what `text` begins with: all of one likeness, each once.
    pub(super) fn near_towns<'s, 't>(&'s self, edition: &Edition, text: &'t str, column: Column) -> Vec<TownLike<'s, 't>> {
        let mut near = Nearest::default();
        let with_suffix = cuts(text, &TOWN_SUFFIXES);
        for cut in &with_suffix {
            self.add_towns(cut, Likeness::Half, &mut near);
        }
        // 瑞西 in a town's column is all there is to read; in a village's column it is a village.
        if with_suffix.is_empty() && column != Column::Village {
            let no_village = !has_village_suffix(text);
            for cut in open_cuts(text, false) {
                if column == Column::Town && no_village {
                    self.add_towns(&cut, Likeness::Half, &mut near);
                } else if !cut.rest.is_empty() {
                    self.add_towns(&cut, Likeness::Shape, &mut near);
                }
            }
            // 瑞西燕子坝村: only a village that is known shows where the town ends.
            for (at, _) in text.char_indices().skip(1).take(LONGEST) {
                let (name, rest) = text.split_at(at);
                let mut ends_here = Nearest::default();
                self.add_towns(&Cut { name, suffix: "", rest }, Likeness::Shape, &mut ends_here);
                let known = ends_here.found.into_iter().filter(|like| self.village(edition, &like.town.base, rest).is_some());
                known.for_each(|like| near.add(like.by, like));
            }
        }
        let mut found: Vec<TownLike<'s, 't>> = Vec::new();
        for like in near.found {
            if found.iter().all(|known| known.town.base != like.town.base) {
                found.push(like);
            }
        }
        found
    }

    fn add_towns<'s, 't>(&'s self, cut: &Cut<'t>, worst: Likeness, near: &mut Nearest<TownLike<'s, 't>>) {
        let Some(written) = Written::new(without_ethnic_words(cut.name)) else { return };
        for town in &self.towns {
            if let Some(by) = written.likeness(town.folded.as_ref()).filter(|by| *by <= worst) {
                near.add(by, TownLike { by, town, rest: cut.rest });
            }
        }
    }

    /// The one town that a sheet or file name has a spelling of, before a town's suffix.
    pub(super) fn town_like_in(&self, name: &str) -> Option<&TownName> {
        let mut near = Nearest::default();
        let starts = name.char_indices().map(|(at, _)| name.split_at(at).1);
        for cut in starts.flat_map(|tail| cuts(tail, &TOWN_SUFFIXES)) {
            self.add_towns(&cut, Likeness::Shape, &mut near);
        }
        let first = near.found.first()?.town;
        near.found.iter().all(|like| like.town.base == first.base).then_some(first)
    }

    /// What follows a spelling of the town `base` at the front of `text`.
    pub(super) fn below_town_alike<'t>(&self, base: &str, text: &'t str) -> Option<&'t str> {
        let listed = self.towns.iter().find(|town| town.base == base)?.folded.as_ref();
        let cuts = cuts(text, &TOWN_SUFFIXES).into_iter();
        let alike = |name| Written::new(without_ethnic_words(name)).and_then(|written| written.likeness(listed));
        cuts.filter(|cut| alike(cut.name).is_some_and(|by| by <= Likeness::Slip)).map(|cut| cut.rest).next()
    }

    /// The one village among `names` nearest to what `text` begins with, not farther than `worst`.
    pub(super) fn near_village<'t>(
        edition: &Edition,
        names: &[VillageName],
        text: &'t str,
        worst: Likeness,
    ) -> Option<VillageLike<'t>> {
        let mut near: Nearest<(VillageLike<'t>, &str)> = Nearest::default();
        for cut in village_cuts(text) {
            let Some(written) = Written::new(cut.name) else { continue };
            // Without a suffix there is less to know a village by.
            let worst = if cut.suffix.is_empty() { worst.min(Likeness::Shape) } else { worst };
            for name in names {
                if let Some(by) = written.likeness(name.folded.as_ref()).filter(|by| *by <= worst) {
                    near.add(by, (VillageLike { by, at: name.at, rest: cut.rest }, cut.suffix));
                }
            }
        }
        let is_one = |found: &[(VillageLike<'_>, &str)]| found.windows(2).all(|pair| pair[0].0.at == pair[1].0.at);
        if !is_one(&near.found) {
            // 土坪村 beside 土坪居委会: only the suffix tells.
            near.found.retain(|(like, suffix)| {
                let (town, at) = like.at;
                !suffix.is_empty() && edition.villages[town][at].is_community == COMMUNITY_SUFFIXES.contains(suffix)
            });
        }
        near.found.first().map(|(like, _)| *like).filter(|_| is_one(&near.found))
    }

    /// Whether a village of the county bears the name that `text` begins with.
    pub(super) fn is_village_of_county(&self, text: &str) -> bool {
        let names = village_cuts(text);
        names.iter().any(|cut| self.all_villages.iter().any(|name| name.base == cut.name))
    }
}

/// What is nearest so far.
struct Nearest<T> {
    by: Likeness,
    found: Vec<T>,
}

impl<T> Default for Nearest<T> {
    fn default() -> Self {
        Self { by: Likeness::Half, found: Vec::new() }
    }
}

impl<T> Nearest<T> {
    fn add(&mut self, by: Likeness, item: T) {
        if by < self.by {
            self.found.clear();
            self.by = by;
        }
        if by == self.by {
            self.found.push(item);
        }
    }
}
