//! What the operating system says of files, in words that a clerk understands.
//!
//! The one place that knows: messages of ours call [`plain`]; what libraries glue into their own sentences is put right by [`in_chinese`]
//! where text leaves the program. The number stays, for whoever is asked to help.

use std::fmt::Write;
use std::io::{self, ErrorKind};

/// What went wrong, in words, without a full stop.
#[must_use]
pub fn plain(error: &io::Error) -> String {
    let Some(number) = error.raw_os_error() else {
        // A library adds the path that it made up.
        let said = error.get_ref().map(ToString::to_string);
        return match said.and_then(|said| said.split(" at path \"").next().map(in_chinese)) {
            Some(said) if !said.is_ascii() => said,
            Some(said) => format!("{}：{said}", of_kind(error.kind()).unwrap_or("读写出错")),
            None => of_kind(error.kind()).unwrap_or("读写出错").to_owned(),
        };
    };
    let told = of_kind(error.kind()).or_else(|| of_number(number)).unwrap_or("读写出错");
    format!("{told}（系统错误 {number}）")
}

fn of_kind(kind: ErrorKind) -> Option<&'static str> {
    Some(match kind {
        ErrorKind::NotFound => "没有这个文件或文件夹",
        ErrorKind::PermissionDenied => "没有权限",
        ErrorKind::AlreadyExists => "已经有同名的文件或文件夹",
        ErrorKind::IsADirectory => "这是文件夹，不是文件",
        ErrorKind::NotADirectory => "路径中间有一段是文件，不是文件夹",
        ErrorKind::DirectoryNotEmpty => "文件夹里还有别的东西",
        ErrorKind::ReadOnlyFilesystem => "磁盘是只读的",
        ErrorKind::StorageFull => "磁盘满了",
        ErrorKind::QuotaExceeded => "超过了磁盘配额",
        ErrorKind::FileTooLarge => "文件超过了允许的大小（这个磁盘放不下，或系统限制了文件大小 ulimit -f）",
        ErrorKind::ResourceBusy | ErrorKind::ExecutableFileBusy | ErrorKind::WouldBlock => "正被别的程序占用",
        ErrorKind::CrossesDevices => "不在同一个磁盘上",
        ErrorKind::InvalidFilename => "文件名太长，或有不允许的字符",
        ErrorKind::InvalidInput => "这个路径或文件不能这样用",
        ErrorKind::InvalidData => "内容不是应有的格式（编码不对，或者已损坏）",
        ErrorKind::UnexpectedEof => "文件不完整，没到结尾就断了",
        ErrorKind::BrokenPipe => "接收的程序已经关闭",
        ErrorKind::TimedOut => "等得太久，没有回应",
        ErrorKind::OutOfMemory => "内存不够",
        ErrorKind::Unsupported => "这个磁盘或系统不支持",
        ErrorKind::Interrupted => "被打断",
        ErrorKind::WriteZero => "写不进去",
        ErrorKind::NetworkDown
        | ErrorKind::NetworkUnreachable
        | ErrorKind::HostUnreachable
        | ErrorKind::ConnectionReset
        | ErrorKind::ConnectionAborted
        | ErrorKind::StaleNetworkFileHandle => "与共享盘的网络断开了",
        _ => return None,
    })
}

/// Numbers that have no kind.
fn of_number(number: i32) -> Option<&'static str> {
    match number {
        // ERROR_SHARING_VIOLATION, ERROR_LOCK_VIOLATION, ERROR_USER_MAPPED_FILE
        32 | 33 | 1224 if cfg!(windows) => Some("正在 Excel、WPS 或别的程序中打开"),
        5 => Some("磁盘读写出错，磁盘或共享盘可能坏了"),
        23 | 24 => Some("打开的文件太多"),
        40 => Some("链接绕成了圈"),
        _ => None,
    }
}

/// A text in which every `No such file or directory (os error 2)`, as the standard library writes it, says the same in Chinese.
#[must_use]
pub fn in_chinese(text: &str) -> String {
    const MARK: &str = " (os error ";
    let mut told = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(MARK) {
        let digits = after.split(')').next().unwrap_or_default();
        let error = digits.parse().ok().map(io::Error::from_raw_os_error);
        let english = error.as_ref().map(ToString::to_string).unwrap_or_default();
        let cause = english.split(MARK).next().unwrap_or_default();
        if let (Some(error), Some(before)) = (error, before.strip_suffix(cause)) {
            // Writing to a String cannot fail.
            let _ = write!(told, "{before}{}", plain(&error));
            rest = after.get(digits.len() + 1..).unwrap_or_default();
        } else {
            told.push_str(before);
            told.push_str(MARK);
            rest = after;
        }
    }
    told + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_usual_error_has_its_words() {
        for number in [1, 2, 5, 13, 17, 20, 21, 24, 27, 28, 30, 36, 39, 40, 122] {
            let told = plain(&io::Error::from_raw_os_error(number));
            assert!(!told.starts_with("读写出错") && told.contains("系统错误"), "{number}: {told}");
        }
        let temporary = tempfile::Builder::new().tempfile_in("/没有/这个").expect_err("no such folder");
        assert_eq!(plain(&temporary), "没有这个文件或文件夹（系统错误 2）");
        assert_eq!(plain(&io::Error::other("它不是普通文件")), "它不是普通文件");
        assert_eq!(plain(&io::Error::other("bad thing")), "读写出错：bad thing");
        assert_eq!(plain(&ErrorKind::UnexpectedEof.into()), "文件不完整，没到结尾就断了");
    }

    #[test]
    fn what_a_library_says_in_english_is_said_in_chinese_and_nothing_else_is_touched() {
        let library = io::Error::from_raw_os_error(2).to_string();
        let told = in_chinese(&format!("a.parquet: External: {library}；再试 (os error 13) (os error x)"));
        assert_eq!(told, "a.parquet: External: 没有这个文件或文件夹（系统错误 2）；再试 (os error 13) (os error x)");
        assert_eq!(in_chinese("没有错"), "没有错");
    }
}
