//! Closed vocabularies: yes/no, code tables, disability kind and grade in one cell. Relations are [`super::kinship`]'s.
//!
//! Takes a cell's text, gives the canonical word or `None` for what the vocabulary does not have; nothing is guessed.

use std::collections::HashMap;

use unicode_normalization::UnicodeNormalization;

use super::date::arabic;
use crate::model::identity::simplified;
use crate::model::text::is_invisible;

const YES: &str =
    "是 是的 1 y yes true t √ ✓ ✔ 有 享受 已享受 对 参加 已参加 符合 愿意 愿 有意愿 已 同意 需要 需 属于 属 具备 具有";
const NO: &str = "否 未 没 0 n no false f × x ✗ 无 没有 未享受 不享受 不是 非 未参加 不符合 不愿意 不愿 无意愿 没有意愿 没意愿 不同意 不需要 不需 无需 无需要 \
    不属于 不属 不具备 不具有 不参加 未有";

const GRADES: [(&str, &str); 4] = [("一级", "一壹1Ⅰ"), ("二级", "二贰2Ⅱ"), ("三级", "三叁3Ⅲ"), ("四级", "四肆4Ⅳ")];
/// In the order of the certificate's digit, with what is written for each.
const DISABILITIES: [(&str, &str); 7] = [
    ("视力", "视力 视残 视障 盲"),
    ("听力", "听力 听残 听障 聋"),
    ("言语", "言语 语言 言残 语残 语障 哑"),
    ("肢体", "肢体 肢残 肢障 肢"),
    ("智力", "智力 智残 智障 弱智"),
    ("精神", "精神 精残 精障"),
    ("多重", "多重 多残 综合残"),
];

/// The form in which a cell meets a table: NFKC, lower case, simplified, without spaces and invisible characters.
#[must_use]
pub fn fold(text: &str) -> String {
    let shown = text.nfkc().filter(|character| !character.is_whitespace() && !is_invisible(*character));
    shown.flat_map(char::to_lowercase).map(simplified).collect()
}

/// The year before a word, and the word: `2016年脱贫`, `2018春`, `2017-2018学年第二学期`; of a school year that in which the term lies.
#[must_use]
pub fn behind_year(text: &str) -> Option<(i32, String)> {
    let folded = fold(text);
    let behind = folded.trim_start_matches(|sign: char| sign.is_ascii_digit() || "-~/至—〇○零一二三四五六七八九".contains(sign));
    let before = arabic(folded.strip_suffix(behind).unwrap_or_default());
    let years: Vec<i32> = before
        .split(|sign: char| !sign.is_ascii_digit())
        .filter_map(|year| year.parse().ok().filter(|year| (1990..2100).contains(year)))
        .collect();
    let rest = ["学年度", "学年", "年度", "年"].iter().find_map(|word| behind.strip_prefix(word)).unwrap_or(behind);
    let is_first = ["第一", "第1", "上", "秋"].iter().any(|word| rest.starts_with(word));
    let year = match years.as_slice() {
        [year] if !behind.starts_with("学年") => *year,
        [first, second] if *second == first + 1 => {
            if is_first {
                *first
            } else {
                *second
            }
        }
        _ => return None,
    };
    (!rest.is_empty()).then(|| (year, rest.to_owned()))
}

/// From where a text names a school year on: `2017-2018学年第二学期` in any title.
#[must_use]
pub fn school_year(text: &str) -> Option<&str> {
    let (years, _) = text.split_once("学年")?;
    let is_part = |sign: char| sign.is_ascii_digit() || "-－~～/至—–".contains(sign);
    let named = years.trim_end_matches(is_part).len();
    text.get(named..).filter(|_| years.len() > named + 4)
}

/// The year in which a term of a school year lies, whose name begins `school_year`; the term stands by itself, else behind the year.
#[must_use]
pub fn year_of_term(school_year: &str, term: &str) -> Option<i32> {
    let (years, behind) = school_year.split_once("学年")?;
    let term = if term.is_empty() { behind.trim_start_matches('度') } else { term };
    let is_one = ["第一", "第二", "第1", "第2", "上", "下", "春", "秋"].iter().any(|word| term.starts_with(word));
    behind_year(&format!("{years}学年{term}")).map(|(year, _)| year).filter(|_| is_one)
}

/// Boxes that nobody ticked, and those that somebody did, as [`fold`] leaves them.
const EMPTY_BOXES: &str = "□☐◻▢";
const TICKED_BOXES: &str = "☑☒■◼√✓✔●";

