//! What `run` asks of the disk: files opened, folders that only their owner can read, names that are still there after the power went, and what
//! to do about what it answers. Whatever is read is opened here ([`open`], [`read`]; `tests/architecture.rs`).

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

use tempfile::NamedTempFile;

use super::inputs;
use crate::model::system_error::plain;

/// What is neither a file nor a folder.
pub(super) const NO_FILE: &str = "它不是普通文件（可能是管道或设备）";
/// Bytes of a file that is held in memory whole.
const LARGEST: u64 = 1 << 30;

/// How a file is called until it is whole: this, a random number, a mark that says it is ours, and [`TEMPORARY`].
const BESIDE: &str = ".bidui-";
const TEMPORARY: &str = ".tmp";
/// Hexadecimal digits of the number, and of the mark.
const RANDOM: usize = 16;
const MARK: usize = 8;

/// Opens a file to be read. A pipe would wait for whoever writes to it, and a device has no end: neither is opened.
pub(super) fn open(path: impl AsRef<Path>) -> io::Result<File> {
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
pub fn read(path: impl AsRef<Path>) -> io::Result<Vec<u8>> {
    read_at_most(path, LARGEST)
}

/// The bytes of a file that has `most` at most.
pub(super) fn read_at_most(path: impl AsRef<Path>, most: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    open(path)?.take(most + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > most {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, format!("文件太大，上限 {most} 字节")));
    }
    Ok(bytes)
}

/// The text of a file.
pub fn read_text(path: impl AsRef<Path>) -> io::Result<String> {
    String::from_utf8(read(path)?).map_err(|_| io::ErrorKind::InvalidData.into())
}

/// A folder only its owner can read; numbers and names live in it.
pub(super) fn create_private(folder: &Path) -> io::Result<()> {
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
pub(super) fn keep_private(path: &Path) {
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
pub(super) fn sync_file(path: &Path) -> io::Result<()> {
    File::options().read(true).write(true).open(path)?.sync_all()
}

/// The names in a folder are on the disk. Only Unix has this, and not every disk there.
pub(super) fn sync_folder(folder: &Path) -> io::Result<()> {
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
pub fn sync_above(path: &Path) -> io::Result<()> {
    sync_folder(path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new(".")))
}

/// A new file in `folder` that only its owner reads, under a name that nothing has; it goes with what is given, or by [`is_temporary`].
pub(super) fn temporary(folder: &Path) -> io::Result<NamedTempFile> {
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
pub(super) fn is_temporary(name: &str) -> bool {
    let number = name.strip_prefix(BESIDE).and_then(|name| name.strip_suffix(TEMPORARY));
    number.and_then(|number| number.split_at_checked(RANDOM)).is_some_and(|(random, marked)| marked == mark(random))
}

fn mark(random: &str) -> String {
    let mut mark = inputs::hash_of(format!("bidui {random}").as_bytes());
    mark.truncate(MARK);
    mark
}

/// Gives a temporary file its name, at which nothing may stand.
pub(super) fn name_new(file: NamedTempFile, to: &Path) -> io::Result<()> {
    rename_new(file.path(), to)?;
    // It has no other name any more.
    let _ = file.keep();
    Ok(())
}

/// Gives a file or a folder another name, at which nothing may stand: on Linux in one step, where the disk can.
pub(super) fn rename_new(from: &Path, to: &Path) -> io::Result<()> {
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
pub(super) fn stands(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok()
}

/// What the system's error means and what to do.
pub(super) fn advised(error: &io::Error) -> String {
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
