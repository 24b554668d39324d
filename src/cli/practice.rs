//! `bidui practice`.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use super::args::{LayoutName, PracticeArgs};
use super::{Failure, ui};
use crate::model::system_error::plain;
use crate::practice::{Edition, Layout, PracticeError, PracticeFile, PracticeOptions, generate, read_divisions};
use crate::store::disk::{read as read_file, read_text as read_text_file};
use crate::store::output_file::{NewFile, OutputError, checked, outside_runs};

/// More months than anybody practises with.
const MONTHS: u32 = 120;

pub(super) fn practice(arguments: &PracticeArgs) -> Result<u8, Failure> {
    let read = |name: &str| {
        let path = arguments.divisions.join(name);
        read_text_file(&path).map_err(|error| {
            let told = plain(&error);
            Failure::usage(format!("读不到 {}：{told}。请用 --divisions 指定行政区划文件夹", path.display()))
        })
    };
    let villages =
        read_divisions(&read("zhengan_villages.csv")?, &read("zhengan_streets_history.csv")?).map_err(Failure::usage)?;
    if arguments.households == 0 || !(1..=MONTHS).contains(&arguments.months) || !(0.0..=10.0).contains(&arguments.noise) {
        return Err(Failure::usage(format!("--households 至少为 1，--months 在 1 到 {MONTHS} 之间，--noise 在 0 到 10 之间")));
    }
    let options = PracticeOptions {
        households: arguments.households,
        seed: arguments.seed,
        months: arguments.months,
        noise: arguments.noise,
        layout: match arguments.layout {
            LayoutName::Mixed => Layout::Mixed,
            LayoutName::Plain => Layout::Plain,
        },
        edition: if arguments.edition == 1 { Edition::First } else { Edition::Second },
        partial: arguments.partial.clone(),
        ..PracticeOptions::default()
    };
    let failure = |error| match error {
        WriteError::Practice(error) => Failure::internal(error),
        WriteError::Output(error) => Failure::usage(error),
        WriteError::Office(path) => Failure::usage(format!(
            "{} 不是练习数据（旁边没有 truth/），可能是单位的名册，加 --force 也不会覆盖。请用 --out 指定一个空的或不存在的文件夹",
            path.display()
        )),
    };
    // Everything is looked at before anything is written.
    if !arguments.force && arguments.out.exists() {
        generate(&options, villages.clone(), |file| untouched(&arguments.out, &file)).map_err(failure)?;
    }
    // Registers of an office bear the same names.
    let is_practice = arguments.out.join("truth").is_dir();
    if arguments.force && arguments.out.exists() && !is_practice {
        let kept =
            |file: PracticeFile| untouched(&arguments.out, &file).map_err(|_| WriteError::Office(arguments.out.join(&file.path)));
        generate(&options, villages.clone(), kept).map_err(failure)?;
    }
    let mut written = 0;
    generate(&options, villages, |file| {
        written += 1;
        write(&arguments.out, &file, arguments.force)
    })
    .map_err(failure)?;
    ui::result(&format!("练习数据写入 {}：{written} 个文件，真值在 truth/ 下", arguments.out.display()));
    Ok(0)
}

/// Whether a file may be written: there is none, or the very same.
fn untouched(out: &Path, file: &PracticeFile) -> Result<(), WriteError> {
    let path = out.join(&file.path);
    if fs::symlink_metadata(&path).is_err() || read_file(&path).is_ok_and(|there| there == file.bytes) {
        return Ok(());
    }
    checked(&path)?;
    Err(OutputError::Exists { path }.into())
}

fn write(out: &Path, file: &PracticeFile, force: bool) -> Result<(), WriteError> {
    let path = out.join(&file.path);
    let fail = |source| OutputError::Io { path: path.clone(), source };
    if let Some(folder) = path.parent().filter(|folder| !folder.is_dir()) {
        outside_runs(&path)?;
        fs::create_dir_all(folder).map_err(fail)?;
    }
    let mut new = NewFile::create(&path, force)?;
    new.write_all(&file.bytes).map_err(fail)?;
    new.finish()?;
    Ok(())
}

enum WriteError {
    Practice(PracticeError),
    Output(OutputError),
    /// It stands where practice data never were.
    Office(PathBuf),
}

impl From<PracticeError> for WriteError {
    fn from(error: PracticeError) -> Self {
        Self::Practice(error)
    }
}

impl From<OutputError> for WriteError {
    fn from(error: OutputError) -> Self {
        Self::Output(error)
    }
}
