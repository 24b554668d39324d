//! The life of findings over months, in one SQLite file.
//!
//! Takes a whole-county run's findings ([`record::Month`]) and returned answers; gives where every finding stands
//! ([`crate::model::standing`]). Guarantees: history is append-only; what a run records appears whole or not at all; recording the same run
//! again changes nothing; where a finding stands in a month follows from earlier months and from answers only, so that a run repeated
//! after a crash gives the same lists. Cost: linear in the month's findings, one indexed look-up per finding known before.
//! Names and numbers stand in it as in the run folder; `run` sees to it that only the owner can read the file.

mod life;
mod purge;
mod receive;
mod record;
#[cfg(test)]
mod tests;

use std::fmt::Write;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags};

pub use life::Basis;
pub use purge::Purged;
pub use receive::{Cells, ReturnedFile, ReturnedRow, Said};
pub use record::Month;

/// `PRAGMA application_id`: "bidu".
const APPLICATION: i32 = 0x6269_6475;
/// `PRAGMA user_version`: raised when the tables change.
const VERSION: i32 = 2;
/// Tables whose rows are never changed.
const TABLES: [&str; 8] = ["run", "sighting", "definition", "withheld", "receipt", "returned_row", "answer", "register_rows"];
/// Those that a ledger of version 1 lacks.
const SINCE_2: [&str; 2] = ["definition", "register_rows"];

/// Why the ledger cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// The file is something else.
    #[error("{} 不是比对台账（不是本程序建立的 SQLite 文件）。请检查 --ledger 的路径，或指定一个不存在的文件新建台账", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// The file was written by a newer program.
    #[error("台账 {} 是更新版本的程序写的（版本 {version}），请升级 bidui 后再用", path.display())]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its version.
        version: i32,
    },
    /// The file is not there where it must be.
    #[error("没有台账 {}。请检查路径；台账由 bidui run … --ledger 建立", path.display())]
    Missing {
        /// The file.
        path: PathBuf,
    },
    /// SQLite said no.
    #[error("台账{doing}失败：{source}。请检查磁盘空间和权限；台账内容没有改动")]
    Sql {
        /// What was tried.
        doing: &'static str,
        /// Why.
        source: rusqlite::Error,
    },
    /// A value in it is none of ours.
    #[error("台账里 {table} 表有看不懂的值“{value}”，文件可能被别的程序改过。请从备份恢复")]
    Damaged {
        /// Where.
        table: &'static str,
        /// What.
        value: String,
    },
}

impl LedgerError {
    /// For `map_err` on what SQLite gives.
    fn sql(doing: &'static str) -> impl Fn(rusqlite::Error) -> Self {
        move |source| Self::Sql { doing, source }
    }
}

/// An open ledger. Its caller holds the lock beside the file.
#[derive(Debug)]
pub struct Ledger {
    connection: Connection,
}

impl Ledger {
    /// Opens the ledger at `path`; creates it if there is none and `create` allows it.
    pub fn open(path: &Path, create: bool) -> Result<Self, LedgerError> {
        if !create && !path.exists() {
            return Err(LedgerError::Missing { path: path.to_owned() });
        }
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(path, flags).map_err(LedgerError::sql("打开"))?;
        Self::prepare(connection, path)
    }

    /// A ledger that is gone when dropped.
    #[cfg(test)]
    pub(crate) fn in_memory() -> Self {
        let connection = Connection::open_in_memory().expect("SQLite opens");
        Self::prepare(connection, Path::new("memory")).expect("a new ledger")
    }

    fn prepare(connection: Connection, path: &Path) -> Result<Self, LedgerError> {
        let foreign = |_: rusqlite::Error| LedgerError::Foreign { path: path.to_owned() };
        let number = |name: &str| connection.query_row(&format!("PRAGMA {name}"), [], |row| row.get::<_, i32>(0));
        let (application, version) = (number("application_id").map_err(foreign)?, number("user_version").map_err(foreign)?);
        let tables: i64 = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0)).map_err(foreign)?;
        if application == APPLICATION && version > VERSION {
            return Err(LedgerError::Newer { path: path.to_owned(), version });
        }
        if application != APPLICATION && tables > 0 {
            return Err(LedgerError::Foreign { path: path.to_owned() });
        }
        let settings = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;";
        connection.execute_batch(settings).map_err(LedgerError::sql("打开"))?;
        if application != APPLICATION {
            let (tables, triggers) = (SCHEMA, triggers(&TABLES));
            let script = format!(
                "BEGIN IMMEDIATE; {tables}\n{triggers}PRAGMA application_id = {APPLICATION}; PRAGMA user_version = {VERSION}; COMMIT;"
            );
            connection.execute_batch(&script).map_err(LedgerError::sql("建立"))?;
        } else if version < VERSION {
            let tables: String = SINCE_2.iter().map(|table| statement(table)).collect();
            let triggers = triggers(&SINCE_2);
            let script = format!("BEGIN IMMEDIATE; {tables}\n{triggers}PRAGMA user_version = {VERSION}; COMMIT;");
            connection.execute_batch(&script).map_err(LedgerError::sql("升级"))?;
        }
        Ok(Self { connection })
    }
}

/// The tables, the newest last.
const SCHEMA: &str = include_str!("schema.sql");

/// The statement that makes a table.
fn statement(table: &str) -> &'static str {
    let start = SCHEMA.find(&format!("CREATE TABLE {table} (")).unwrap_or(SCHEMA.len());
    let rest = SCHEMA.get(start..).unwrap_or_default();
    rest.find(';').and_then(|end| rest.get(..=end)).unwrap_or_default()
}

/// What keeps rows as they are.
fn triggers(tables: &[&str]) -> String {
    let mut script = String::new();
    for (table, action) in tables.iter().flat_map(|table| ["UPDATE", "DELETE"].map(|action| (table, action))) {
        // Writing to a String cannot fail.
        let _ = writeln!(
            script,
            "CREATE TRIGGER {table}_{} BEFORE {action} ON {table} BEGIN SELECT RAISE(ABORT, '台账只增不改'); END;",
            action.to_lowercase()
        );
    }
    script
}
