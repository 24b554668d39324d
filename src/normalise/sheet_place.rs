//! The place that a sheet says for all its rows, or for those below a line: in labelled lines, its title, its name, its file's name.
//!
//! Takes a [`TableHead`] and the divisions, gives texts for the town, the village and the group, empty where nothing is said. A village is taken
//! where a text begins with it or with its town, or says it in full (`青定村参保花名册`) and the county, or the town known, has only one of the
//! name; two different ones are none, and one name that several towns have is told ([`SheetPlace::unclear`]). A town's name without its ending is
//! the town, and only among the villages of that town a village of the name. A school's name is no domicile. What cannot be known, as two places in a line or a village that the
//! sheet's town lacks, is unknown ([`SheetPlace::is_unknown`]), never the place before. Cost: texts above the table × names
//! of the county, once a sheet; the same for each line that may say a place.

use crate::config::divisions::place::{Likeness, PlaceText, TownSource, fold};
use crate::config::divisions::{Edition, Village};
use crate::model::raw::TableHead;
use crate::model::school::without_schools;

/// Longer lines are prose.
const LONGEST_LINE: usize = 60;

/// A place as texts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct SheetPlace {
    pub(super) town: String,
    pub(super) village: String,
    pub(super) group: String,
    /// The town of the village, where the village alone says it.
    pub(super) town_of_village: String,
    /// Whether the village's text names no place that anybody could know.
    pub(super) is_unknown: bool,
    /// A village that is said by a name which several towns have: which, and where.
    pub(super) unclear: Option<String>,
    /// Where the sheet's name and its title say two towns.
    pub(super) unclear_town: Option<String>,
}

impl SheetPlace {
    /// A line with nothing but a place, or labels with places: what is below it is of there. `of_sheet` is the town of the sheet as a whole.
    pub(super) fn enter(&mut self, text: &str, of_sheet: &str, edition: &Edition) {
        if text.contains(['：', ':']) {
            let Labelled { town, village, group, address } = labelled(&[text.to_owned()]);
            if is_village(&address, &self.town, edition) {
                self.enter_place(&address, of_sheet, edition);
            } else if let Some(of_office) = edition.town_in(&address) {
                // An office that signs below its own rows says nothing new.
                let known = if self.town.is_empty() { of_sheet } else { &self.town };
                if known.is_empty() || !of_office.name.contains(town_stem(known)) {
                    self.enter_place(&of_office.name, of_sheet, edition);
                }
            }
            if !town.is_empty() {
                *self = Self { town, ..Self::default() };
            }
            if edition.town_named(&village).is_some_and(|(_, in_full)| !in_full) {
                self.enter_village(&village);
            } else if !village.is_empty() {
                self.enter_place(&village, of_sheet, edition);
            }
            if !group.is_empty() {
                self.enter_place(&group, of_sheet, edition);
            }
            return;
        }
        let parts: Vec<&str> = text.split(['、', '/', '-', '—']).filter(|part| !part.is_empty()).collect();
        if parts.windows(2).all(|pair| is_below(pair[1], pair[0], edition)) {
            for part in parts {
                self.enter_place(part, of_sheet, edition);
            }
        } else {
            self.enter_unknown(text);
        }
    }

    /// Several places, or one of which nobody knows where it is.
    fn enter_unknown(&mut self, text: &str) {
        *self = Self { village: text.to_owned(), is_unknown: true, ..Self::default() };
    }

