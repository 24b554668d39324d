//! Files → normalised sheets: each file read in its own child ([`crate::intake::file`]), its tables recognised and normalised while they stream.
//!
//! Takes the input files, gives for each what it held and what was refused, in file order whatever the thread count. The biggest
//! file goes first; raw rows are dropped as soon as they are normalised.

use std::collections::{BTreeMap, BTreeSet};

use arrow::array::{Array, AsArray};
use arrow::error::ArrowError;

use crate::config::registry::RegistryDefinition;
use crate::ingest::combined::{Combined, combined};
use crate::ingest::grid::RowBlock;
use crate::ingest::header::Vocabulary;
use crate::ingest::kinds::{Kinds, kinds};
use crate::ingest::mapping::clash;
use crate::ingest::periods::periods;
use crate::ingest::person_lists::{PersonColumns, split_cells};
use crate::ingest::recognise::{recognise, two_registers};
use crate::ingest::unfold::{Unfolding, members, relatives, side_by_side};
use crate::intake::definitions::Definitions;
use crate::intake::file::{LaidOut, Opener, Tables};
use crate::intake::inputs::InputFile;
use crate::model::columns::{
    BIRTH, DISABILITY_NO, HEAD_ID, HEAD_NAME, ID_NUMBER, MONTH, NAME, RELATION, REPAIRS, SEX, TOWN, YEAR,
};
use crate::model::field::FieldKind;
use crate::model::intake::{IntakeFile, IntakeSheet};
use crate::model::raw::{Mapping, RawTable, Refusal, Reject, RejectReason, SheetName, TableHead};
use crate::model::registry::{Grain, RegistryId};
use crate::normalise::{Context, NormalisedSheet, Normaliser};
use crate::store::ours;

/// What one input file gave; a zip gives several [`IntakeFile`]s.
#[derive(Debug, Default)]
pub(crate) struct Taken {
    pub(crate) files: Vec<IntakeFile>,
    pub(crate) sheets: Vec<(SheetName, RegistryId, Grain, NormalisedSheet)>,
    /// Rows that the layout set aside.
    pub(crate) rejects: Vec<(SheetName, Reject)>,
    /// Heads and mappings, for `check`.
    pub(crate) heads: Vec<(TableHead, Mapping)>,
    /// Files that bidui printed itself, whoever saved or packed them since: nothing of them is read.
    printed: BTreeSet<String>,
}

impl Taken {
    /// Without what bidui printed itself.
    fn without_printed(mut self) -> Self {
        let Self { files, sheets, rejects, heads, printed } = &mut self;
        for file in files.iter_mut().filter(|file| printed.contains(&file.path)) {
            file.sheets.clear();
        }
        sheets.retain(|(name, ..)| !printed.contains(&name.file));
        rejects.retain(|(name, _)| !printed.contains(&name.file));
        heads.retain(|(head, _)| !printed.contains(&head.name.file));
        self
    }
}

/// What every file shares.
pub(crate) struct Intake<'a> {
    pub(crate) definitions: &'a Definitions,
    pub(crate) context: Context<'a>,
    pub(crate) vocabulary: Vocabulary,
    pub(crate) opener: Opener<'a>,
}

impl Intake<'_> {
    /// Reads all files; results in the order of `files`.
    pub(crate) fn read_all(&self, files: &[InputFile], progress: &(dyn Fn(&str) + Sync)) -> Vec<Taken> {
        let read = |file: &InputFile| {
            let taken = self.read(file);
            progress(&describe(file, &taken));
            taken
        };
        self.opener.each(files, read).into_iter().map(Option::unwrap_or_default).collect()
    }

    fn read(&self, file: &InputFile) -> Taken {
        let (mut files, laid_out) = self.opener.read(
            file,
            LaidOut::new(&self.vocabulary, self.opener.limits.leave_out, County { intake: self, taken: Taken::default() }),
        );
        if let Some(laid_out) = &laid_out {
            laid_out.pass_over(&mut files);
        }
        match laid_out {
            Some(LaidOut { tables: County { mut taken, .. }, mut rejects, .. }) => {
                rejects.append(&mut taken.rejects);
                Taken { files, rejects, ..taken }.without_printed()
            }
            None => Taken { files, ..Taken::default() },
        }
    }
}

