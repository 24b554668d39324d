//! `bidui practice`.

use std::fs;

use super::args::{LayoutName, PracticeArgs};
use super::{Failure, ui};
use crate::practice::{Edition, Layout, PracticeError, PracticeOptions, generate, read_divisions};

pub(super) fn practice(arguments: &PracticeArgs) -> Result<u8, Failure> {
    let read = |name: &str| {
        let path = arguments.divisions.join(name);
        fs::read_to_string(&path)
            .map_err(|error| Failure::usage(format!("读不到 {}：{error}。请用 --divisions 指定行政区划文件夹", path.display())))
    };
    let villages =
        read_divisions(&read("zhengan_villages.csv")?, &read("zhengan_streets_history.csv")?).map_err(Failure::usage)?;
    if arguments.out.join("run.json").exists() {
        return Err(Failure::usage(format!("{} 是运行文件夹，请换一个 --out", arguments.out.display())));
    }
    if arguments.households == 0 || arguments.months == 0 || !(0.0..=10.0).contains(&arguments.noise) {
        return Err(Failure::usage("--households 和 --months 至少为 1，--noise 在 0 到 10 之间"));
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
    let mut written = 0;
    generate::<WriteError>(&options, villages, |file| {
        let path = arguments.out.join(&file.path);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(&path, &file.bytes)?;
        written += 1;
        Ok(())
    })
    .map_err(|error| match error {
        WriteError::Practice(error) => Failure::internal(error),
        WriteError::Io(error) => Failure::usage(format!("写入 {} 失败：{error}", arguments.out.display())),
    })?;
    ui::result(&format!("练习数据写入 {}：{written} 个文件，真值在 truth/ 下", arguments.out.display()));
    Ok(0)
}

enum WriteError {
    Practice(PracticeError),
    Io(std::io::Error),
}

impl From<PracticeError> for WriteError {
    fn from(error: PracticeError) -> Self {
        Self::Practice(error)
    }
}

impl From<std::io::Error> for WriteError {
    fn from(error: std::io::Error) -> Self {
        Self::Io(error)
    }
}
