//! What identifies a person, found inside any text: ID numbers, phones and accounts, in one run or in groups, in whatever digits, and dates.
//!
//! Pure and linear in the text. A text without seven digits holds nothing of the kind.

use std::borrow::Cow;
use std::ops::Range;

use crate::model::date::Day;
use crate::model::identity::id::Number;
use crate::model::numeral::{folded, is_digit, is_unseen, read_out};
use crate::model::personal::{is_birth, is_province, mask_number};

/// What stands between the items of a list rather than between the groups of one number.
const LISTING: [char; 12] = [',', '，', '、', ';', '；', ':', '：', '|', '｜', '。', '=', '…'];
/// What nobody writes between two numbers, but somebody puts into one: brackets, and ends of lines and cells.
const INTO: [char; 22] = [
    '(', ')', '（', '）', '[', ']', '【', '】', '〔', '〕', '{', '}', '<', '>', '《', '》', '「', '」', '\n', '\r', '\t',
    '\u{2028}',
];
/// What groups of a phone are parted by, and amounts are not.
const DASHES: [char; 7] = ['-', '－', '—', '–', '‐', '_', '·'];
/// What stands between two groups of one number, and between two figures never.
const ODD: [char; 16] = ['.', '．', '_', '·', '*', '\'', '"', '`', '^', '#', '&', '!', '?', '\\', '•', '・'];
/// What turns the direction of writing.
const TURNS: [char; 5] = ['\u{200f}', '\u{202b}', '\u{202e}', '\u{2067}', '\u{2068}'];
/// Stars between two groups of a number that was taken apart, at most; a mask has more.
const STARS: usize = 3;
/// What a part of a number is called.
const PARTS: [&str; 7] = ["出生", "生日", "生于", "尾", "末", "中", "后"];
/// Words between two groups of one number are of so many letters at most.
const WORD: usize = 6;
/// Marks between two groups of one number, and bytes with all blanks, at most.
const GAP: usize = 6;
const BLANK: usize = 60;
/// Digits of the longest number that is written in groups, with what may follow it in a certificate.
const LONGEST: usize = 22;

/// Every letter and digit of a text in plain ones, and where they stand.
#[derive(Default)]
struct Signs {
    plain: String,
    at: Vec<Range<usize>>,
    /// Whether nothing but letters, digits and what cannot be seen stands between it and the one before.
    joined: Vec<bool>,
}

impl Signs {
    fn of(text: &str, meant: fn(char) -> Option<char>) -> Self {
        let (mut signs, mut joined) = (Self::default(), false);
        for (at, c) in text.char_indices().filter(|(_, c)| !is_unseen(*c)) {
            let plain = meant(c);
            if let Some(plain) = plain {
                signs.plain.push(plain);
                signs.at.push(at..at + c.len_utf8());
                signs.joined.push(joined);
            }
            joined = plain.is_some();
        }
        signs
    }

    fn is_digit(&self, at: usize) -> bool {
        self.plain.as_bytes().get(at).is_some_and(u8::is_ascii_digit)
    }

    fn is_joined(&self, at: usize) -> bool {
        self.joined.get(at).copied().unwrap_or(false)
    }

    /// How many signs the run has that begins here.
    fn run(&self, from: usize) -> usize {
        1 + (from + 1..self.at.len()).take_while(|at| self.is_joined(*at)).count()
    }

    /// Where these signs stand in the text.
    fn place(&self, from: usize, length: usize) -> Option<Range<usize>> {
        Some(self.at.get(from)?.start..self.at.get(from + length - 1)?.end)
    }

    /// What stands between this sign and the one before, but for what cannot be seen; `None` where it parts two numbers.
    fn gap(&self, text: &str, at: usize) -> Option<String> {
        let before = self.at.get(at.checked_sub(1)?)?.end;
        let gap: String = text.get(before..self.at.get(at)?.start)?.chars().filter(|c| !is_unseen(*c)).collect();
        let count = |kind: fn(char) -> bool| gap.chars().filter(|c| kind(*c)).count();
        let (marks, letters) = (count(|c| !c.is_whitespace() && !c.is_alphanumeric()), count(char::is_alphanumeric));
        // A letter or digit that is no sign is one of Chinese.
        let is_one = marks <= GAP && letters <= WORD && gap.len() <= BLANK && count(|c| c == '*') <= STARS;
        is_one.then_some(gap)
    }
}

