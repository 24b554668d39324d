//! Names for output. How names are compared is [`crate::model::identity::name`]'s.
//!
//! [`clean`] takes a cell and gives the name as it should be printed: no padding, no titles, `·` in minority names. Total over any
//! text; a cleaned name is clean.

use std::borrow::Cow;
use std::fmt;

use unicode_normalization::UnicodeNormalization;

use super::repair::{Repair, Repairs};
use crate::model::identity::name::{REMARKS, is_mask, is_unknown};
use crate::model::personal::mask_name;
use crate::model::text::{is_invisible, recomposed};

/// Words in brackets behind a name that say what the person is, not what else they are called.
const TITLES: [&str; 14] = ["户主", "本人", "配偶", "妻", "夫", "子", "女", "父", "母", "孙", "监护人", "已故", "死亡", "组长"];
/// What a name is called before a colon.
const LABELS: [&str; 21] = [
    "姓名",
    "户主",
    "名字",
    "本人",
    "户主姓名",
    "患者",
    "学生",
    "残疾人",
    "成员",
    "配偶",
    "妻子",
    "丈夫",
    "之子",
    "之女",
    "长子",
    "次子",
    "长女",
    "次女",
    "儿子",
    "女儿",
    "父亲",
];

/// A cleaned name. `Debug` masks it.
#[derive(Clone, PartialEq, Eq)]
pub struct NameReading<'a> {
    /// The name; empty when nothing is left.
    pub text: Cow<'a, str>,
    /// What was done to it.
    pub repairs: Repairs,
}

impl fmt::Debug for NameReading<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NameReading({}, {:?})", mask_name(&self.text), self.repairs)
    }
}

/// The name for output.
#[must_use]
pub fn clean(text: &str) -> NameReading<'_> {
    if text.chars().all(|character| matches!(character, '\u{4e00}'..='\u{9fff}' | '\u{3400}'..='\u{4dbf}') && character != '某')
    {
        return match without_title(text) {
            Some(name) => NameReading { text: Cow::Borrowed(name), repairs: Repairs::default().with(Repair::Title) },
            None => NameReading { text: Cow::Borrowed(text), repairs: Repairs::default() },
        };
    }
    let mut repairs = Repairs::default();
    let plain: Vec<char> = text.nfkc().filter(|&character| !is_invisible(character) && !is_quote(character)).collect();
    let plain = without_label(&plain, &mut repairs);
    let end = plain.iter().position(|character| matches!(character, '(' | '[' | '【' | '〔' | '<' | '《')).filter(|&at| at > 0);
    let (name, bracket) = plain.split_at(end.unwrap_or(plain.len()));
    let name = without_remark(name, &mut repairs);
    if !bracket.is_empty() {
        let said: String = bracket.iter().collect();
        repairs.insert(if TITLES.iter().any(|title| said.contains(title)) { Repair::Title } else { Repair::Bracket });
    }
    let has_han = name.iter().any(|&character| is_han(character));
    let mut cleaned = String::with_capacity(text.len());
    for (at, &character) in name.iter().enumerate() {
        if character.is_whitespace() {
            if !has_han && !cleaned.is_empty() && !cleaned.ends_with(' ') {
                cleaned.push(' ');
            }
        } else if is_dot(character) {
            // A dot between two Han characters belongs to a minority name; elsewhere it is a slip or an initial.
            let after = name[at + 1..].iter().find(|next| !next.is_whitespace() && !is_dot(**next));
            if cleaned.chars().next_back().is_some_and(is_han) && after.is_some_and(|&next| is_han(next)) {
                cleaned.push('·');
            } else if !has_han {
                cleaned.push(character);
            }
            if has_han && character != '·' {
                repairs.insert(Repair::Dot);
            }
        } else {
            cleaned.push(character);
        }
    }
    while cleaned.ends_with(' ') {
        cleaned.pop();
    }
    let mut cleaned = recomposed(cleaned);
    if cleaned.chars().all(is_han)
        && let Some(name) = without_title(&cleaned).map(str::to_owned)
    {
        repairs.insert(Repair::Title);
        cleaned = name;
    }
    // `0`, `12`: a column filled with zeros names nobody.
    if cleaned.is_ascii()
        && cleaned.contains(|sign: char| sign.is_ascii_digit())
        && !cleaned.contains(|sign: char| sign.is_ascii_alphabetic() || is_mask(sign) || is_unknown(sign))
    {
        return NameReading { text: Cow::Borrowed(""), repairs: Repairs::default().with(Repair::Unreadable) };
    }
    if cleaned == text && !is_masked(&cleaned) {
        return NameReading { text: Cow::Borrowed(text), repairs: Repairs::default() };
    }
    if is_masked(&cleaned) {
        repairs.insert(Repair::Masked);
    }
    if repairs.is_empty() {
        let narrow =
            text.chars().filter(|&character| !character.is_whitespace() && !is_invisible(character) && !is_quote(character));
        let spaced = narrow.eq(cleaned.chars().filter(|character| *character != ' '));
        repairs.insert(if spaced { Repair::Space } else { Repair::Width });
    }
    NameReading { text: Cow::Owned(cleaned), repairs }
}

