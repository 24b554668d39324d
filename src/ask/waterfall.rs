//! The bars of a match weight as lines for a terminal: every part from where the sum stood to where it goes, then the sum.
//!
//! `█` for, `░` against, `│` even odds. Pure; the same bars give the same lines.

use unicode_width::UnicodeWidthStr;

use crate::config::link_words;
use crate::model::link::WeightPart;
use crate::store::stages::tables::Review;

/// Places for the bars.
const WIDTH: f32 = 36.0;
/// Places for the words.
const WORDS: usize = 44;

/// A line per bar and one for the sum, each starting with `indent`.
pub(crate) fn waterfall(parts: &[WeightPart], indent: &str) -> String {
    let mut sum = 0.0_f32;
    let steps: Vec<(f32, f32)> = parts
        .iter()
        .map(|part| {
            let from = sum;
            sum += part.weight;
            (from, sum)
        })
        .collect();
    let ends = || steps.iter().flat_map(|(from, to)| [*from, *to]);
    let (low, high) = (ends().fold(0.0, f32::min), ends().fold(0.0, f32::max));
    let place = |bits: f32| {
        let share = if high > low { (bits - low) / (high - low) } else { 0.0 };
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and the width")]
        let place = (share * WIDTH).round().clamp(0.0, WIDTH) as usize;
        place
    };
    let mut text = String::new();
    for (part, (from, to)) in parts.iter().zip(&steps) {
        let level = link_words::level(&part.comparison, &part.level);
        let words = format!("{} {level}", link_words::comparison(&part.comparison));
        line(&mut text, indent, words.trim_end(), part.weight, &bar(place(*from), place(*to), place(0.0)));
    }
    line(&mut text, indent, "合计", sum, &bar(place(0.0), place(sum), place(0.0)));
    text
}

fn line(text: &mut String, indent: &str, words: &str, weight: f32, bar: &str) {
    let pad = " ".repeat(WORDS.saturating_sub(words.width()));
    text.push_str(format!("{indent}{words}{pad}{weight:>8.2}  {bar}").trim_end());
    text.push('\n');
}

fn bar(from: usize, to: usize, zero: usize) -> String {
    let (first, last) = (from.min(to), from.max(to));
    let place = |at: usize| {
        if (first..last).contains(&at) {
            if to >= from { '█' } else { '░' }
        } else if at == zero {
            '│'
        } else {
            ' '
        }
    };
    let length = last.max(zero + 1);
    (0..length).map(place).collect()
}

/// The bars of a review pair.
pub(crate) fn doubt_bars(review: &Review, pair: usize, text: &mut String) {
    if let Some(bars) = review.parts.at(pair) {
        text.push_str(&waterfall(&bars.parts(), "        "));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_step_from_sum_to_sum() {
        let part = |comparison: &str, level: &str, weight: f32| WeightPart {
            comparison: comparison.to_owned(),
            level: level.to_owned(),
            weight,
        };
        let text = waterfall(&[part("prior", "", -12.0), part("name", "same sound", 6.0), part("birth", "equal", 24.0)], "  ");
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 4);
        assert!(lines[0].contains("起始分") && lines[0].contains("-12.00") && lines[0].contains('░'), "{text}");
        assert!(lines[1].contains("姓名 同音不同字") && lines[1].contains("6.00") && lines[1].contains('█'), "{text}");
        assert!(lines[3].contains("合计") && lines[3].contains("18.00"), "{text}");
        let of = |line: &str, bar: char| line.chars().filter(|c| *c == bar).count();
        assert_eq!(of(lines[0], '░'), 2 * of(lines[1], '█'), "bars are to scale: {text}");
        assert_eq!(of(lines[2], '█'), of(lines[0], '░') / 2 + of(lines[3], '█'), "a bar starts where the last ended: {text}");
    }
}
