//! The county's towns and villages, and how offices write them (domain: 4.3).

use super::PracticeError;

/// The edition of the code list in force in mid-2018.
const EDITION: &str = "2017-10-31";

/// One village or community (居委会) of the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Village {
    /// 12-digit code.
    pub code: String,
    /// Official town name: `瑞溪镇`.
    pub town: String,
    /// Position of the town among the county's towns.
    pub town_index: u32,
    /// Name without its suffix: `燕子坝`.
    pub base: String,
    /// `村`, `社区` or `居委会`, as the short form is written.
    pub suffix: &'static str,
    /// Name as the list has it: `燕子坝村村民委员会`.
    pub official: String,
}

impl Village {
    /// `燕子坝村`.
    #[must_use]
    pub fn short(&self) -> String {
        format!("{}{}", self.base, self.suffix)
    }
}

/// Reads the villages of the 2017-10-31 edition out of two CSV texts: villages (`as_of,street_code,village_code,village_name`) and
/// towns (`as_of,street_code,street_name`), as in `pipelines/divisions/`.
///
/// The list writes 桴㯊 as 桴焉, because 㯊 is not in GBK; the right character is put back.
///
/// # Errors
/// A text that is not such a CSV, a village of an unknown town, or no village at all.
pub fn read_divisions(villages: &str, towns: &str) -> Result<Vec<Village>, PracticeError> {
    let malformed = |what: String| PracticeError::Divisions { what };
    let mut town_names: Vec<(String, String)> = Vec::new();
    for record in csv::Reader::from_reader(towns.as_bytes()).records() {
        let record = record.map_err(|error| malformed(error.to_string()))?;
        if record.get(0) == Some(EDITION) {
            town_names.push((text(&record, 1), text(&record, 2).replace("桴焉", "桴㯊")));
        }
    }
    let mut list = Vec::new();
    for record in csv::Reader::from_reader(villages.as_bytes()).records() {
        let record = record.map_err(|error| malformed(error.to_string()))?;
        if record.get(0) != Some(EDITION) {
            continue;
        }
        let (town_code, official) = (text(&record, 1), text(&record, 3).replace("桴焉", "桴㯊"));
        let Some(position) = town_names.iter().position(|(code, _)| *code == town_code) else {
            return Err(malformed(format!("村（居）所属乡镇代码 {town_code} 不在乡镇表中")));
        };
        let (base, suffix) = [("社区居民委员会", "社区"), ("居民委员会", "居委会"), ("村村民委员会", "村"), ("村民委员会", "村")]
            .iter()
            .find_map(|&(ending, short)| Some((official.strip_suffix(ending)?.to_owned(), short)))
            .unwrap_or_else(|| (official.clone(), ""));
        list.push(Village {
            code: text(&record, 2),
            town: town_names[position].1.clone(),
            town_index: u32::try_from(position).unwrap_or(0),
            base,
            suffix,
            official,
        });
    }
    if list.is_empty() { Err(malformed(format!("没有 {EDITION} 版的村（居）"))) } else { Ok(list) }
}

fn text(record: &csv::StringRecord, column: usize) -> String {
    record.get(column).unwrap_or("").to_owned()
}

/// How a registry writes towns and villages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Spelling {
    /// `瑞溪镇`, `燕子坝村`, `谢坝仡佬族苗族乡`.
    Short,
    /// `瑞溪`, `燕子坝`.
    Bare,
    /// `燕子坝村委会`, `凤仪街道办事处`, `谢坝乡`.
    Office,
    /// The official list's own: `燕子坝村村民委员会`.
    Official,
}

/// The town as the registry writes it. `broken` stands for 㯊 where the office's machine cannot write it.
pub(super) fn town(village: &Village, spelling: Spelling, broken: &str) -> String {
    let name = village.town.replace('㯊', broken);
    let base =
        ["仡佬族苗族乡", "苗族仡佬族乡", "街道", "镇"].iter().find_map(|ending| name.strip_suffix(ending)).unwrap_or(&name);
    match spelling {
        Spelling::Bare => base.to_owned(),
        Spelling::Office if name.ends_with("街道") => format!("{name}办事处"),
        Spelling::Office if name.ends_with('乡') => format!("{base}乡"),
        Spelling::Short | Spelling::Official | Spelling::Office => name,
    }
}

/// The village as the registry writes it.
pub(super) fn village(village: &Village, spelling: Spelling, broken: &str) -> String {
    let name = match spelling {
        Spelling::Bare => village.base.clone(),
        Spelling::Office if village.suffix == "村" => format!("{}村委会", village.base),
        Spelling::Short | Spelling::Office => village.short(),
        Spelling::Official => village.official.clone(),
    };
    name.replace('㯊', broken)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOWNS: &str = "as_of,street_code,street_name\n2017-10-31,520324116,桴焉镇\n2017-10-31,520324202,谢坝仡佬族苗族乡\n";

    #[test]
    fn reads_the_edition_and_repairs_the_rare_character() {
        let villages = "as_of,street_code,village_code,village_name\n2016-07-31,520324116,520324116200,桴焉村村民委员会\n\
            2017-10-31,520324116,520324116001,桴焉居民委员会\n2017-10-31,520324202,520324202203,鱼泉村村民委员会\n";
        let list = read_divisions(villages, TOWNS).expect("two villages");
        assert_eq!(list.len(), 2);
        assert_eq!((list[0].town.as_str(), list[0].short().as_str()), ("桴㯊镇", "桴㯊居委会"));
        assert_eq!(town(&list[1], Spelling::Office, "㯊"), "谢坝乡");
        assert_eq!(village(&list[1], Spelling::Office, "㯊"), "鱼泉村委会");
        assert_eq!(town(&list[0], Spelling::Bare, "?"), "桴?");
    }

    #[test]
    fn a_village_without_its_town_is_an_error() {
        let villages = "as_of,street_code,village_code,village_name\n2017-10-31,520324999,520324999001,某某居民委员会\n";
        assert!(read_divisions(villages, TOWNS).is_err());
    }
}
