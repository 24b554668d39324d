//! Closed vocabularies: relation to the head, yes/no, code tables, disability kind and grade in one cell.
//!
//! Takes a cell's text, gives the canonical word or `None` for what the vocabulary does not have; nothing is guessed.

use std::collections::HashMap;

use unicode_normalization::UnicodeNormalization;

use crate::model::text::is_invisible;

/// Relations of the poverty registry (codes 01-20, 99 and later additions), with the other spellings that mean them.
/// One-digit codes are left out: 1 is the head in one registry and the husband in another.
const RELATIONS: [(&str, &str); 31] = [
    ("户主", "本人或户主 本人 户主本人 01"),
    ("配偶", "之配偶 妻子 丈夫 妻 夫 之妻 之夫 爱人 02"),
    ("之子", "子 儿子 长子 次子 三子 四子 五子 独生子 大儿子 二儿子 三儿子 养子 继子 03"),
    ("之女", "女 女儿 长女 次女 三女 四女 五女 独生女 大女儿 二女儿 三女儿 养女 继女 04"),
    ("之子女", "子女 孩子"),
    ("之儿媳", "儿媳 儿媳妇 媳妇 05"),
    ("之女婿", "女婿 06"),
    ("之孙子", "孙子 孙 长孙 次孙 07"),
    ("之孙女", "孙女 长孙女 次孙女 08"),
    ("之外孙子", "外孙子 外孙 09"),
    ("之外孙女", "外孙女 10"),
    ("之父", "父 父亲 11"),
    ("之母", "母 母亲 12"),
    ("之岳父", "岳父 13"),
    ("之岳母", "岳母 14"),
    ("之公公", "公公 15"),
    ("之婆婆", "婆婆 16"),
    ("之祖父", "祖父 爷爷 17"),
    ("之祖母", "祖母 奶奶 18"),
    ("之外祖父", "外祖父 外公 19"),
    ("之外祖母", "外祖母 外婆 20"),
    ("之兄弟姐妹", "兄弟姐妹 兄 弟 姐 妹 哥哥 弟弟 姐姐 妹妹 兄弟 姐妹 哥 之兄 之弟 之姐 之妹"),
    ("之曾孙子", "曾孙子 曾孙"),
    ("之曾孙女", "曾孙女"),
    ("之孙媳", "孙媳 孙媳妇 之孙媳妇"),
    ("之侄儿", "侄儿 侄子 之侄子"),
    ("之侄女", "侄女"),
    ("之兄弟媳妇", "兄弟媳妇 嫂子 弟媳 嫂 弟媳妇"),
    ("之叔伯", "叔伯 叔父 伯父 叔叔 伯伯"),
    ("之父母", "父母"),
    ("其他", "其它 其他亲属 非亲属 其他关系 99"),
];

const YES: [&str; 16] =
    ["是", "1", "y", "yes", "true", "t", "√", "✓", "✔", "有", "享受", "已享受", "对", "参加", "已参加", "符合"];
const NO: [&str; 17] =
    ["否", "0", "n", "no", "false", "f", "×", "x", "✗", "无", "没有", "未享受", "不享受", "不是", "非", "未参加", "不符合"];

const GRADES: [(&str, &str); 4] = [("一级", "一壹1Ⅰ"), ("二级", "二贰2Ⅱ"), ("三级", "三叁3Ⅲ"), ("四级", "四肆4Ⅳ")];
const DISABILITIES: [&str; 7] = ["视力", "听力", "言语", "肢体", "智力", "精神", "多重"];

/// The form in which a cell meets a table: NFKC, lower case, without spaces and invisible characters.
#[must_use]
pub fn fold(text: &str) -> String {
    text.nfkc().filter(|character| !character.is_whitespace() && !is_invisible(*character)).flat_map(char::to_lowercase).collect()
}

/// The relation to the head in the poverty registry's words: `户主`, `配偶`, `之子` …
#[must_use]
pub fn relation(text: &str) -> Option<&'static str> {
    let exact = RELATIONS.iter().find(|(canonical, _)| *canonical == text);
    let found = exact.or_else(|| {
        let folded = fold(text);
        RELATIONS.iter().find(|(canonical, others)| *canonical == folded || others.split(' ').any(|other| other == folded))
    });
    found.map(|(canonical, _)| *canonical)
}

/// Yes or no.
#[must_use]
pub fn yes_no(text: &str) -> Option<bool> {
    match text {
        "是" => return Some(true),
        "否" => return Some(false),
        _ => {}
    }
    let folded = fold(text);
    if YES.contains(&folded.as_str()) { Some(true) } else { NO.contains(&folded.as_str()).then_some(false) }
}

