//! Returned lists into the ledger: which finding a row is about, what it answers, and what became of it.
//!
//! Takes [`ReturnedFile`]s (cells by field, dates and numbers already read) and the county's wordings; appends to `receipt`,
//! `returned_row` and `answer` in one transaction; gives a [`FileReceipt`] per file. Guarantees: every row has exactly one outcome; no
//! answer without a verdict; nothing is guessed: what is not understood whole is quoted back; an answer that the ledger has is not
//! written again, so receiving a file twice, or a re-saved copy of it, adds nothing. Cost: some indexed look-ups per row.

mod matching;
mod meaning;
mod outcome;
mod reading;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::{Connection, OptionalExtension, params};

use super::record::answer;
use super::{Ledger, LedgerError};
use crate::config::returns::Phrases;
use crate::model::date::{Day, Month};
use crate::model::personal::Personal;
use crate::model::proposal::Proposal;
use crate::model::raw::Refusal;
use crate::model::receipt::{FileReceipt, Outcome, RowReceipt};
use crate::model::standing::{Answer, Opinion, Verdict};
use matching::{Match, Matched, Matcher, Sighting};
use outcome::{Told, contradicts, same, together};
use reading::{Reading, read};

/// A returned file as it was read.
#[derive(Clone, Debug, Default)]
pub struct ReturnedFile {
    /// Path relative to its argument, with `/`.
    pub file: Personal,
    /// Of its bytes.
    pub sha256: String,
    /// When an attempt that was cut short before its receipt was there took it, or was about to.
    pub broken: Option<String>,
    /// What could not be read.
    pub refusals: Vec<Refusal>,
    /// Every row below a header, in the order of sheets and rows.
    pub rows: Vec<ReturnedRow>,
}

/// A row of it.
#[derive(Clone, Debug)]
pub struct ReturnedRow {
    /// Sheet; empty for text files.
    pub sheet: Personal,
    /// Row as Excel shows it.
    pub row: u32,
    /// What stands in it.
    pub said: Said,
}

/// What stands in a row.
#[derive(Clone, Debug)]
pub enum Said {
    /// No row of a list: why, and its words.
    Aside {
        /// Why.
        reason: String,
        /// Its words.
        quote: Personal,
    },
    /// Cells by field.
    Cells(Box<Cells>),
}

/// The cells of a list row; empty where the column or its text is missing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cells {
    /// Month of the list, from title, sheet or file name.
    pub list: Option<Month>,
    /// 行标识.
    pub key: Personal,
    /// 疑点编号.
    pub finding_ids: Personal,
    /// 乡镇.
    pub town: Personal,
    /// 村.
    pub village: Personal,
    /// 姓名.
    pub name: Personal,
    /// 身份证号, masked or whole.
    pub id_number: Personal,
    /// Rules whose titles the row or its sheet names.
    pub rules: Vec<String>,
    /// 核查结果.
    pub verdict: Personal,
    /// 处理意见.
    pub opinion: Personal,
    /// 未纳入原因.
    pub reason: Personal,
    /// 现实情况, 备注: header and text.
    pub free: Vec<(String, Personal)>,
    /// Columns that no field takes: header and text.
    pub extra: Vec<(String, Personal)>,
    /// Other words to keep with an answer: 更正后姓名, 乡镇审核意见.
    pub kept: Vec<(String, Personal)>,
    /// 核查方式.
    pub method: Personal,
    /// 核查人.
    pub checkers: Personal,
    /// 签字.
    pub signatures: Personal,
    /// 核查时间 as written.
    pub checked: Personal,
    /// 核查时间 where it could be read.
    pub checked_on: Option<Day>,
    /// 更正后身份证号 as written.
    pub corrected: Personal,
    /// 更正后身份证号 where its check character is right.
    pub corrected_number: Option<Personal>,
    /// 建议号码 as printed, where it is a whole, valid number.
    pub suggested_number: Option<Personal>,
    /// Short texts in columns that are for no answer: header and text. Some people write theirs there.
    pub printed: Vec<(String, Personal)>,
    /// What is to be known of the row, a sentence each, without a word of it.
    pub told: Vec<String>,
    /// Something that says whom the row is about was there and could not be taken.
    pub who_unread: bool,
    /// Something that may be an answer was there and could not be taken.
    pub answer_unread: bool,
    /// Two numbers of different findings stand in the row.
    pub doubled: bool,
    /// The row as it stands, for quoting one of which nothing else is known.
    pub words: Personal,
}

