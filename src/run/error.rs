//! Why a run came to nothing.

use arrow::error::ArrowError;

use crate::intake::answers::AnswersError;
use crate::intake::definitions::DefinitionError;
use crate::intake::inputs::InputError;
use crate::intake::previous::PreviousError;
use crate::store::finished::FinishedError;
use crate::store::ledger_file::LedgerFileError;
use crate::store::stages::StageError;
use crate::store::workspace::WorkspaceError;

/// Why a run came to nothing. The last good output is untouched.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The request cannot be done as it stands.
    #[error("{0}")]
    Usage(String),
    /// Definitions are wrong.
    #[error(transparent)]
    Definitions(#[from] DefinitionError),
    /// Inputs cannot be listed.
    #[error(transparent)]
    Inputs(#[from] InputError),
    /// Answers cannot be read.
    #[error(transparent)]
    Answers(#[from] AnswersError),
    /// The earlier run cannot be followed.
    #[error(transparent)]
    Previous(#[from] PreviousError),
    /// The run folder cannot be used.
    #[error(transparent)]
    Workspace(#[from] WorkspaceError),
    /// The ledger cannot be used.
    #[error(transparent)]
    Ledger(#[from] LedgerFileError),
    /// The finished run that is to be read is not whole.
    #[error(transparent)]
    Finished(#[from] FinishedError),
    /// A stage file cannot be written.
    #[error(transparent)]
    Stage(#[from] StageError),
    /// Asked to stop; the same command goes on from here.
    #[error("已中断。上次的结果没有改动；用同样的命令可以接着运行")]
    Interrupted,
    /// Our fault.
    #[error("程序内部错误：{0}。请把这句话告诉维护人员")]
    Internal(String),
}

impl From<ArrowError> for RunError {
    fn from(error: ArrowError) -> Self {
        Self::Internal(error.to_string())
    }
}
