//! Lines between rows that say something of the rows below: how they stand, of which month or kind they are, at which school. How all rows stand
//! may also be said by title or names ([`SectionLines::head`]), until a line says otherwise.
//!
//! Takes chunks of rows with what stands alone between them ([`SectionSays::Words`]); gives each chunk with a column more per field that such a
//! line may say, read after the row's own cell: one recogniser for both. A line holds until the next one of its sort, or of a sort outside of
//! its own. What it says of a place goes on as a line that says a place. Rows below a line that is not understood, or that contradicts what
//! they say themselves, are read, marked ([`Repair::Unsure`](super::repair::Repair)) and told of. Cost: none for sheets without such lines;
//! else a copy of the chunk.

use std::collections::HashSet;

use unicode_normalization::UnicodeNormalization;

use super::date;
use super::heading::Heading;
use super::line_words::{PLAIN, REST, cores, is_count, is_school, pieces, shown, without_count};
use super::month_column::MonthColumn;
use super::period::{self, Cell};
use super::sheet_place::{is_named_place, listed_place};
use super::status_words::{self, RowStatus};
use super::vocabulary::CodeTable;
use crate::config::divisions::Edition;
use crate::config::registry::{Dictionary, FieldDefinition, RegistryDefinition};
use crate::model::columns::{CLASS, KIND, MONTH, SCHOOL};
use crate::model::date::{Day, Month};
use crate::model::field::FieldKind;
use crate::model::raw::{CellKind, RawColumn, RawTable, Section, SectionSays};

/// Lines that are told one by one.
const DESCRIBED: usize = 5;

/// A field that a line may say.
struct Sayable<'a> {
    definition: &'a FieldDefinition,
    codes: CodeTable<'a>,
    /// Columns of the table that say it for a row.
    own: Vec<usize>,
    /// What the lines above the row at hand say.
    said: String,
    /// Rows that took it, and the line (its row and words) that said it first.
    taken: u64,
    first: Option<Line>,
}

/// What said it: `第 3 行“停保人员”`, `标题“停保人员”`.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Line {
    said: String,
    /// Not a line, but title or a name.
    heads: bool,
}

/// What a line is about. Of two sorts the one met first in a sheet is the outer one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sort {
    Place,
    /// How the rows stand: also what nobody understands.
    Status,
    Period,
    Field(usize),
}

/// A line that is told.
struct DoubtedLine {
    line: Line,
    rows: u64,
    /// The field that rows below contradict it in; else it is not understood.
    contradicted: Option<usize>,
}

/// What a line says.
#[derive(Default)]
struct Reading {
    said: Vec<(usize, String)>,
    places: Vec<String>,
    months: Option<String>,
    /// `新增人员`, `在保人员`: they stand as all others do.
    is_plain: bool,
    is_unclear: bool,
}

/// The lines of a sheet.
pub(super) struct SectionLines<'a> {
    fields: Vec<Sayable<'a>>,
    width: usize,
    period: Month,
    as_of: Day,
    /// Whether rows are for months.
    has_month: bool,
    edition: &'a Edition,
    sorts: Vec<Sort>,
    /// The line in force that is not understood.
    unclear: Option<usize>,
    /// The lines that said what is in force.
    line: Option<Line>,
    told: Vec<DoubtedLine>,
    /// What titles say beside their months.
    titles: Vec<String>,
}

