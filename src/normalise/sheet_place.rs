//! The place that a sheet says for all its rows, or for those below a line: in labelled lines, its title, its name, its file's name.
//!
//! Takes a [`TableHead`] and the divisions, gives texts for the town, the village and the group, empty where nothing is said. A village is taken
//! where a text begins with it or with its town, or says it in full (`青定村参保花名册`) and the county, or the town known, has only one of the
//! name; two different ones are none, and one name that several towns have is told ([`SheetPlace::unclear`]). Cost: texts above the table × names
//! of the county, once a sheet.

use crate::config::divisions::Edition;
use crate::config::divisions::place::{PlaceText, TownSource, fold};
use crate::model::raw::TableHead;

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
    /// A village that is said by a name which several towns have: which, and where.
    pub(super) unclear: Option<String>,
}

impl SheetPlace {
    /// A line with nothing but a place, or labels with places: what is below it is of there. `of_sheet` is the town of the sheet as a whole.
    pub(super) fn enter(&mut self, text: &str, of_sheet: &str, edition: &Edition) {
        if text.contains(['：', ':']) {
            let Labelled { town, village, group, address } = labelled(&[text.to_owned()]);
            if is_village(&address, &self.town, edition) {
                self.enter_place(&address, edition);
            } else if let Some(of_office) = edition.town_in(&address) {
                // An office that signs below its own rows says nothing new.
                let known = if self.town.is_empty() { of_sheet } else { &self.town };
                if known.is_empty() || !of_office.name.contains(town_stem(known)) {
                    self.enter_place(&of_office.name, edition);
                }
            }
            for said in [town, village, group].iter().filter(|said| !said.is_empty()) {
                self.enter_place(said, edition);
            }
        } else {
            self.enter_place(text, edition);
        }
    }

    fn enter_place(&mut self, text: &str, edition: &Edition) {
        let ends = |words: &[&str]| words.iter().any(|word| text.ends_with(word));
        if ends(&["组"]) {
            // `燕子坝村三组` says both.
            if is_village(text, &self.town, edition) {
                text.clone_into(&mut self.village);
                self.group.clear();
            } else {
                text.clone_into(&mut self.group);
            }
            return;
        }
        if ends(&["镇", "乡", "街道"]) {
            *self = Self { town: text.to_owned(), ..Self::default() };
            return;
        }
        // `碧峰镇青定村` below a line of another town.
        let place = edition.place(&PlaceText { village: text, ..PlaceText::default() });
        if place.town.is_some_and(|_| place.town_from == TownSource::Written) {
            self.town.clear();
        }
        text.clone_into(&mut self.village);
        self.group.clear();
    }

    /// The place of a whole sheet.
    pub(super) fn of(head: &TableHead, edition: &Edition) -> Self {
        let mut place = labelled(&head.preamble);
        let file = head.name.file.rsplit('/').next().unwrap_or("");
        let stem = file.split_once('.').map_or(file, |(stem, _)| stem);
        let short = |line: &&String| line.chars().count() <= LONGEST_LINE;
        let lines = || head.preamble.iter().filter(short).map(String::as_str);
        let named = || [place.address.as_str()].into_iter().chain([head.name.sheet.as_str()]).chain(lines());
        let folders = head.name.file.rsplit('/');
        let in_text = |text: &str| edition.town_in(text).map(|town| town.name.clone());
        let town = in_text(&place.town).or_else(|| named().find_map(in_text)).or_else(|| folders.into_iter().find_map(in_text));
        let town = town.unwrap_or_default();
        let village_of = |text: &str| village_in(text, &town, edition);
        let own = Some(std::mem::take(&mut place.village)).filter(|village| !village.is_empty());
        let village = own.or_else(|| village_of(&place.address));
        let village = village.or_else(|| lines().chain([head.name.sheet.as_str(), stem]).find_map(village_of));
        let (mut unclear, mut town_of_village) = (None, String::new());
        let village = village.or_else(|| {
            let texts = [place.address.as_str()].into_iter().chain(lines()).chain([head.name.sheet.as_str(), stem]);
            let all = texts.map(|text| (text, edition.villages_in(text))).find(|(_, villages)| !villages.is_empty());
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
        Self { town, village: village.unwrap_or_default(), group: place.group, town_of_village, unclear }
    }
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
            let Some(village) = place.village else { continue };
            if found.as_ref().is_some_and(|found| *found != village.name) {
                return None;
            }
            found = Some(village.name.clone());
        }
    }
    found
}
