//! What `run` is asked for, and what it comes to.

use std::path::PathBuf;

use crate::model::date::{Day, Month};
use crate::model::masking::Audience;
use crate::model::register::Accepted;

/// A stage to stop after.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// Files read and normalised.
    Normalise,
    /// Records linked.
    Link,
    /// Rules applied.
    Assess,
    /// Workbooks written.
    Report,
}

/// What to run.
#[derive(Clone, Debug)]
pub struct Request {
    /// Pipeline file.
    pub pipeline: PathBuf,
    /// Files and folders.
    pub inputs: Vec<PathBuf>,
    /// Run folder.
    pub out: PathBuf,
    /// The month; else what the input folder is called.
    pub period: Option<Month>,
    /// The day that ages and deadlines count from; else the period's last.
    pub as_of: Option<Day>,
    /// Only findings of these towns; empty for all.
    pub towns: Vec<String>,
    /// Only findings of these villages; empty for all.
    pub villages: Vec<String>,
    /// The last stage to run.
    pub until: Stage,
    /// Ignore what an interrupted run had finished.
    pub fresh: bool,
    /// Mask everything.
    pub mask: bool,
    /// Of names too, keep family name and last character only.
    pub mask_names: bool,
    /// The ledger; else what the pipeline names, if anything.
    pub ledger: Option<PathBuf>,
    /// Workbooks with people's answers about pairs.
    pub decisions: Vec<PathBuf>,
    /// An earlier run whose ids go on.
    pub previous: Option<PathBuf>,
    /// Registers that the county knows to be whole, beside those that the pipeline names.
    pub accepted: Vec<Accepted>,
    /// This program, for the children that parse.
    pub executable: PathBuf,
}

impl Request {
    /// What results depend on beside definitions, dates and what is read, as text. A new field does not compile until it is decided here whether
    /// it is such an option.
    pub(super) fn options(&self) -> Vec<String> {
        let Self {
            towns,
            villages,
            until,
            mask,
            mask_names,
            accepted,
            pipeline: _,
            inputs: _,
            period: _,
            as_of: _,
            ledger: _,
            decisions: _,
            previous: _,
            out: _,
            fresh: _,
            executable: _,
        } = self;
        vec![format!("{towns:?} {villages:?} {until:?} {mask} {mask_names}"), format!("{accepted:?}")]
    }

    /// Where all of it is to be posted publicly: as what.
    pub(super) fn posted(&self) -> Option<Audience> {
        self.mask.then_some(Audience::Public { names: self.mask_names })
    }
}

/// What a run came to.
#[derive(Clone, Debug)]
pub struct Summary {
    /// `run.json`.
    pub manifest: String,
    /// A few lines for the terminal.
    pub headline: String,
    /// Findings.
    pub findings: usize,
    /// Files and sheets refused: which, why, what to do.
    pub refusals: Vec<String>,
}