impl<'a> SectionLines<'a> {
    /// For a table of `width` columns; `at` gives those of a field.
    pub(super) fn new(
        width: usize,
        definition: &RegistryDefinition,
        dictionary: &'a Dictionary,
        at: &dyn Fn(&str) -> Vec<usize>,
        (period, as_of): (Month, Day),
        edition: &'a Edition,
        titles: &[String],
    ) -> Self {
        let used = definition.fields.iter().filter_map(|used| dictionary.fields.get(&used.field));
        // What a register is about, not what it mentions: `一级` over a dibao roster is nobody's disability.
        let is_own = |field: &&FieldDefinition| {
            let name = &field.name;
            let is_part = definition.part.as_ref() == Some(name) || definition.telling.contains(name) || name == KIND;
            field.kind != FieldKind::Code || field.is_standing() || is_part || !field.words.is_empty()
        };
        let fields = used.filter(|field| is_sayable(field)).filter(is_own).map(|definition| Sayable {
            definition,
            codes: CodeTable::new(definition.codes.iter().map(|(spelling, value)| (spelling.as_str(), value.as_str()))),
            own: at(&definition.name),
            said: String::new(),
            taken: 0,
            first: None,
        });
        Self {
            fields: fields.collect(),
            width,
            period,
            as_of,
            has_month: definition.fields.iter().any(|used| used.field == MONTH),
            edition,
            sorts: Vec::new(),
            unclear: None,
            line: None,
            told: Vec::new(),
            titles: titles.iter().map(|title| beside_months(title)).filter(|rest| !rest.is_empty()).collect(),
        }
    }

    /// Takes up what title or names say of all rows.
    pub(super) fn head(&mut self, Heading { said, word }: Heading) {
        let line = Line { said, heads: true };
        self.sorts.push(Sort::Status);
        let field = self.fields.iter_mut().find(|field| field.definition.is_standing());
        if let (Some(word), Some(field)) = (word, field) {
            word.clone_into(&mut field.said);
            field.first = Some(line.clone());
        } else {
            self.unclear = Some(self.told.len());
            self.told.push(DoubtedLine { line: line.clone(), rows: 0, contradicted: None });
        }
        self.line = Some(line);
    }

    /// The column in which lines say a field.
    pub(super) fn position(&self, field: &str) -> Option<usize> {
        self.fields.iter().position(|known| known.definition.name == field).map(|at| self.width + at)
    }

