//! A Chinese name as characters and syllables: folded so that spellings which mean the same are equal.
//!
//! [`FoldedName::new`] drops spaces, dots and bracketed notes, unifies width and the traditional and variant forms common in names, and
//! reads each character with every pinyin it has, toneless, dialects folded (n/l, f/h, s/sh, z/zh, c/ch, in/ing, en/eng). `□`, `?`
//! and private-use characters are wildcards for one character, masks of a sender (`*`, `×`, `某` beside a known character) for as many as it takes. [`compare`] gives one [`NameLevel`]; symmetric. A name is a handful of
//! characters, so comparing costs tens of nanoseconds and allocates nothing.

use std::borrow::Cow;
use std::sync::LazyLock;

use pinyin::ToPinyinMulti;
use unicode_normalization::UnicodeNormalization;

use super::shapes::look_alike;
pub(crate) use super::variants::simplified;

/// At most so many sound keys per name; further readings of its last characters are left out of the keys, never of the comparison.
const SOUND_KEYS: usize = 8;

/// Words beside a name that say what the person is, not what he or she is called.
pub const REMARKS: [&str; 15] =
    ["户主", "本人", "配偶", "监护人", "已死亡", "已故", "死亡", "亡", "残", "组长", "低保", "五保", "迁出", "外出", "新增"];

/// One folded syllable: up to six letters, five bits each. 0 = unreadable.
pub(crate) type Syllable = u32;

/// A name ready to be compared.
#[derive(Clone, PartialEq, Eq)]
pub struct FoldedName {
    characters: Vec<char>,
    syllables: Vec<Cow<'static, [Syllable]>>,
}

impl std::fmt::Debug for FoldedName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "FoldedName({} characters)", self.characters.len())
    }
}

/// How alike two names are, from the best to the worst.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NameLevel {
    /// The same characters after folding.
    Same,
    /// The same, or the same sound, but for unknown characters, or for those that one name has only letters for.
    Wildcard,
    /// The same sound, dialects folded.
    SameSound,
    /// One character differs and looks alike; the others are the same or sound alike.
    LookAlike,
    /// A name of three or more characters less one of its given-name characters.
    Dropped,
    /// One character of three or more differs, the others are the same or sound alike; or two neighbours stand in the wrong order.
    OneCharacter,
    /// The rest: also two-character names that differ in one, as siblings' do.
    Different,
}

impl NameLevel {
    /// Whether the names may be one person's when the number already says so.
    #[must_use]
    pub fn agrees(self) -> bool {
        self < Self::Different
    }
}

impl FoldedName {
    /// Folds a name; `None` when nothing is left of it.
    #[must_use]
    pub fn new(name: &str) -> Option<Self> {
        let mut characters = Vec::with_capacity(4);
        characters.extend(folded_characters(name));
        // Beside Han characters only: `X` is a letter of a foreign name, `某` alone may be a name.
        let is_known = |character: &char| !character.is_ascii() && !is_mask(*character);
        if characters.iter().any(is_known) {
            for character in &mut characters {
                if is_mask(*character) {
                    *character = MASK;
                }
            }
        }
        if characters.is_empty() {
            return None;
        }
        let syllables = characters.iter().map(|character| readings(*character)).collect();
        Some(Self { characters, syllables })
    }

    /// The folded characters, `?` for unknown ones, `*` for masked; the key for "the same name".
    #[must_use]
    pub fn folded(&self) -> String {
        self.characters.iter().collect()
    }

    /// Number of characters.
    #[must_use]
    pub fn len(&self) -> usize {
        self.characters.len()
    }

