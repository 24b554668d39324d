//! Of which sorts the cells of a table's columns are, and whether a row stands one column off.
//!
//! Takes texts, gives counts by column and sort; a row is held against them cell by cell. Cost: linear in the text; a row that is asked for the
//! square of its width.

/// The sort of a cell: a person's number, figures, a day or a span of them, figures with words, words. Blank ones have none.
#[must_use]
pub fn sort(text: &str) -> Option<usize> {
    let text = text.trim();
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    let only = |others: &[u8]| text.bytes().all(|byte| byte.is_ascii_digit() || others.contains(&byte));
    match () {
        () if text.is_empty() => None,
        () if digits >= 14 => Some(0),
        () if digits > 0 && only(b".,+") => Some(1),
        () if digits > 0 && only(b".,-/: ") => Some(2),
        () if digits > 0 => Some(3),
        () => Some(4),
    }
}

/// How many cells of each column are of which sort.
#[derive(Clone, Debug, Default)]
pub struct Sorts(Vec<[u32; 5]>);

impl Sorts {
    /// Of a table so wide.
    #[must_use]
    pub fn of_width(width: usize) -> Self {
        Self(vec![[0; 5]; width])
    }

    /// Whether nothing is known.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Counts a cell.
    pub fn count(&mut self, column: usize, text: &str) {
        if let (Some(sort), Some(counts)) = (sort(text), self.0.get_mut(column)) {
            counts[sort] += 1;
        }
    }

    /// How many cells of a row are of a sort that its column hardly has: as it stands, and at best without one of its cells, those behind it
    /// one column to the left. `is_counted` where the row is among those counted.
    #[must_use]
    pub fn strange(&self, row: &[Option<usize>], is_counted: bool) -> (usize, usize) {
        let is_strange = |column: usize, from: usize| {
            let (Some(counts), Some(Some(sort))) = (self.0.get(column), row.get(from)) else { return false };
            let own = |column: usize, sort: usize| u64::from(is_counted && row.get(column) == Some(&Some(sort)));
            let of = |sort: usize| u64::from(counts[sort]) - own(column, sort).min(u64::from(counts[sort]));
            of(*sort) * 20 < (0..counts.len()).map(of).sum::<u64>().max(1)
        };
        let count = |from: &dyn Fn(usize) -> usize| (0..self.0.len()).filter(|column| is_strange(*column, from(*column))).count();
        let still = count(&|column| column);
        let filled = (0..self.0.len()).filter(|place| row.get(*place).is_some_and(Option::is_some));
        let without = filled.map(|place| count(&|column| column + usize::from(column >= place)));
        (still, if still == 0 { 0 } else { without.min().unwrap_or(still) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_one_column_off_is_strange_until_a_cell_is_taken_out() {
        let mut sorts = Sorts::of_width(4);
        for _ in 0..30 {
            for (column, text) in ["张三", "2018-03-02", "180", ""].iter().enumerate() {
                sorts.count(column, text);
            }
        }
        let row = |texts: [&str; 4]| texts.map(sort);
        assert_eq!(sorts.strange(&row(["李四", "2018-03-05", "200", ""]), false), (0, 0));
        assert_eq!(sorts.strange(&row(["李四", "附1号", "2018-03-05", "200"]), false), (3, 0));
        assert_eq!(sorts.strange(&row(["李四", "2018-03-05", "200", "已故"]), false).0, 1);
    }
}