    fn enter_place(&mut self, text: &str, of_sheet: &str, edition: &Edition) {
        let ends = |words: &[&str]| words.iter().any(|word| text.ends_with(word));
        let mut villages = edition.villages_named(text);
        if villages.is_empty() {
            // `燕子坝村三组`, where only one town has the village.
            let place = edition.place(&PlaceText { village: text, ..PlaceText::default() });
            villages.extend(place.town.zip(place.village).filter(|_| place.town_from == TownSource::Village));
        }
        let known = if self.town.is_empty() { of_sheet } else { &self.town };
        if ends(&["组"]) && villages.is_empty() && !is_village(text, known, edition) {
            text.clone_into(&mut self.group);
            return;
        }
        let has_village = |of: &str| {
            let of = edition.town_named(of).map(|(town, _)| &town.code);
            villages.iter().filter(|(town, _)| Some(&town.code) == of).count()
        };
        // A town's name without its ending is the town, but a village of that name among the villages of a town that is known.
        let (here, of_line) = (has_village(of_sheet), has_village(&self.town));
        match edition.town_named(text) {
            Some((_, true)) => *self = Self { town: text.to_owned(), ..Self::default() },
            Some((town, false)) if !of_sheet.is_empty() => match here {
                1 if !self.village.is_empty() => *self = Self { village: text.to_owned(), ..Self::default() },
                _ if town.name == of_sheet => *self = Self::default(),
                _ => self.enter_unknown(text),
            },
            Some((town, false)) => match edition.town_named(&self.town) {
                // `瑞溪镇`, and `瑞溪` within; but `瑞溪` once more is the town.
                Some((_, true)) if of_line == 1 => self.enter_village(text),
                Some((known, false)) if of_line > 0 && known.code != town.code => self.enter_unknown(text),
                _ => *self = Self { town: text.to_owned(), ..Self::default() },
            },
            None if ends(&["镇", "乡", "街道"]) && villages.is_empty() => {
                let is_left_over = edition.place(&PlaceText { town: text, ..PlaceText::default() }).left_over;
                if is_left_over && edition.town_in(text).is_none() {
                    self.enter_unknown(text);
                } else {
                    *self = Self { town: text.to_owned(), ..Self::default() };
                }
            }
            None if villages.is_empty() || of_line > 0 => {
                // `碧峰镇青定村` below a line of another town.
                let place = edition.place(&PlaceText { village: text, ..PlaceText::default() });
                if villages.is_empty() && place.town.is_some_and(|_| place.town_from == TownSource::Written) {
                    self.town.clear();
                }
                self.enter_village(text);
            }
            None if here > 0 => *self = Self { village: text.to_owned(), ..Self::default() },
            // Of another town than the one of the line above: its own, if only one has it.
            None => match villages.as_slice() {
                [(_, village)] if of_sheet.is_empty() => {
                    let said = if text == village.base { &village.name } else { text };
                    *self = Self { village: said.to_owned(), ..Self::default() };
                }
                _ => self.enter_unknown(text),
            },
        }
    }

    fn enter_village(&mut self, text: &str) {
        text.clone_into(&mut self.village);
        self.group.clear();
        self.is_unknown = false;
    }

