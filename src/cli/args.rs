//! The command line as typed. Filling these types validates forms only; nothing here touches the system.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::ask::export::TableFormat;
use crate::model::date::{Day, Month};
use crate::model::personal::Personal;
use crate::model::register::Accepted;
use crate::practice::Partial;

/// bidui 比对: who is entitled and missing, who receives and should not, where two registries contradict each other.
#[derive(Debug, Parser)]
#[command(name = "bidui", version, about = "Reconciles a county's welfare registries 县级民生保障数据比对", long_about = None)]
#[command(
    after_help = "Exit codes 退出码: 0 done 完成 · 1 findings exist, only with --fail-on-findings 有疑点 · 2 pipeline or command line wrong 配置或命令有误 · \
3 some input refused, the rest done 部分文件未接收 · 4 our fault 程序错误 · 6 another run holds the folder 文件夹被占用 · 130 interrupted, resumable 已中断，可续跑"
)]
pub(super) struct Cli {
    #[command(subcommand)]
    pub(super) command: Command,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Run a pipeline over a month's exports 运行比对
    Run(RunArgs),
    /// Show which registry each file is and what each column means; writes nothing 检查配置与文件
    Check(CheckArgs),
    /// Make the county's key file: 32 random bytes, never over an existing file 新建本县的编号密钥
    Key(KeyArgs),
    /// Take returned lists into the ledger; writes a receipt 收回填好的清单
    Receive(ReceiveArgs),
    /// Make a synthetic county with truth 生成练习数据
    Practice(PracticeArgs),
    /// Measure a run against the truth of its practice county 用真值评估一次运行
    Evaluate(EvaluateArgs),
    /// Everything a run knows of a person, a household or a finding 查一人、一户、一条疑点
    Explain(ExplainArgs),
    /// One table of a run as CSV, JSON, xlsx or Parquet 导出一张表
    Export(ExportArgs),
    /// What changed between two runs: new, gone and why, persisting, with money 两次运行的差别
    Diff(DiffArgs),
    /// Remove run folders older than a set age, with a receipt 清理到期的运行文件夹
    Purge(PurgeArgs),
    /// How links came about: per registry, weights, thresholds, completeness 关联情况
    Diagnose(DiagnoseArgs),
    /// What a rule may name: facts, parameters, readings, registry columns, as Markdown 规则可以用的名字
    Facts(FactsArgs),
    /// Parse one untrusted file for the parent process.
    #[command(name = "__parse", hide = true)]
    Parse(ParseArgs),
}

#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line, not a state")]
pub(super) struct RunArgs {
    /// Pipeline file, e.g. pipelines/monthly.toml, or a model of tables 流程文件，或连接表的模型
    pub(super) pipeline: PathBuf,
    /// Files, folders or zips to read; or one finished run's folder, whose rows and links are taken 输入文件、文件夹或压缩包；或一次运行的结果文件夹
    #[arg(long, short, required = true, num_args = 1..)]
    pub(super) input: Vec<PathBuf>,
    /// Run folder: empty, missing, or an earlier run's 运行文件夹
    #[arg(long, short)]
    pub(super) out: PathBuf,
    /// Month the run speaks for; default: what the input folder is called 比对月份，如 2018-06
    #[arg(long)]
    pub(super) period: Option<Month>,
    /// Day that ages and deadlines count from; default: last day of the period 截止日期
    #[arg(long)]
    pub(super) as_of: Option<Day>,
    /// Only findings of this town, after county-wide linking; may be repeated 只出该乡镇
    #[arg(long)]
    pub(super) town: Vec<String>,
    /// Only findings of this village; may be repeated 只出该村
    #[arg(long)]
    pub(super) village: Vec<String>,
    /// Stop after this stage 运行到哪一步
    #[arg(long, value_enum)]
    pub(super) until: Option<StageName>,
    /// Ignore what an interrupted run had finished 不续跑，从头开始
    #[arg(long)]
    pub(super) fresh: bool,
    /// Ledger of findings over months: created if missing; lists then ask only for what is open 台账文件：没有就新建，有了就只发新增和未销号的
    #[arg(long, value_name = "FILE")]
    pub(super) ledger: Option<PathBuf>,
    /// A filled-in 是否同一人待核对 workbook: its answers outrank the model; may be repeated 核对过的工作簿
    #[arg(long, value_name = "FILE")]
    pub(super) decisions: Vec<PathBuf>,
    /// Last month's run folder: person and household ids go on from there 上个月的运行文件夹，编号沿用
    #[arg(long, value_name = "RUN")]
    pub(super) previous: Option<PathBuf>,
    /// This register is whole, however few its rows: REGISTRY or REGISTRY:TOWN; may be repeated 确认这个名册（在这个乡镇）是完整的
    #[arg(long, value_name = "REGISTRY[:TOWN]")]
    pub(super) accept_partial: Vec<Accepted>,
    /// For what is posted publicly: mask every number, leave out health and disability 公开版：号码全部脱敏，不列健康、残疾
    #[arg(long)]
    pub(super) mask: bool,
    /// With --mask: names too, 张*三 公开版连姓名也脱敏
    #[arg(long, requires = "mask")]
    pub(super) mask_names: bool,
    /// Exit with 1 when there are findings 有疑点时以 1 退出
    #[arg(long)]
    pub(super) fail_on_findings: bool,
    /// Print run.json to stdout 在标准输出打印 run.json
    #[arg(long)]
    pub(super) json: bool,
}