/// The text as it looks, in as many bytes: letters and words that are taken for digits are digits where they stand in a long number.
fn as_it_looks(text: &str) -> Cow<'_, str> {
    let digit = |c: char| {
        Some(match c {
            'O' | 'o' => '0',
            'l' | 'I' => '1',
            '洞' => '〇',
            '幺' => '一',
            '两' | '俩' => '二',
            '拐' => '七',
            '勾' => '九',
            '⑩' | '⑽' | '⒑' => '⓪',
            _ => return None,
        })
    };
    if !text.chars().any(|c| digit(c).is_some()) {
        return Cow::Borrowed(text);
    }
    let mut looks = String::with_capacity(text.len());
    let mut run = String::new();
    let mut end = |run: &mut String| {
        let (figures, real) = (run.chars().filter(|c| !is_unseen(*c)).count(), run.chars().filter(|c| is_digit(*c)).count());
        let is_number = figures >= 11 && real >= 3;
        looks.extend(run.drain(..).map(|c| digit(c).filter(|_| is_number).unwrap_or(c)));
    };
    for c in text.chars() {
        let belongs = is_digit(c) || digit(c).is_some() || is_unseen(c);
        if !belongs {
            end(&mut run);
        }
        run.push(c);
        if !belongs {
            end(&mut run);
        }
    }
    end(&mut run);
    Cow::Owned(looks)
}

/// Text with every run, and every row of groups, hidden that could be an ID number or what is left of one, a certificate or account number, or a
/// phone, in whatever digits and with whatever between them. Household codes, dates, times and amounts are none; nor are our own ids and
/// hashes.
#[must_use]
pub fn mask_text(text: &str) -> String {
    if text.chars().filter(|c| is_digit(*c)).take(3).count() < 3 {
        return text.to_owned();
    }
    let masked = hide(text, folded);
    // Village groups are counted in Chinese, and stand before numbers: first without them.
    if masked.chars().any(|c| folded(c).is_none() && is_digit(c)) || matches!(as_it_looks(&masked), Cow::Owned(_)) {
        hide(&masked, read_out)
    } else {
        masked
    }
}

fn hide(text: &str, meant: fn(char) -> Option<char>) -> String {
    let looks = as_it_looks(text);
    let signs = Signs::of(&looks, meant);
    let (mut masked, mut copied, mut at) = (String::with_capacity(text.len()), 0, 0);
    // Shown from right to left, a number is written backwards.
    let turned = text.contains(TURNS);
    while at < signs.at.len() {
        let starts = !signs.is_joined(at);
        let length = match spread(&looks, &signs, at) {
            0 if starts => {
                let backwards = |run: &str| turned && hides(&run.chars().rev().collect::<String>());
                Some(signs.run(at)).filter(|run| signs.plain.get(at..at + run).is_some_and(|run| hides(run) || backwards(run)))
            }
            length => Some(length).filter(|length| *length > 0),
        };
        if let Some((length, place)) = length.and_then(|length| Some((length, signs.place(at, length)?))) {
            masked.push_str(text.get(copied..place.start).unwrap_or_default());
            masked.push_str(&mask_number(looks.get(place.clone()).unwrap_or_default()));
            copied = place.end;
            at += length;
        } else {
            at += 1;
        }
    }
    masked.push_str(text.get(copied..).unwrap_or_default());
    masked
}

/// Whether one run could be a number to hide.
fn hides(run: &str) -> bool {
    let length = run.len();
    let digits = run.bytes().filter(u8::is_ascii_digit).count();
    let numeric = digits == length;
    if is_ours(run) || (numeric && is_time(run)) {
        return false;
    }
    let mobile = numeric && length == 11 && run.starts_with('1') || numeric && length == 13 && run.starts_with("861");
    let landline = numeric && (11..=12).contains(&length) && run.starts_with('0');
    // Region, year and month of an ID number that was cut.
    let cut = numeric && (12..=13).contains(&length) && is_province(run) && is_year(run.get(6..10)) && is_month(run.get(10..12));
    // What follows the region.
    let rest = length == 12 && digits >= 11 && run.get(..8).is_some_and(is_birth);
    // Letters at a phone's ends, or more digits, do not make it anything else.
    let phone = run.split(|c: char| !c.is_ascii_digit()).any(holds_phone);
    mobile || landline || cut || rest || phone || digits >= 14 || (length >= 15 && digits >= 11)
}