/// The name without what the person is, written on without a sign between: `苏勇强户主`, `户主苏勇强`, `苏勇强同志`.
fn without_title(text: &str) -> Option<&str> {
    const ADDRESSED: [&str; 4] = ["同志", "先生", "女士", "老人"];
    const LEADING: [&str; 4] = ["户主", "本人", "已故", "死亡"];
    let long = |word: &&&str| word.len() >= 6;
    let mut name = text;
    // A name of two characters and a word of two.
    while name.len() >= 12 {
        let behind = REMARKS.iter().chain(&ADDRESSED).filter(long).find_map(|word| name.strip_suffix(word));
        let shorter = behind.or_else(|| LEADING.iter().find_map(|word| name.strip_prefix(word)));
        match shorter.filter(|shorter| shorter.len() >= 6) {
            Some(shorter) => name = shorter,
            None => break,
        }
    }
    (name.len() < text.len()).then_some(name)
}

/// Whether a character may belong to a name.
fn belongs(character: char) -> bool {
    is_han(character) || character.is_alphabetic() || is_mask(character)
}

/// Whether more than dots and spaces stands there: a dot before or behind a name is a slip of its own kind.
fn is_ornament(part: &[char]) -> bool {
    part.iter().any(|character| !character.is_whitespace() && !is_dot(*character))
}

fn is_chinese(name: &[char]) -> bool {
    name.iter().any(|&character| is_han(character) && !is_unknown(character))
}

/// A Chinese name without the label, the brackets, the signs and the running number before it.
fn without_label<'n>(name: &'n [char], repairs: &mut Repairs) -> &'n [char] {
    if !is_chinese(name) {
        return name;
    }
    let mut name = name;
    if let Some(colon) = name.iter().position(|character| *character == ':') {
        let label: String = name[..colon].iter().filter(|character| !character.is_whitespace()).collect();
        if LABELS.contains(&label.as_str()) {
            name = &name[colon + 1..];
            repairs.insert(Repair::Label);
        }
    }
    let mut first = name.iter().position(|character| belongs(*character)).unwrap_or(0);
    // `（死亡）梁秀祥`: what stands behind a name in brackets may stand before it.
    while name[..first].iter().any(|character| matches!(character, '(' | '[' | '【' | '〔' | '<'))
        && let Some(closed) = name[first..].iter().position(|character| matches!(character, ')' | ']' | '】' | '〕' | '>'))
        && is_chinese(&name[first + closed + 1..])
    {
        let said: String = name[first..first + closed].iter().collect();
        repairs.insert(if TITLES.iter().any(|title| said.contains(title)) { Repair::Title } else { Repair::Bracket });
        name = &name[first + closed + 1..];
        first = name.iter().position(|character| belongs(*character)).unwrap_or(0);
    }
    if !is_ornament(&name[..first]) {
        return name;
    }
    repairs.insert(Repair::Ornament);
    &name[first..]
}

/// A Chinese name without the signs, the running number and the words behind it.
fn without_remark<'n>(name: &'n [char], repairs: &mut Repairs) -> &'n [char] {
    if !is_chinese(name) {
        return name;
    }
    let mut name = name;
    let end = name.iter().rposition(|character| belongs(*character)).map_or(name.len(), |last| last + 1);
    if is_ornament(&name[end..]) {
        name = &name[..end];
        repairs.insert(Repair::Ornament);
    }
    while let Some(space) =
        name.iter().rposition(|character| character.is_whitespace() || matches!(character, '/' | '-' | '、' | ',' | ':'))
    {
        let word: String = name[space + 1..].iter().collect();
        if !REMARKS.contains(&word.as_str()) || name[..space].iter().filter(|character| is_han(**character)).count() < 2 {
            break;
        }
        repairs.insert(Repair::Title);
        name = &name[..space];
    }
    name
}

