//! What is asked of the disk: files opened, folders that only their owner can read, names that are still there after the power went, and what
//! to do about what it answers. Whatever is read is opened here ([`open`], [`read`]; `tests/architecture.rs`).

use std::fs::{self, File, TryLockError};
use std::io::{self, Read, Seek as _, Write as _};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use tempfile::NamedTempFile;

use crate::model::ids::hexadecimal;
use crate::model::system_error::plain;

/// Bytes of a file that are not even hashed.
pub(crate) const LARGEST_FILE: u64 = 4_000_000_000;
/// What is neither a file nor a folder.
pub(crate) const NO_FILE: &str = "它不是普通文件（可能是管道或设备）";
/// Bytes of a file that is held in memory whole.
const LARGEST: u64 = 1 << 30;

/// How a file is called until it is whole: this, a random number, a mark that says it is ours, and [`TEMPORARY`].
const BESIDE: &str = ".bidui-";
const TEMPORARY: &str = ".tmp";
/// Hexadecimal digits of the number, and of the mark.
const RANDOM: usize = 16;
const MARK: usize = 8;
/// How often a new file is begun that somebody else has at once.
const ATTEMPTS: usize = 100;

/// Opens a file to be read. A pipe would wait for whoever writes to it, and a device has no end: neither is opened.
pub(crate) fn open(path: impl AsRef<Path>) -> io::Result<File> {
    let path = path.as_ref();
    let kind = fs::metadata(path)?;
    if kind.is_file() {
        File::open(path)
    } else if kind.is_dir() {
        Err(io::ErrorKind::IsADirectory.into())
    } else {
        Err(io::Error::new(io::ErrorKind::InvalidInput, NO_FILE))
    }
}

/// The bytes of a file.
pub(crate) fn read(path: impl AsRef<Path>) -> io::Result<Vec<u8>> {
    read_at_most(path, LARGEST)
}

/// The bytes of a file that has `most` at most.
pub(crate) fn read_at_most(path: impl AsRef<Path>, most: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    open(path)?.take(most + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > most {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, format!("文件太大，上限 {most} 字节")));
    }
    Ok(bytes)
}

/// The text of a file.
pub(crate) fn read_text(path: impl AsRef<Path>) -> io::Result<String> {
    String::from_utf8(read(path)?).map_err(|_| io::ErrorKind::InvalidData.into())
}

/// A folder only its owner can read; numbers and names live in it.
pub(crate) fn create_private(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt;
        builder.mode(0o700);
    }
    builder.create(folder)
}

/// Takes others' rights from a file or a folder, not from what is in it. Best effort: not every disk knows rights, and the folder above has
/// its own.
pub(crate) fn keep_private(path: &Path) {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let Ok(kind) = fs::symlink_metadata(path) else { return };
        if kind.is_symlink() {
            return;
        }
        let _ = fs::set_permissions(path, fs::Permissions::from_mode(if kind.is_dir() { 0o700 } else { 0o600 }));
    }
    #[cfg(not(unix))]
    let _ = path;
}

/// The bytes of a file are on the disk.
pub(crate) fn sync_file(path: &Path) -> io::Result<()> {
    File::options().read(true).write(true).open(path)?.sync_all()
}

/// The names in a folder are on the disk. Only Unix has this, and not every disk there.
pub(crate) fn sync_folder(folder: &Path) -> io::Result<()> {
    #[cfg(unix)]
    match File::open(folder)?.sync_all() {
        Err(error) if matches!(error.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported) => Ok(()),
        done => done,
    }
    #[cfg(not(unix))]
    {
        let _ = folder;
        Ok(())
    }
}

/// The name of a file is on the disk.
pub(crate) fn sync_above(path: &Path) -> io::Result<()> {
    sync_folder(path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new(".")))
}

/// A new file in `folder` that only its owner reads, under a name that nothing has; it goes with what is given, or by [`is_temporary`].
pub(crate) fn temporary(folder: &Path) -> io::Result<NamedTempFile> {
    use std::hash::{BuildHasher, RandomState};
    loop {
        let random = format!("{:016x}", RandomState::new().hash_one(std::process::id()));
        let name = format!("{BESIDE}{random}{}{TEMPORARY}", mark(&random));
        match tempfile::Builder::new().prefix(&name).rand_bytes(0).tempfile_in(folder) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            made => return made,
        }
    }
}

/// Whether [`temporary`] gives such names; nobody else does by chance.
pub(crate) fn is_temporary(name: &str) -> bool {
    let number = name.strip_prefix(BESIDE).and_then(|name| name.strip_suffix(TEMPORARY));
    number.and_then(|number| number.split_at_checked(RANDOM)).is_some_and(|(random, marked)| marked == mark(random))
}

fn mark(random: &str) -> String {
    let mut mark = hash_of(format!("bidui {random}").as_bytes());
    mark.truncate(MARK);
    mark
}

/// Gives a temporary file its name, at which nothing may stand.
pub(crate) fn name_new(file: NamedTempFile, to: &Path) -> io::Result<()> {
    rename_new(file.path(), to)?;
    // It has no other name any more.
    let _ = file.keep();
    Ok(())
}

/// Gives a file or a folder another name, at which nothing may stand: on Linux in one step, where the disk can.
pub(crate) fn rename_new(from: &Path, to: &Path) -> io::Result<()> {
    #[cfg(target_os = "linux")]
    {
        use rustix::fs::{CWD, RenameFlags, renameat_with};
        use rustix::io::Errno;
        match renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
            Err(Errno::NOSYS | Errno::INVAL | Errno::OPNOTSUPP) => {}
            done => return Ok(done?),
        }
    }
    if stands(to) { Err(io::ErrorKind::AlreadyExists.into()) } else { fs::rename(from, to) }
}

