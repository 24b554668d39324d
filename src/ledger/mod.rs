//! The life of findings over months, in one SQLite file.
//!
//! Takes a whole-county run's findings ([`record::Month`]) and returned answers; gives where every finding stands
//! ([`crate::model::standing`]). Guarantees: history is append-only; what a run records appears whole or not at all; recording the same run
//! again changes nothing; where a finding stands in a month follows from earlier months and from answers only, so that a run repeated
//! after a crash gives the same lists. Cost: linear in the month's findings, one indexed look-up per finding known before.
//! Names and numbers stand in it as in the run folder; `run` sees to it that only the owner can read the file.
//!
//! A file that is opened here for writing is a copy that nobody else knows of, and which `run` puts in the ledger's place when it is whole:
//! SQLite keeps no log beside it and nothing of it safe from a kill.

mod life;
mod purge;
mod receive;
mod record;
mod recover;
#[cfg(test)]
mod tests;

use std::fmt::Write;
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use rusqlite::types::{FromSql, FromSqlResult, ToSql, ToSqlOutput, ValueRef};
use rusqlite::{Connection, MAIN_DB, OpenFlags, OptionalExtension};

use crate::model::date;
use crate::model::personal::Personal;
use crate::model::system_error::plain;

pub use life::Basis;
pub use purge::Purged;
pub use receive::{Cells, ReturnedFile, ReturnedRow, Said};
pub use record::{Month, digest};

/// `PRAGMA application_id`: "bidu".
const APPLICATION: i32 = 0x6269_6475;
/// `PRAGMA user_version`: raised when the tables change.
const VERSION: i32 = 3;
/// Tables whose rows are never changed.
const TABLES: [&str; 9] =
    ["run", "sighting", "definition", "withheld", "receipt", "returned_row", "answer", "register_rows", "key_mark"];
/// Those that came with a later version than the first.
const SINCE: [(i32, &[&str]); 2] = [(2, &["definition", "register_rows"]), (3, &["key_mark"])];

/// How every SQLite file starts.
const SQLITE: &[u8] = b"SQLite format 3\0";

/// Whether a file that starts with these 100 bytes is a ledger.
#[must_use]
pub fn is_one(start: &[u8]) -> bool {
    // https://sqlite.org/fileformat.html: the application id stands at 68.
    start.starts_with(SQLITE) && start.get(68..72) == Some(&APPLICATION.to_be_bytes())
}

