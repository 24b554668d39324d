//! The bars of a weight: every part from where the sum stood to where it goes, then the sum. Pure; the same parts give the same bars.

use crate::config::link_words;
use crate::model::link::WeightPart;
use crate::model::picture::{Bar, Compared};

/// Two rows that were compared, by the parts of the weight; how they were found and who else was there is still to be told.
pub(crate) fn compared(parts: &[WeightPart]) -> Compared {
    let mut sum = 0.0_f32;
    let mut steps = Vec::with_capacity(parts.len() + 1);
    for part in parts {
        let level = link_words::level(&part.comparison, &part.level);
        let words = format!("{} {level}", link_words::comparison(&part.comparison)).trim_end().to_owned();
        steps.push((words, part.weight, sum));
        sum += part.weight;
    }
    if !parts.is_empty() {
        steps.push(("合计".to_owned(), sum, 0.0));
    }
    let ends = || steps.iter().flat_map(|(_, weight, from)| [*from, from + weight]);
    let (low, high) = (ends().fold(0.0, f32::min), ends().fold(0.0, f32::max));
    let share = |score: f32| if high > low { (score - low) / (high - low) } else { 0.0 };
    let bars = steps.iter().map(|(words, weight, from)| Bar {
        words: words.clone(),
        weight: *weight,
        from: share(*from),
        to: share(from + weight),
    });
    Compared { bars: bars.collect(), zero: share(0.0), ..Compared::default() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_step_from_sum_to_sum_in_words() {
        let part = |comparison: &str, level: &str, weight: f32| WeightPart {
            comparison: comparison.to_owned(),
            level: level.to_owned(),
            weight,
        };
        let compared = compared(&[part("prior", "", -12.0), part("name", "same sound", 6.0), part("birth", "equal", 24.0)]);
        let bars: Vec<(&str, f32, f32)> = compared.bars.iter().map(|bar| (bar.words.as_str(), bar.from, bar.to)).collect();
        assert_eq!(
            bars,
            [("起始分（未比对时）", 0.4, 0.0), ("姓名 同音不同字", 0.0, 0.2), ("出生日期 相同", 0.2, 1.0), ("合计", 0.4, 1.0)]
        );
        assert_eq!((compared.zero, compared.bars.last().map(|sum| sum.weight)), (0.4, Some(18.0)));
        assert!(super::compared(&[]).bars.is_empty());
    }
}
