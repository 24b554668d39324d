//! What `run` asks of the disk: folders that only their owner can read, names that are still there after the power went, and plain words
//! for what it answers.

use std::fs::{self, File};
use std::io;
use std::path::Path;

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

/// Whether something stands there, a broken link too.
pub(super) fn stands(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok()
}

/// What the system's error means and what to do, in words that a clerk reads.
pub(super) fn plain(error: &io::Error) -> String {
    use io::ErrorKind as Kind;
    // Windows: another program has the file open.
    let open_elsewhere = cfg!(windows) && matches!(error.raw_os_error(), Some(32 | 33));
    let what = match error.kind() {
        Kind::StorageFull | Kind::QuotaExceeded => "磁盘满了。请腾出空间",
        Kind::PermissionDenied | Kind::ResourceBusy | Kind::ExecutableFileBusy => {
            "没有权限，或者正在 Excel、WPS 里打开着。请关闭打开的文件，检查文件夹权限"
        }
        _ if open_elsewhere => "正在 Excel、WPS 里打开着。请关闭",
        Kind::ReadOnlyFilesystem => "磁盘是只读的。请换一个能写的位置",
        Kind::NotFound => "文件或文件夹不在了。请检查是否被移走或改名",
        Kind::CrossesDevices => "它和运行文件夹不在同一个磁盘上。请不要用链接把结果放到别处",
        Kind::AlreadyExists | Kind::NotADirectory | Kind::IsADirectory | Kind::DirectoryNotEmpty => {
            return format!("那里已有同名的文件或文件夹（{error}）。请把它移开，再运行同样的命令");
        }
        _ => return format!("磁盘读写出错（{error}）。请检查磁盘和网络盘连接，再运行同样的命令"),
    };
    format!("{what}，再运行同样的命令")
}