    /// Never: a name has at least one character.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.characters.is_empty()
    }

    /// Whether a character is unknown.
    #[must_use]
    pub fn has_wildcard(&self) -> bool {
        self.characters.iter().any(|character| is_wild(*character))
    }

    /// Whether a sender hides a part of it.
    #[must_use]
    pub fn is_masked(&self) -> bool {
        self.characters.contains(&MASK)
    }

    /// What stands before and after the masked part; `None` where nothing is masked.
    fn around_mask(&self) -> Option<(&[char], &[char])> {
        let first = self.characters.iter().position(|character| *character == MASK)?;
        let last = self.characters.iter().rposition(|character| *character == MASK)?;
        Some((&self.characters[..first], &self.characters[last + 1..]))
    }

    /// One hash per combination of readings, at most eight, ascending; empty with an unknown character.
    #[must_use]
    pub fn sounds(&self) -> Vec<u64> {
        if self.has_wildcard() {
            return Vec::new();
        }
        let mut keys = vec![0u64];
        for (character, readings) in self.characters.iter().zip(&self.syllables) {
            // A character without a reading sounds like itself only.
            let own = [u32::from(*character) | 1 << 31];
            let readings = if readings.is_empty() { own.as_slice() } else { readings.as_ref() };
            let take = if keys.len() * readings.len() <= SOUND_KEYS { readings.len() } else { 1 };
            keys = keys
                .iter()
                .flat_map(|key| readings.iter().take(take).map(|reading| mix(*key ^ u64::from(*reading).wrapping_add(1))))
                .collect();
        }
        keys.sort_unstable();
        keys.dedup();
        keys
    }

    /// The first character.
    #[must_use]
    pub fn surname(&self) -> Option<char> {
        self.characters.first().copied()
    }

    /// Whether the first characters are the same, unknown or sound alike.
    #[must_use]
    pub fn shares_surname(&self, other: &Self) -> bool {
        self.alike(0, other, 0)
    }

    /// Whether it is the other's characters in another order: `江小江`, `江江小`.
    #[must_use]
    pub fn is_reordering_of(&self, other: &Self) -> bool {
        let times = |name: &Self, character| name.characters.iter().filter(|own| **own == character).count();
        let as_often = |character: &char| times(self, *character) == times(other, *character);
        self.len() == other.len() && self.characters != other.characters && self.characters.iter().all(as_often)
    }

    /// Whether leaving out one character, whichever, leaves `shorter`.
    #[must_use]
    pub fn loses_one_to(&self, shorter: &Self) -> bool {
        self.len() == shorter.len() + 1 && (0..self.len()).any(|skip| self.without(skip, shorter))
    }

    /// Whether it is the other's name less the surname.
    #[must_use]
    pub fn is_given_name_of(&self, whole: &Self) -> bool {
        self.len() >= 2 && whole.len() == self.len() + 1 && whole.without(0, self)
    }

    /// Whether a character stands twice in a row.
    #[must_use]
    pub fn has_double(&self) -> bool {
        self.characters.windows(2).any(|pair| pair[0] == pair[1])
    }

    /// Whether it is a transliterated name of several parts of which the other is the first: `买买提江·依明`, `买买提江`.
    #[must_use]
    pub fn begins_with(&self, first: &Self) -> bool {
        self.len() >= 5
            && first.len() >= 3
            && self.len() >= first.len() + 2
            && (0..first.len()).all(|at| self.alike(at, first, at))
    }

    /// Whether the same character stands at one place of both.
    #[must_use]
    pub fn has_character_of(&self, other: &Self) -> bool {
        self.characters.iter().zip(&other.characters).any(|(one, other)| one == other)
    }

    /// Whether the names are as long and the same or alike in sound at one place at least.
    #[must_use]
    pub fn shares_a_place_with(&self, other: &Self) -> bool {
        self.len() == other.len() && (0..self.len()).any(|at| self.alike(at, other, at))
    }

    /// Whether the characters at two positions are the same, unknown or sound alike.
    fn alike(&self, at: usize, other: &Self, there: usize) -> bool {
        self.characters[at] == other.characters[there]
            || is_wild(self.characters[at])
            || is_wild(other.characters[there])
            || self.syllables[at].iter().any(|reading| other.syllables[there].contains(reading))
    }

    /// Whether leaving out the character at `skip` leaves `shorter`.
    fn without(&self, skip: usize, shorter: &Self) -> bool {
        (0..shorter.len()).all(|at| self.alike(at + usize::from(at >= skip), shorter, at))
    }
}

/// The first character of a name as [`FoldedName::surname`] gives it where it is not masked, without folding the rest.
#[must_use]
pub fn surname_of(name: &str) -> Option<char> {
    match name.chars().next() {
        // These are as they are in every form of Unicode.
        Some(character) if COMMON.contains(&character) => Some(simplified(character)),
        _ => folded_characters(name).next(),
    }
}