fn describe(file: &InputFile, taken: &Taken) -> String {
    const SHOWN: usize = 5;
    let kept: usize = taken.sheets.iter().map(|sheet| sheet.3.rows.len()).sum();
    let refused = taken.files.iter().filter(|file| file.refusal.is_some()).count()
        + taken.files.iter().flat_map(|file| &file.sheets).filter(|sheet| sheet.refusal.is_some()).count();
    let mut registries: Vec<&str> = taken.sheets.iter().map(|sheet| sheet.1.as_str()).collect();
    registries.sort_unstable();
    registries.dedup();
    let refused = if refused > 0 { format!("，{refused} 处未接收") } else { String::new() };
    let printed = if taken.printed.is_empty() {
        String::new()
    } else {
        let names: Vec<&str> = taken.printed.iter().map(String::as_str).take(SHOWN).collect();
        let more = if taken.printed.len() > SHOWN { " 等" } else { "" };
        let (names, count) = (names.join("、"), taken.printed.len());
        format!("；没有读 {names}{more} {count} 个：是 bidui 打印的清单、汇总（另存或打包过），不是名册")
    };
    format!("  {}：{} {kept} 行{refused}{printed}", file.name, registries.join("、"))
}

/// Whether an unused header is the name or number of another member of the household: `配偶姓名`.
fn is_of_relative(header: &str) -> bool {
    const RELATIVES: [&str; 10] = ["配偶", "子女", "成员", "家属", "父亲", "母亲", "儿子", "女儿", "妻子", "丈夫"];
    let person = ["姓名", "身份证", "证件号"].iter().any(|word| header.contains(word));
    person && RELATIVES.iter().any(|word| header.contains(word))
}

/// Reads tables as registries.
struct County<'i, 'a> {
    intake: &'i Intake<'a>,
    taken: Taken,
}

/// A registry's table under way.
struct Table<'i> {
    registry: RegistryId,
    grain: Grain,
    head: TableHead,
    mapping: Mapping,
    /// Where its rows name several persons each.
    unfolding: Option<Parting>,
    /// Where it says who a row is about, where a cell may hold several persons.
    persons: Option<PersonColumns>,
    /// Rows that name several persons who cannot be told apart.
    unclear: Vec<Reject>,
    normaliser: Box<Normaliser<'i>>,
}

const ACCOUNT: &str = "account_number";
/// In `repairs`: the village is the sheet's.
const OF_SHEET: &str = "village_from_sheet";
/// In `repairs`: what a household's first row says for it.
const FROM_ABOVE: &str = "from_above";

/// Amounts that hold for all members of a household: its own, and the average of its members.
const OF_HOUSEHOLD: [&str; 2] = ["household_amount_fen", "person_amount_fen"];

/// How the rows of a table become one person's each.
enum Parting {
    Unfolding(Unfolding),
    Combined(Combined),
}

/// A table recognised, and how its rows are parted.
type Recognised<'i> = (&'i RegistryDefinition, Mapping, TableHead, Option<Parting>);