/// Whether a mobile phone stands in a run of digits that is too short for anything else but a division's code.
fn holds_phone(digits: &str) -> bool {
    let from = |at: usize| digits.get(at..at + 2).is_some_and(|start| ("13".."20").contains(&start));
    (11..=13).contains(&digits.len())
        && (0..=digits.len() - 11).any(from)
        && !(digits.len() == 12 && is_division(digits))
        && !is_time(digits)
}

/// Whether twelve digits, or the first of more, are a village's code: county, town, village.
fn is_division(digits: &str) -> bool {
    let part = |from: usize, to: usize| digits.get(from..to).and_then(|text| text.parse::<u32>().ok());
    let in_province =
        part(2, 4).is_some_and(|city| matches!(city, 0..=34 | 51..=54 | 90) && !(is_wide(digits) && city > 12 && city < 20));
    let town = part(6, 9).is_some_and(|town| town < 300 || (400..450).contains(&town));
    let village = part(9, 12).is_some_and(|village| village < 600);
    is_province(digits) && in_province && town && village
}

/// Whether they begin as phones do, too: Hebei, Shanxi, Inner Mongolia.
fn is_wide(digits: &str) -> bool {
    ["13", "14", "15"].iter().any(|start| digits.starts_with(start))
}

/// A finding's, person's or household's id, or a hash: hexadecimal, and neither has to be hidden.
fn is_ours(run: &str) -> bool {
    let hexadecimal = |text: &str| text.bytes().all(|c| matches!(c, b'0'..=b'9' | b'a'..=b'f'));
    let id = run.len() == 17
        && run.starts_with(|c: char| c.is_ascii_uppercase())
        && run.get(1..).is_some_and(|id| hexadecimal(id) && !holds_id(id) && !is_card(id, false));
    id || run.len() >= 32 && hexadecimal(run) && run.bytes().any(|c| c.is_ascii_lowercase())
}

/// `20180630123456`, as folders of copies are called.
fn is_time(run: &str) -> bool {
    let two =
        |from: usize, below: u32| run.get(from..from + 2).and_then(|text| text.parse().ok()).is_some_and(|n: u32| n < below);
    let minute = run.starts_with("20") && run.get(..8).is_some_and(is_birth) && two(8, 24) && two(10, 60);
    minute && (run.len() == 12 || matches!(run.len(), 14 | 17) && two(12, 60))
}

fn is_year(text: Option<&str>) -> bool {
    text.is_some_and(|text| text.starts_with("19") || text.starts_with("20"))
}

fn is_month(text: Option<&str>) -> bool {
    text.and_then(|text| text.parse().ok()).is_some_and(|month: u32| (1..=12).contains(&month))
}

/// Groups of one number, side by side.
#[derive(Default)]
#[expect(clippy::struct_excessive_bools, reason = "what stands between groups is of each kind or not, in any combination")]
struct Groups {
    joined: String,
    lengths: Vec<usize>,
    /// Something of [`LISTING`] stands between two.
    listed: bool,
    /// Nothing but what is in [`INTO`] stands between them.
    put_into: bool,
    /// Nothing but what is in [`DASHES`] stands between them.
    dashed: bool,
    /// Nothing but what is in [`ODD`], and brackets, stands between them.
    odd: bool,
    /// Something that can be seen stands between any two.
    marked: bool,
    /// One blank or one dash stands between any two.
    alike: bool,
    /// Words between them.
    words: String,
}