/// The characters of a name that count, unified.
pub(crate) fn folded_characters(name: &str) -> impl Iterator<Item = char> + '_ {
    let (mut bracketed, mut parts) = (0u32, 0usize);
    name.nfkc().filter_map(move |character| {
        if let Some(arity) = described(character) {
            parts += arity;
            // A description inside a description is one of its parts.
            let is_part = parts > arity;
            parts -= usize::from(is_part);
            return (!is_part).then_some('?');
        }
        if parts > 0 {
            parts -= 1;
            return None;
        }
        match character {
            '(' | '[' | '〔' | '【' | '<' => bracketed += 1,
            ')' | ']' | '〕' | '】' | '>' => bracketed = bracketed.saturating_sub(1),
            _ if bracketed > 0 || character.is_whitespace() || is_dot(character) => {}
            _ => return Some(if is_unknown(character) { '?' } else { simplified(character.to_ascii_uppercase()) }),
        }
        None
    })
}

/// Of how many parts a character is described that stands for one which cannot be written (Unicode's ideographic description: `⿰火华`).
fn described(operator: char) -> Option<usize> {
    match operator {
        '⿰' | '⿱' | '⿴'..='⿻' => Some(2),
        '⿲' | '⿳' => Some(3),
        _ => None,
    }
}

/// Compares two names.
#[must_use]
pub fn compare(left: &FoldedName, right: &FoldedName) -> NameLevel {
    if letters_agree(left, right) {
        return NameLevel::Wildcard;
    }
    if left.len() != right.len() {
        let (longer, shorter) = if left.len() > right.len() { (left, right) } else { (right, left) };
        let dropped = longer.len() == shorter.len() + 1
            && shorter.len() >= 2
            && (1..longer.len()).any(|skip| longer.without(skip, shorter));
        return match dropped {
            _ if masks_agree(left, right) => NameLevel::Wildcard,
            true => NameLevel::Dropped,
            false => NameLevel::Different,
        };
    }
    let (mut unknown, mut sound, mut other, mut differing) = (0, 0, 0, 0);
    for at in 0..left.len() {
        if is_wild(left.characters[at]) || is_wild(right.characters[at]) {
            unknown += 1;
        } else if left.characters[at] == right.characters[at] {
        } else if left.alike(at, right, at) {
            sound += 1;
        } else {
            if other == 1 {
                return if swapped(left, right, differing) { NameLevel::OneCharacter } else { NameLevel::Different };
            }
            other = 1;
            differing = at;
        }
    }
    match (unknown, sound, other) {
        (0, 0, 0) => NameLevel::Same,
        // At least one character must be known to agree.
        (1.., _, 0) if unknown < left.len() => NameLevel::Wildcard,
        (0, _, 0) => NameLevel::SameSound,
        (0, _, 1) if left.len() >= 2 && look_alike(left.characters[differing], right.characters[differing]) => {
            NameLevel::LookAlike
        }
        (0, _, 1) if left.len() >= 3 => NameLevel::OneCharacter,
        _ => NameLevel::Different,
    }
}

/// Whether one of two names of different length is masked and shows nothing else than the other, at least one character.
fn masks_agree(left: &FoldedName, right: &FoldedName) -> bool {
    let fits = |masked: &FoldedName, other: &FoldedName| {
        masked.around_mask().is_some_and(|(before, after)| {
            !other.has_wildcard()
                && before.len() + after.len() >= 1
                && before.len() + after.len() < other.len()
                && other.characters.starts_with(before)
                && other.characters.ends_with(after)
        })
    };
    fits(left, right) || fits(right, left)
}

/// Whether one of two names has letters for characters of the other: initials, or whole syllables (`SYQ`, `苏YQ`, `SU YONGQIANG`).
fn letters_agree(left: &FoldedName, right: &FoldedName) -> bool {
    let has_letters = |name: &FoldedName| name.characters.iter().any(char::is_ascii_alphabetic);
    match (has_letters(left), has_letters(right)) {
        (true, false) => spells(&left.characters, &right.characters),
        (false, true) => spells(&right.characters, &left.characters),
        _ => false,
    }
}