/// Why the ledger cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// The file is something else.
    #[error(
        "{} 不是比对台账（不是 bidui 建立的文件）。请检查台账的路径有没有写错；它如果本来就是台账，那是损坏了，请用备份恢复",
        path.display()
    )]
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// There is nothing in the file.
    #[error(
        "{} 是空的（0 字节），不是台账。它如果本来有内容，那是没有复制完整或已损坏，请用备份恢复，以前各月的回复都在里面；\
         确实是第一次用台账，就把这个空文件删掉再运行",
        path.display()
    )]
    Blank {
        /// The file.
        path: PathBuf,
    },
    /// The system lets nobody read it, or not us.
    #[error("台账 {} 读不了：{}。请检查路径；权限不够的，请管理员给本人读和写的权限；台账内容没有改动，不要另起一个", path.display(), plain(source))]
    Unread {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The copy that is worked on can be made, but not be opened again.
    #[error("台账 {} 的副本打不开：{}。副本在台账所在的文件夹里；请检查那个磁盘是不是有问题、满了，文件夹的权限，以及有没有别的程序（备份、杀毒）占着它，再用同样的命令；台账内容没有改动", path.display(), plain(source))]
    Uncopied {
        /// The ledger.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It is a folder.
    #[error("{} 是文件夹，不是台账文件。请写到文件名，如 {}", path.display(), path.join("台账.db").display())]
    Folder {
        /// The folder.
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
    /// SQLite said no before anything was asked of it.
    #[error("台账 {} 打不开：{}", path.display(), Trouble::of(source).plain(source))]
    Unopened {
        /// The file.
        path: PathBuf,
        /// Why.
        source: rusqlite::Error,
    },
    /// SQLite said no.
    #[error("台账{doing}失败：{}", Trouble::of(source).plain(source))]
    Sql {
        /// What was tried.
        doing: &'static str,
        /// Why.
        source: rusqlite::Error,
    },
    /// Its pages do not fit together.
    #[error("台账 {} 打不开：{DAMAGED}", path.display())]
    Torn {
        /// The file.
        path: PathBuf,
    },
    /// A value in it is none of ours.
    #[error("台账里 {table} 表的 {column} 列有看不懂的值，文件可能被别的程序改过。请用备份恢复")]
    Damaged {
        /// Where.
        table: &'static str,
        /// In which column.
        column: &'static str,
    },
}

/// What a ledger that is not whole is, and what to do; never to begin anew, which would lose the months before.
const DAMAGED: &str = "台账损坏了（不完整，或者被别的程序改过）。不要删它，也不要另起一个：以前各月的回复都在里面。请用最近的备份替换它；\
                       没有备份，把文件原样交给维护人员";

/// What SQLite's errors come down to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// Another program has it.
    Busy,
    /// The disk is full.
    Full,
    /// The disk cannot be read or written.
    Disk,
    /// It may not be written.
    ReadOnly,
    /// The file is not whole.
    Damaged,
    /// Our fault.
    Ours,
}

impl Trouble {
    fn of(error: &rusqlite::Error) -> Self {
        use rusqlite::ErrorCode;
        match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked | ErrorCode::FileLockingProtocolFailed) => Self::Busy,
            Some(ErrorCode::DiskFull | ErrorCode::TooBig) => Self::Full,
            Some(ErrorCode::SystemIoFailure | ErrorCode::CannotOpen | ErrorCode::NoLargeFileSupport) => Self::Disk,
            Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied | ErrorCode::AuthorizationForStatementDenied) => {
                Self::ReadOnly
            }
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Self::Damaged,
            // A value of another kind than its column's, or no text; a table that is not where it was.
            None if !matches!(error, rusqlite::Error::InvalidQuery | rusqlite::Error::QueryReturnedNoRows) => Self::Damaged,
            Some(ErrorCode::Unknown) if error.to_string().contains("no such table") => Self::Damaged,
            _ => Self::Ours,
        }
    }

    /// What it is and what to do; never to begin anew, which would lose the months before.
    fn plain(self, error: &rusqlite::Error) -> String {
        match self {
            Self::Busy => {
                "正被别的程序占用（是否在数据库工具里打开着，或者正在备份）。请关掉那个程序，再用同样的命令；台账内容没有改动"
                    .to_owned()
            }
            Self::Full => "磁盘满了。请腾出空间，再用同样的命令；这次的没有写进去，以前的都在".to_owned(),
            Self::Disk => format!(
                "读写磁盘出错（{error}）。请检查磁盘和权限，磁盘是不是满了、超过了配额或文件大小的上限；磁盘有问题就把台账复制到好的磁盘上再用。以前写进去的都在，不要删它"
            ),
            Self::ReadOnly => {
                "它是只读的，写不进去。请去掉它的“只读”（chmod u+w），或者请管理员给写的权限；台账内容没有改动".to_owned()
            }
            Self::Damaged => DAMAGED.to_owned(),
            Self::Ours => format!("{error}。这是程序的问题，请把这句话告诉维护人员；台账内容没有改动"),
        }
    }
}

impl LedgerError {
    /// For `map_err` on what SQLite gives.
    fn sql(doing: &'static str) -> impl Fn(rusqlite::Error) -> Self {
        move |source| Self::Sql { doing, source }
    }

    /// What kind of trouble SQLite had; `None` where it is the file that is wrong.
    #[must_use]
    pub fn trouble(&self) -> Option<Trouble> {
        match self {
            Self::Sql { source, .. } | Self::Unopened { source, .. } => Some(Trouble::of(source)),
            _ => None,
        }
    }
}

/// An open ledger.
#[derive(Debug)]
pub struct Ledger {
    connection: Connection,
}