/// How many signs from here make one number that was written in groups; 0 for none.
fn spread(text: &str, signs: &Signs, from: usize) -> usize {
    let begins = !signs.is_joined(from) || from.checked_sub(1).is_some_and(|before| !signs.is_digit(before));
    if !begins || !signs.is_digit(from) {
        return 0;
    }
    let (mut groups, mut found) =
        (Groups { put_into: true, dashed: true, odd: true, marked: true, alike: true, ..Groups::default() }, 0);
    for at in from..signs.at.len().min(from + LONGEST) {
        let Some(plain) = signs.plain.get(at..=at) else { break };
        let is_check = at - from == 17 && plain.eq_ignore_ascii_case("x");
        if !signs.is_digit(at) && !is_check {
            break;
        }
        if at == from || !signs.is_joined(at) {
            let gap = if at == from { Some(String::new()) } else { signs.gap(text, at) };
            let Some(gap) = gap else { break };
            groups.listed |= gap.contains(LISTING);
            groups.put_into &= gap.chars().all(|c| INTO.contains(&c));
            groups.dashed &= gap.chars().all(|c| DASHES.contains(&c));
            groups.odd &= gap.chars().all(|c| ODD.contains(&c) || INTO.contains(&c) && !c.is_whitespace());
            groups.marked &= at == from || !gap.is_empty() && !gap.contains(char::is_whitespace);
            groups.alike &=
                at == from || matches!(gap.as_str(), " ") || gap.chars().count() == 1 && gap.chars().all(|c| DASHES.contains(&c));
            groups.words.extend(gap.chars().filter(|c| c.is_alphanumeric()));
            groups.lengths.push(0);
        }
        groups.joined.push_str(plain);
        if let Some(length) = groups.lengths.last_mut() {
            *length += 1;
        }
        let ends = !signs.is_joined(at + 1) || is_check || !signs.is_digit(at + 1);
        let place = || signs.place(from, at + 1 - from).unwrap_or_default();
        if ends && groups.lengths.len() > 1 && groups.are_one() && !is_money(text, place()) {
            found = at + 1 - from;
        }
    }
    found
}

impl Groups {
    /// Whether every group ends in a nought, as amounts do.
    fn is_round(&self) -> bool {
        let ends = self.lengths.iter().scan(0, |end, length| {
            *end += length;
            Some(*end)
        });
        ends.into_iter().all(|end| self.joined.as_bytes().get(end - 1) == Some(&b'0'))
    }

    /// Whether they make an ID number, a phone or an account.
    fn are_one(&self) -> bool {
        let Self { joined, lengths, listed, put_into, dashed, odd, marked, alike, words } = self;
        let digits = joined.bytes().filter(u8::is_ascii_digit).count();
        let numeric = digits == joined.len();
        let born = joined.get(6..14).is_some_and(is_birth);
        // What its parts are called stands between them, or nothing but marks.
        let called = PARTS.iter().any(|part| words.contains(part));
        if joined.len() == 18 && is_province(joined) && born {
            let sound = || Number::parse(&joined.to_ascii_uppercase()).is_some_and(Number::is_valid);
            return called || !listed && words.is_empty() || sound();
        }
        let is_mobile = joined.len() == 11 && joined.starts_with('1');
        let after = matches!(joined.as_bytes().get(1), Some(b'3'..=b'9'));
        if !words.is_empty() {
            return called && numeric && (is_mobile && after || is_card(joined, false));
        }
        if *listed || !numeric {
            return false;
        }
        let in_threes = *dashed && lengths.first() == Some(&3) && lengths.iter().all(|length| (2..=5).contains(length));
        let in_fours = lengths.first() == Some(&4) && lengths.iter().all(|length| (3..=5).contains(length));
        let single = lengths.iter().all(|length| *length == 1);
        // Two figures, the larger one first, are neither a range nor so many of so many.
        let descends = *marked && matches!(lengths[..], [first, second] if first > second);
        let mobile = is_mobile && matches!(lengths[..], [3, 4, 4] | [3, 8] | [4, 7] | [7, 4])
            || is_mobile
                && after
                && (single
                    || *put_into
                    || *odd
                    || descends
                    || in_threes
                    || *alike
                        && !self.is_round()
                        && matches!(
                            lengths[..],
                            [4, 4, 3] | [5, 4, 2] | [5, 3, 3] | [3, 3, 5] | [3, 5, 3] | [1, 3, 4, 3] | [1, 3, 3, 4]
                        )
                    || matches!(lengths[..], [3, 2, 2, 4] | [3, 2, 2, 2, 2] | [1, 2, 2, 2, 2, 2]));
        let abroad = joined.starts_with("861") && matches!(lengths[..], [2, 11] | [2, 3, 4, 4]);
        let landline = joined.starts_with('0') && matches!(lengths[..], [3 | 4, 7 | 8] | [3 | 4, 3 | 4, 4]);
        let fours = lengths.split_last().is_some_and(|(last, others)| others.iter().all(|length| *length == 4) && *last <= 4);
        // The region is a group of its own, or all are alike: figures in a row are not.
        let old = joined.len() == 15
            && is_province(joined)
            && joined.get(6..12).is_some_and(|short| is_birth(&format!("19{short}")))
            && (lengths.first() == Some(&6) || single || fours || *put_into || *dashed || *odd);
        let years = (0..lengths.len()).all(|group| is_year(joined.get(group * 4..group * 4 + 4)));
        let account = (16..=19).contains(&joined.len()) && (fours && !years || single) || is_card(joined, in_fours);
        old || mobile || abroad || landline || account
    }
}