fn spells(written: &[char], whole: &[char]) -> bool {
    // Longer names are nobody's that is written by his initials.
    if whole.len() > 8 {
        return false;
    }
    match (written.split_first(), whole.split_first()) {
        (None, None) => true,
        (Some((letter, rest)), Some((character, others))) if letter.is_ascii_alphabetic() => {
            let readings: Vec<String> = character
                .to_pinyin_multi()
                .map(|multi| multi.into_iter().map(|reading| reading.plain().to_ascii_uppercase()).collect())
                .unwrap_or_default();
            let initial = readings.iter().any(|reading| reading.starts_with(*letter));
            let begins = |reading: &str| reading.chars().zip(written).all(|(sign, letter)| sign == *letter);
            let is_whole = |reading: &String| {
                let length = reading.chars().count();
                length > 1 && begins(reading) && written.get(length..).is_some_and(|rest| spells(rest, others))
            };
            initial && (spells(rest, others) || readings.iter().any(is_whole))
        }
        (Some((one, rest)), Some((other, others))) => one == other && spells(rest, others),
        _ => false,
    }
}

/// What stands for masked characters after folding.
const MASK: char = '*';

fn is_wild(character: char) -> bool {
    character == '?' || character == MASK
}

/// Whether a sender writes the character in place of those that are hidden.
#[must_use]
pub fn is_mask(character: char) -> bool {
    matches!(character, '*' | '＊' | '×' | 'X' | 'x' | '○' | '◯' | '●' | '某' | '✕')
}

/// Whether two names of three and more characters are the same but for two neighbours in the wrong order, the first of them at `at`.
fn swapped(left: &FoldedName, right: &FoldedName, at: usize) -> bool {
    let (left, right) = (left.characters.as_slice(), right.characters.as_slice());
    let (Some([a, b, after @ ..]), Some([c, d, rest @ ..])) = (left.get(at..), right.get(at..)) else { return false };
    left.len() >= 3 && a == d && b == c && after == rest
}

/// Dots between the parts of a transliterated name, in all the spellings met.
fn is_dot(character: char) -> bool {
    matches!(character, '·' | '.' | '•' | '・' | '‧' | '∙' | '。' | '-' | '\'' | '\u{200b}'..='\u{200f}' | '\u{feff}')
}

/// Whether `character` stands for one that some system could not write.
#[must_use]
pub fn is_unknown(character: char) -> bool {
    matches!(character, '□' | '■' | '〓' | '?' | '？' | '\u{fffd}' | '\u{e000}'..='\u{f8ff}' | '\u{f0000}'..='\u{10ffff}')
}

/// The unified ideographs in common use.
pub(crate) const COMMON: std::ops::RangeInclusive<char> = '\u{4E00}'..='\u{9FFF}';

/// All readings of a character, folded, ascending; those of common characters are worked out once per process.
pub(crate) fn readings(character: char) -> Cow<'static, [Syllable]> {
    static TABLE: LazyLock<Vec<Vec<Syllable>>> = LazyLock::new(|| COMMON.map(read).collect());
    let at = u32::from(character).checked_sub(u32::from(*COMMON.start()));
    let common = at.and_then(|at| TABLE.get(at as usize));
    common.map_or_else(|| Cow::Owned(read(character)), |readings| Cow::Borrowed(readings.as_slice()))
}

fn read(character: char) -> Vec<Syllable> {
    let mut readings: Vec<Syllable> = character
        .to_pinyin_multi()
        .map(|multi| multi.into_iter().map(|reading| fold_syllable(reading.plain())).collect())
        .unwrap_or_default();
    readings.sort_unstable();
    readings.dedup();
    readings
}

