//! What a run is asked to read: files, or a finished run's rows and links; and for which towns and villages.
//!
//! Takes the request, gives a [`Source`], or says plainly why it cannot be: a finished run's rows and links are only taken when the
//! definitions they follow from, the period and the day are the same, so that the numbers are the same too.

use std::fs;

use crate::intake::definitions::Definitions;
use crate::intake::inputs::{self, InputError, InputFile, Sought};
use crate::model::date::{Day, Month};
use crate::run::{Request, RunError};
use crate::store::clock;
use crate::store::finished::{self, Finished};

/// What to read.
#[derive(Debug)]
pub(crate) enum Source {
    /// The month's files.
    Files(Vec<InputFile>),
    /// A finished run.
    Run(Box<Finished>),
}

impl Source {
    /// The finished run among the inputs, and the period and day that the run is for. Files are not looked at yet.
    pub(crate) fn period(request: &Request, definitions: &Definitions) -> Result<(Option<Finished>, Month, Day), RunError> {
        for path in &request.inputs {
            // A folder that may not be looked into is no folder without a month.
            let look = || fs::metadata(path).and_then(|kind| if kind.is_dir() { fs::read_dir(path).map(|_| ()) } else { Ok(()) });
            look()
                .and_then(|()| finished::readable(path))
                .map_err(|source| InputError::Unreadable { path: path.clone(), source })?;
        }
        let Some(folder) = request.inputs.iter().find(|path| finished::is_run(path)) else {
            let period = request.period.or_else(|| inputs::period_of(&request.inputs)).ok_or_else(|| {
                RunError::Usage("不知道比对的是哪个月：输入文件夹的名字里没有月份。请加上 --period 2018-06 这样的月份".to_owned())
            })?;
            let as_of = request.as_of.unwrap_or_else(|| period.last_day());
            possible(period, as_of)?;
            return Ok((None, period, as_of));
        };
        if request.inputs.len() > 1 {
            let folder = folder.display();
            return Err(RunError::Usage(format!(
                "{folder} 是一次运行的结果，不能与别的 --input 混用：要么只给它，要么只给原始文件"
            )));
        }
        if request.out.canonicalize().is_ok_and(|out| folder.canonicalize().is_ok_and(|folder| folder == out)) {
            let folder = folder.display();
            return Err(RunError::Usage(format!("--out 就是 --input 的运行文件夹 {folder}，会把它盖掉。请换一个 --out")));
        }
        let run = Finished::open(folder)?;
        let (period, as_of) = same(&run, request, definitions)?;
        Ok((Some(run), period, as_of))
    }

    /// The finished run, or the files listed.
    pub(crate) fn open(finished: Option<Finished>, request: &Request, progress: &dyn Fn(&str)) -> Result<Self, RunError> {
        let Some(run) = finished else {
            let listing = inputs::gather(&request.inputs, Some(&request.out), Sought::Registers)?;
            listing.told.iter().for_each(|line| progress(line));
            return Ok(Self::Files(listing.files));
        };
        Ok(Self::Run(Box::new(run)))
    }

    /// What tells this source from others, for the run's fingerprint.
    pub(crate) fn parts(&self) -> Vec<&str> {
        match self {
            Self::Files(files) => files.iter().flat_map(|file| [file.name.as_str(), file.sha256.as_str()]).collect(),
            Self::Run(run) => vec!["run", &run.sha256],
        }
    }
}

/// Whether there can be registers of that month, and the day is not before it. Nothing that a run gives depends on today.
fn possible(period: Month, as_of: Day) -> Result<(), RunError> {
    let first = Month(period.0 - 1).last_day();
    if as_of <= first {
        return Err(RunError::Usage(format!("截止日期 {as_of} 在比对月份 {period} 之前：请改正 --as-of 或 --period")));
    }
    match clock::today() {
        Some(today) if today <= first => Err(RunError::Usage(format!(
            "比对月份 {period} 还没有到，今天是 {today}：请改正 --period 或输入文件夹的名字；电脑的日期不对就先改正"
        ))),
        _ => Ok(()),
    }
}