/// What is ticked of words with boxes, one after the other where several are and nothing where none is: `□是☑否`, `是（ ）否（√）`, `未婚■`. `None`
/// where the folded text is no such form.
#[must_use]
pub fn ticked(folded: &str) -> Option<String> {
    if !folded.contains(|sign: char| EMPTY_BOXES.contains(sign) || TICKED_BOXES.contains(sign) || "(○".contains(sign)) {
        return None;
    }
    let mut said = folded.replace("()", "□").replace("[]", "□");
    for tick in ["(√)", "[√]", "(✓)", "(✔)", "[✓]", "(v)", "[v]", "[x]"] {
        said = said.replace(tick, "☑");
    }
    // Beside a full one a ring is a box, else it is a zero.
    if said.contains('●') {
        said = said.replace(['○', '◯'], "□");
    }
    let is_ticked = |sign: char| TICKED_BOXES.contains(sign);
    let is_box = |sign: char| EMPTY_BOXES.contains(sign) || is_ticked(sign);
    let words: Vec<&str> = said.split(is_box).map(|word| word.trim_matches(['、', ',', ';', '/', '|', '.', '。'])).collect();
    if words.len() < 2 || words.iter().all(|word| word.is_empty()) {
        return None;
    }
    // Boxes stand before the words or behind them.
    let behind = usize::from(said.starts_with(is_box));
    let chosen = said.chars().filter(|sign| is_box(*sign)).zip(words.iter().skip(behind));
    Some(chosen.filter(|(sign, _)| is_ticked(*sign)).map(|(_, word)| *word).collect())
}

/// [`ticked`] of a text that may be any: a form has two boxes at least.
#[must_use]
pub fn form(text: &str) -> Option<String> {
    let is_box = |sign: &char| EMPTY_BOXES.contains(*sign) || TICKED_BOXES.contains(*sign) || "(（[○".contains(*sign);
    if text.chars().filter(is_box).count() < 2 { None } else { ticked(&fold(text)) }
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
    let is_one_of = |list: &str, word: &str| list.split(' ').any(|known| known == word);
    let word = |word: &str| if is_one_of(YES, word) { Some(true) } else { is_one_of(NO, word).then_some(false) };
    if let Some(choice) = ticked(&folded) {
        return word(&choice);
    }
    // `是（已核实）`, `是。`: what stands behind in brackets or as a full stop changes nothing.
    word(&folded).or_else(|| {
        let bare = folded.split(['(', '[', '【']).next().unwrap_or("");
        word(bare.trim_matches(['。', '.', ',', '、', ';', '!', ':', '"', '\'']))
    })
}

/// Kinds and worst grade read out of `肢体二级`, `肢残三级`, `智力一级、肢体二级`, `三级`, `视力残疾`, `43` (the digits of a certificate).
#[must_use]
pub fn disability(text: &str) -> (Vec<&'static str>, Option<&'static str>) {
    let chosen = form(text);
    let text = chosen.as_deref().unwrap_or(text);
    // NFKC would turn Ⅲ into III; the sign is kept until the grade is read.
    let plain: String = text.replace("III", "Ⅲ").replace("II", "Ⅱ").replace("IV", "Ⅳ").replace('I', "Ⅰ");
    let shown = plain.chars().filter(|character| !character.is_whitespace() && !is_invisible(*character));
    let characters: Vec<char> = shown.map(|character| simplified(wide_digit(character))).collect();
    let said: String = characters.iter().collect();
    let mut kinds: Vec<&'static str> = Vec::new();
    for (kind, words) in DISABILITIES {
        if words.split(' ').any(|word| said.contains(word)) {
            kinds.push(kind);
        }
    }
    let is_grade = |sign: char| GRADES.iter().position(|(_, signs)| signs.contains(sign));
    let worst = match characters.as_slice() {
        [only] => is_grade(*only),
        // Category and grade as a certificate number ends.
        [category @ '1'..='7', grade @ '1'..='4'] => {
            kinds.extend(category.to_digit(10).and_then(|at| DISABILITIES.get(at as usize - 1)).map(|(kind, _)| *kind));
            is_grade(*grade)
        }
        _ => {
            let before = characters.windows(2).filter(|pair| pair[1] == '级').map(|pair| pair[0]);
            let grades = before.filter_map(is_grade).min();
            // `肢体3`, `肢体Ⅱ`, `肢体(三)`: the sign alone behind the kind.
            let last = characters.iter().rev().find(|character| character.is_alphanumeric()).copied();
            grades.or_else(|| last.filter(|_| !kinds.is_empty()).and_then(is_grade))
        }
    };
    (kinds, worst.map(|at| GRADES[at].0))
}