/// Where a row stands.
struct Place<'a> {
    file: &'a ReturnedFile,
    sheet: &'a Personal,
    row: u32,
}

impl Ledger {
    /// Takes returned files in. `received_at` is a UTC time for the history.
    pub fn receive(
        &mut self,
        files: &[ReturnedFile],
        phrases: &Phrases,
        received_at: &str,
    ) -> Result<Vec<FileReceipt>, LedgerError> {
        let error = LedgerError::sql("写入");
        let transaction = self.connection.transaction().map_err(&error)?;
        let mut matcher = Matcher::new(&transaction);
        let mut receipts = Vec::new();
        for file in files {
            receipts.push(Receiver::new(&transaction, phrases, file)?.receive(&mut matcher, received_at)?);
        }
        drop(matcher);
        transaction.commit().map_err(&error)?;
        Ok(receipts)
    }

    /// Whether a file with this hash was received at that time.
    #[must_use]
    pub fn took(&self, sha256: &str, received_at: &str) -> bool {
        let found = "SELECT 1 FROM receipt WHERE sha256 = ?1 AND received_at = ?2";
        self.connection.query_row(found, [sha256, received_at], |_| Ok(())).is_ok()
    }

    /// Numbers that answers to lists before `period` propose in place of those in the registries, by finding: of each finding the last
    /// one, unless answers to its list contradict each other, or a later answer says that what is registered is right.
    pub fn proposals(&self, period: Month) -> Result<Vec<Proposal>, LedgerError> {
        let error = LedgerError::sql("读取");
        let sql = "SELECT answer.finding_id, person_id, name, id_number, corrected_number, checkers, checked_on, list, \
                   contradicts IS NOT NULL, household_code, verdict \
                   FROM answer JOIN sighting ON sighting.finding_id = answer.finding_id \
                   JOIN run ON run.seq = sighting.run AND run.period = answer.list \
                   WHERE answer.list < ?1 ORDER BY answer.seq, run.seq";
        let mut statement = self.connection.prepare(sql).map_err(&error)?;
        let mut rows = statement.query([period.yyyymm()]).map_err(&error)?;
        let mut proposals: BTreeMap<String, Proposal> = BTreeMap::new();
        while let Some(row) = rows.next().map_err(&error)? {
            let id: String = row.get(0).map_err(&error)?;
            let suggested: Personal = row.get(4).map_err(&error)?;
            if row.get(8).map_err(&error)? {
                proposals.remove(&id);
                continue;
            }
            if suggested.is_empty() {
                let verdict: Option<String> = row.get(10).map_err(&error)?;
                if verdict.as_deref() == Some(Verdict::Unfounded.plain()) {
                    proposals.remove(&id);
                }
                continue;
            }
            let when: Option<String> = row.get(6).map_err(&error)?;
            let proposal = Proposal {
                finding_id: id.clone(),
                person_id: row.get(1).map_err(&error)?,
                household_code: row.get(9).map_err(&error)?,
                name: row.get(2).map_err(&error)?,
                before: row.get(3).map_err(&error)?,
                suggested,
                who: row.get(5).map_err(&error)?,
                when: when.and_then(|day| day.parse().ok()),
                list: super::record::month_of(row.get(7).map_err(&error)?),
            };
            proposals.insert(id, proposal);
        }
        Ok(proposals.into_values().collect())
    }
}