/// Period and day of a finished run whose rows and links may be taken.
fn same(run: &Finished, request: &Request, definitions: &Definitions) -> Result<(Month, Day), RunError> {
    let folder = run.folder.display();
    let other = |what: String| RunError::Usage(format!("不能用 {folder} 的结果：{what}。请改用原始文件作 --input"));
    let older = |what: String| {
        RunError::Usage(format!(
            "不能用 {folder} 的结果：{what}。请先用现在的程序和定义把 {} 重新比对一次（bidui run pipelines/monthly.toml --input 当月原始文件 --out 新文件夹），再用新结果作 --input；也可以直接用原始文件作 --input",
            run.run.period
        ))
    };
    let tool = concat!("bidui ", env!("CARGO_PKG_VERSION"));
    if run.run.tool != tool {
        return Err(older(format!("它由 {} 生成，现在是 {tool}", run.run.tool)));
    }
    if run.run.links_hash != definitions.links_hash {
        return Err(older("名册定义、行政区划、比对模型或编号密钥在那次运行以后改过，人员会对得不一样".to_owned()));
    }
    let (Ok(period), Ok(as_of)) = (run.run.period.parse::<Month>(), run.run.as_of.parse::<Day>()) else {
        return Err(other("它的 run.json 没有写明月份".to_owned()));
    };
    if let Some(asked) = request.period.filter(|asked| *asked != period) {
        return Err(other(format!("它比对的是 {period}，这次要 {asked}")));
    }
    if let Some(asked) = request.as_of.filter(|asked| *asked != as_of) {
        return Err(other(format!("它的截止日期是 {as_of}，这次要 {asked}")));
    }
    Ok((period, as_of))
}

/// Towns and villages asked for, by name where a code was given; all must be there, and each village in one of the towns.
pub(crate) fn places(
    request: &Request,
    definitions: &Definitions,
    period: Month,
) -> Result<(Vec<String>, Vec<String>), RunError> {
    let edition = definitions.gazetteer.edition(period);
    if definitions.needs_town && request.towns.is_empty() {
        let names: Vec<&str> = edition.towns().iter().map(|town| town.name.as_str()).collect();
        return Err(RunError::Usage(format!(
            "流程 {} 要用 --town 指明乡镇。{}有：{}",
            definitions.name,
            definitions.county,
            names.join("、")
        )));
    }
    let unknown = |kind: &str, name: &str, near: &[&str]| {
        let near = if near.is_empty() { String::new() } else { format!("。是不是{}？", near.join("、")) };
        RunError::Usage(format!("没有{kind}“{name}”。请写全名，如 土坪镇、燕子坝村，或用行政区划代码{near}"))
    };
    let mut towns = Vec::new();
    for asked in &request.towns {
        let town = edition.towns().iter().find(|town| town.name == *asked || town.code == *asked);
        let near = || edition.towns().iter().map(|town| town.name.as_str()).filter(|name| name.contains(asked.as_str()));
        towns.push(town.ok_or_else(|| unknown("乡镇", asked, &near().collect::<Vec<_>>()))?);
    }
    for asked in request.accepted.iter().filter_map(|accepted| accepted.town.as_ref()) {
        if !edition.towns().iter().any(|town| town.name == *asked || town.code == *asked) {
            let near = edition.towns().iter().map(|town| town.name.as_str()).filter(|name| name.contains(asked.as_str()));
            return Err(unknown("乡镇", asked, &near.collect::<Vec<_>>()));
        }
    }
    let mut villages = Vec::new();
    for asked in &request.villages {
        let all =
            || edition.towns().iter().flat_map(|town| edition.villages(&town.code).iter().map(move |village| (town, village)));
        let found: Vec<_> = all().filter(|(_, village)| village.name == *asked || village.code == *asked).collect();
        let Some((town, village)) = found.first() else {
            let near = all().filter(|(town, _)| towns.is_empty() || towns.iter().any(|asked| asked.code == town.code));
            let near: Vec<&str> =
                near.map(|(_, village)| village.name.as_str()).filter(|name| name.contains(asked.as_str())).take(8).collect();
            return Err(unknown("村", asked, &near));
        };
        if !towns.is_empty() && !found.iter().any(|(town, _)| towns.iter().any(|asked| asked.code == town.code)) {
            return Err(RunError::Usage(format!("村“{asked}”在{}，不在 --town 指明的乡镇", town.name)));
        }
        // A name that several towns use stays a code where a code was given.
        let unique = all().filter(|(_, other)| other.name == village.name).count() == 1;
        villages.push(if unique { village.name.clone() } else { asked.clone() });
    }
    Ok((towns.into_iter().map(|town| town.name.clone()).collect(), villages))
}