    /// The place of a whole sheet.
    pub(super) fn of(head: &TableHead, edition: &Edition) -> Self {
        let preamble: Vec<String> = head.preamble.iter().map(|line| without_schools(line)).collect();
        let (path, sheet) = (without_schools(&head.name.file), without_schools(&head.name.sheet));
        let (path, sheet) = (path.as_str(), sheet.as_str());
        let mut place = labelled(&preamble);
        let file = path.rsplit('/').next().unwrap_or("");
        let stem = file.split_once('.').map_or(file, |(stem, _)| stem);
        let short = |line: &&String| line.chars().count() <= LONGEST_LINE;
        let lines = || preamble.iter().filter(short).map(String::as_str);
        let folders = path.rsplit('/');
        let in_text = |text: &str| edition.town_in(text).map(|town| town.name.clone());
        let town = in_text(&place.town).or_else(|| in_text(&place.address));
        let title = || lines().chain([stem]).find_map(|line| Some((line, in_text(line)?)));
        let is_village_of = |other: &str| edition.villages_named(sheet).iter().any(|(town, _)| town.name == other);
        let town = match town.map_or_else(|| (in_text(sheet), title()), |town| (Some(town), None)) {
            (Some(town), Some((line, other))) if town != other => {
                if !is_village_of(&other) {
                    let unclear = format!("工作表名“{sheet}”和“{line}”说的不是一个镇");
                    return Self { group: place.group, unclear_town: Some(unclear), ..Self::default() };
                }
                Some(other)
            }
            (town, title) => town.or(title.map(|(_, town)| town)),
        };
        let town = town.or_else(|| folders.into_iter().find_map(in_text)).unwrap_or_default();
        let village_of = |text: &str| village_in(text, &town, edition);
        let own = Some(std::mem::take(&mut place.village)).filter(|village| !village.is_empty());
        let village = own.or_else(|| village_of(&place.address));
        let village = village.or_else(|| lines().chain([sheet, stem]).find_map(village_of));
        let (mut unclear, mut town_of_village) = (None, String::new());
        let village = village.or_else(|| {
            let texts = [place.address.as_str()].into_iter().chain(lines()).chain([sheet, stem]);
            let of =
                |text| edition.villages_in(text).into_iter().filter(|(_, village)| is_said(text, village, edition)).collect();
            let all = texts.map(|text| (text, of(text))).find(|(_, villages): &(_, Vec<_>)| !villages.is_empty());
            let (text, mut villages) = all?;
            if villages.len() > 1 && !town.is_empty() {
                villages.retain(|(of, _)| of.name == town);
            }
            match villages.as_slice() {
                [(of, village)] if town.is_empty() || of.name == town => {
                    of.name.clone_into(&mut town_of_village);
                    Some(village.name.clone())
                }
                [(_, first), others @ ..] if !others.is_empty() && others.iter().all(|(_, other)| other.base == first.base) => {
                    let towns: Vec<&str> = villages.iter().map(|(town, _)| town.name.as_str()).collect();
                    unclear = Some(format!("“{text}”说的“{}”不止一个镇有（{}）", first.base, towns.join("、")));
                    None
                }
                _ => None,
            }
        });
        Self { town, village: village.unwrap_or_default(), group: place.group, town_of_village, unclear, ..Self::default() }
    }
}

/// A text that says by its ending that it is a place.
pub(super) fn is_named_place(text: &str) -> bool {
    const ENDS: [&str; 9] = ["村", "社区", "居委会", "村委会", "居", "组", "镇", "乡", "街道"];
    text.chars().count() >= 2 && ENDS.iter().any(|end| text.ends_with(end))
}

/// A text that is the name of a town or a village of the divisions, or of a village behind its town's.
pub(super) fn listed_place(text: &str, edition: &Edition) -> Option<String> {
    if edition.town_named(text).is_some() || !edition.villages_named(text).is_empty() {
        return Some(text.to_owned());
    }
    let place = edition.place(&PlaceText { address: text, ..PlaceText::default() });
    let (town, village) = (place.town?, place.village?);
    let is_written = place.town_from == TownSource::Written && place.group.is_none() && !place.left_over;
    let exact = place.town_by == Likeness::Same && place.village_by == Likeness::Same;
    (is_written && exact).then(|| format!("{}{}", town.name, village.name))
}

/// Whether a place may lie in another: a village in its town, a group anywhere.
fn is_below(text: &str, above: &str, edition: &Edition) -> bool {
    let villages = edition.villages_named(text);
    let town = edition.town_named(above).map(|(town, _)| &town.code);
    let in_town = || {
        let is_new = villages.is_empty() && edition.town_named(text).is_none();
        town.is_some() && (is_new || villages.iter().any(|(of, _)| Some(&of.code) == town))
    };
    text.ends_with('组') || in_town()
}

/// Whether a text says a village and not the town that bears the same name: `瑞溪社区`, never `瑞溪`.
fn is_said(text: &str, village: &Village, edition: &Edition) -> bool {
    let ended = |rest: &str| ["村", "社区", "居"].iter().any(|end| rest.starts_with(end));
    edition.town_named(&village.base).is_none() || fold(text).split(village.base.as_str()).skip(1).any(ended)
}