/// Drops what the south-western dialects do not tell apart.
fn fold_syllable(plain: &str) -> Syllable {
    let mut letters: Vec<u8> = plain.bytes().filter(u8::is_ascii_lowercase).collect();
    if letters.len() > 1 && letters[1] == b'h' && matches!(letters[0], b'z' | b'c' | b's') {
        letters.remove(1);
    }
    match letters.as_slice() {
        [b'n', ..] => letters[0] = b'l',
        // hu, hua, huang … are said fu, fa, fang; ui after f is written ei, un is en.
        [b'h', b'u'] => letters[0] = b'f',
        [b'h', b'u', b'i' | b'n'] => {
            letters[0] = b'f';
            letters[1] = b'e';
        }
        [b'h', b'u', ..] => {
            letters[0] = b'f';
            letters.remove(1);
        }
        _ => {}
    }
    if matches!(letters.as_slice(), [.., b'i' | b'e', b'n', b'g']) {
        letters.pop();
    }
    letters.iter().take(6).fold(0, |word, letter| word << 5 | u32::from(letter - b'a' + 1))
}

/// Spreads the bits of a word (the finaliser of SplitMix64).
fn mix(word: u64) -> u64 {
    let word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    word ^ (word >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn level(left: &str, right: &str) -> NameLevel {
        compare(&FoldedName::new(left).expect("a name"), &FoldedName::new(right).expect("a name"))
    }

    #[test]
    fn levels_by_example() {
        for (left, right, expected) in [
            ("张 三", "张三", NameLevel::Same),
            ("張國強", "张国强", NameLevel::Same),
            ("阿依古丽·买买提", "阿依古丽买买提", NameLevel::Same),
            ("张三(户主)", "张三", NameLevel::Same),
            ("李□明", "李晓明", NameLevel::Wildcard),
            ("李晓明", "李小明", NameLevel::SameSound),
            ("黄玲", "方林", NameLevel::SameSound),
            ("刘兰英", "牛兰英", NameLevel::SameSound),
            ("马兰英", "牛兰英", NameLevel::OneCharacter),
            ("刘南英", "刘兰英", NameLevel::SameSound),
            ("单志华", "单志花", NameLevel::SameSound),
            ("李朋", "李明", NameLevel::Different),
            ("季明", "李明", NameLevel::LookAlike),
            ("王芬", "王芳", NameLevel::LookAlike),
            ("王建国", "王国", NameLevel::Dropped),
            ("王建国", "王建", NameLevel::Dropped),
            ("王建国", "建国", NameLevel::Different),
            ("王建国", "王建军", NameLevel::OneCharacter),
            ("王伟", "王强", NameLevel::Different),
            ("林晓群", "林群晓", NameLevel::OneCharacter),
            ("江小江", "江江小", NameLevel::OneCharacter),
            ("江小", "小江", NameLevel::Different),
            ("杨*", "杨䶮", NameLevel::Wildcard),
            ("张*三", "张小三", NameLevel::Wildcard),
            ("张**", "张三", NameLevel::Wildcard),
            ("张*", "张小三", NameLevel::Wildcard),
            ("张某某", "张小三", NameLevel::Wildcard),
            ("张××", "张小三", NameLevel::Wildcard),
            ("张*三", "张小四", NameLevel::Different),
            ("张*三", "李小三", NameLevel::Different),
            ("□□", "王强", NameLevel::Different),
            ("贾桂□", "贾光", NameLevel::Dropped),
            ("唐平□", "唐萍芳", NameLevel::Wildcard),
        ] {
            assert_eq!(level(left, right), expected, "{left} {right}");
        }
    }

    #[test]
    fn nothing_is_no_name() {
        assert!(FoldedName::new(" · ").is_none());
    }

    proptest! {
        #[test]
        fn comparing_is_symmetric_and_a_name_is_itself(left in "[张王李晓小明国建军单曾乐□]{1,4}", right in "[张王李晓小明国建军单曾乐□]{1,4}") {
            prop_assert_eq!(level(&left, &right), level(&right, &left));
            if !left.contains('□') {
                prop_assert_eq!(level(&left, &left), NameLevel::Same);
            }
        }

        #[test]
        fn names_that_sound_alike_share_a_key(left in "[张王李晓小明国建军兰南]{2,3}", right in "[张王李晓小明国建军兰南]{2,3}") {
            let (a, b) = (FoldedName::new(&left).expect("a name"), FoldedName::new(&right).expect("a name"));
            if compare(&a, &b) <= NameLevel::SameSound {
                prop_assert!(a.sounds().iter().any(|key| b.sounds().contains(key)));
            }
        }
    }
}
