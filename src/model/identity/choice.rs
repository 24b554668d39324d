//! Which of the numbers in one cell is meant: a phone or a certificate beside it, an old number and the one that takes its place.
//!
//! Takes the text of a cell; gives the one number that shape or words decide for, or that several could be meant. A number is only chosen where
//! checksum and birth date hold; two that both do are told apart by what is said of them (`原…现…`, `旧号→新号`, `…（作废）`) or not at all. Pure,
//! total over any text; O(length).

use unicode_normalization::UnicodeNormalization;

use super::id::Number;

/// What stood in the cell beside the number chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Beside {
    /// Words or letters only.
    Words,
    /// A phone, a certificate.
    Other,
    /// A number that it takes the place of.
    Old,
}

/// What a cell with numbers comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Choice {
    /// This one.
    One(Number, Beside),
    /// Two or more, and nothing says which.
    Several,
}

/// Words before a number that takes another's place, and signs that lead to it.
const NEW: [&str; 13] = ["现", "新", "更正", "改", "变更", "应为", "正确", "更新", "→", "->", "=>", ">", "⇒"];
/// Words beside a number that no longer holds.
const OLD: [&str; 10] = ["原", "旧", "老", "曾", "错", "误", "作废", "注销", "停用", "以前"];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Eighteen characters, valid.
    Valid(Number),
    /// Eighteen that are not, or fifteen.
    Number,
    /// A phone, another long number.
    Other,
}

/// A number where it stands, in characters.
#[derive(Clone, Copy)]
struct Item {
    start: usize,
    end: usize,
    kind: Kind,
}

/// Numbers in one cell among which words may decide.
const MOST: usize = 16;

/// The number of a cell; `None` where there is none to be chosen.
#[must_use]
pub fn choose(text: &str) -> Option<Choice> {
    if runs(text) > MOST {
        return Some(Choice::Several);
    }
    let plain: Vec<char> = text.nfkc().flat_map(char::to_uppercase).collect();
    let items = items(&plain);
    if items.iter().any(|item| matches!(item.kind, Kind::Valid(_))) {
        return pick(&plain, &items);
    }
    // Groups of one number may be parted: `520324 19700313 1091`.
    let joined: Vec<char> = plain.into_iter().filter(|sign| !sign.is_whitespace() && !matches!(sign, '-' | '.' | '_')).collect();
    let items = self::items(&joined);
    pick(&joined, &items)
}

/// Runs of so many digits as a number has.
fn runs(text: &str) -> usize {
    let (mut runs, mut digits) = (0, 0);
    for byte in text.bytes() {
        digits = if byte.is_ascii_digit() { digits + 1 } else { 0 };
        runs += usize::from(digits == 15);
    }
    runs
}

fn pick(plain: &[char], items: &[Item]) -> Option<Choice> {
    let valid = |item: &Item| if let Kind::Valid(number) = item.kind { Some(number) } else { None };
    let first = items.iter().find_map(valid)?;
    if let [_] = items {
        return Some(Choice::One(first, Beside::Words));
    }
    // The same over and over is for the reader of one number.
    if items.iter().all(|item| item.kind == Kind::Valid(first)) {
        return None;
    }
    let beside = if items.iter().any(|item| item.kind == Kind::Number || valid(item).is_some_and(|other| other != first)) {
        Beside::Old
    } else {
        Beside::Other
    };
    let is_number = |item: &Item| item.kind != Kind::Other;
    let (new, old): (Vec<bool>, Vec<bool>) = (0..items.len()).map(|at| roles(plain, items, at)).unzip();
    let one = |wanted: &dyn Fn(usize) -> bool| {
        let mut numbers = (0..items.len()).filter(|&at| is_number(&items[at]) && wanted(at));
        let number = numbers.next().and_then(|at| valid(&items[at]));
        let same = numbers.all(|at| valid(&items[at]) == number);
        number.filter(|_| same)
    };
    if (0..items.len()).any(|at| new[at] && is_number(&items[at])) {
        return Some(one(&|at| new[at]).map_or(Choice::Several, |number| Choice::One(number, Beside::Old)));
    }
    let chosen = one(&|at| valid(&items[at]).is_some() && !old[at]);
    Some(chosen.map_or(Choice::Several, |number| Choice::One(number, beside)))
}

/// Whether what stands around a number says that it is the new one, or the old one.
fn roles(plain: &[char], items: &[Item], at: usize) -> (bool, bool) {
    let end_before = at.checked_sub(1).map_or(0, |before| items[before].end);
    let start_behind = items.get(at + 1).map_or(plain.len(), |behind| behind.start);
    let between = |from: usize, to: usize| plain.get(from..to).map_or_else(String::new, |part| part.iter().collect());
    let (before, behind): (String, String) = (between(end_before, items[at].start), between(items[at].end, start_behind));
    // A bracket right behind a number is said of that one.
    let before = if at > 0 { out_of_bracket(&before).1.to_owned() } else { before };
    let is_last = at + 1 == items.len();
    let (remark, towards_next) = if is_last { (behind.as_str(), "") } else { out_of_bracket(&behind) };
    let says = |text: &str, words: &[&str]| words.iter().any(|word| text.contains(word));
    let new =
        says(&before, &NEW) || (!is_last && says(remark, &NEW)) || (is_last && remark.starts_with('(') && says(remark, &NEW));
    let old = says(&before, &OLD) || says(remark, &OLD) || says(towards_next, &NEW);
    (new && !says(&before, &OLD), old && !new)
}