/// Whether a text says a village that the divisions have.
fn is_village(text: &str, town: &str, edition: &Edition) -> bool {
    !text.is_empty() && edition.place(&PlaceText { village: text, hint: town, ..PlaceText::default() }).village.is_some()
}

/// `瑞溪镇` → `瑞溪`.
pub(super) fn town_stem(town: &str) -> &str {
    ["街道", "镇", "乡"].iter().find_map(|end| town.strip_suffix(end)).unwrap_or(town)
}

/// What labelled lines say.
#[derive(Default)]
struct Labelled {
    town: String,
    village: String,
    group: String,
    /// An office or an area: town, village or both.
    address: String,
}

/// `乡镇：瑞溪镇；村（社区）：燕子坝村`, also with the value in the cell behind its label.
fn labelled(preamble: &[String]) -> Labelled {
    const TOWN: [&str; 7] = ["乡镇", "镇", "乡", "街道", "所在乡镇", "乡镇街道", "所属乡镇"];
    const VILLAGE: [&str; 9] = ["村", "行政村", "社区", "村居", "村名", "所在村", "所属村", "村社区", "村名称"];
    const GROUP: [&str; 7] = ["组", "村民组", "小组", "村民小组", "湾组", "组别", "组名"];
    const ADDRESS: [&str; 12] = [
        "填报单位",
        "填表单位",
        "制表单位",
        "报送单位",
        "上报单位",
        "单位名称",
        "单位",
        "地址",
        "地区",
        "所属地区",
        "行政区划",
        "填报村",
    ];
    let mut found = Labelled::default();
    let mut pieces = preamble
        .iter()
        .flat_map(|line| line.split(['；', ';', '，', ',', ' ', '　']))
        .filter(|piece| !piece.is_empty())
        .peekable();
    while let Some(piece) = pieces.next() {
        let Some((label, value)) = piece.split_once(['：', ':']) else { continue };
        let mut value = value.trim();
        if value.is_empty()
            && let Some(next) = pieces.next_if(|next| !next.contains(['：', ':']))
        {
            value = next.trim();
        }
        let label = without_brackets(label);
        let place = match label.as_str() {
            label if TOWN.contains(&label) => &mut found.town,
            label if VILLAGE.contains(&label) => &mut found.village,
            label if GROUP.contains(&label) => &mut found.group,
            label if ADDRESS.contains(&label) => &mut found.address,
            _ => continue,
        };
        if place.is_empty() {
            value.clone_into(place);
        }
    }
    found
}

/// `村（社区）` → `村`.
fn without_brackets(label: &str) -> String {
    let mut depth = 0_u32;
    let outside = label.chars().filter(|sign| {
        match sign {
            '（' | '(' => depth += 1,
            '）' | ')' => {
                depth = depth.saturating_sub(1);
                return false;
            }
            _ => {}
        }
        depth == 0 && !sign.is_whitespace()
    });
    outside.collect()
}

/// The one village that a title or a name speaks of, as written.
fn village_in(text: &str, town: &str, edition: &Edition) -> Option<String> {
    let folded = fold(text);
    let stem = town_stem(town);
    let mut found: Option<String> = None;
    for piece in folded.split(|sign: char| !sign.is_alphanumeric()) {
        let after_date = piece.trim_start_matches(|sign: char| sign.is_ascii_digit() || "年月日度".contains(sign));
        let from_town = piece.find(stem).filter(|_| !stem.is_empty()).and_then(|at| piece.get(at..));
        for address in from_town.into_iter().chain([after_date]).filter(|address| !address.is_empty()) {
            let place = edition.place(&PlaceText { address, hint: town, ..PlaceText::default() });
            let Some(village) = place.village.filter(|village| is_said(&folded, village, edition)) else { continue };
            if found.as_ref().is_some_and(|found| *found != village.name) {
                return None;
            }
            found = Some(village.name.clone());
        }
    }
    found
}