/// A stage to stop after.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub(super) enum StageName {
    /// Files are read and normalised: records, rejects
    Normalise,
    /// Records are linked: links, people, review
    Link,
    /// Rules are applied: facts, findings, rates
    Assess,
    /// Workbooks are written
    Report,
}

#[derive(Debug, Args)]
pub(super) struct CheckArgs {
    /// Pipeline file 流程文件
    pub(super) pipeline: PathBuf,
    /// Files, folders or zips to look at 要查看的文件
    #[arg(long, short, num_args = 1..)]
    pub(super) input: Vec<PathBuf>,
    /// Also print a mapping to paste into the pipeline for each file 打印可粘贴的列对应关系
    #[arg(long)]
    pub(super) mapping: bool,
    /// Also run every rule's cases 逐条试一遍各条规则的用例
    #[arg(long)]
    pub(super) cases: bool,
}

#[derive(Debug, Args)]
pub(super) struct ReceiveArgs {
    /// Ledger, as bidui run --ledger keeps it 台账文件
    pub(super) ledger: PathBuf,
    /// Returned files, folders or zips 收回的清单、文件夹或压缩包
    #[arg(required = true)]
    pub(super) files: Vec<PathBuf>,
    /// Folder for the receipt; default: the ledger's 回执放在哪个文件夹
    #[arg(long, short)]
    pub(super) out: Option<PathBuf>,
    /// Pipeline file: headers, wordings, layouts 流程文件
    #[arg(long, default_value = "pipelines/monthly.toml")]
    pub(super) pipeline: PathBuf,
    /// Print what became of each row as JSON 以 JSON 打印
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Debug, Args)]
pub(super) struct KeyArgs {
    /// File to make, e.g. pipelines/county.key 密钥文件
    pub(super) path: PathBuf,
}

#[derive(Debug, Args)]
pub(super) struct PracticeArgs {
    /// Folder to write to 输出文件夹
    #[arg(long, short)]
    pub(super) out: PathBuf,
    /// Replace files that are there already 已有同名文件也换掉
    #[arg(long)]
    pub(super) force: bool,
    /// Households of the county 户数
    #[arg(long, default_value_t = 2000)]
    pub(super) households: u32,
    /// Same seed, same bytes 随机种子
    #[arg(long, default_value_t = 1)]
    pub(super) seed: u64,
    /// Months, from 2018-06 月数
    #[arg(long, default_value_t = 1)]
    pub(super) months: u32,
    /// Identity damage: 0 none, 1 as registries really are, 2 double 身份信息损坏程度
    #[arg(long, default_value_t = 1.0)]
    pub(super) noise: f64,
    /// Formats and layouts 文件格式与版式
    #[arg(long, value_enum, default_value = "mixed")]
    pub(super) layout: LayoutName,
    /// Kinds of damage and layouts: 2 all, 1 those that fixtures/ were made with 损坏和版式的种类
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u8).range(1..=2))]
    pub(super) edition: u8,
    /// A registry that comes in short, truth unchanged: insurance:0.5 every second person, disability:cut=0.5 the first half, student:初中 without a stage, a school or a town, tekun the header alone; repeatable 只交一部分的名册
    #[arg(long, value_name = "REGISTRY[:PART]")]
    pub(super) partial: Vec<Partial>,
    /// Folder with the division lists 行政区划文件夹
    #[arg(long, default_value = "pipelines/divisions")]
    pub(super) divisions: PathBuf,
}

/// How practice exports look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum LayoutName {
    /// As county offices send them: several formats, titles, merged cells, subtotals
    Mixed,
    /// One tidy xlsx per registry
    Plain,
}

#[derive(Debug, Args)]
pub(super) struct EvaluateArgs {
    /// Run folder 运行文件夹
    pub(super) run: PathBuf,
    /// Folder with rows.csv, findings.csv, persons.csv; not needed where the tables' model names a truth column 真值文件夹
    #[arg(long)]
    pub(super) truth: Option<PathBuf>,
    /// Print JSON 以 JSON 打印
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Debug, Args)]
#[command(group(clap::ArgGroup::new("question").required(true).args(["person", "household", "finding"])))]
pub(super) struct ExplainArgs {
    /// Run folder 运行文件夹
    pub(super) run: PathBuf,
    /// Person id (P…) or full name 人员编号或姓名
    #[arg(long, value_name = "ID|NAME")]
    pub(super) person: Option<Personal>,
    /// Household code of the poverty registry 户编号
    #[arg(long, value_name = "CODE")]
    pub(super) household: Option<Personal>,
    /// Finding id (F…) 疑点编号
    #[arg(long, value_name = "ID")]
    pub(super) finding: Option<String>,
    /// Pipeline that made the run, for its rules; default: pipelines/NAME.toml by its name 那次运行的流程文件
    #[arg(long)]
    pub(super) pipeline: Option<PathBuf>,
    /// Write one HTML page instead of lines 写成一个网页文件
    #[arg(long, value_name = "FILE")]
    pub(super) html: Option<PathBuf>,
    /// Replace a file that is there already 已有同名文件也换掉
    #[arg(long)]
    pub(super) force: bool,
}