impl Ledger {
    /// Whether the file at `path` can be a ledger, by how it starts.
    #[expect(clippy::disallowed_methods, reason = "a ledger is a file, opened by SQLite")]
    pub fn look(path: &Path) -> Result<(), LedgerError> {
        let path = path.to_owned();
        match fs::metadata(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(LedgerError::Missing { path }),
            Ok(kind) if kind.is_dir() => return Err(LedgerError::Folder { path }),
            // Of a pipe nothing can be read.
            Ok(kind) if !kind.is_file() => return Err(LedgerError::Foreign { path }),
            Ok(kind) if kind.len() == 0 => return Err(LedgerError::Blank { path }),
            _ => {}
        }
        let start = || -> io::Result<Vec<u8>> {
            let mut start = Vec::new();
            fs::File::open(&path)?.take(100).read_to_end(&mut start)?;
            Ok(start)
        };
        match start() {
            Ok(start) if !start.starts_with(SQLITE) => Err(LedgerError::Foreign { path }),
            Err(source) => Err(LedgerError::Unread { path, source }),
            Ok(_) => Ok(()),
        }
    }

    /// Opens `file`, a copy of the ledger that is told as `named`; an empty one becomes a new ledger.
    pub fn open(file: &Path, named: &Path) -> Result<Self, LedgerError> {
        Self::prepare(Self::to_write(file, named, OpenFlags::empty())?, named)
    }