/// One file being received.
struct Receiver<'a> {
    connection: &'a Connection,
    phrases: &'a Phrases,
    file: &'a ReturnedFile,
    /// When the same bytes came before.
    before: Option<String>,
    /// Number of this receipt, once it has one.
    receipt: Option<i64>,
    /// Whether it has it from the attempt that was cut short.
    taken: bool,
    /// Sheet and row of those that deny another row of this file.
    opposed: BTreeSet<(Personal, u32)>,
}

/// An answer in the ledger.
struct Earlier {
    seq: i64,
    receipt: i64,
    received_at: String,
    answer: Answer,
}

impl<'a> Receiver<'a> {
    fn new(connection: &'a Connection, phrases: &'a Phrases, file: &'a ReturnedFile) -> Result<Self, LedgerError> {
        let about = params![file.sha256, file.broken.as_deref().unwrap_or_default()];
        let before = "SELECT received_at FROM receipt WHERE sha256 = ?1 AND received_at <> ?2 ORDER BY seq LIMIT 1";
        let before = connection.query_row(before, about, |row| row.get(0)).optional().map_err(LedgerError::sql("读取"))?;
        let broken = "SELECT seq FROM receipt WHERE sha256 = ?1 AND received_at = ?2";
        let receipt: Option<i64> =
            connection.query_row(broken, about, |row| row.get(0)).optional().map_err(LedgerError::sql("读取"))?;
        Ok(Self { connection, phrases, file, before, receipt, taken: receipt.is_some(), opposed: BTreeSet::new() })
    }

    fn receive(mut self, matcher: &mut Matcher<'_>, received_at: &str) -> Result<FileReceipt, LedgerError> {
        let mut rows = Vec::new();
        for row in &self.file.rows {
            rows.push(self.row(row, matcher, received_at)?);
        }
        // The first copy of a file is remembered whatever came of it; of later ones only what they add.
        if self.before.is_none() && !rows.is_empty() {
            self.receipt(received_at)?;
        }
        if let Some(receipt) = self.receipt.filter(|_| !self.taken) {
            let error = LedgerError::sql("写入");
            let mut statement =
                self.connection.prepare_cached("INSERT INTO returned_row VALUES (?1, ?2, ?3, ?4, ?5)").map_err(&error)?;
            for row in &rows {
                statement.execute(params![receipt, row.sheet, row.row, row.outcome.plain(), row.note()]).map_err(&error)?;
            }
        }
        Ok(FileReceipt {
            file: self.file.file.clone(),
            sha256: self.file.sha256.clone(),
            before: self.before.map(|time| time.chars().take(10).collect()),
            written: self.receipt.is_some(),
            opposed: self.opposed.len(),
            refusals: self.file.refusals.clone(),
            rows,
        })
    }

    /// The number of this file's receipt; written when first needed.
    fn receipt(&mut self, received_at: &str) -> Result<i64, LedgerError> {
        if let Some(receipt) = self.receipt {
            return Ok(receipt);
        }
        self.connection
            .execute(
                "INSERT INTO receipt (sha256, file, received_at) VALUES (?1, ?2, ?3)",
                params![self.file.sha256, self.file.file, received_at],
            )
            .map_err(LedgerError::sql("写入"))?;
        let receipt = self.connection.last_insert_rowid();
        self.receipt = Some(receipt);
        Ok(receipt)
    }

    fn row(&mut self, row: &ReturnedRow, matcher: &mut Matcher<'_>, received_at: &str) -> Result<RowReceipt, LedgerError> {
        let mut receipt = self.outcome(row, matcher, received_at)?;
        if let Said::Cells(cells) = &row.said {
            let not_taken = match receipt.outcome {
                Outcome::Empty => cells.answer_unread,
                Outcome::Aside => cells.who_unread,
                _ => false,
            };
            if not_taken {
                receipt.outcome = Outcome::Unclear;
            }
            let reason = Some(&receipt.reason).into_iter().chain(&cells.told).filter(|text| !text.is_empty());
            receipt.reason = reason.map(String::as_str).collect::<Vec<_>>().join("；");
        }
        Ok(receipt)
    }

