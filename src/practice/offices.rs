//! What an office knows of a person when it writes a row, and how it makes a table of people: in the county's order, with its own mistakes.

use super::county::{County, Household, Person};
use super::damage::{self, Identity, PlaceDamage};
use super::divisions::{self, Spelling, Village};
use super::findings::IdentityEvents;
use super::table::{self, Cell, Row, Table};
use super::welfare::{Dibao, State, Welfare};
use crate::model::date::Month;

/// A month of the county as the offices see it.
pub(super) struct Offices<'a> {
    pub(super) county: &'a County,
    pub(super) state: &'a State,
    pub(super) month: Month,
    /// Position of the month, 0 = the first.
    pub(super) month_index: u32,
    pub(super) noise: f64,
}

/// What an office knows of a person when it writes a row.
pub(super) struct Entry<'a> {
    pub(super) pid: u32,
    pub(super) person: &'a Person,
    pub(super) household: &'a Household,
    pub(super) head: &'a Person,
    pub(super) welfare: &'a Welfare,
    pub(super) written: Identity,
    pub(super) town: String,
    pub(super) village: String,
    pub(super) home: &'a Village,
    /// The person's second row in the same registry: other codes, another phone.
    pub(super) again: bool,
    /// The household under which the row stands: not always the person's own.
    pub(super) hid: u32,
}

impl Entry<'_> {
    pub(super) fn number(&self) -> Cell {
        match self.written.number.parse() {
            Ok(number) if self.written.as_number => Cell::Number(number),
            _ => Cell::from(self.written.number.as_str()),
        }
    }

    pub(super) fn name(&self) -> Cell {
        Cell::from(self.written.name.as_str())
    }

    pub(super) fn sex(&self) -> Cell {
        Cell::from(if self.person.female { "女" } else { "男" })
    }

    pub(super) fn age(&self) -> Cell {
        Cell::Number(i64::from(self.person.age()))
    }

    pub(super) fn birth(&self) -> Cell {
        Cell::Date(self.written.birth)
    }

    pub(super) fn phone(&self) -> Cell {
        if self.again { Cell::Empty } else { Cell::from(self.household.phone.as_str()) }
    }

    /// A code of this office's own system: `digits` wide, apart for a second row.
    pub(super) fn code(&self, base: u64, value: u32) -> Cell {
        Cell::from((base + u64::from(value) + if self.again { 500_000_000 } else { 0 }).to_string())
    }

    /// One address text, in the form this office uses here and there.
    pub(super) fn address(&self) -> Cell {
        if self.written.place == PlaceDamage::Absent {
            return Cell::Empty;
        }
        let (town, village, group) = (&self.town, &self.village, self.household.group);
        Cell::from(match self.person.household % 5 {
            0 => format!("贵州省遵义市正安县{town}{village}"),
            1 => format!("贵州省遵义市正安县{town}{village}{group}"),
            2 => format!("正安县{town}{village}"),
            3 => format!("{town}{village}{group}"),
            _ => format!("{town}{village}"),
        })
    }

    pub(super) fn disability_kind(&self) -> &'static str {
        const KINDS: [&str; 8] = ["", "视力残疾", "听力残疾", "言语残疾", "肢体残疾", "智力残疾", "精神残疾", "多重残疾"];
        self.person.certificate.map_or("", |certificate| KINDS[usize::from(certificate.kind.min(7))])
    }

    pub(super) fn disability_grade(&self) -> &'static str {
        const GRADES: [&str; 5] = ["", "一级", "二级", "三级", "四级"];
        self.person.certificate.map_or("", |certificate| GRADES[usize::from(certificate.grade.min(4))])
    }
}

/// How a registry writes places, and the place of its own in the streams of chance.
#[derive(Clone, Copy)]
pub(super) struct Habit {
    pub(super) stream: u64,
    pub(super) spelling: Spelling,
    /// What its machine makes of 㯊.
    pub(super) broken: &'static str,
    /// Whether it has heard of households that moved.
    pub(super) knows_moves: bool,
    /// Whether a person may have been entered twice.
    pub(super) repeats: bool,
}