/// Kinds and worst grade read out of `肢体二级`, `智力一级、肢体二级`, `三级`, `视力残疾`.
#[must_use]
pub fn disability(text: &str) -> (Vec<&'static str>, Option<&'static str>) {
    // NFKC would turn Ⅲ into III; the sign is kept until the grade is read.
    let plain: String = text.replace("III", "Ⅲ").replace("II", "Ⅱ").replace("IV", "Ⅳ").replace('I', "Ⅰ");
    let kinds = DISABILITIES.into_iter().filter(|kind| plain.contains(kind)).collect();
    let characters: Vec<char> = plain.chars().filter(|character| !character.is_whitespace()).collect();
    let before_grade = characters.windows(2).filter(|pair| pair[1] == '级').map(|pair| pair[0]);
    let alone = if let [only] = characters.as_slice() { Some(*only) } else { None };
    let is_grade = |sign: char| {
        let digit = u32::from(sign).checked_sub(0xff10).and_then(|digit| char::from_digit(digit, 10)).unwrap_or(sign);
        GRADES.iter().position(|(_, signs)| signs.contains(digit))
    };
    let worst = before_grade.chain(alone).filter_map(is_grade).min();
    (kinds, worst.map(|at| GRADES[at].0))
}

/// A field's code table, with every spelling it has met. Unknown spellings are remembered as such.
#[derive(Debug)]
pub struct CodeTable<'a> {
    codes: HashMap<String, &'a str>,
    met: HashMap<String, Option<&'a str>>,
}

/// Spellings remembered per column; a column with more is free text, and remembering it would cost more than it saves.
const REMEMBERED: usize = 4096;

impl<'a> CodeTable<'a> {
    /// A table of (spelling, canonical value).
    pub fn new(codes: impl Iterator<Item = (&'a str, &'a str)>) -> Self {
        let mut table: HashMap<String, &'a str> = HashMap::new();
        for (spelling, canonical) in codes {
            table.insert(fold(spelling), canonical);
            // A canonical value always means itself, whatever spellings say.
            table.insert(fold(canonical), canonical);
        }
        Self { codes: table, met: HashMap::new() }
    }

    /// The canonical value, `None` when the table does not have the spelling.
    pub fn get(&mut self, text: &str) -> Option<&'a str> {
        if let Some(&known) = self.met.get(text) {
            return known;
        }
        let found = self.codes.get(&fold(text)).copied();
        if self.met.len() < REMEMBERED {
            self.met.insert(text.to_owned(), found);
        }
        found
    }
}

/// The parts of a multi-valued cell.
pub fn parts(text: &str) -> impl Iterator<Item = &str> {
    text.split([',', '，', '、', ';', '；', '/', '|', '\n', '+']).map(str::trim).filter(|part| !part.is_empty())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn relations_of_both_registries() {
        for (text, expected) in [
            ("本人或户主", "户主"),
            ("本人", "户主"),
            ("妻子", "配偶"),
            ("长子", "之子"),
            ("之 女", "之女"),
            ("09", "之外孙子"),
            ("之侄女", "之侄女"),
            ("其它", "其他"),
        ] {
            assert_eq!(relation(text), Some(expected), "{text}");
        }
        assert_eq!(relation("1"), None, "1 is the head in one registry and the husband in another");
        let mut spellings: Vec<&str> =
            RELATIONS.iter().flat_map(|(canonical, others)| others.split(' ').chain([*canonical])).collect();
        let all = spellings.len();
        spellings.sort_unstable();
        spellings.dedup();
        assert_eq!(spellings.len(), all, "a spelling with two meanings");
    }

    #[test]
    fn yes_and_no() {
        for (text, expected) in [
            ("是", Some(true)),
            ("Ｙ", Some(true)),
            ("√", Some(true)),
            ("0", Some(false)),
            ("未享受", Some(false)),
            ("不详", None),
        ] {
            assert_eq!(yes_no(text), expected, "{text}");
        }
    }

    #[test]
    fn kinds_and_grades_in_one_cell() {
        assert_eq!(disability("肢体二级"), (vec!["肢体"], Some("二级")));
        assert_eq!(disability("智力二级、肢体一级"), (vec!["肢体", "智力"], Some("一级")));
        for text in ["一级", "1级", "壹级", "Ⅰ级", "I级", "１级", "1", "一"] {
            assert_eq!(disability(text), (vec![], Some("一级")), "{text}");
        }
        assert_eq!(disability("III级").1, Some("三级"));
        assert_eq!(disability("IV级").1, Some("四级"));
        assert_eq!(disability("视力残疾"), (vec!["视力"], None));
    }

    #[test]
    fn codes_meet_folded() {
        let mut table = CodeTable::new([("低保(全家)贫困户", "低保贫困户"), ("1", "一般贫困户")].into_iter());
        assert_eq!(table.get("低保（全家）贫困户 "), Some("低保贫困户"));
        assert_eq!(table.get("低保贫困户"), Some("低保贫困户"));
        assert_eq!(table.get("别的"), None);
    }

    proptest! {
        #[test]
        fn canonical_words_stay(text in "\\PC{0,8}") {
            if let Some(word) = relation(&text) {
                prop_assert_eq!(relation(word), Some(word));
            }
            let _ = (disability(&text), yes_no(&text));
        }
    }
}