    fn outcome(&mut self, row: &ReturnedRow, matcher: &mut Matcher<'_>, received_at: &str) -> Result<RowReceipt, LedgerError> {
        let mut receipt = RowReceipt::bare(row.sheet.clone(), row.row, Outcome::Aside);
        let cells = match &row.said {
            Said::Aside { reason, quote } => return Ok(RowReceipt { reason: reason.clone(), quote: quote.clone(), ..receipt }),
            Said::Cells(cells) => cells,
        };
        let said = |text: &Personal| Some(text.clone()).filter(|text| !text.is_empty());
        (receipt.town, receipt.village, receipt.name) = (said(&cells.town), said(&cells.village), said(&cells.name));
        if cells.doubled {
            let reason = "一行里有两个不同的编号，看不出回复的是哪一条，请一条写一行".to_owned();
            return Ok(RowReceipt { outcome: Outcome::Unclear, reason, quote: cells.words.clone(), ..receipt });
        }
        let about = match matcher.find(cells)? {
            Match::Nothing => {
                return Ok(RowReceipt {
                    reason: "没有编号，也没有姓名".to_owned(), quote: cells.words.clone(), ..receipt
                });
            }
            Match::Unknown(reason) => return Ok(RowReceipt { outcome: Outcome::Unknown, reason, ..receipt }),
            Match::Mixed(reason) => return Ok(RowReceipt { outcome: Outcome::Unclear, reason, ..receipt }),
            Match::Found(about) => about,
        };
        let Matched { sightings, list, missing, note } = about;
        if let Some(first) = sightings.first() {
            receipt.town = first.town.clone().or(receipt.town);
            receipt.village = first.village.clone().or(receipt.village);
            receipt.name = receipt.name.or_else(|| first.name.clone());
        }
        receipt.finding_ids = sightings.iter().map(|sighting| sighting.finding_id.clone()).collect();
        receipt.list = Some(list);
        let place = Place { file: self.file, sheet: &row.sheet, row: row.row };
        let mut results = Vec::new();
        for (at, sighting) in sightings.iter().enumerate() {
            let reading = read(cells, sighting, (at, sightings.len()), self.phrases);
            results.push(self.finding(sighting, reading, list, &place, received_at)?);
        }
        Ok(together(receipt, results, note, &missing))
    }

