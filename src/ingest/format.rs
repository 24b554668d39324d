//! How a number is shown, from its format code: as a day, with leading zeros, or as it is.
//!
//! Takes the codes of Excel (xlsx, xlsb, xls); up to four sections, the first whose condition holds counts, without conditions the one
//! for the number's sign. A time of day without a date is no day.

use std::cmp::Ordering;

/// How a number is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Shown {
    #[default]
    Plain,
    /// A day, with or without a time.
    Day,
    /// Whole, with at least so many digits.
    Digits(u8),
}

/// A format code, read.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct NumberFormat(Vec<Section>);

#[derive(Clone, Debug, PartialEq)]
struct Section {
    condition: Option<Condition>,
    shown: Shown,
}

/// `[>=100]`.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Condition {
    less: bool,
    equal: bool,
    greater: bool,
    than: f64,
}

impl Condition {
    fn read(text: &str) -> Option<Self> {
        let signs = text.find(|character| !matches!(character, '<' | '>' | '=')).filter(|length| *length > 0)?;
        let (signs, than) = text.split_at(signs);
        let than = than.trim().parse().ok()?;
        let has = |sign| signs.contains(sign);
        Some(Self { less: has('<'), equal: has('='), greater: has('>'), than })
    }

    fn holds(self, number: f64) -> bool {
        match number.partial_cmp(&self.than) {
            Some(Ordering::Less) => self.less,
            Some(Ordering::Equal) => self.equal,
            Some(Ordering::Greater) => self.greater,
            None => false,
        }
    }
}

impl NumberFormat {
    /// One of the formats that have a number and no code, as Chinese Excel shows them.
    pub(crate) fn builtin(id: u32) -> Self {
        let day = matches!(id, 14..=17 | 22 | 27..=31 | 36 | 50..=54 | 57 | 58);
        Self(vec![Section { condition: None, shown: if day { Shown::Day } else { Shown::Plain } }])
    }

    pub(crate) fn read(code: &str) -> Self {
        let mut sections = Vec::new();
        let mut characters = code.chars().peekable();
        let (mut condition, mut bare) = (None, String::new());
        while let Some(character) = characters.next() {
            match character {
                '"' => while characters.next().is_some_and(|next| next != '"') {},
                // An escaped character, one as wide as it, one repeated.
                '\\' | '_' | '*' | '!' => {
                    characters.next();
                }
                '[' => {
                    let inside: String = characters.by_ref().take_while(|next| *next != ']').collect();
                    if let Some(found) = Condition::read(&inside) {
                        condition = Some(found);
                    } else if !inside.is_empty() && inside.chars().all(|next| matches!(next, 'h' | 'H' | 'm' | 'M' | 's' | 'S')) {
                        // Hours gone by: no day.
                        bare.push('|');
                    }
                }
                ';' => {
                    sections.push(Section { condition: condition.take(), shown: shown(&bare) });
                    bare.clear();
                }
                other => bare.push(other.to_ascii_lowercase()),
            }
        }
        sections.push(Section { condition, shown: shown(&bare) });
        Self(sections)
    }

    /// How `number` is shown.
    pub(crate) fn shown(&self, number: f64) -> Shown {
        let Some(first) = self.0.first() else { return Shown::Plain };
        if self.0.iter().any(|section| section.condition.is_some()) {
            let holds = |section: &&Section| section.condition.is_none_or(|condition| condition.holds(number));
            return self.0.iter().find(holds).unwrap_or(first).shown;
        }
        let section = match self.0.as_slice() {
            [_, negative, ..] if number < 0.0 => negative,
            [_, _, zero, ..] if number == 0.0 => zero,
            _ => first,
        };
        section.shown
    }
}

/// A section without texts, brackets and escapes, in lower case.
fn shown(bare: &str) -> Shown {
    if bare.contains("general") || bare.contains('@') || bare.contains('|') {
        return Shown::Plain;
    }
    if bare.len() >= 2 && bare.bytes().all(|byte| byte == b'0') {
        return u8::try_from(bare.len()).map_or(Shown::Plain, Shown::Digits);
    }
    // An exponent is no year of an era.
    let era = bare.replace("e+", "").replace("e-", "").contains('e');
    let has = |letters: &[char]| bare.contains(letters);
    // With hours or seconds an m is a minute.
    if has(&['y', 'd']) || era || has(&['m']) && !has(&['h', 's']) { Shown::Day } else { Shown::Plain }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_told_from_times_numbers_and_words() {
        for day in ["yyyy-mm-dd", "yyyy\"年\"m\"月\"d\"日\"", "[$-804]yyyy/m/d;@", "m月d日", "e年m月", "yyyy-mm-dd hh:mm:ss", "d"]
        {
            assert_eq!(NumberFormat::read(day).shown(43_281.0), Shown::Day, "{day}");
        }
        for plain in [
            "General",
            "[DBNum1]General",
            "0.00",
            "#,##0;[Red]-#,##0",
            "@",
            "h:mm",
            "[h]:mm",
            "mm:ss",
            "0.00E+00",
            "\"day\"0",
            "\\d0",
            "0",
            "000-0000",
        ] {
            assert_eq!(NumberFormat::read(plain).shown(43_281.0), Shown::Plain, "{plain}");
        }
        assert_eq!(NumberFormat::read("000000").shown(1236.0), Shown::Digits(6));
        assert_eq!(NumberFormat::builtin(14).shown(1.0), Shown::Day);
        assert_eq!(NumberFormat::builtin(0).shown(1.0), Shown::Plain);
    }

    #[test]
    fn a_condition_chooses_the_section() {
        let format = NumberFormat::read("[=50]General;[Blue]000");
        assert_eq!((format.shown(50.0), format.shown(7.0)), (Shown::Plain, Shown::Digits(3)));
        let format = NumberFormat::read("[<100]0;yyyy-mm-dd");
        assert_eq!((format.shown(50.0), format.shown(43_281.0)), (Shown::Plain, Shown::Day));
        assert_eq!(NumberFormat::read("0;yyyy").shown(-1.0), Shown::Day);
    }
}