#[derive(Debug, Args)]
pub(super) struct DiagnoseArgs {
    /// Run folder 运行文件夹
    pub(super) run: PathBuf,
    /// Truth of a practice county, for recall by village, sex, age, name and damage 真值文件夹
    #[arg(long, value_name = "DIR")]
    pub(super) truth: Option<PathBuf>,
    /// A verified 对人抽查 workbook, for the measured rate of false links; may be repeated 核对过的抽查表
    #[arg(long, value_name = "FILE")]
    pub(super) sample: Vec<PathBuf>,
    /// The run's pipeline, where its layouts name the columns of that workbook otherwise 版式改过标题时，给出运行用的流程
    #[arg(long, value_name = "FILE")]
    pub(super) pipeline: Option<PathBuf>,
    /// Print JSON 以 JSON 打印
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Debug, Args)]
pub(super) struct FactsArgs {
    /// Pipeline file 流程文件
    #[arg(default_value = "pipelines/monthly.toml")]
    pub(super) pipeline: PathBuf,
    /// Print JSON 以 JSON 打印
    #[arg(long)]
    pub(super) json: bool,
    /// The columns of the stage tables instead 改为列出阶段表各栏
    #[arg(long, conflicts_with = "json")]
    pub(super) stages: bool,
}

#[derive(Debug, Args)]
pub(super) struct ExportArgs {
    /// Run folder 运行文件夹
    pub(super) run: PathBuf,
    /// Table, e.g. findings; a wrong name lists them all 表名，如 findings
    pub(super) table: String,
    /// Form 格式 [default: what the name after --out ends in, else csv 按 --out 的扩展名，否则 csv]
    #[arg(long, value_enum)]
    pub(super) format: Option<TableFormat>,
    /// File to write, readable by its owner only; default: stdout 写入的文件，不写则输出到屏幕
    #[arg(long, short)]
    pub(super) out: Option<PathBuf>,
    /// Replace a file that is there already 已有同名文件也换掉
    #[arg(long)]
    pub(super) force: bool,
}

#[derive(Debug, Args)]
pub(super) struct DiffArgs {
    /// Earlier run folder 上次的运行文件夹
    pub(super) old: PathBuf,
    /// Later run folder 这次的运行文件夹
    pub(super) new: PathBuf,
    /// Print JSON 以 JSON 打印
    #[arg(long)]
    pub(super) json: bool,
    /// Also write a workbook, numbers masked 另写一个工作簿（号码脱敏）
    #[arg(long, value_name = "FILE")]
    pub(super) xlsx: Option<PathBuf>,
    /// Replace a file that is there already 已有同名文件也换掉
    #[arg(long)]
    pub(super) force: bool,
}

#[derive(Debug, Args)]
pub(super) struct PurgeArgs {
    /// Run folders, or folders that hold some 运行文件夹，或装着运行文件夹的文件夹
    #[arg(required_unless_present = "ledger")]
    pub(super) runs: Vec<PathBuf>,
    /// Ledger: forget findings that no month since then has shown 台账：忘掉那以后再没有出现过的疑点及其回复
    #[arg(long, value_name = "FILE")]
    pub(super) ledger: Option<PathBuf>,
    /// Age: days since the run was written, e.g. 180d 超过多少天，如 180d
    #[arg(long, value_name = "DAYS")]
    pub(super) older_than: Days,
    /// Day that ages are counted at; default: today 按哪天算
    #[arg(long)]
    pub(super) as_of: Option<Day>,
    /// Remove; without it only a list is shown 真的删除；不写只列出
    #[arg(long)]
    pub(super) yes: bool,
    /// Also remove outputs that somebody edited, and 手工改过/ 手工改过的也删
    #[arg(long)]
    pub(super) with_edited: bool,
    /// Receipt to write; default: beside the first folder 清理回执文件
    #[arg(long, value_name = "FILE")]
    pub(super) receipt: Option<PathBuf>,
}

/// A number of days: `180`, `180d`, `180天`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Days(pub(super) i32);

impl std::str::FromStr for Days {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let number = text.strip_suffix('d').or_else(|| text.strip_suffix('天')).unwrap_or(text);
        let days: Option<i32> = number.parse().ok().filter(|days| *days >= 0);
        days.map(Self).ok_or_else(|| format!("“{text}”不是天数，写成 180d 这样"))
    }
}

#[derive(Debug, Args)]
pub(super) struct ParseArgs {
    pub(super) file: PathBuf,
    /// Caps, as the parent writes them.
    #[arg(long)]
    pub(super) limits: String,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_well_formed() {
        Cli::command().debug_assert();
    }
}
