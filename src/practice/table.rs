//! A registry's rows before anyone lays them out on a sheet.

use std::borrow::Cow;

use crate::model::date::Day;

/// What stands in one cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Cell {
    Empty,
    Text(String),
    /// A number cell where the format has them; also an ID number that went through a float.
    Number(i64),
    /// Fen, written in yuan.
    Money(i64),
    Date(Day),
}

impl Cell {
    /// As a text file has it.
    pub(super) fn text(&self) -> String {
        match self {
            Self::Empty => String::new(),
            Self::Text(text) => text.clone(),
            Self::Number(number) => number.to_string(),
            Self::Money(fen) if fen % 100 == 0 => (fen / 100).to_string(),
            Self::Money(fen) => format!("{}.{:02}", fen / 100, fen % 100),
            Self::Date(day) => day.to_string(),
        }
    }
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        if text.is_empty() { Self::Empty } else { Self::Text(text.to_owned()) }
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        if text.is_empty() { Self::Empty } else { Self::Text(text) }
    }
}

/// One row of a registry.
pub(super) struct Row {
    /// Whose row it is; nobody's on a list of villages.
    pub(super) pid: Option<u32>,
    /// Who else stands in it, from left to right.
    pub(super) more: Vec<u32>,
    pub(super) household: u32,
    /// Position of the town, for registries that are kept town by town.
    pub(super) town: u32,
    pub(super) cells: Vec<Cell>,
}

impl Row {
    /// A row about nobody: a village, a post.
    pub(super) fn nobody(town: u32, cells: Vec<Cell>) -> Self {
        Self { pid: None, more: Vec::new(), household: 0, town, cells }
    }
}

/// A registry of one month.
pub(super) struct Table {
    pub(super) registry: &'static str,
    /// `2018-06农村低保发放明细`.
    pub(super) title: String,
    /// `正安县民政局`.
    pub(super) office: &'static str,
    pub(super) headers: Vec<Cow<'static, str>>,
    pub(super) rows: Vec<Row>,
}

