//! Forgetting: what the ledger knows of findings that have not been seen since a month goes, and nothing of it stays in the file.

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
    /// Returned files of which no answer is left.
    pub receipts: u64,
}

/// Findings last found or withheld before ?1.
const FORGOTTEN: &str = "SELECT finding_id FROM (\
     SELECT finding_id, period FROM sighting JOIN run ON run.seq = run \
     UNION ALL SELECT finding_id, period FROM withheld JOIN run ON run.seq = run\
     ) GROUP BY finding_id HAVING max(period) < ?1";

impl Ledger {
    /// What [`Ledger::purge`] would take; changes nothing.
    pub fn purgeable(&self, before: Month) -> Result<Purged, LedgerError> {
        let error = LedgerError::sql("读取");
        let count = |sql: String| {
            self.connection
                .query_row(&sql, params![before.yyyymm()], |row| row.get::<_, i64>(0))
                .map_err(&error)
                .map(i64::unsigned_abs)
        };
        Ok(Purged {
            findings: count(format!("SELECT count(*) FROM ({FORGOTTEN})"))?,
            sightings: count(format!("SELECT count(*) FROM sighting WHERE finding_id IN ({FORGOTTEN})"))?,
            answers: count(format!("SELECT count(*) FROM answer WHERE finding_id IN ({FORGOTTEN})"))?,
            receipts: count(format!(
                "SELECT count(*) FROM receipt WHERE EXISTS (SELECT 1 FROM answer WHERE receipt = receipt.seq) AND NOT EXISTS \
                 (SELECT 1 FROM answer WHERE receipt = receipt.seq AND finding_id NOT IN ({FORGOTTEN}))"
            ))?,
        })
    }

    /// Forgets every finding not seen since `before`, with its answers and the receipts that held nothing else; a finding that has been
    /// seen since keeps its whole history. Months that were recorded stay known, as they say nothing about anybody. The file is rewritten,
    /// so that nothing forgotten can be read from it.
    pub fn purge(&mut self, before: Month) -> Result<Purged, LedgerError> {
        let purged = self.purgeable(before)?;
        let error = LedgerError::sql("清理");
        let transaction = self.connection.transaction().map_err(&error)?;
        for (table, action) in TABLES.iter().flat_map(|table| ["update", "delete"].map(|action| (table, action))) {
            transaction.execute_batch(&format!("DROP TRIGGER {table}_{action}")).map_err(&error)?;
        }
        let forgotten = format!("CREATE TEMP TABLE forgotten AS {}", FORGOTTEN.replace("?1", &before.yyyymm().to_string()));
        transaction.execute_batch(&forgotten).map_err(&error)?;
        transaction
            .execute_batch(
                "CREATE TEMP TABLE emptied AS SELECT seq FROM receipt \
                     WHERE EXISTS (SELECT 1 FROM answer WHERE receipt = receipt.seq) AND NOT EXISTS \
                     (SELECT 1 FROM answer WHERE receipt = receipt.seq AND finding_id NOT IN (SELECT finding_id FROM forgotten));
                 DELETE FROM answer WHERE finding_id IN (SELECT finding_id FROM forgotten);
                 DELETE FROM returned_row WHERE receipt IN (SELECT seq FROM emptied);
                 DELETE FROM receipt WHERE seq IN (SELECT seq FROM emptied);
                 DELETE FROM sighting WHERE finding_id IN (SELECT finding_id FROM forgotten);
                 DELETE FROM withheld WHERE finding_id IN (SELECT finding_id FROM forgotten);
                 DROP TABLE forgotten; DROP TABLE emptied;",
            )
            .map_err(&error)?;
        transaction.execute_batch(&triggers(&TABLES)).map_err(&error)?;
        transaction.commit().map_err(&error)?;
        self.connection.execute_batch("VACUUM; PRAGMA wal_checkpoint(TRUNCATE);").map_err(&error)?;
        Ok(purged)
    }
}