impl<'i> County<'i, '_> {
    /// What a table is: as it stands, or where its rows name several persons each, of one person a row.
    fn recognise(&self, head: TableHead) -> Result<Recognised<'i>, Refusal> {
        let Definitions { dictionary, pins, .. } = self.intake.definitions;
        if let Some(lists) = side_by_side(&head, &self.intake.vocabulary) {
            let of_lists = lists.lists(&head).filter_map(|list| Some(recognise(&list, dictionary, pins).ok()?.0));
            let mut registers: Vec<&RegistryDefinition> = of_lists.collect();
            registers.dedup_by_key(|register| &register.id);
            if let [first, second, ..] = registers.as_slice() {
                return Err(two_registers(&head, first, second));
            }
            let (definition, mapping) = recognise(&lists.head, dictionary, pins)?;
            return Ok((definition, mapping, lists.head.clone(), Some(Parting::Unfolding(lists))));
        }
        for months in periods(&head) {
            let Ok((definition, mapping)) = recognise(&months.head, dictionary, pins) else { continue };
            let last = months.head.columns.len() - 1;
            let of_period = |field: &str| mapping.fields.iter().any(|(known, at)| known == field && *at == last);
            let is_money = |at: usize| {
                let kind = |field: &String| dictionary.fields.get(field).map(|field| field.kind);
                mapping.fields.iter().any(|(field, known)| *known == at && kind(field) == Some(FieldKind::Money))
            };
            let amounts = months.amounts().all(is_money);
            let is_by_period = of_period(YEAR) || of_period(MONTH) && definition.grain != Grain::Person;
            if amounts && is_by_period && clash(&months.head, &mapping, dictionary).is_none() {
                return Ok((definition, mapping, months.head.clone(), Some(Parting::Unfolding(months))));
            }
        }
        let plain = recognise(&head, dictionary, pins);
        let is_titled = |definition: &RegistryDefinition| {
            head.titles().any(|text| definition.title_words.iter().any(|word| text.contains(word.as_str())))
        };
        for Kinds { registry, own, are_amounts, unfolding } in kinds(&head, dictionary) {
            let Ok((definition, mapping)) = recognise(&unfolding.head, dictionary, pins) else { continue };
            let of =
                |field: &String| mapping.fields.iter().filter(|(known, _)| known == field).map(|(_, at)| *at).collect::<Vec<_>>();
            let read = own.iter().zip(unfolding.amounts()).all(|(field, at)| of(field) == [at]);
            let several = unfolding.taken.len() > 1;
            // A register that has no column of such a code has none for each of its values, unless the title says that it is one.
            let part = std::slice::from_ref(&own[1]);
            let is_other = |plain: &RegistryDefinition| {
                plain.excluded.iter().any(|set| set == part) && (is_titled(definition) || several && !is_titled(plain))
            };
            let barred = plain.as_ref().map_or(true, |(plain, _)| is_other(plain));
            let read = read && (several && are_amounts || barred) && clash(&unfolding.head, &mapping, dictionary).is_none();
            if definition.id == registry && read {
                return Ok((definition, mapping, unfolding.head.clone(), Some(Parting::Unfolding(unfolding))));
            }
        }
        if let Some(members) = members(&head, dictionary)
            // A registry may have fields of its own for them.
            && plain.as_ref().map_or(true, |(_, mapping)| members.taken.iter().all(|at| mapping.left_over.contains(at)))
            && let Ok((definition, mapping)) = recognise(&members.head, dictionary, pins)
            && !definition.grain.is_household()
        {
            return Ok((definition, mapping, members.head.clone(), Some(Parting::Unfolding(members))));
        }
        if plain.is_err()
            && let Some(relatives) = relatives(&head, &self.intake.vocabulary)
            && let Ok((definition, mapping)) = recognise(&relatives.head, dictionary, pins)
        {
            return Ok((definition, mapping, relatives.head.clone(), Some(Parting::Unfolding(relatives))));
        }
        // A list of households that names their members is a roster, unless it says when or where they were paid.
        let is_payment = |mapping: &Mapping| mapping.fields.iter().any(|(field, _)| [MONTH, ACCOUNT].contains(&field.as_str()));
        let is_roster = |(definition, mapping): &(&RegistryDefinition, Mapping)| {
            definition.grain.is_household() && !is_payment(mapping) && !head.titles().any(|text| text.contains("发放"))
        };
        if plain.as_ref().map_or(true, is_roster)
            && let Some(combined) = combined(&head, &self.intake.vocabulary)
            && let Ok((definition, mapping)) = recognise(&combined.head, dictionary, pins)
            && (plain.is_err() || !definition.grain.is_household())
        {
            return Ok((definition, mapping, combined.head.clone(), Some(Parting::Combined(combined))));
        }
        plain.map(|(definition, mapping)| (definition, mapping, head, None))
    }
}

