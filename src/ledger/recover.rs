//! What an SQLite log beside a ledger holds: rows that a program was killed before it could put in the file, or another file's.
//!
//! Takes a copy of both under one name, and the ledger alone; gives whether what comes of both is the ledger gone on. A log names no file: one
//! that was left beside a ledger that is somewhere else now would be played into whatever has its name. Cost: every row is looked at.

use std::path::Path;

use rusqlite::{Connection, OpenFlags};

use super::{APPLICATION, Ledger, LedgerError, TABLES, Trouble, address};

impl Ledger {
    /// Brings into `both` what its log holds, and says whether it is whole and has every row of `alone`, which is the ledger as it stands
    /// without the log; rows of it that cannot be read claim nothing. Where it does not, `both` is good for nothing. The ledger is told as `named`.
    pub fn recover(both: &Path, alone: &Path, named: &Path) -> Result<bool, LedgerError> {
        match recovered(Self::to_write(both, named, OpenFlags::SQLITE_OPEN_URI)?, alone) {
            Err(error) if matches!(Trouble::of(&error), Trouble::Damaged | Trouble::Ours) => Ok(false),
            fits => fits.map_err(LedgerError::sql("恢复")),
        }
    }

    /// Whether `file` is a whole ledger by itself.
    #[must_use]
    pub fn is_whole(file: &Path) -> bool {
        Self::read(file, file).and_then(|ledger| ledger.check(file)).is_ok()
    }
}

fn recovered(connection: Connection, alone: &Path) -> rusqlite::Result<bool> {
    connection.execute_batch("PRAGMA temp_store = MEMORY; PRAGMA journal_mode = DELETE;")?;
    let application: i32 = connection.query_row("PRAGMA application_id", [], |row| row.get(0))?;
    let sound: String = connection.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))?;
    let dangling = connection.prepare("PRAGMA foreign_key_check")?.exists([])?;
    if application != APPLICATION || sound != "ok" || dangling {
        return Ok(false);
    }
    let lost = lost(&connection, alone)?;
    connection.close().map_err(|(_, error)| error)?;
    Ok(!lost)
}

/// Whether a row of `alone` that can be read is not there any more.
fn lost(connection: &Connection, alone: &Path) -> rusqlite::Result<bool> {
    let readable = |found: rusqlite::Result<bool>| match found {
        Err(error) if Trouble::of(&error) == Trouble::Damaged => Ok(false),
        found => found,
    };
    if !readable(connection.execute("ATTACH ?1 AS alone", [address(alone)]).map(|_| true))? {
        return Ok(false);
    }
    for table in TABLES {
        let lost = format!("SELECT 1 FROM (SELECT * FROM alone.{table} EXCEPT SELECT * FROM main.{table}) LIMIT 1");
        if readable(connection.prepare(&lost).and_then(|mut lost| lost.exists([])))? {
            return Ok(true);
        }
    }
    Ok(false)
}