    /// The fields that lines have said.
    pub(super) fn said(&self) -> impl Iterator<Item = &'a str> {
        self.fields.iter().filter(|field| field.taken > 0).map(|field| field.definition.name.as_str())
    }

    /// The chunk with what lines say of its rows, and the rows that are doubted for it; `None` where no line says anything.
    pub(super) fn fill(&mut self, table: &RawTable) -> Option<(RawTable, Vec<usize>)> {
        let speaks = |section: &Section| section.says == SectionSays::Words;
        let in_force = self.unclear.is_some() || self.fields.iter().any(|field| !field.said.is_empty());
        if !in_force && !table.sections.iter().any(speaks) {
            // Places alone nest what comes later.
            if table.sections.iter().any(|section| section.says == SectionSays::Place) && self.sorts.is_empty() {
                self.sorts.push(Sort::Place);
            }
            return None;
        }
        let mut filled = RawTable { rows: table.rows.clone(), columns: table.columns.clone(), sections: Vec::new() };
        let mut columns = vec![RawColumn::default(); self.fields.len()];
        let mut sections = table.sections.iter().peekable();
        let mut doubted = Vec::new();
        for row in 0..table.rows.len() {
            while let Some(section) = sections.next_if(|section| section.at <= row) {
                self.enter(section, &mut filled.sections);
            }
            let contradicted = self.contradicted(table, row);
            if let Some(line) = self.unclear.and_then(|line| self.told.get_mut(line)) {
                line.rows += 1;
            }
            if let Some(field) = contradicted {
                self.contradict(field);
            }
            if contradicted.is_some() || self.unclear.is_some() {
                doubted.push(row);
            }
            for (field, column) in self.fields.iter_mut().zip(&mut columns) {
                let kind = if field.said.is_empty() { CellKind::Empty } else { CellKind::Text };
                column.push(kind, &field.said);
                let is_blank =
                    field.own.iter().all(|at| table.columns.get(*at).is_none_or(|column| column.get(row).1.is_empty()));
                field.taken += u64::from(is_blank && kind == CellKind::Text);
            }
        }
        sections.for_each(|section| self.enter(section, &mut filled.sections));
        filled.columns.resize(self.width, RawColumn::default());
        filled.columns.append(&mut columns);
        Some((filled, doubted))
    }

    /// The field of which a row says something else than the lines above it do.
    fn contradicted(&mut self, table: &RawTable, row: usize) -> Option<usize> {
        let as_of = self.as_of;
        self.fields.iter_mut().position(|field| {
            if field.said.is_empty() {
                return false;
            }
            let own = field.own.iter().filter_map(|at| table.columns.get(*at)).map(|column| column.get(row));
            let Some((kind, own)) = own.into_iter().find(|(_, text)| !text.is_empty()) else { return false };
            match field.definition.kind {
                FieldKind::Code if field.definition.is_standing() => {
                    let (own, said) = (status_words::read(own, false, as_of), status_words::read(&field.said, false, as_of));
                    own.is_some() && own != said
                }
                FieldKind::Code => {
                    let (own, said) = (field.codes.get(own), field.codes.get(&field.said));
                    own.is_some() && own != said
                }
                FieldKind::Year => date::read_year(kind, own) != date::read_year(CellKind::Text, &field.said),
                _ => own != field.said,
            }
        })
    }

    fn contradict(&mut self, field: usize) {
        let Some(line) = self.fields[field].first.clone().into_iter().chain(self.line.clone()).last() else { return };
        match self.told.iter_mut().rev().find(|told| told.line == line && told.contradicted == Some(field)) {
            Some(told) => told.rows += 1,
            None => self.told.push(DoubtedLine { line, rows: 1, contradicted: Some(field) }),
        }
    }

    /// Takes up a line; what it says of places goes into `sections`.
    fn enter(&mut self, section: &Section, sections: &mut Vec<Section>) {
        match section.says {
            SectionSays::Sum | SectionSays::Elsewhere | SectionSays::Perhaps => sections.push(section.clone()),
            SectionSays::Months => {
                self.begin(Sort::Period);
                sections.push(section.clone());
            }
            SectionSays::Place => {
                self.begin(Sort::Place);
                sections.push(section.clone());
            }
            SectionSays::Words => {
                let reading = self.read(&section.text);
                let line = Line { said: format!("第 {} 行“{}”", section.row, shown(&section.text)), heads: false };
                self.line = Some(line.clone());
                let is_of_place = self.sorts.contains(&Sort::Place);
                let mut ended = false;
                if !reading.places.is_empty() {
                    ended |= self.begin(Sort::Place);
                    sections.push(Section { text: reading.places.join("、"), says: SectionSays::Place, ..section.clone() });
                }
                if let Some(months) = reading.months {
                    ended |= self.begin(Sort::Period);
                    sections.push(Section { text: months, says: SectionSays::Months, ..section.clone() });
                }
                if reading.is_plain || reading.is_unclear {
                    ended |= self.begin(Sort::Status);
                }
                for (field, said) in reading.said {
                    ended |= self.begin(self.sort_of(field));
                    let known = &mut self.fields[field];
                    known.said = said;
                    known.first.get_or_insert_with(|| line.clone());
                }
                if reading.is_unclear {
                    self.unclear = Some(self.told.len());
                    self.told.push(DoubtedLine { line, rows: 0, contradicted: None });
                }
                if is_of_place && reading.places.is_empty() && (ended || reading.is_unclear) {
                    sections.push(Section { text: String::new(), says: SectionSays::Elsewhere, ..section.clone() });
                }
            }
        }
    }

    fn sort_of(&self, field: usize) -> Sort {
        match self.fields[field].definition {
            known if known.kind == FieldKind::Year => Sort::Period,
            known if known.is_standing() => Sort::Status,
            _ => Sort::Field(field),
        }
    }

    /// A line of a sort ends the one before it of its sort, and those within; whether a place was within.
    fn begin(&mut self, sort: Sort) -> bool {
        let Some(outer) = self.sorts.iter().position(|known| *known == sort) else {
            self.sorts.push(sort);
            return false;
        };
        let ended: Vec<Sort> = self.sorts.drain(outer + 1..).chain([sort]).collect();
        for at in 0..self.fields.len() {
            if ended.contains(&self.sort_of(at)) {
                self.fields[at].said.clear();
            }
        }
        if ended.contains(&Sort::Status) {
            self.unclear = None;
        }
        sort != Sort::Place && ended.contains(&Sort::Place)
    }

    fn read(&mut self, text: &str) -> Reading {
        let mut reading = Reading::default();
        let plain: String = text.nfkc().collect();
        if self.says_period(plain.trim(), &mut reading) {
            return reading;
        }
        // The sheet's title once more, of another month.
        if self.has_month && self.titles.contains(&beside_months(text)) && period::section(&plain).is_some() {
            reading.months = Some(plain);
            return reading;
        }
        for piece in pieces(&plain) {
            if !self.says(piece, &mut reading) {
                reading.is_unclear = true;
            }
        }
        // `一级、二级`: which of them?
        let fields: HashSet<usize> = reading.said.iter().map(|(field, _)| *field).collect();
        if fields.len() < reading.said.len() {
            reading.said.clear();
            reading.is_unclear = true;
        }
        reading
    }

    /// Whether a piece of a line is understood; what it says goes into `reading`.
    fn says(&mut self, piece: &str, reading: &mut Reading) -> bool {
        let as_of = self.as_of;
        if is_count(piece) {
            return true;
        }
        if let Some(school) = self.field_named(SCHOOL).filter(|_| is_school(piece)) {
            reading.said.push((school, piece.to_owned()));
            return true;
        }
        if let Some(class) = self.field_named(CLASS).filter(|_| piece.ends_with('班')) {
            reading.said.push((class, piece.to_owned()));
            return true;
        }
        let bare = without_count(piece);
        let listed = || cores(bare).into_iter().find_map(|core| listed_place(core, self.edition));
        if let Some(place) = Some(bare).filter(|bare| is_named_place(bare)).map(str::to_owned).or_else(listed) {
            reading.places.push(place);
            return true;
        }
        // `【土坪镇】村：共12户` leaves out which.
        if let Some(place) = reading.places.last_mut().filter(|_| matches!(piece, "村" | "组" | "社区")) {
            place.push_str(piece);
            return true;
        }
        for core in cores(piece).into_iter().filter(|core| !REST.contains(core)) {
            if self.says_period(core, reading) {
                return true;
            }
            if PLAIN.contains(&core) {
                reading.is_plain = true;
                return true;
            }
            let found: Vec<usize> = (0..self.fields.len()).filter(|at| self.fields[*at].knows(core)).collect();
            let standing = found.iter().find(|at| self.fields[**at].definition.is_standing()).copied();
            match (standing, found.as_slice()) {
                (Some(field), _) | (None, &[field]) => {
                    reading.said.push((field, self.fields[field].as_said(core)));
                    return true;
                }
                // A word of several fields says none for sure, and changes nothing of how the rows stand.
                (None, [_, ..]) => return true,
                (None, []) => {}
            }
        }
        // Words that no table has, by what they mean for how a row stands; a year or an exception among them is more than that.
        let standing = self.fields.iter().position(|field| field.definition.is_standing());
        let speaks = |core: &str| {
            let is_more = core.contains(|sign: char| sign.is_ascii_digit())
                || ["外", "除", "不含", "是否", "重复"].iter().any(|word| core.contains(word));
            let read = status_words::read(core, false, as_of).filter(|_| !is_more && core.chars().count() > 1);
            read.is_some_and(|read| read != RowStatus::Unclear)
        };
        match (standing, cores(piece).into_iter().rfind(|core| speaks(core))) {
            (Some(field), Some(core)) => {
                reading.said.push((field, core.to_owned()));
                true
            }
            _ => false,
        }
    }

    fn field_named(&self, name: &str) -> Option<usize> {
        self.fields.iter().position(|field| field.definition.name == name)
    }

    /// A month, several, or a year.
    fn says_period(&self, text: &str, reading: &mut Reading) -> bool {
        let year = self.fields.iter().position(|field| field.definition.kind == FieldKind::Year);
        // Nothing but a period; a number alone is anything.
        let is_period =
            |sign: char| sign.is_ascii_digit() || "年月份季度上下半全第一二三四五六七八九十至到和、-—~. 补发".contains(sign);
        if !text.chars().all(is_period) || !text.contains(['年', '月', '季', '-', '.', '度']) {
            return false;
        }
        let named = match MonthColumn::cell(CellKind::Text, text, self.period) {
            Some(Cell::Months(named) | Cell::Back(named)) => named.year,
            Some(Cell::Year(named)) => Some(named).filter(|_| !self.has_month || year.is_some()),
            // That nobody can say which months is for the months to tell.
            Some(Cell::WithBack | Cell::Unclear) if self.has_month => None,
            _ => return false,
        };
        if self.has_month && period::section(text).is_some() {
            reading.months = Some(text.to_owned());
            return true;
        }
        match (year, named) {
            (Some(year), Some(named)) => reading.said.push((year, named.to_string())),
            // No field holds it: a month of the year of the run changes nothing.
            _ => return !self.has_month && named.is_none_or(|named| named == self.period.year()),
        }
        true
    }

    /// What is told of the lines of the sheet.
    pub(super) fn notes(&self) -> Vec<String> {
        let taken = self.fields.iter().filter(|field| field.taken > 0).filter_map(|field| {
            let Line { said, heads } = field.first.as_ref()?;
            let title = &field.definition.title;
            let said = if *heads { said.clone() } else { format!("单列一行的说明（首处{said}）") };
            Some(format!("{} 行没有写“{title}”，取自{said}", field.taken))
        });
        let told: Vec<&DoubtedLine> = self.told.iter().filter(|told| told.rows > 0).collect();
        let line = |DoubtedLine { line: Line { said, heads }, rows, contradicted }: &&DoubtedLine| match contradicted {
            Some(field) => format!(
                "{said}与下面 {rows} 行自己写的“{}”不一致：照行里写的读，依据这些行的疑点只作先核对",
                self.fields[*field].definition.title
            ),
            None if *heads => format!(
                "{said}说的不像是都在册的人，没有读懂：下面 {rows} 行照读，依据这些行的疑点只作先核对；请分开报送，或把它写成列"
            ),
            None => format!("{said}没有读懂：下面 {rows} 行照读，依据这些行的疑点只作先核对；请把这一行写成列"),
        };
        let more = told.len().saturating_sub(DESCRIBED);
        let more = (more > 0).then(|| format!("另有 {more} 行这样的说明没有读懂或与行里不一致"));
        taken.chain(told.iter().take(DESCRIBED).map(line)).chain(more).collect()
    }
}

impl Sayable<'_> {
    /// Whether the word is one of the column's.
    fn knows(&mut self, core: &str) -> bool {
        let is_word = |(word, _): &(String, String)| word == core;
        self.definition.kind == FieldKind::Code && (self.codes.get(core).is_some() || self.definition.words.iter().any(is_word))
    }

    /// A word that is said beside the column only, as the column says it.
    fn as_said(&mut self, core: &str) -> String {
        let word = self.definition.words.iter().find(|(word, _)| word == core).map(|(_, value)| value.as_str());
        word.filter(|_| self.codes.get(core).is_none()).unwrap_or(core).to_owned()
    }
}

/// A title without the signs of its months.
fn beside_months(title: &str) -> String {
    let plain = title.nfkc().filter(|sign| !sign.is_whitespace());
    plain.filter(|sign| !sign.is_ascii_digit() && !"年月份季度第-—~.()一二三四五六七八九十至到".contains(*sign)).collect()
}

/// What a line may say for rows; flags and free texts are of one row.
fn is_sayable(field: &FieldDefinition) -> bool {
    match field.kind {
        FieldKind::Code | FieldKind::Year => true,
        FieldKind::Text => matches!(field.name.as_str(), SCHOOL | CLASS),
        _ => false,
    }
}
