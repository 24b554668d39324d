//! Forgetting: what the ledger knows of findings that have not been seen since a month goes, and nothing of it stays in the file.
//!
//! With the findings go their answers, and of returned lists what no answer that stays rests on: a row nobody understood holds names and
//! numbers too. Deletion is in one transaction that overwrites what it frees; then the file is rewritten. What a version before left free
//! when it was killed in between is found, and goes too.

use rusqlite::params;

use super::{Ledger, LedgerError, TABLES, triggers};
use crate::model::date::Month;

/// What went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Purged {
    /// Findings forgotten.
    pub findings: u64,
    /// Their months.
    pub sightings: u64,
    /// Answers to them.
    pub answers: u64,
    /// Rows of returned lists, with what was quoted of them.
    pub rows: u64,
    /// Returned files of which nothing is left.
    pub receipts: u64,
    /// Whether an earlier purge was cut short.
    pub unfinished: bool,
}

/// What goes, as temporary tables: findings last found or withheld before ?1; answers to them; rows that only such answers, or none at all,
/// were read from, the latter where the file came before ?1; files of which no row is left.
const GOING: &str = "\
CREATE TEMP TABLE going_finding AS SELECT finding_id FROM (
    SELECT finding_id, period FROM sighting JOIN run ON run.seq = run
    UNION ALL SELECT finding_id, period FROM withheld JOIN run ON run.seq = run
) GROUP BY finding_id HAVING max(period) < ?1;
CREATE UNIQUE INDEX temp.going_finding_id ON going_finding (finding_id);
CREATE TEMP TABLE going_row AS SELECT receipt, sheet, row FROM returned_row JOIN receipt ON receipt.seq = receipt
    LEFT JOIN (SELECT receipt AS r, sheet AS s, row AS l, max(finding_id NOT IN (SELECT finding_id FROM going_finding)) AS stays
        FROM answer GROUP BY 1, 2, 3) ON r = receipt AND s = sheet AND l = row
    WHERE CASE WHEN stays IS NULL THEN substr(received_at, 1, 4) * 100 + substr(received_at, 6, 2) < ?1 ELSE NOT stays END;
CREATE UNIQUE INDEX temp.going_row_id ON going_row (receipt, sheet, row);
CREATE TEMP TABLE going_receipt AS SELECT seq FROM receipt
    WHERE (SELECT count(*) FROM returned_row WHERE receipt = receipt.seq) = (SELECT count(*) FROM going_row WHERE receipt = receipt.seq)
    AND NOT EXISTS (SELECT 1 FROM answer WHERE receipt = receipt.seq AND finding_id NOT IN (SELECT finding_id FROM going_finding))
    AND (substr(received_at, 1, 4) * 100 + substr(received_at, 6, 2) < ?1
        OR EXISTS (SELECT 1 FROM answer WHERE receipt = receipt.seq));
";

const GO: &str = "\
DELETE FROM answer WHERE finding_id IN (SELECT finding_id FROM going_finding);
DELETE FROM returned_row WHERE (receipt, sheet, row) IN (SELECT receipt, sheet, row FROM going_row);
DELETE FROM receipt WHERE seq IN (SELECT seq FROM going_receipt);
DELETE FROM sighting WHERE finding_id IN (SELECT finding_id FROM going_finding);
DELETE FROM withheld WHERE finding_id IN (SELECT finding_id FROM going_finding);
";

const GONE: &str =
    "DROP TABLE IF EXISTS temp.going_finding; DROP TABLE IF EXISTS temp.going_row; DROP TABLE IF EXISTS temp.going_receipt;";

impl Ledger {
    /// What [`Ledger::purge`] would take; changes nothing.
    pub fn purgeable(&self, before: Month) -> Result<Purged, LedgerError> {
        let error = LedgerError::sql("读取");
        let count = |sql: &str| {
            let counted = self.connection.query_row(sql, params![], |row| row.get::<_, i64>(0));
            counted.map_err(&error).map(i64::unsigned_abs)
        };
        // An append-only file has no free pages.
        let unfinished = count("PRAGMA freelist_count")? > 0;
        self.connection.execute_batch(GONE).map_err(&error)?;
        self.connection.execute_batch(&GOING.replace("?1", &before.yyyymm().to_string())).map_err(&error)?;
        let of_going = |table: &str| {
            count(&format!("SELECT count(*) FROM {table} WHERE finding_id IN (SELECT finding_id FROM going_finding)"))
        };
        Ok(Purged {
            findings: count("SELECT count(*) FROM going_finding")?,
            sightings: of_going("sighting")?,
            answers: of_going("answer")?,
            rows: count("SELECT count(*) FROM going_row")?,
            receipts: count("SELECT count(*) FROM going_receipt")?,
            unfinished,
        })
    }

    /// Forgets every finding not seen since `before`, with its answers and the rows of returned lists that no other answer rests on; a
    /// finding that has been seen since keeps its whole history. Months that were recorded stay known, as they say nothing about anybody.
    /// The file is rewritten, so that nothing forgotten can be read from it.
    pub fn purge(&mut self, before: Month) -> Result<Purged, LedgerError> {
        let purged = self.forget(before)?;
        let error = LedgerError::sql("清理");
        self.connection.execute_batch("VACUUM").map_err(&error)?;
        Ok(purged)
    }

    /// The rows go, and what they leave is overwritten; the file keeps its size.
    pub(super) fn forget(&mut self, before: Month) -> Result<Purged, LedgerError> {
        let purged = self.purgeable(before)?;
        let error = LedgerError::sql("清理");
        let transaction = self.connection.transaction().map_err(&error)?;
        for (table, action) in TABLES.iter().flat_map(|table| ["update", "delete"].map(|action| (table, action))) {
            transaction.execute_batch(&format!("DROP TRIGGER {table}_{action}")).map_err(&error)?;
        }
        transaction.execute_batch(GO).map_err(&error)?;
        transaction.execute_batch(&triggers(&TABLES)).map_err(&error)?;
        transaction.commit().map_err(&error)?;
        self.connection.execute_batch(GONE).map_err(&error)?;
        Ok(purged)
    }
}
