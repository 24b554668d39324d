//! Characters that look alike: what a typist or a scanner confuses.
//!
//! `shapes.txt` holds, for the characters of the list of standard characters (通用规范汉字表, 8105) and of GB 2312, the four-corner code and the
//! number of strokes: the fields kFourCornerCode and kTotalStrokes of the Unicode Han Database (Unihan 15.0, Unicode License v3,
//! which allows shipping it with this notice). One character per line: itself, four digits, strokes. Looking up costs a binary search.

use std::sync::LazyLock;

/// As shipped.
const SHAPES: &str = include_str!("shapes.txt");

/// Corners and strokes of a character.
type Shape = ([u8; 4], u8);

static TABLE: LazyLock<Vec<(char, Shape)>> = LazyLock::new(|| {
    let shape = |line: &str| {
        let mut characters = line.chars();
        let character = characters.next()?;
        let rest = characters.as_str().as_bytes();
        let (corners, strokes) = rest.split_first_chunk::<4>()?;
        Some((character, (*corners, std::str::from_utf8(strokes).ok()?.parse().ok()?)))
    };
    let mut table: Vec<(char, Shape)> = SHAPES.lines().filter_map(shape).collect();
    table.sort_unstable();
    table
});

fn shape_of(character: char) -> Option<Shape> {
    TABLE.binary_search_by_key(&character, |(known, _)| *known).ok().map(|at| TABLE[at].1)
}

/// Whether two different characters look alike: three of four corners the same, and at most one stroke more or less.
#[must_use]
pub(super) fn look_alike(one: char, other: char) -> bool {
    let (Some((corners, strokes)), Some((others, more))) = (shape_of(one), shape_of(other)) else { return false };
    corners.iter().zip(others).filter(|(corner, other)| **corner == *other).count() >= 3 && strokes.abs_diff(more) <= 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_typists_confuse() {
        for (one, other) in [('季', '李'), ('芬', '芳'), ('未', '末'), ('菜', '莱'), ('治', '冶'), ('贷', '货')] {
            assert!(look_alike(one, other) && look_alike(other, one), "{one}{other}");
        }
        for (one, other) in [('明', '国'), ('军', '强'), ('王', '赵'), ('芳', '国')] {
            assert!(!look_alike(one, other), "{one}{other}");
        }
    }

    #[test]
    fn every_line_is_read() {
        assert_eq!(TABLE.len(), SHAPES.lines().count());
        assert!(TABLE.windows(2).all(|pair| pair[0].0 < pair[1].0), "a character twice");
    }
}
