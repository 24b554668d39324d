//! A new key file: by chance, its owner's only, whole or not at all.

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use crate::model::system_error::plain;
use crate::store::disk::{beside, sync_above};
use crate::store::key::MADE;
use crate::store::output_file::{OutputError, outside_runs};

/// Why no key was made.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NewKeyError {
    /// A key is not made over anything.
    #[error("{} 已经有了，没有动它：密钥一旦换掉，疑点编号、人员编号全部改变，台账就接不上了。要另建一个，请换个文件名", .0.display())]
    Exists(PathBuf),
    /// Not in a run folder, whose files go with the run.
    #[error(transparent)]
    Placed(#[from] OutputError),
    /// The system gives no random numbers.
    #[error("系统给不出随机数，没有建成密钥：{0}。请换一台电脑再试")]
    Chance(String),
    /// The file cannot be written.
    #[error("写不进 {}：{}。请检查文件夹在不在、有没有写的权限", path.display(), plain(source))]
    Unwritable {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// Makes a key: 32 random bytes, for its owner only, and whole or not at all; never over what is there.
pub(crate) fn make(path: &Path) -> Result<(), NewKeyError> {
    let unwritable = |source| NewKeyError::Unwritable { path: path.to_owned(), source };
    if path.symlink_metadata().is_ok() {
        return Err(NewKeyError::Exists(path.to_owned()));
    }
    outside_runs(path)?;
    let mut bytes = [0; MADE];
    getrandom::fill(&mut bytes).map_err(|error| NewKeyError::Chance(error.to_string()))?;
    // Its owner's only.
    let mut file = beside(path).map_err(unwritable)?;
    file.write_all(&bytes).and_then(|()| file.as_file().sync_all()).map_err(unwritable)?;
    match file.persist_noclobber(path) {
        // It is there; at worst a power cut undoes its name.
        Ok(_) => {
            let _ = sync_above(path);
            Ok(())
        }
        Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => Err(NewKeyError::Exists(path.to_owned())),
        Err(error) => Err(unwritable(error.error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::ids::KeyKind;
    use crate::store::key::look_at;

    #[test]
    fn a_key_made_is_by_chance_its_owners_only_and_never_over_another() {
        let folder = tempfile::tempdir().expect("a folder");
        let (one, other) = (folder.path().join("one.key"), folder.path().join("other.key"));
        make(&one).expect("a key");
        make(&other).expect("a key");
        let (key, again) = (std::fs::read(&one).expect("bytes"), std::fs::read(&other).expect("bytes"));
        assert!(key.len() == MADE && key != again);
        assert_eq!(look_at(&one, &key).expect("a key").kind, KeyKind::Own);
        assert!(matches!(make(&one), Err(NewKeyError::Exists(_))) && std::fs::read(&one).expect("bytes") == key);
        assert!(matches!(make(&folder.path().join("no/such.key")), Err(NewKeyError::Unwritable { .. })));
        let run = tempfile::tempdir().expect("a folder");
        std::fs::write(run.path().join(".bidui"), r#"{"bidui":"run folder","id":"1"}"#).expect("marked");
        assert!(matches!(make(&run.path().join("x.key")), Err(NewKeyError::Placed(_))));
        assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 2, "nothing else is left");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            assert_eq!(std::fs::metadata(&one).expect("there").permissions().mode() & 0o777, 0o600);
        }
    }
}
