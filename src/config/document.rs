//! A configuration file as read: text, never a path to open.

pub use toml::Spanned;

/// A configuration file as read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    /// Its path, for messages; the last part names registries.
    pub path: String,
    /// Its text.
    pub text: String,
}

impl Document {
    /// The file name without folder and `.toml`.
    #[must_use]
    pub fn stem(&self) -> &str {
        let name = self.path.rsplit(['/', '\\']).next().unwrap_or("");
        name.strip_suffix(".toml").unwrap_or(name)
    }
}

/// The files of a folder with one of these endings, by name, for tests over what is shipped.
#[cfg(test)]
pub(crate) fn folder(path: &str, endings: &[&str]) -> Vec<Document> {
    let entries = std::fs::read_dir(path).expect("the folder is there").map(|entry| entry.expect("an entry").path());
    let wanted = |path: &std::path::PathBuf| path.extension().is_some_and(|end| endings.iter().any(|wanted| end == *wanted));
    let mut paths: Vec<_> = entries.filter(wanted).collect();
    paths.sort();
    let read = |path: std::path::PathBuf| Document {
        text: std::fs::read_to_string(&path).expect("text"),
        path: path.file_name().expect("a name").to_string_lossy().into_owned(),
    };
    paths.into_iter().map(read).collect()
}