    /// What a row says about one finding, written where there is something new in it.
    fn finding(
        &mut self,
        sighting: &Sighting,
        reading: Reading,
        list: Month,
        place: &Place<'_>,
        received_at: &str,
    ) -> Result<Told, LedgerError> {
        let content = match reading {
            Reading::Empty { reason, quote } => return Ok(Told { outcome: Outcome::Empty, reason, quote, ..Told::of(sighting) }),
            Reading::Unclear { reason, quote } => {
                return Ok(Told { outcome: Outcome::Unclear, reason, quote, ..Told::of(sighting) });
            }
            Reading::Answer(content) => content,
        };
        let answer = Answer {
            finding_id: sighting.finding_id.clone(),
            list,
            file: place.file.file.clone(),
            sheet: place.sheet.clone(),
            row: place.row,
            ..content.answer
        };
        let mut result = Told { understood: answer.plain(), reason: content.reason, quote: content.quote, ..Told::of(sighting) };
        let earlier = self.earlier(&answer)?;
        let own = |earlier: &&Earlier| {
            Some(earlier.receipt) == self.receipt && (&earlier.answer.sheet, earlier.answer.row) == (place.sheet, place.row)
        };
        if let Some(at) =
            self.taken.then(|| earlier.iter().position(|earlier| own(&earlier) && same(&earlier.answer, &answer))).flatten()
        {
            // The attempt that was cut short wrote it; no receipt has said so yet.
            let contradicted = earlier[..at].last().filter(|earlier| contradicts(&earlier.answer, &answer));
            self.note_opposed(contradicted, place);
            contradiction(&mut result, contradicted);
            return Ok(result);
        }
        if let Some(same) = earlier.iter().find(|earlier| same(&earlier.answer, &answer)) {
            result.outcome = if Some(same.receipt) == self.receipt { Outcome::Copied } else { Outcome::Known };
            if result.outcome == Outcome::Copied {
                result.reason = format!("与{}第 {} 行是同一条疑点，回复相同", sheet_words(&same.answer.sheet), same.answer.row);
                result.quote = Personal::default();
            }
            return Ok(result);
        }
        let contradicted = earlier.last().filter(|earlier| contradicts(&earlier.answer, &answer));
        self.note_opposed(contradicted, place);
        contradiction(&mut result, contradicted);
        let receipt = self.receipt(received_at)?;
        self.connection
            .prepare_cached(
                "INSERT INTO answer (receipt, sheet, row, finding_id, list, basis, verdict, reality, reason, opinion, method, checkers, \
                 checked_on, corrected_number, contradicts) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)",
            )
            .and_then(|mut statement| {
                statement.execute(params![
                    receipt,
                    answer.sheet,
                    answer.row,
                    answer.finding_id,
                    answer.list.yyyymm(),
                    sighting.basis,
                    answer.verdict.map(Verdict::plain),
                    answer.reality,
                    answer.reason,
                    answer.opinion.map(Opinion::plain),
                    answer.method,
                    answer.checkers,
                    answer.checked_on.map(|day| day.to_string()),
                    answer.corrected_number,
                    contradicted.map(|earlier| earlier.seq),
                ])
            })
            .map_err(LedgerError::sql("写入"))?;
        Ok(result)
    }

    /// Where an answer denies one of the same file, nobody can say which of them is meant.
    fn note_opposed(&mut self, contradicted: Option<&Earlier>, place: &Place<'_>) {
        if contradicted.is_some_and(|earlier| Some(earlier.receipt) == self.receipt) {
            self.opposed.insert((place.sheet.clone(), place.row));
        }
    }

    /// Answers to the same finding of the same list, oldest first.
    fn earlier(&self, answer: &Answer) -> Result<Vec<Earlier>, LedgerError> {
        let error = LedgerError::sql("读取");
        let mut statement = self
            .connection
            .prepare_cached(
                "SELECT finding_id, list, verdict, reality, reason, opinion, method, checkers, checked_on, corrected_number, file, \
                 sheet, row, answer.seq, receipt, received_at FROM answer JOIN receipt ON receipt.seq = answer.receipt \
                 WHERE finding_id = ?1 AND list = ?2 ORDER BY answer.seq",
            )
            .map_err(&error)?;
        let mut rows = statement.query(params![answer.finding_id, answer.list.yyyymm()]).map_err(&error)?;
        let mut earlier = Vec::new();
        while let Some(row) = rows.next().map_err(&error)? {
            earlier.push(Earlier {
                answer: self::answer(row)?,
                seq: row.get(13).map_err(&error)?,
                receipt: row.get(14).map_err(&error)?,
                received_at: row.get(15).map_err(&error)?,
            });
        }
        Ok(earlier)
    }
}

/// A row's answer is taken; where it denies an earlier one, that is told.
fn contradiction(result: &mut Told, contradicted: Option<&Earlier>) {
    result.outcome = if contradicted.is_some() { Outcome::Conflicting } else { Outcome::Taken };
    if let Some(other) = contradicted {
        result.reason = format!(
            "与 {} 收到的 {} {}第 {} 行回复不一致，两个回复都已记下，请核实后以书面为准",
            other.received_at.chars().take(10).collect::<String>(),
            other.answer.file.expose(),
            sheet_words(&other.answer.sheet),
            other.answer.row
        );
        result.quote = format!("原回复：{}", other.answer.plain().expose()).into();
    }
}

fn sheet_words(sheet: &Personal) -> String {
    if sheet.is_empty() { String::new() } else { format!("工作表“{}”", sheet.expose()) }
}