/// Whether digits are a bank card's number: of China's cards, and `surely` so or with the check digit that belongs to it.
fn is_card(digits: &str, surely: bool) -> bool {
    let doubled = |digit: u32| if digit > 4 { digit * 2 - 9 } else { digit * 2 };
    let values: Option<Vec<u32>> = digits.chars().map(|c| c.to_digit(10)).collect();
    let sum = |values: Vec<u32>| -> u32 {
        values.iter().rev().enumerate().map(|(at, digit)| if at % 2 == 1 { doubled(*digit) } else { *digit }).sum()
    };
    (16..=19).contains(&digits.len()) && digits.starts_with("62") && values.is_some_and(|values| surely || sum(values) % 10 == 0)
}

/// Whether what stands there, to the end of its words, is nothing but amounts in yuan and fen, and dates.
fn is_money(text: &str, place: Range<usize>) -> bool {
    let belongs = |c: char| folded(c).is_some() || matches!(c, '.' | '-' | '/');
    let (before, after) = (text.get(..place.start).unwrap_or_default(), text.get(place.end..).unwrap_or_default());
    let before: usize = before.chars().rev().take(LONGEST).take_while(|c| belongs(*c)).map(char::len_utf8).sum();
    let after: usize = after.chars().take(LONGEST).take_while(|c| belongs(*c)).map(char::len_utf8).sum();
    let words = text.get(place.start - before..place.end + after).unwrap_or_default();
    let words: String = words.chars().map(|c| folded(c).unwrap_or(c)).collect();
    let numeric = |part: &str| !part.is_empty() && part.bytes().all(|c| c.is_ascii_digit());
    let amount = |word: &str| {
        let one = |word: &str| word.split_once('.').is_some_and(|(yuan, fen)| numeric(yuan) && numeric(fen) && fen.len() == 2);
        word.split('/').all(one)
    };
    let date = |word: &str| {
        let lengths: Vec<usize> = word.split(['-', '/', '.']).map(|part| if numeric(part) { part.len() } else { 0 }).collect();
        matches!(lengths[..], [4, 1 | 2] | [4, 1 | 2, 1 | 2])
    };
    let mut words = words.split(|c| !belongs(c)).filter(|word| !word.is_empty());
    let mut amounts = 0;
    words.all(|word| {
        amounts += usize::from(amount(word));
        amount(word) || date(word)
    }) && amounts > 0
}

/// Whether region and birth of an ID number stand in it side by side.
fn holds_id(plain: &str) -> bool {
    let at = |from: usize| plain.get(from..).is_some_and(is_province) && plain.get(from + 6..from + 14).is_some_and(is_birth);
    (0..plain.len()).any(at)
}