/// A text's bracket at its front, and the rest.
fn out_of_bracket(text: &str) -> (&str, &str) {
    let trimmed = text.trim_start();
    let end = trimmed.char_indices().find(|(_, sign)| matches!(sign, ')' | ']' | '】')).map(|(at, sign)| at + sign.len_utf8());
    match end.filter(|_| trimmed.starts_with(['(', '[', '【'])) {
        Some(end) => trimmed.split_at(end),
        None => ("", trimmed),
    }
}

/// Every run of seven digits and more, those that stand glued to each other parted.
fn items(plain: &[char]) -> Vec<Item> {
    let mut items = Vec::new();
    let mut at = 0;
    while at < plain.len() {
        let start = at;
        let is_check = |at: usize, sign: &char| matches!(at - start, 17 | 28 | 32 | 35) && matches!(sign, 'X' | '×' | 'Х');
        while plain.get(at).is_some_and(|sign| sign.is_ascii_digit() || is_check(at, sign)) {
            at += 1;
        }
        let digits: String = plain[start..at].iter().map(|sign| if sign.is_ascii_digit() { *sign } else { 'X' }).collect();
        let mut from = 0;
        for length in parts(&digits) {
            let part = digits.get(from..from + length).unwrap_or("");
            items.push(Item { start: start + from, end: start + from + length, kind: kind_of(part) });
            from += length;
        }
        at = at.max(start + 1);
    }
    items
}

/// The lengths of the numbers in a run of digits.
fn parts(digits: &str) -> Vec<usize> {
    let is_valid = |from: usize, to: usize| digits.get(from..to).is_some_and(|part| matches!(kind_of(part), Kind::Valid(_)));
    let is_phone = |from: usize, to: usize| digits.get(from..to).is_some_and(|part| part.starts_with('1'));
    match digits.len() {
        0..=6 => Vec::new(),
        29 if is_valid(0, 18) && is_phone(18, 29) => vec![18, 11],
        29 if is_valid(11, 29) && is_phone(0, 11) => vec![11, 18],
        33 if is_valid(0, 18) => vec![18, 15],
        33 if is_valid(15, 33) => vec![15, 18],
        36 => vec![18, 18],
        length => vec![length],
    }
}

fn kind_of(digits: &str) -> Kind {
    match digits.len() {
        18 => Number::parse(digits).filter(|number| number.is_valid()).map_or(Kind::Number, Kind::Valid),
        15 => Kind::Number,
        _ => Kind::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: &str = "520324197003131091";
    const TWO: &str = "520324197102122801";
    const WRONG: &str = "520324197003131092";

    fn chosen(text: &str) -> Option<(String, Beside)> {
        match choose(text)? {
            Choice::One(number, beside) => Some((number.text(), beside)),
            Choice::Several => None,
        }
    }

    #[test]
    fn shape_and_words_choose() {
        for (text, number, beside) in [
            (format!("{ONE} 13985200001"), ONE, Beside::Other),
            (format!("13985200001 {ONE}"), ONE, Beside::Other),
            (format!("{ONE}13985200001"), ONE, Beside::Other),
            (format!("13985200001{ONE}"), ONE, Beside::Other),
            (format!("身份证：{ONE}，电话：13985200001"), ONE, Beside::Other),
            (format!("{ONE}/{ONE}42"), ONE, Beside::Other),
            (format!("{ONE} 0851-26421234"), ONE, Beside::Other),
            ("520324 19700313 1091 13985200001".to_owned(), ONE, Beside::Other),
            (format!("CN{ONE}"), ONE, Beside::Words),
            ("11010519491231002X13985200001".to_owned(), "11010519491231002X", Beside::Other),
            (format!("{TWO}→{ONE}"), ONE, Beside::Old),
            (format!("原{TWO}现{ONE}"), ONE, Beside::Old),
            (format!("现{ONE}，原{TWO}"), ONE, Beside::Old),
            (format!("{ONE}（原{TWO}）"), ONE, Beside::Old),
            (format!("{TWO}（旧）{ONE}（新）"), ONE, Beside::Old),
            (format!("{TWO}（作废）{ONE}"), ONE, Beside::Old),
            (format!("{TWO} 更正为 {ONE}"), ONE, Beside::Old),
            (format!("旧号{TWO} 新号{ONE}"), ONE, Beside::Old),
            (format!("{WRONG}{ONE}"), ONE, Beside::Old),
            (format!("原522324700313109现{ONE}"), ONE, Beside::Old),
            (format!("{ONE}522324700313109"), ONE, Beside::Old),
        ] {
            assert_eq!(chosen(&text), Some((number.to_owned(), beside)), "{text}");
        }
    }

    #[test]
    fn what_nothing_decides_is_not_chosen() {
        for text in [format!("{ONE} {TWO}"), format!("{ONE}{TWO}"), format!("{ONE}→{WRONG}"), format!("原{ONE}现{WRONG}")] {
            assert!(choose(&text) == Some(Choice::Several), "{text}");
        }
        assert!(choose(&format!("{ONE}、").repeat(40)) == Some(Choice::Several));
        for text in
            [format!("{ONE}{ONE}"), WRONG.to_owned(), "待补".to_owned(), format!("{ONE}1"), "11010519491231002X95".to_owned()]
        {
            assert!(choose(&text).is_none(), "{text}");
        }
    }
}
