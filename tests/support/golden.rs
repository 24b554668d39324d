//! What was once found right, kept in tests/golden: a difference fails the test. `INSTA_UPDATE=always cargo test …` accepts all that is
//! new, to be read in the diff; CI only compares (`INSTA_UPDATE=no`).

/// Compares a text with the one kept under that name.
#[track_caller]
pub(crate) fn same_as_golden(name: &str, text: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden"));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, text));
}