/// Whether something stands there, a broken link too.
pub(crate) fn stands(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok()
}

/// What the system's error means and what to do.
pub(crate) fn advised(error: &io::Error) -> String {
    use io::ErrorKind as Kind;
    let remedy = match error.kind() {
        Kind::StorageFull | Kind::QuotaExceeded => "请腾出空间，再运行同样的命令",
        Kind::PermissionDenied | Kind::ResourceBusy | Kind::ExecutableFileBusy => {
            "请关闭正在 Excel、WPS 里打开的文件，检查文件夹权限，再运行同样的命令"
        }
        Kind::ReadOnlyFilesystem => "请换一个能写的位置",
        Kind::NotFound => "请检查是否被移走或改名，再运行同样的命令",
        Kind::CrossesDevices => "请不要用链接把结果放到别的磁盘上",
        Kind::AlreadyExists | Kind::NotADirectory | Kind::IsADirectory | Kind::DirectoryNotEmpty => {
            "请把它移开，再运行同样的命令"
        }
        _ => "请检查磁盘、网络盘连接，关闭打开着的文件，再运行同样的命令",
    };
    format!("{}。{remedy}", plain(error))
}

/// A file under a hidden name in the folder of `target`, locked while this process has it; those of processes that were killed go.
pub(crate) fn beside(target: &Path) -> io::Result<NamedTempFile> {
    let folder = target.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    for entry in
        fs::read_dir(folder).into_iter().flatten().flatten().filter(|entry| is_temporary(&entry.file_name().to_string_lossy()))
    {
        let left = || File::options().write(true).open(entry.path());
        if entry.file_type().is_ok_and(|kind| kind.is_file()) && left().is_ok_and(|file| file.try_lock().is_ok()) {
            let _ = fs::remove_file(entry.path());
        }
    }
    for _ in 0..ATTEMPTS {
        let file = temporary(folder)?;
        // Another process may have taken it for left over before it was locked. A disk without locks has nobody who takes it.
        if !matches!(file.as_file().try_lock(), Err(TryLockError::WouldBlock)) && file.path().exists() {
            return Ok(file);
        }
    }
    Err(io::Error::new(io::ErrorKind::ResourceBusy, "这个磁盘说新建的文件都正被别的程序占用，锁不住，请换一个磁盘"))
}

/// Overwrites a file that is to be removed.
pub(crate) fn wipe(path: &Path) -> io::Result<()> {
    overwrite(&File::options().write(true).open(path)?)
}

/// Overwrites what is in an open file with zeros.
pub(crate) fn overwrite(mut file: &File) -> io::Result<()> {
    let mut left = file.metadata()?.len();
    file.rewind()?;
    let zeros = [0; 1 << 13];
    while left > 0 {
        let some = zeros.len().min(usize::try_from(left).unwrap_or(usize::MAX));
        file.write_all(&zeros[..some])?;
        left -= some as u64;
    }
    file.sync_all()
}

/// What is not there need not be removed.
pub(crate) fn gone(removed: io::Result<()>) -> io::Result<()> {
    match removed {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// The path with `ending` added to its last name.
pub(crate) fn with_ending(path: &Path, ending: &str) -> PathBuf {
    let mut whole = path.as_os_str().to_owned();
    whole.push(ending);
    whole.into()
}

/// SHA-256 of bytes.
pub(crate) fn hash_of(bytes: &[u8]) -> String {
    hexadecimal(&Sha256::digest(bytes))
}

/// Size and SHA-256 of a file.
pub(crate) fn hash(path: &Path) -> io::Result<(u64, String)> {
    let mut file = open(path)?;
    let length = file.metadata()?.len();
    if length > LARGEST_FILE {
        let what = format!("文件有 {length} 字节，上限 {LARGEST_FILE}");
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, what));
    }
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; 1 << 18];
    let mut bytes = 0;
    loop {
        let read = file.read(&mut buffer)?;
        if read == 0 {
            return Ok((bytes, hexadecimal(&hasher.finalize())));
        }
        bytes += read as u64;
        hasher.update(&buffer[..read]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_given_to_nothing_that_stands_and_a_temporary_one_is_told_from_others() {
        let folder = tempfile::tempdir().expect("a folder");
        let (one, other) = (folder.path().join("one"), folder.path().join("other"));
        fs::write(&one, "one").expect("written");
        fs::write(&other, "other").expect("written");
        assert_eq!(rename_new(&one, &other).expect_err("taken").kind(), io::ErrorKind::AlreadyExists);
        let file = temporary(folder.path()).expect("made");
        let name = file.path().file_name().expect("a name").to_string_lossy().into_owned();
        assert!(is_temporary(&name) && !is_temporary(&name.replace(TEMPORARY, "")), "{name}");
        assert!(![".bidui-abc123.tmp", ".bidui-.tmp", ".bidui-0123456789abcdef01234567.tmp"].into_iter().any(is_temporary));
        assert_eq!(name_new(file, &other).expect_err("taken").kind(), io::ErrorKind::AlreadyExists);
        rename_new(&one, &folder.path().join("new")).expect("free");
        assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 2);
        assert_eq!(fs::read(other).expect("kept"), b"other");
    }
}