impl<'i> Tables for County<'i, '_> {
    type Table = Table<'i>;

    fn begin(&mut self, head: TableHead, entry: &mut IntakeSheet) -> Result<Table<'i>, Refusal> {
        let dictionary = &self.intake.definitions.dictionary;
        let form = head.is_form.then(|| (head.name.clone(), head.header_row));
        let (definition, mapping, head, mut unfolding) = self.recognise(head).map_err(|refusal| match form {
            Some((name, row)) => Refusal {
                name,
                code: "form".into(),
                what: format!("第 {row} 行起是一户一张的表格（标签旁边写值），里面的标签凑不成任何一种名册"),
                hint: "请从系统导出一行一人的名册（有姓名、身份证号码、与户主关系），或把各户的表汇总成这样一张".to_owned(),
            },
            None => refusal,
        })?;
        if let Some(refusal) = clash(&head, &mapping, dictionary) {
            return Err(refusal);
        }
        entry.registry = Some(definition.id.clone());
        entry.left_over =
            mapping.left_over.iter().filter_map(|&position| Some(head.columns.get(position)?.text.clone())).collect();
        let relatives: Vec<String> =
            entry.left_over.iter().filter(|header| is_of_relative(header)).map(|header| format!("“{header}”")).collect();
        if !relatives.is_empty() && !definition.grain.is_household() {
            entry.notes.push(format!("{}写的是家里别的人，没有读成人；要读的话，请一人一行重新报送", relatives.concat()));
        }
        let of = |field: &str| mapping.fields.iter().filter(|(name, _)| name == field).map(|(_, at)| *at).collect::<Vec<usize>>();
        let of_one = |field: &&String| !OF_HOUSEHOLD.contains(&field.as_str());
        let alone: Vec<usize> = definition.amounts.keys().filter(of_one).flat_map(|field| of(field)).collect();
        match &mut unfolding {
            Some(Parting::Unfolding(unfolding)) => unfolding.hold_amounts(&alone),
            Some(Parting::Combined(combined)) => combined.alone.clone_from(&alone),
            None => {}
        }
        let is_by_kind = matches!(&unfolding, Some(Parting::Unfolding(unfolding)) if unfolding.skips_zero);
        let mut normaliser = Box::new(Normaliser::new(&self.intake.context, definition, &head, &mapping));
        if is_by_kind {
            normaliser.parted();
        }
        let header = |at: &usize| head.columns.get(*at).is_some_and(|column| column.text.contains("成员"));
        let persons = PersonColumns {
            of_members: of(NAME).iter().all(header),
            names: of(NAME),
            numbers: of(ID_NUMBER),
            own: [RELATION, SEX, BIRTH, DISABILITY_NO].into_iter().flat_map(of).collect(),
            alone,
            head: [of(HEAD_NAME), of(HEAD_ID)],
            relation: of(RELATION),
            lists: false,
        };
        let several = !definition.grain.is_household() && !persons.names.is_empty() && !persons.numbers.is_empty();
        Ok(Table {
            registry: definition.id.clone(),
            grain: definition.grain,
            normaliser,
            persons: several.then_some(persons),
            unclear: Vec::new(),
            head,
            mapping,
            unfolding,
        })
    }

    fn rows(&mut self, table: &mut Table<'i>, mut rows: RawTable) -> u64 {
        let mut unclear = Vec::new();
        match &table.unfolding {
            Some(Parting::Unfolding(unfolding)) => rows = unfolding.rows(&rows),
            Some(Parting::Combined(combined)) => (rows, unclear) = combined.rows(&rows),
            None => {}
        }
        if let Some(columns) = &mut table.persons {
            let (split, mut aside) = split_cells(rows, columns);
            rows = split;
            unclear.append(&mut aside);
        }
        table.normaliser.push(&rows);
        let taken = rows.rows.len() + unclear.len();
        table.unclear.append(&mut unclear);
        taken as u64
    }

    fn end(&mut self, name: &SheetName, table: Table<'i>, entry: &mut IntakeSheet, hidden: bool) -> Result<(), ArrowError> {
        let mut normalised = table.normaliser.finish()?;
        let lost = &normalised.nameless;
        let nameless = normalised.rejects.iter_mut().filter(|reject| hidden && lost.contains(&reject.row));
        let nameless = nameless.map(|reject| reject.reason = RejectReason::Unreadable).count();
        if nameless > 0 {
            entry.notes.push(format!("{nameless} 行的姓名和号码都读不出，没有接收；补齐以前，这个名册里查不到的人只作先核对"));
        }
        entry.columns.clone_from(&normalised.headers);
        entry.data_date = normalised.snapshot.map(|snapshot| snapshot.day);
        let repairs = normalised.batch.column_by_name(REPAIRS).and_then(|column| column.as_string_opt::<i32>());
        let count = |kind: &str| repairs.into_iter().flatten().flatten().filter(|repairs| repairs.contains(kind)).count();
        let (inherited, from_above) = (count(OF_SHEET), count(FROM_ABOVE));
        if inherited > 0 {
            entry.notes.push(format!("{inherited} 行没有写村，取自标题、表上的单位行、工作表名、文件名或单列一行的村名"));
        }
        if from_above > 0 {
            entry.notes.push(format!("{from_above} 行没有写户编号、户主和村，取自上面同一户的第一行"));
        }
        let townless = normalised.batch.column_by_name(TOWN).map_or(0, Array::null_count);
        let says_place = |field: &str| table.mapping.fields.iter().any(|(known, _)| known == field);
        if townless * 2 > normalised.rows.len() && ["village", "group", "address"].into_iter().any(says_place) {
            entry.notes.push(format!(
                "{townless} 行看不出是哪个乡镇（乡镇没有写或写的读不懂，标题、表名、文件名里也没有，村名也对不上）：按乡镇分的清单和核对不含这些行，请补写乡镇"
            ));
        }
        if let Some(unclear) = &normalised.unclear_place {
            entry.notes.push(format!("{unclear}，没有采用：没有写镇、村的行按空处理；请在表里写明乡镇"));
        }
        entry.notes.append(&mut normalised.standing);
        entry.notes.append(&mut normalised.lines);
        self.taken.sheets.push((name.clone(), table.registry, table.grain, normalised));
        self.taken.heads.push((table.head, table.mapping));
        self.taken.rejects.extend(table.unclear.into_iter().map(|reject| (name.clone(), reject)));
        Ok(())
    }

    fn head<'t>(&self, table: &'t Table<'i>) -> &'t TableHead {
        &table.head
    }

    fn look(&mut self, name: &SheetName, rows: &RowBlock) {
        let mut first = rows.iter().take_while(|(row, _)| *row <= ours::PRINTED_ROWS);
        if first.any(|(_, cells)| ours::is_printed_row(cells.map(|(.., text)| text))) {
            self.taken.printed.insert(name.file.clone());
        }
    }

    fn says_who(&self, table: &Table<'i>, position: usize) -> bool {
        table.mapping.fields.iter().any(|(field, at)| *at == position && [NAME, ID_NUMBER].contains(&field.as_str()))
    }
}