/// Whether the sender hides a part: `张*三`, `张某某`, `王××`. A single character that some system could not write is no mask.
fn is_masked(name: &str) -> bool {
    let known = name.chars().any(|character| is_han(character) && !is_unknown(character) && !is_mask(character));
    known && name.chars().any(|character| character == '*' || is_mask(character))
}
/// Whether a cell could name somebody (or be a number or code that does): neither a word for nothing, nor a sentence, nor signs alone.
#[must_use]
pub fn has_shape(text: &str) -> bool {
    const NOBODY: [&str; 23] = [
        "男", "女", "是", "否", "汉", "汉族", "户主", "无", "空", "不详", "未知", "待定", "待补", "待填", "待核", "未填", "缺",
        "空缺", "暂无", "没有", "空白", "姓名", "测试",
    ];
    let plain = text.trim();
    let lettered = plain
        .chars()
        .any(|character| character.is_alphanumeric() || is_han(character) || matches!(character, '*' | '×' | '○' | '□'));
    lettered && !NOBODY.contains(&plain) && plain.chars().count() <= LONGEST_NAME
}

/// The longest names of minorities, with titles and remarks in brackets.
const LONGEST_NAME: usize = 60;

pub(super) fn is_han(character: char) -> bool {
    matches!(character, '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}' | '〇')
        || is_unknown(character)
}

/// The dots seen in minority names; the standard one is U+00B7 (民委发〔2016〕33号).
fn is_dot(character: char) -> bool {
    matches!(character, '·' | '.' | '．' | '•' | '・' | '･' | '‧' | '∙' | '⋅' | '。' | '｡' | '-' | '－')
}

fn is_quote(character: char) -> bool {
    matches!(character, '\'' | '"' | '’' | '‘' | '“' | '”' | '`')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(text: &str) -> (String, Vec<&'static str>) {
        let reading = clean(text);
        (reading.text.into_owned(), reading.repairs.iter().map(Repair::as_str).collect())
    }

    #[test]
    fn names_for_output() {
        for (text, name, repairs) in [
            ("张三", "张三", vec![]),
            ("张 三", "张三", vec!["space"]),
            ("　张\u{200b}三\t", "张三", vec!["space"]),
            ("张三(户主)", "张三", vec!["title"]),
            ("张三（曾用名李四）", "张三", vec!["bracket"]),
            ("阿卜．买买提", "阿卜·买买提", vec!["dot"]),
            ("阿卜·买买提", "阿卜·买买提", vec![]),
            ("张三。", "张三", vec!["dot"]),
            ("张□", "张□", vec![]),
            (" John  Smith ", "John Smith", vec!["space"]),
            ("\u{3bca}生", "\u{3bca}生", vec![]),
            ("姓名：张三", "张三", vec!["label"]),
            ("★张三", "张三", vec!["ornament"]),
            ("①张三", "张三", vec!["ornament"]),
            ("1.张三", "张三", vec!["ornament"]),
            ("张三2", "张三", vec!["ornament"]),
            ("张三（1）", "张三", vec!["bracket"]),
            ("张三 户主", "张三", vec!["title"]),
            ("张小三 已故", "张小三", vec!["title"]),
            ("（死亡）张小三", "张小三", vec!["title"]),
            ("【亡】张小三", "张小三", vec!["bracket"]),
            ("★ (五保)[已故] 张三", "张三", vec!["title", "bracket"]),
            ("(张三)", "张三", vec!["ornament"]),
            ("死亡张小三", "张小三", vec!["title"]),
            ("张*三", "张*三", vec!["masked"]),
            ("张某某", "张某某", vec!["masked"]),
        ] {
            assert_eq!(read(text), (name.to_owned(), repairs), "{text}");
        }
        for dot in ['.', '．', '•', '・', '‧', '∙', '。', '-'] {
            assert_eq!(read(&format!("阿卜{dot}买买提")).0, "阿卜·买买提", "{dot}");
        }
    }

    proptest! {
        #[test]
        fn idempotent(text in "\\PC{0,16}|[张三李四·.．•。 　(（）)□-]{0,12}") {
            let once = clean(&text).text.into_owned();
            let twice = clean(&once);
            prop_assert_eq!(twice.text.as_ref(), once.as_str());
        }
    }
}