    /// Opens a copy, which is ours to write. Where the disk does not let it be opened so, SQLite opens it to be read, and what is wrong with
    /// the disk would be told later as a file that its owner made read-only.
    #[expect(clippy::disallowed_methods, reason = "the copy of a ledger is a file, opened by SQLite")]
    fn to_write(file: &Path, named: &Path, more: OpenFlags) -> Result<Connection, LedgerError> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX | more;
        let unopened = |source| LedgerError::Unopened { path: named.to_owned(), source };
        let open = || Connection::open_with_flags(file, flags).map_err(unopened);
        let connection = open()?;
        if !connection.is_readonly(MAIN_DB).map_err(unopened)? {
            return Ok(connection);
        }
        let uncopied = |source| LedgerError::Uncopied { path: named.to_owned(), source };
        // What failed once may do now.
        fs::File::options().read(true).write(true).open(file).map_err(uncopied)?;
        let connection = open()?;
        if connection.is_readonly(MAIN_DB).map_err(unopened)? {
            return Err(uncopied(io::ErrorKind::ResourceBusy.into()));
        }
        Ok(connection)
    }

    /// Opens `file`, told as `named`, to be read as it stands: no lock is taken, no log is looked for, nothing is made beside it.
    pub fn read(file: &Path, named: &Path) -> Result<Self, LedgerError> {
        let unopened = |source| LedgerError::Unopened { path: named.to_owned(), source };
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_URI;
        Ok(Self { connection: Connection::open_with_flags(address(file), flags).map_err(unopened)? })
    }

    /// Whether every page of it is in its place; `named` is what it is told as.
    pub fn check(&self, named: &Path) -> Result<(), LedgerError> {
        let sound = |row: &rusqlite::Row<'_>| row.get::<_, String>(0);
        let unopened = |source| LedgerError::Unopened { path: named.to_owned(), source };
        if self.connection.query_row("PRAGMA quick_check(1)", [], sound).map_err(unopened)? == "ok" {
            Ok(())
        } else {
            Err(LedgerError::Torn { path: named.to_owned() })
        }
    }

    /// Whether the newest run of `period` found what has this [`digest`].
    pub fn holds(&self, period: date::Month, digest: &str) -> Result<bool, LedgerError> {
        let newest = "SELECT digest FROM run WHERE period = ?1 ORDER BY seq DESC LIMIT 1";
        let found: Option<String> = self
            .connection
            .query_row(newest, [period.yyyymm()], |row| row.get(0))
            .optional()
            .map_err(LedgerError::sql("读取"))?;
        Ok(found.is_some_and(|found| found == digest))
    }

    /// The mark of the key that the newest run used; `None` where no run has left one.
    pub fn key_mark(&self) -> Result<Option<String>, LedgerError> {
        let newest = "SELECT mark FROM key_mark ORDER BY run DESC LIMIT 1";
        self.connection.query_row(newest, [], |row| row.get(0)).optional().map_err(LedgerError::sql("读取"))
    }

    /// Whether any row was written, changed or deleted since it was opened.
    #[must_use]
    pub fn is_changed(&self) -> bool {
        self.connection.total_changes() > 0
    }

    /// Closes it; what was written is in the file.
    pub fn close(self) -> Result<(), LedgerError> {
        self.connection.close().map_err(|(_, error)| LedgerError::sql("写入")(error))
    }

    /// A new, empty ledger at `path`.
    #[cfg(test)]
    pub(crate) fn create(path: &Path) -> Result<(), LedgerError> {
        fs::write(path, "").expect("an empty file");
        Self::open(path, path)?.close()
    }

    /// A ledger that is gone when dropped.
    #[cfg(test)]
    pub(crate) fn in_memory() -> Self {
        let connection = Connection::open_in_memory().expect("SQLite opens");
        Self::prepare(connection, Path::new("memory")).expect("a new ledger")
    }

    fn prepare(connection: Connection, path: &Path) -> Result<Self, LedgerError> {
        let unopened = |source| LedgerError::Unopened { path: path.to_owned(), source };
        let number = |name: &str| connection.query_row(&format!("PRAGMA {name}"), [], |row| row.get::<_, i32>(0));
        let (application, version) = (number("application_id").map_err(unopened)?, number("user_version").map_err(unopened)?);
        let tables: i64 = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0)).map_err(unopened)?;
        if application == APPLICATION && version > VERSION {
            return Err(LedgerError::Newer { path: path.to_owned(), version });
        }
        if application != APPLICATION && tables > 0 {
            return Err(LedgerError::Foreign { path: path.to_owned() });
        }
        let ledger = Self { connection };
        // Pages overwritten in the midst are met here, whatever was to be done.
        ledger.check(path)?;
        let connection = &ledger.connection;
        // What is deleted is overwritten. A copy that is not whole is thrown away: nothing has to be kept safe on the disk as it is written.
        let settings = "PRAGMA journal_mode = MEMORY; PRAGMA synchronous = OFF; PRAGMA foreign_keys = ON; PRAGMA secure_delete = ON; \
                        PRAGMA temp_store = MEMORY;";
        connection.execute_batch(settings).map_err(unopened)?;
        if application != APPLICATION {
            let (tables, triggers) = (SCHEMA, triggers(&TABLES));
            let script = format!(
                "BEGIN IMMEDIATE; {tables}\n{triggers}PRAGMA application_id = {APPLICATION}; PRAGMA user_version = {VERSION}; COMMIT;"
            );
            connection.execute_batch(&script).map_err(LedgerError::sql("建立"))?;
        } else if version < VERSION {
            let missing: Vec<&str> =
                SINCE.iter().filter(|(since, _)| version < *since).flat_map(|(_, tables)| tables.iter().copied()).collect();
            let tables: String = missing.iter().map(|table| statement(table)).collect();
            let triggers = triggers(&missing);
            let script = format!("BEGIN IMMEDIATE; {tables}\n{triggers}PRAGMA user_version = {VERSION}; COMMIT;");
            connection.execute_batch(&script).map_err(LedgerError::sql("升级"))?;
        }
        Ok(ledger)
    }
}

/// A file as SQLite takes it to be read alone, whatever lies beside it.
fn address(file: &Path) -> String {
    let whole = std::path::absolute(file).unwrap_or_else(|_| file.to_owned());
    let mut address = "file:".to_owned();
    for byte in whole.as_os_str().as_encoded_bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'.' | b'-' | b'_' => address.push(char::from(*byte)),
            b'\\' if cfg!(windows) => address.push('/'),
            _ => {
                // Writing to a String cannot fail.
                let _ = write!(address, "%{byte:02X}");
            }
        }
    }
    if cfg!(windows) {
        address.insert_str("file:".len(), "///");
    }
    address + "?mode=ro&immutable=1"
}

impl ToSql for Personal {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(self.expose().into())
    }
}

impl FromSql for Personal {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        String::column_result(value).map(Self::from)
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