/// What is told of rows set aside that may be somebody's, where who set them aside did not tell it.
fn not_understood(reason: RejectReason) -> Option<&'static str> {
    match reason {
        RejectReason::SeveralPersons => Some("一格里写了几个人，姓名和号码的个数对不上或分不开"),
        RejectReason::Shifted => Some("与表头错开了列，挪不正"),
        RejectReason::Nameless => Some("写了某人的情况，却没有姓名和证件号码"),
        _ => None,
    }
}

/// How many rows were rejected for each reason, and the first of them.
type Reasons = BTreeMap<RejectReason, (u64, u32)>;

/// Fills in what was kept and rejected per sheet, once all sheets have been put together.
pub(crate) fn count(files: &mut [IntakeFile], rejects: &[(SheetName, Reject)]) {
    let mut reasons: BTreeMap<(&str, &str), Reasons> = BTreeMap::new();
    for (name, reject) in rejects {
        let of_sheet = reasons.entry((&name.file, &name.sheet)).or_default();
        let (rows, first) = of_sheet.entry(reject.reason).or_insert((0, reject.row));
        (*rows, *first) = (*rows + 1, reject.row.min(*first));
    }
    for file in files {
        for sheet in file.sheets.iter_mut().filter(|sheet| sheet.registry.is_some()) {
            let of_sheet = reasons.remove(&(file.path.as_str(), sheet.sheet.as_str())).unwrap_or_default();
            for (reason, (rows, first)) in &of_sheet {
                if let Some(what) = not_understood(*reason) {
                    sheet.notes.push(format!(
                        "有 {rows} 行{what}（首处第 {first} 行），没有接收；这个名册里查不到的人只作先核对，请改正后重新报送"
                    ));
                }
            }
            sheet.rejected = of_sheet.into_iter().map(|(reason, (rows, _))| (reason, rows)).collect();
            sheet.kept = sheet.read.saturating_sub(sheet.rejected.values().sum());
            let known = [RejectReason::Superseded, RejectReason::DuplicateRow, RejectReason::AfterPeriod];
            if sheet.kept == 0 && !known.iter().any(|reason| sheet.rejected.contains_key(reason)) {
                let why =
                    if sheet.read == 0 { "没有行" } else { "没有一行可用（只有合计、注释或剔除的行）" };
                sheet.notes.push(format!("第 {} 行是表头，下面{why}，等于没有交这张表", sheet.header_row));
            }
        }
    }
}