/// Whether a household's code is one that tells nothing but where the household lives: too short for a number, or a division's code with a serial
/// number behind it, and neither an ID number, whole, cut, in the old form or backwards, nor a phone or a card.
pub(super) fn is_code(code: &str) -> bool {
    let looks = as_it_looks(code);
    let plain: String = looks.chars().filter_map(read_out).collect();
    let digits: String = plain.chars().skip_while(|c| !c.is_ascii_digit()).collect();
    if digits.len() < 11 {
        return true;
    }
    let backwards: String = plain.chars().rev().collect();
    let cut = plain.len() < 14 && is_province(&plain) && is_year(plain.get(6..10)) && is_month(plain.get(10..12));
    let parts_phone = looks
        .split(|c: char| read_out(c).is_none())
        .any(|run| holds_phone(&run.chars().filter_map(read_out).collect::<String>()));
    is_division(&digits) && !holds_id(&plain) && !holds_id(&backwards) && !cut && !parts_phone && !is_card(&digits, false)
}

/// Every date in a text, `None` where only year and month stand there: `1990-03-07`, `1990.3.7`, `1990/03/07`, `1990年3月7日`, `19900307`, `90.3.7`; and `1990-03`, `1990年3月`, `199003`.
pub(super) fn dates(text: &str) -> Vec<Option<Day>> {
    let characters: Vec<(usize, char)> =
        text.char_indices().filter(|(_, c)| !is_unseen(*c)).map(|(at, c)| (at, read_out(c).unwrap_or(c))).collect();
    let digits = |from: usize| characters.iter().skip(from).take_while(|(_, c)| c.is_ascii_digit()).count();
    let number = |from: usize, length: usize| -> Option<u32> {
        let plain: String = characters.get(from..from + length)?.iter().map(|(_, c)| *c).collect();
        plain.parse().ok()
    };
    let separator = |at: usize, word: char| {
        characters.get(at).is_some_and(|(_, c)| matches!(c, '-' | '/' | '.' | '－' | '．' | '／' | '—') || *c == word)
    };
    let (mut found, mut at) = (Vec::new(), 0);
    while at < characters.len() {
        let length = digits(at);
        if length == 0 {
            at += 1;
            continue;
        }
        let mut stop = at + length;
        let date = match length {
            8 => number(at, 4).zip(number(at + 4, 2)).zip(number(at + 6, 2)).map(|((year, month), day)| (year, month, Some(day))),
            6 => number(at, 4).zip(number(at + 4, 2)).map(|(year, month)| (year, month, None)),
            2 | 4 if separator(stop, '年') => {
                let month = digits(stop + 1);
                number(at, length).map(whole_year).zip(number(stop + 1, month)).filter(|_| (1..=2).contains(&month)).map(
                    |(year, number_of_month)| {
                        stop += 1 + month;
                        let day = if separator(stop, '月') { digits(stop + 1) } else { 0 };
                        let of_day = number(stop + 1, day).filter(|_| (1..=2).contains(&day));
                        if of_day.is_some() {
                            stop += 1 + day;
                        }
                        if characters.get(stop).is_some_and(|(_, c)| matches!(c, '日' | '号' | '月')) {
                            stop += 1;
                        }
                        (year, number_of_month, of_day)
                    },
                )
            }
            _ => None,
        };
        if let Some((year, month, day)) = date.filter(|(year, month, _)| (1880..2100).contains(year) && (1..=12).contains(month))
        {
            let known = day.and_then(|day| Day::new(i32::try_from(year).unwrap_or(0), month, day));
            if day.is_none() || known.is_some() {
                found.push(known);
            }
        }
        at = stop;
    }
    found
}

/// Two digits of a year are somebody's who lives.
fn whole_year(written: u32) -> u32 {
    match written {
        0..=30 => 2000 + written,
        31..=99 => 1900 + written,
        _ => written,
    }
}

/// The day of birth that an ID number holds, or the ID number in a longer certificate number; `None` where it holds none.
pub(super) fn birth_in(number: &str) -> Option<Day> {
    let plain: String = number.chars().filter_map(folded).collect();
    let birth = match plain.len() {
        18.. => Cow::Borrowed(plain.get(6..14)?),
        15 => Cow::Owned(format!("19{}", plain.get(6..12)?)),
        _ => return None,
    };
    let part = |from: usize, to: usize| birth.get(from..to).and_then(|text| text.parse::<u32>().ok());
    Day::new(i32::try_from(part(0, 4)?).ok()?, part(4, 6)?, part(6, 8)?)
}

#[cfg(test)]
#[path = "pattern_tests.rs"]
mod tests;
