//! Why reading a file or a sheet ends early: the file is refused, or the pipe it is sent down broke.

use std::io;

use super::grid::Frame;

/// A refusal on its way to a [`Frame::Refused`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refused {
    pub(crate) code: &'static str,
    pub(crate) what: String,
    pub(crate) hint: &'static str,
}

impl Refused {
    pub(crate) fn new(code: &'static str, what: impl Into<String>, hint: &'static str) -> Self {
        Self { code, what: what.into(), hint }
    }

    /// The file contradicts its own format; `what` says where.
    pub(crate) fn damaged(what: impl Into<String>) -> Self {
        Self::new("damaged-file", what, "请用 WPS 或 Excel 打开检查，另存为 xlsx 后重新提供")
    }

    /// The file asks for more than [`super::limits::Limits`] allow.
    pub(crate) fn over_limit(what: impl Into<String>) -> Self {
        Self::new("over-limit", what, "请核对来源；确属正常数据的，拆分成几个文件后重新提供")
    }

    pub(crate) fn password(what: impl Into<String>) -> Self {
        Self::new("password-protected", what, "请用 WPS 或 Excel 打开，取消密码后另存为 xlsx 重新提供")
    }

    pub(crate) fn frame(self) -> Frame {
        Frame::Refused { code: self.code.to_owned(), what: self.what, hint: self.hint.to_owned() }
    }
}

/// Why reading ended early.
#[derive(Debug)]
pub(crate) enum Stop {
    /// The file or sheet is refused; the others go on.
    Refused(Refused),
    /// The sink or the source failed; nothing goes on.
    Io(io::Error),
}

impl From<Refused> for Stop {
    fn from(refused: Refused) -> Self {
        Self::Refused(refused)
    }
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}