/// The columns of a sheet, each header beside its cell, as `(headers, cells)`: `cells` makes a row of an [`Entry`] and whatever more it is
/// given, after what stands in the first braces.
macro_rules! columns {
    (|$entry:ident $(, $more:ident: $type:ty)*| { $($before:tt)* } { $($header:expr => $cell:expr),+ $(,)? }) => {
        ([$($header),+], |$entry: &$crate::practice::offices::Entry<'_> $(, $more: $type)*| -> Vec<$crate::practice::table::Cell> {
            $($before)*
            vec![$($crate::practice::table::Cell::from($cell)),+]
        })
    };
}

pub(super) use columns;

impl Offices<'_> {
    /// A table of the people that `who` picks, in the county's order; second rows of a person come last.
    pub(super) fn table(
        &self,
        headers: &[&'static str],
        habit: Habit,
        events: &mut IdentityEvents,
        who: impl Fn(&Person, &Welfare) -> bool,
        cells: impl Fn(&Entry<'_>) -> Vec<Cell>,
    ) -> Table {
        self.table_of(headers, habit, events, |pid| who(self.county.person(pid), self.state.of(pid)), cells)
    }

    /// [`Offices::table`] of people picked by their position.
    pub(super) fn table_of(
        &self,
        headers: &[&'static str],
        habit: Habit,
        events: &mut IdentityEvents,
        who: impl Fn(u32) -> bool,
        cells: impl Fn(&Entry<'_>) -> Vec<Cell>,
    ) -> Table {
        let (mut rows, mut second) = (Vec::new(), Vec::new());
        for (pid, person) in (0u32..).zip(&self.county.people) {
            if !who(pid) {
                continue;
            }
            let written = damage::identity(self.county, self.state, habit.stream, pid, self.noise);
            events.row(pid, &written);
            let mut entry = self.entry(pid, written, habit);
            let row = |entry: &Entry<'_>| Row {
                pid: Some(pid),
                more: Vec::new(),
                household: person.household,
                town: entry.home.town_index,
                cells: cells(entry),
            };
            rows.push(row(&entry));
            if entry.written.twice && habit.repeats {
                entry.again = true;
                second.push(row(&entry));
                events.duplicate(pid);
            }
        }
        rows.append(&mut second);
        Table { registry: "", title: String::new(), office: "", headers: table::headers(headers), rows }
    }

    fn entry(&self, pid: u32, written: Identity, habit: Habit) -> Entry<'_> {
        self.entry_under(self.county.person(pid).household, pid, written, habit)
    }

    /// What the office knows of a person who stands under a household.
    pub(super) fn entry_under(&self, hid: u32, pid: u32, written: Identity, habit: Habit) -> Entry<'_> {
        let person = self.county.person(pid);
        let household = self.county.household(hid);
        let village = if habit.knows_moves { household.village_in(self.month_index) } else { household.village };
        let home = &self.county.villages[village as usize];
        let broken = if self.noise > 0.0 { habit.broken } else { "㯊" };
        let spelling = match (written.place, habit.spelling) {
            (PlaceDamage::Odd, Spelling::Bare) => Spelling::Official,
            (PlaceDamage::Odd, _) => Spelling::Bare,
            (_, spelling) => spelling,
        };
        let (town, village) = if written.place == PlaceDamage::Absent {
            (divisions::town(home, spelling, broken), String::new())
        } else {
            (divisions::town(home, spelling, broken), divisions::village(home, spelling, broken))
        };
        let head = self.county.person(household.first);
        Entry { pid, person, household, head, welfare: self.state.of(pid), written, town, village, home, again: false, hid }
    }

    /// A further row of a person under another household.
    pub(super) fn guest(
        &self,
        hid: u32,
        pid: u32,
        habit: Habit,
        events: &mut IdentityEvents,
        cells: impl Fn(&Entry<'_>) -> Vec<Cell>,
    ) -> Row {
        let written = damage::identity(self.county, self.state, habit.stream, pid, self.noise);
        events.row(pid, &written);
        events.duplicate(pid);
        let entry = self.entry_under(hid, pid, written, habit);
        Row { pid: Some(pid), more: Vec::new(), household: hid, town: entry.home.town_index, cells: cells(&entry) }
    }

    /// Who receives 低保 for the household: the first who is listed.
    pub(super) fn receiver(&self, hid: u32) -> Option<u32> {
        let listed = |pid: &u32| self.state.of(*pid).dibao != Dibao::Absent;
        self.county.household(hid).members().find(listed).filter(|_| self.state.covered(self.county, hid) > 0)
    }

    pub(super) fn year(&self) -> Cell {
        Cell::Number(i64::from(self.month.year()))
    }
}