/// The headers of a [`Table`].
pub(super) fn headers(headers: &[&'static str]) -> Vec<Cow<'static, str>> {
    headers.iter().copied().map(Cow::Borrowed).collect()
}

impl Table {
    /// As the office calls it.
    pub(super) fn named(self, registry: &'static str, office: &'static str, title: impl Into<String>) -> Self {
        Self { registry, office, title: title.into(), ..self }
    }

    /// Moves the rows that `wanted` picks into a table of their own.
    pub(super) fn split_off(&mut self, wanted: impl Fn(&Row) -> bool) -> Self {
        let (taken, left) = std::mem::take(&mut self.rows).into_iter().partition(|row| wanted(row));
        self.rows = left;
        Self {
            registry: self.registry,
            title: self.title.clone(),
            office: self.office,
            headers: self.headers.clone(),
            rows: taken,
        }
    }

    /// Splits into one table per town, in town order; towns without rows are left out.
    pub(super) fn by_town(mut self) -> Vec<(u32, Self)> {
        let mut towns: Vec<u32> = self.rows.iter().map(|row| row.town).collect();
        towns.sort_unstable();
        towns.dedup();
        towns.into_iter().map(|town| (town, self.split_off(|row| row.town == town))).collect()
    }
    fn column(&self, header: &str) -> Option<usize> {
        self.headers.iter().position(|known| known == header)
    }

    /// Every row's columns in another order, or some of them only.
    fn project(mut self, columns: &[usize]) -> Self {
        self.headers = columns.iter().map(|column| self.headers[*column].clone()).collect();
        for row in &mut self.rows {
            row.cells = columns.iter().map(|column| row.cells.get(*column).cloned().unwrap_or(Cell::Empty)).collect();
        }
        self
    }

    /// Without a column, where there is one of that name.
    pub(super) fn without(self, header: &str) -> Self {
        let kept: Vec<usize> = (0..self.headers.len()).filter(|column| self.headers[*column] != header).collect();
        if kept.len() == self.headers.len() { self } else { self.project(&kept) }
    }

    /// With some columns in front, each under the header beside it: two may then be headed alike.
    pub(super) fn fronted(self, columns: &[(&str, &'static str)]) -> Self {
        let front: Vec<(usize, &'static str)> =
            columns.iter().filter_map(|(from, header)| Some((self.column(from)?, *header))).collect();
        let rest = (0..self.headers.len()).filter(|column| front.iter().all(|(taken, _)| taken != column));
        let order: Vec<usize> = front.iter().map(|(column, _)| *column).chain(rest).collect();
        let mut table = self.project(&order);
        for (place, (_, header)) in table.headers.iter_mut().zip(front) {
            *place = Cow::Borrowed(header);
        }
        table
    }

    /// Two columns of rows side by side, as lists are printed to save paper: the second half stands right of the first.
    pub(super) fn two_up(mut self) -> Self {
        let width = self.headers.len();
        self.headers.extend_from_within(..);
        let right = self.rows.split_off(self.rows.len().div_ceil(2));
        for (left, mut right) in self.rows.iter_mut().zip(right) {
            left.cells.resize(width, Cell::Empty);
            left.cells.append(&mut right.cells);
            left.more.extend(right.pid);
        }
        self
    }

    /// A form: a row per household, its `shared` columns once, then everybody's own columns as 家庭成员1…, 家庭成员2….
    pub(super) fn forms(mut self, shared: &[&str]) -> Self {
        let (ours, own): (Vec<usize>, Vec<usize>) =
            (0..self.headers.len()).partition(|column| shared.contains(&&*self.headers[*column]));
        self.rows.sort_by_key(|row| row.household);
        let take = |row: &Row, columns: &[usize]| -> Vec<Cell> { columns.iter().map(|at| row.cells[*at].clone()).collect() };
        let mut most = 0;
        let mut forms = Vec::new();
        for family in self.rows.chunk_by(|left, right| left.household == right.household) {
            most = most.max(family.len());
            forms.push(Row {
                pid: family[0].pid,
                more: family[1..].iter().filter_map(|row| row.pid).collect(),
                household: family[0].household,
                town: family[0].town,
                cells: take(&family[0], &ours).into_iter().chain(family.iter().flat_map(|row| take(row, &own))).collect(),
            });
        }
        let members = (1..=most).flat_map(|member| own.iter().map(move |column| (member, *column)));
        let of_member = |(member, column): (usize, usize)| Cow::Owned(format!("家庭成员{member}{}", self.headers[column]));
        let headers = ours.iter().map(|column| self.headers[*column].clone()).chain(members.map(of_member)).collect();
        Self { headers, rows: forms, ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Table {
        let row = |pid: u32, household| Row {
            pid: Some(pid),
            more: Vec::new(),
            household,
            town: 0,
            cells: vec![Cell::from("村"), Cell::from(format!("甲{pid}")), Cell::from(format!("号{pid}"))],
        };
        Table {
            registry: "insurance",
            title: String::new(),
            office: "",
            headers: headers(&["村", "姓名", "号码"]),
            rows: vec![row(1, 7), row(2, 7), row(3, 8)],
        }
    }

    fn texts(table: &Table) -> Vec<String> {
        table.rows.iter().map(|row| row.cells.iter().map(Cell::text).collect::<Vec<_>>().join("|")).collect()
    }

    #[test]
    fn two_columns_of_rows_are_all_of_them() {
        let table = table().two_up();
        assert_eq!(table.headers, ["村", "姓名", "号码", "村", "姓名", "号码"]);
        assert_eq!(texts(&table), ["村|甲1|号1|村|甲3|号3", "村|甲2|号2"]);
        assert_eq!((table.rows[0].pid, &table.rows[0].more[..]), (Some(1), &[3][..]));
    }

    #[test]
    fn a_form_has_a_household_in_a_row() {
        let table = table().forms(&["村"]);
        assert_eq!(table.headers, ["村", "家庭成员1姓名", "家庭成员1号码", "家庭成员2姓名", "家庭成员2号码"]);
        assert_eq!(texts(&table), ["村|甲1|号1|甲2|号2", "村|甲3|号3"]);
        assert_eq!((table.rows[0].pid, &table.rows[0].more[..]), (Some(1), &[2][..]));
    }

    #[test]
    fn two_headers_may_be_alike() {
        let table = table().fronted(&[("号码", "号"), ("姓名", "号")]).without("村");
        assert_eq!(table.headers, ["号", "号"]);
        assert_eq!(texts(&table)[0], "号1|甲1");
    }
}