/// A full-width digit as the plain one.
fn wide_digit(character: char) -> char {
    u32::from(character).checked_sub(0xff10).and_then(|digit| char::from_digit(digit, 10)).unwrap_or(character)
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
        let folded = fold(text);
        let known = |word: &String| self.codes.get(word).copied();
        let of_class =
            || without_class(&folded).and_then(|grade| known(&grade.to_owned()).or_else(|| known(&format!("{grade}班"))));
        let found = known(&folded).or_else(|| known(&ticked(&folded)?)).or_else(of_class);
        if self.met.len() < REMEMBERED {
            self.met.insert(text.to_owned(), found);
        }
        found
    }
}

/// The grade in front of a class: `高一(1)班`, `七年级3班`, `七年级三班`, `大(2)班`.
fn without_class(folded: &str) -> Option<&str> {
    let rest = folded.strip_suffix('班')?;
    if let Some(inner) = rest.strip_suffix(')') {
        return inner.rsplit_once('(').map(|(grade, _)| grade);
    }
    let grade = rest.trim_end_matches(|sign: char| sign.is_ascii_digit());
    if grade.len() < rest.len() {
        return Some(grade);
    }
    Some(rest.trim_end_matches(|sign: char| "一二三四五六七八九十".contains(sign))).filter(|grade| grade.ends_with('级'))
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
    fn a_class_says_its_grade() {
        let codes = [("初一", "七年级"), ("七年级", "七年级"), ("高一", "高一"), ("大班", "大班")];
        let mut table = CodeTable::new(codes.into_iter());
        for (text, grade) in [
            ("高一（1）班", Some("高一")),
            ("高一12班", Some("高一")),
            ("七年级三班", Some("七年级")),
            ("初一(二)班", Some("七年级")),
            ("大（2）班", Some("大班")),
            ("三班", None),
        ] {
            assert_eq!(table.get(text), grade, "{text}");
        }
    }

    #[test]
    fn yes_and_no() {
        for (text, expected) in [
            ("是", Some(true)),
            ("Ｙ", Some(true)),
            ("√", Some(true)),
            ("0", Some(false)),
            ("未享受", Some(false)),
            ("是（已核实）", Some(true)),
            ("否。", Some(false)),
            ("參加", Some(true)),
            ("不详", None),
            ("□是☑否", Some(false)),
            ("☑是 □否", Some(true)),
            ("是□否■", Some(false)),
            ("（√）是（ ）否", Some(true)),
            ("（ ）是（√）否", Some(false)),
            ("是（ ）否（√）", Some(false)),
            ("○是 ●否", Some(false)),
            ("是√", Some(true)),
            ("☑是☑否", None),
            ("□是□否", None),
        ] {
            assert_eq!(yes_no(text), expected, "{text}");
        }
    }

    #[test]
    fn a_year_before_a_word() {
        let of = |text: &str| behind_year(text).map(|(year, rest)| format!("{year} {rest}"));
        for (text, right) in [
            ("2016年脱贫", Some("2016 脱贫")),
            ("2018春", Some("2018 春")),
            ("二〇一八年春季学期", Some("2018 春季学期")),
            ("2017-2018学年第二学期", Some("2018 第二学期")),
            ("2017-2018学年第一学期", Some("2017 第一学期")),
            ("2018学年第一学期", None),
            ("2018", None),
            ("2018年", None),
            ("7年级", None),
            ("春季", None),
        ] {
            assert_eq!(of(text).as_deref(), right, "{text}");
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
        for text in
            ["肢残三级", "3级肢体", "肢体/三级", "肢体（三级）", "肢体 三 级", "肢体残疾叁级", "肢残Ⅲ", "肢体3", "43", "肢殘三級"]
        {
            assert_eq!(disability(text), (vec!["肢体"], Some("三级")), "{text}");
        }
        assert_eq!(disability("视力一级;听力二级"), (vec!["视力", "听力"], Some("一级")));
        assert_eq!(disability("多重一级(视力、肢体)").1, Some("一级"));
        assert_eq!(disability("听力语言二级"), (vec!["听力", "言语"], Some("二级")));
        assert_eq!(disability("心脏"), (vec![], None));
        assert_eq!(disability("☑肢体□视力 □一级☑二级"), (vec!["肢体"], Some("二级")));
        assert_eq!(disability("□视力□听力□肢体"), (vec![], None));
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
        fn total(text in "\\PC{0,8}") {
            let _ = (disability(&text), yes_no(&text));
        }
    }
}
