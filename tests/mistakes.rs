//! What an operator does wrong: paths, arguments, files of another kind. Each mistake has its documented exit code, a message in Chinese
//! that says what, where and what to do, no bare word of the operating system, and leaves every byte on the desk as it was.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::{self, program, root};

/// A month's work on one desk: registers, a run, its ledger, and what lies about.
pub(crate) struct Desk {
    folder: tempfile::TempDir,
}

/// Arguments (`@` stands for the desk), exit code, and words that the message must have.
type Mistake = (&'static str, i32, &'static [&'static str]);

/// The user without rights of his own.
#[cfg(unix)]
const NOBODY: u32 = 65_534;

#[cfg(unix)]
fn is_superuser() -> bool {
    Command::new("id").arg("-u").output().is_ok_and(|output| output.stdout.starts_with(b"0\n"))
}

/// What the operating system and SQLite say, and a clerk should not have to read alone.
const ENGLISH: [&str; 12] = [
    "(os error",
    "No such file",
    "Permission denied",
    "Is a directory",
    "Not a directory",
    "File exists",
    "Directory not empty",
    "malformed",
    "unable to open",
    "not a database",
    "locked",
    "panicked",
];

impl Desk {
    pub(crate) fn new() -> Self {
        let desk = Self { folder: tempfile::tempdir().expect("a folder") };
        let (code, told) = desk.bidui("practice --out @/p --households 40 --layout plain");
        assert_eq!(code, 0, "{told}");
        fs::rename(desk.at("p/2018-06"), desk.at("2018-06")).expect("moved");
        let (code, told) = desk.bidui("run pipelines/monthly.toml --input @/2018-06 --out @/结果 --ledger @/台账.db");
        assert_eq!(code, 0, "{told}");
        for folder in ["空", "有别的", "导出", "点"] {
            fs::create_dir(desk.at(folder)).expect("a folder");
        }
        let ledger = fs::read(desk.at("台账.db")).expect("a ledger");
        let mut newer = ledger.clone();
        newer[60..64].copy_from_slice(&77_u32.to_be_bytes());
        let model = fs::read_to_string(root("fixtures/tables/deduplicate.toml")).expect("a model");
        let condition = model.replacen("{ test = \"exact\" }", "{ sql = \"l.given_name = = r.given_name\" }", 1);
        let base = format!("base = \"{}\"\nname = \"m\"\n", root("pipelines/monthly.toml").display());
        for (name, bytes) in [
            ("文件", b"123" as &[u8]),
            ("旧.csv", b"old"),
            ("旧.xlsx", b"old"),
            ("旧.html", b"old"),
            ("有别的/a.txt", b"mine"),
            ("导出/a.csv", b"name\n"),
            ("点/.a.csv", b"name\n"),
            ("点/~$a.xlsx", b"x"),
            ("半.db", &ledger[..ledger.len() / 2]),
            ("零.db", b""),
            ("新.db", &newer),
            ("没有钥.toml", format!("{base}key = \"没有.key\"\n").as_bytes()),
            ("错项.toml", format!("{base}workbook = [\"summary\"]\n").as_bytes()),
            ("错底.toml", b"base = \"none.toml\"\nname = \"m\"\n"),
            ("错引号.toml", b"name = \"m\n"),
            ("我的.key", b"b5tq1r7Wk0Yy3mJx9vVn2c8LhZdQf4sA"),
            ("520324199003071234.txt", b"x"),
            ("错两次.toml", b"name = \"m\"\nname = \"n\"\n"),
            ("错类型.toml", b"name = 5\n"),
            ("错节.toml", b"[intake\nname = \"m\"\n"),
            ("错条件.toml", condition.as_bytes()),
            ("弱钥.toml", format!("{base}key = \"{}\"\n", desk.at("弱").display()).as_bytes()),
            ("长钥.toml", format!("{base}key = \"{}\"\n", desk.at("长").display()).as_bytes()),
            ("管钥.toml", format!("{base}key = \"{}\"\n", desk.at("管").display()).as_bytes()),
            ("弱", &[0; 32]),
            ("长", &[7; 5_000]),
            ("台账二.db", &ledger),
            ("台账二.db.receiving", "村里的照片".as_bytes()),
        ] {
            fs::write(desk.at(name), bytes).expect("written");
        }
        // Pages in the midst of the ledger overwritten.
        let mut torn = ledger.clone();
        let (from, to) = ((torn.len() / 4) & !4095, torn.len() * 3 / 4);
        torn[from..to].fill(0xa5);
        fs::write(desk.at("烂.db"), torn).expect("written");
        fs::create_dir_all(desk.at("名册/民政")).expect("a folder");
        fs::copy(desk.at("2018-06/dibao.xlsx"), desk.at("名册/低保.xlsx")).expect("copied");
        fs::copy(desk.at("2018-06/dibao.xlsx"), desk.at("名册/dibao.xlsx")).expect("copied");
        desk.copy("结果", "破");
        fs::remove_file(desk.at("破/stages/links.parquet")).expect("removed");
        fs::write(desk.at("破/stages/findings.parquet"), "bad").expect("written");
        // Files of another run, as sound as they are, and one too many.
        desk.copy("结果", "混");
        fs::copy(desk.at("混/stages/suspended.parquet"), desk.at("混/stages/findings.parquet")).expect("copied");
        fs::copy(desk.at("混/stages/review.parquet"), desk.at("混/stages/links.parquet")).expect("copied");
        desk.copy("结果", "多");
        fs::copy(desk.at("多/stages/people.parquet"), desk.at("多/stages/households.parquet")).expect("copied");
        fs::create_dir_all(desk.at("别家/stages")).expect("a folder");
        fs::write(desk.at("别家/run.json"), "{\"tool\": \"other 1\"}").expect("written");
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink(desk.at("旧.csv"), desk.at("链")).expect("linked");
            std::os::unix::fs::symlink(desk.at("结果"), desk.at("结果链")).expect("linked");
            desk.copy("结果", "管道");
            fs::remove_file(desk.at("管道/stages/links.parquet")).expect("removed");
            for pipe in ["管", "管.xlsx", "管道/stages/links.parquet"] {
                assert!(Command::new("mkfifo").arg(desk.at(pipe)).status().expect("mkfifo").success());
            }
        }
        desk
    }

    pub(crate) fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn copy(&self, from: &str, to: &str) {
        let done = Command::new("cp").arg("-r").arg(self.at(from)).arg(self.at(to)).status().expect("cp");
        assert!(done.success());
    }

    pub(crate) fn command(&self, line: &str) -> Command {
        let desk = self.folder.path().to_str().expect("a plain path");
        let mut command = program();
        command.args(line.split(' ').map(|word| word.replace('@', desk))).current_dir(root(""));
        command
    }

    /// Exit code, and all that is told.
    fn bidui(&self, line: &str) -> (i32, String) {
        Self::said(&mut self.command(line))
    }

    /// As somebody whom rights bind: where the superuser runs the tests, as nobody, to whom the desk was given
    /// with program, pipelines and reports, as theirs may lie where nobody may go.
    #[cfg(unix)]
    fn bound(&self, line: &str) -> (i32, String) {
        use std::os::unix::process::CommandExt as _;
        if !is_superuser() {
            return self.bidui(line);
        }
        let theirs = self.command(line);
        let mut command = Command::new(self.at("bidui"));
        command.args(theirs.get_args()).current_dir(self.folder.path()).uid(NOBODY).gid(NOBODY);
        Self::said(&mut command)
    }

    fn said(command: &mut Command) -> (i32, String) {
        let output = command.output().expect("the program starts");
        let text = support::said(&output);
        (output.status.code().unwrap_or(-1), text)
    }

    /// Every file with its bytes, but for what locks leave.
    fn files(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        let mut files = BTreeMap::new();
        walk(self.folder.path(), &mut files);
        files
    }
}

fn walk(folder: &Path, files: &mut BTreeMap<PathBuf, Vec<u8>>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        if path.is_symlink() || !path.is_dir() && !path.is_file() {
            continue;
        }
        if path.is_dir() {
            walk(&path, files);
        } else if ![".lock"].iter().any(|ending| name.ends_with(ending)) {
            let bytes = fs::read(&path).expect("readable");
            files.insert(path, bytes);
        }
    }
}

const RUN: &[Mistake] = &[
    ("run pipelines/month.toml --input @/2018-06 --out @/x", 2, &["pipelines/month.toml", "没有这个文件", "请检查路径"]),
    ("run pipelines --input @/2018-06 --out @/x", 2, &["这是文件夹", "流程文件"]),
    ("run @/2018-06/dibao.xlsx --input @/2018-06 --out @/x", 2, &["dibao.xlsx", "流程文件"]),
    ("run @/2018-06 --input pipelines/monthly.toml --out @/x", 2, &["2018-06", "流程文件"]),
    ("run pipelines/monthly.toml --input @/没有 --out @/x", 2, &["/没有", "没有这个文件", "请检查路径"]),
    ("run pipelines/monthly.toml --input @/空 --period 2018-06 --out @/x", 2, &["没有任何文件", "请检查路径"]),
    ("run pipelines/monthly.toml --input @/点 --period 2018-06 --out @/x", 2, &["没有任何文件", "~$"]),
    ("run pipelines/monthly.toml --input @/导出 --out @/x", 2, &["哪个月", "--period 2018-06"]),
    ("run pipelines/monthly.toml --input @/2018-06 --period 2018年六月 --out @/x", 2, &["--period", "2018年六月", "2018-06"]),
    ("run pipelines/monthly.toml --input @/2018-06 --period 2018-13 --out @/x", 2, &["2018-13", "2018-06"]),
    ("run pipelines/monthly.toml --input @/2018-06 --period 2098-01 --out @/x", 2, &["2098-01", "还没有到", "--period"]),
    ("run pipelines/monthly.toml --input @/2018-06 --as-of 2018-02-30 --out @/x", 2, &["--as-of", "2018-02-30", "2018-06-30"]),
    ("run pipelines/monthly.toml --input @/2018-06 --as-of 2017-06-30 --out @/x", 2, &["2017-06-30", "--as-of"]),
    ("run pipelines/monthly.toml --input @/2018-06 --town 土坪 --out @/x", 2, &["土坪", "是不是土坪镇"]),
    ("run pipelines/monthly.toml --input @/2018-06 --village 高台 --out @/x", 2, &["高台", "是不是", "高台村"]),
    (
        "run pipelines/monthly.toml --input @/2018-06 --town 土坪镇 --village 燕子坝村 --out @/x",
        2,
        &["燕子坝村", "瑞溪镇", "--town"],
    ),
    ("run pipelines/monthly.toml --input @/2018-06 --town 北京市 --out @/x", 2, &["北京市", "请写全名"]),
    ("run pipelines/township.toml --input @/2018-06 --out @/x", 2, &["--town", "土坪镇"]),
    ("run pipelines/monthly.toml --input @/2018-06 --accept-partial dibo --out @/x", 2, &["dibo", "dibao"]),
    ("run pipelines/monthly.toml --input @/2018-06 --accept-partial insurance:土坪 --out @/x", 2, &["土坪", "土坪镇"]),
    ("run pipelines/monthly.toml --input @/2018-06 --accept-partial :土坪镇 --out @/x", 2, &["insurance:土坪镇"]),
    ("run pipelines/monthly.toml --input @/2018-06 --out @/文件", 2, &["/文件", "是文件，不是文件夹", "请用 --out"]),
    ("run pipelines/monthly.toml --input @/2018-06 --out @/结果/七月", 2, &["在运行文件夹", "请用 --out"]),
    ("run pipelines/monthly.toml --input @/2018-06 --out @/结果/reports", 2, &["在运行文件夹", "请用 --out"]),
    ("run fixtures/tables/link.toml --input fixtures/tables/clinic.csv --out @/结果/表", 2, &["在运行文件夹", "请用 --out"]),
    ("run pipelines/monthly.toml --input @/2018-06 --out @/文件/x", 2, &["路径中间有一段是文件"]),
    ("run pipelines/monthly.toml --input @/2018-06 --out @/2018-06", 2, &["不是运行文件夹", "--out"]),
    ("run pipelines/monthly.toml --input @/2018-06 --out @/有别的", 2, &["不是运行文件夹", "--out"]),
    ("run pipelines/monthly.toml --input @/2018-06 @/结果 --out @/x", 2, &["结果", "不能与别的 --input 混用"]),
    ("run pipelines/monthly.toml --input @/结果 --out @/结果", 2, &["--out", "请换一个"]),
    ("run pipelines/monthly.toml --input @/结果 --period 2018-07 --out @/x", 2, &["2018-06", "2018-07", "请改用原始文件"]),
    ("run pipelines/example-2024.toml --input @/结果 --out @/x", 2, &["结果", "重新比对一次", "也可以直接用原始文件"]),
    ("run pipelines/township.toml --input @/破 --town 土坪镇 --out @/x", 2, &["/破", "重做一遍"]),
    (
        "run pipelines/village-lists.toml --input @/混 --ledger @/台账.db --out @/x",
        2,
        &["stages/links.parquet", "不是那次运行写的", "重做一遍"],
    ),
    ("run pipelines/township.toml --input @/混 --town 土坪镇 --out @/x", 2, &["stages/links.parquet", "重做一遍"]),
    ("run pipelines/village-lists.toml --input @/多 --out @/x", 2, &["stages/households.parquet", "run.json 里没有它"]),
    ("run pipelines/monthly.toml --input @/2018-06 --previous @/混 --out @/x", 2, &["stages/links.parquet", "不是那次运行写的"]),
    ("run pipelines/monthly.toml --input @/2018-06 --previous @/多 --out @/x", 2, &["stages/households.parquet", "重做一遍"]),
    ("run @/弱钥.toml --input @/2018-06 --out @/x", 2, &["/弱", "来回重复", "用 bidui key 新建"]),
    ("run @/长钥.toml --input @/2018-06 --out @/x", 2, &["/长", "4096", "请检查"]),
    ("run pipelines/monthly.toml --input @/别家 --out @/x --period 2018-06", 2, &["别家", "不是 bidui"]),
    (
        "run pipelines/monthly.toml --input @/2018-06 --decisions @/没有.xlsx --out @/x",
        2,
        &["没有.xlsx", "没有这个文件", "请检查路径"],
    ),
    ("run pipelines/monthly.toml --input @/2018-06 --decisions @/空 --out @/x", 2, &["它是文件夹", "请指定填好的"]),
    ("run pipelines/monthly.toml --input @/2018-06 --decisions @/2018-06/dibao.xlsx --out @/x", 2, &["dibao.xlsx", "待核对"]),
    ("run pipelines/monthly.toml --input @/2018-06 --previous @/空 --out @/x", 2, &["--previous", "请指定上个月的"]),
    ("run pipelines/monthly.toml --input @/2018-06 --previous @/没有 --out @/x", 2, &["--previous", "请指定上个月的"]),
    ("run @/没有钥.toml --input @/2018-06 --out @/x", 2, &["没有.key", "没有这个文件"]),
    ("run @/错项.toml --input @/2018-06 --out @/x", 2, &["workbook", "是不是“workbooks”"]),
    ("run @/错底.toml --input @/2018-06 --out @/x", 2, &["none.toml", "没有这个文件"]),
    ("run @/错引号.toml --input @/2018-06 --out @/x", 2, &["错引号.toml:1:", "读不懂", "引号没有成对", "建议"]),
    ("run @/错两次.toml --input @/2018-06 --out @/x", 2, &["错两次.toml:2:1", "同一项写了两次", "只留一处"]),
    ("run @/错类型.toml --input @/2018-06 --out @/x", 2, &["错类型.toml:1:8", "类型不对", "文字要加引号"]),
    ("run @/错节.toml --input @/2018-06 --out @/x", 2, &["错节.toml:1:", "读不懂", "建议"]),
    ("run @/错条件.toml --input @/2018-06 --out @/x", 2, &["错条件.toml:", "条件写法有误", "到这里读不下去", "引号、括号要成对"]),
    ("run pipelines/monthly.toml --input @/2018-06 --outt @/x", 2, &["--outt", "是不是 --out"]),
    ("run pipelines/monthly.toml --input @/2018-06", 2, &["少写了", "--out"]),
    ("run pipelines/monthly.toml --input @/2018-06 --out", 2, &["--out", "少了内容"]),
    ("run pipelines/monthly.toml --input @/2018-06 --out @/x --until 规则", 2, &["--until", "规则", "assess"]),
    ("runn pipelines/monthly.toml", 2, &["runn", "命令", "是不是 run"]),
];

const LEDGER: &[Mistake] = &[
    ("run pipelines/monthly.toml --input @/2018-06 --out @/x --ledger @/空", 2, &["是文件夹", "台账.db"]),
    ("run pipelines/monthly.toml --input @/2018-06 --out @/x --ledger @/旧.xlsx", 2, &["旧.xlsx", "不是比对台账", "请检查"]),
    ("run pipelines/monthly.toml --input @/2018-06 --out @/x --ledger @/半.db", 2, &["半.db", "损坏", "备份"]),
    ("run pipelines/monthly.toml --input @/2018-06 --out @/x --ledger @/零.db", 2, &["零.db", "0 字节", "备份"]),
    ("run pipelines/monthly.toml --input @/2018-06 --out @/x --ledger @/新.db", 2, &["更新版本", "请升级"]),
    ("run pipelines/monthly.toml --input @/2018-06 --out @/x --ledger @/文件/台账.db", 2, &["文件/台账.db", "请检查路径"]),
    ("run pipelines/monthly.toml --input @/2018-06 --out @/x --town 土坪镇 --ledger @/没有.db", 2, &["没有台账", "--ledger"]),
    ("run pipelines/monthly.toml --input @/2018-06 --out @/x --ledger @/烂.db", 2, &["烂.db", "损坏", "备份", "不要删它"]),
    ("run pipelines/village-lists.toml --input @/结果 --out @/x --ledger @/烂.db", 2, &["烂.db", "损坏", "备份", "不要删它"]),
    ("run pipelines/monthly.toml --input @/2018-06 --out @/x --ledger @/x/台账.db", 2, &["--out", "里面", "请把台账放到别处"]),
    ("run pipelines/monthly.toml --input @/2018-06 --out @/结果 --ledger @/结果/新台账.db", 2, &["里面", "请把台账放到别处"]),
    (
        "run pipelines/monthly.toml --input @/2018-06 --out @/x --ledger @/没有的/夹/台账.db",
        2,
        &["没有的/夹/台账.db", "文件夹不存在", "请检查"],
    ),
    (
        "run pipelines/monthly.toml --input fixtures/2018-06 --period 2018-05 --out @/x --ledger @/台账.db",
        2,
        &["2018-05", "2018-06 的", "也没有记入台账", "请改正 --period"],
    ),
    (
        "run pipelines/monthly.toml --input fixtures/2018-06 --period 2019-06 --out @/x --ledger @/台账.db",
        2,
        &["2019-06", "请改正"],
    ),
    ("receive @/台账二.db @/结果/reports --out @/回执", 2, &["台账二.db.receiving", "没有动它", "请把它移走"]),
    ("receive @/烂.db @/结果/reports", 2, &["烂.db", "损坏", "备份", "不要删它"]),
    ("purge --ledger @/烂.db --older-than 1d --yes", 2, &["烂.db", "损坏", "备份", "不要删它"]),
    ("receive @/半.db @/结果/reports", 2, &["半.db", "损坏", "备份"]),
    ("receive @/零.db @/结果/reports", 2, &["零.db", "0 字节"]),
    ("receive @/空 @/结果/reports", 2, &["是文件夹"]),
    ("purge --ledger @/半.db --older-than 1d --yes", 2, &["半.db", "损坏", "备份"]),
    ("purge --ledger @/零.db --older-than 1d --yes", 2, &["零.db", "0 字节"]),
    ("purge --ledger @/旧.xlsx --older-than 1d", 2, &["旧.xlsx", "不是比对台账"]),
    ("purge --ledger @/没有.db --older-than 1d", 2, &["没有台账", "请检查路径"]),
];

const OTHERS: &[Mistake] = &[
    ("check pipelines/monthly.toml --input @/没有", 2, &["/没有", "没有这个文件", "请检查路径"]),
    ("check pipelines/monthly.toml --input @/文件", 3, &["未接收", "怎么办"]),
    ("check pipelines/monthly.toml --input @/空", 2, &["没有任何文件"]),
    ("check @/2018-06/dibao.xlsx", 2, &["dibao.xlsx", "流程文件"]),
    ("facts @/没有.toml", 2, &["没有.toml", "请检查路径"]),
    ("receive @/结果/reports/2018-06_汇总.xlsx @/台账.db", 2, &["汇总.xlsx", "不是比对台账"]),
    ("receive @/没有.db @/结果/reports", 2, &["没有台账", "请检查路径"]),
    ("receive @/台账.db @/没有.xlsx", 2, &["没有.xlsx", "请检查路径"]),
    ("receive @/台账.db @/空", 2, &["没有任何文件"]),
    ("receive @/台账.db @/2018-06/dibao.xlsx --out @/回执", 3, &["dibao.xlsx", "未接收"]),
    ("receive @/台账.db @/结果/reports --out @/文件", 2, &["/文件", "文件夹用不了"]),
    ("receive @/台账.db @/结果/reports --out @/结果", 2, &["在运行文件夹", "请写到别的文件夹"]),
    ("receive @/台账.db @/结果/reports --pipeline pipelines/example-2024.toml", 2, &["returns", "请在里面加一行"]),
    ("receive @/台账.db", 2, &["少写了", "FILES"]),
    ("export @/结果 finding", 2, &["finding", "findings"]),
    ("export @/2018-06 findings", 2, &["不是 bidui 的运行文件夹", "--out"]),
    ("export @/没有 findings", 2, &["不是 bidui 的运行文件夹"]),
    ("export @/文件 findings", 2, &["不是 bidui 的运行文件夹"]),
    ("export @/别家 findings", 2, &["run.json 不是 bidui 写的"]),
    ("export findings @/结果", 2, &["findings 不是 bidui 的运行文件夹"]),
    ("export @/混 findings", 2, &["stages/findings.parquet", "不是那次运行写的", "重做一遍"]),
    ("diff @/结果 @/混", 2, &["/混", "stages/findings.parquet", "不是那次运行写的"]),
    ("explain @/混 --person 甲", 2, &["stages/links.parquet", "不是那次运行写的"]),
    ("diagnose @/混", 2, &["stages/links.parquet", "不是那次运行写的"]),
    ("evaluate @/混 --truth @/p/truth/2018-06", 2, &["stages/links.parquet", "不是那次运行写的"]),
    ("diagnose @/结果 --sample @/空", 2, &["抽查表", "--sample"]),
    ("practice --out @/q --months 100000", 2, &["--months", "120"]),
    ("export @/破 findings", 2, &["findings.parquet", "重做一遍"]),
    ("export @/结果 finding --out @/旧.csv", 2, &["没有表"]),
    ("export @/结果 findings --out @/旧.csv", 2, &["旧.csv", "已经有了", "--force"]),
    ("export @/结果 findings --out @/空", 2, &["是文件夹", "文件名"]),
    ("export @/结果 findings --out @/没有/x.csv", 2, &["没有/x.csv", "请先建好"]),
    ("export @/结果 findings --out @/文件/x.csv --force", 2, &["文件/x.csv", "请先建好"]),
    ("export @/结果 findings --out @/结果/stages/findings.parquet --force", 2, &["在运行文件夹", "请写到别的文件夹"]),
    ("export @/结果 findings --out @/结果/run.json --force", 2, &["在运行文件夹"]),
    ("export @/结果 findings --out @/台账.db --force", 2, &["台账.db", "是台账", "--force 也不会", "请换一个"]),
    ("export @/结果 findings --out @/我的.key --force", 2, &["我的.key", "密钥", "--force 也不会"]),
    ("export @/结果 findings --out @/2018-06/dibao.xlsx --format xlsx --force", 2, &["dibao.xlsx", "名册", "--force 也不会"]),
    ("explain @/结果 --person 甲 --html @/名册/低保.xlsx --force", 2, &["低保.xlsx", "名册", "--force 也不会"]),
    ("explain @/结果 --person 甲 --html @/我的.key --force", 2, &["我的.key", "密钥", "--force 也不会"]),
    ("diff @/结果 @/结果 --xlsx @/2018-06/poverty.xlsx --force", 2, &["poverty.xlsx", "名册", "--force 也不会"]),
    ("diff @/结果 @/结果 --xlsx @/台账.db --force", 2, &["台账.db", "是台账"]),
    ("export @/结果 findings --out @/错项.toml --force", 2, &["错项.toml", "定义", "--force 也不会"]),
    ("practice --out @/名册/.. --layout plain --force", 2, &["不是练习数据", "名册", "请用 --out"]),
    ("key @/台账.db", 2, &["台账.db", "已经有了"]),
    ("key @/我的.key", 2, &["我的.key", "已经有了"]),
    ("key @/结果/x.key", 2, &["运行文件夹", "没有写"]),
    ("export @/520324199003071234.txt findings", 2, &["520324********1234", "中间几位用 * 代替"]),
    ("export @/结果 findings --format 表格", 2, &["--format", "csv"]),
    ("explain @/结果 --person 没有这个人", 2, &["没有这个人", "姓名须写全"]),
    ("explain @/结果 --household 000", 2, &["没有这一户"]),
    ("explain @/结果 --finding F000", 2, &["没有这条疑点", "以 F 开头"]),
    ("explain @/结果", 2, &["少写了", "--person"]),
    ("explain @/结果 --person 甲 --finding 乙", 2, &["--person", "--finding", "不能"]),
    ("explain @/空 --person 甲", 2, &["不是 bidui 的运行文件夹"]),
    ("explain @/破 --person 甲", 2, &["重做一遍"]),
    ("explain @/结果 --person 甲 --html @/结果/run.json --force", 2, &["在运行文件夹"]),
    ("explain @/结果 --person 甲 --pipeline pipelines/example-2024.toml", 2, &["与那次运行所用的定义不同", "请用"]),
    ("diff @/结果 @/空", 2, &["/空 不是 bidui 的运行文件夹"]),
    ("diff @/结果", 2, &["少写了", "NEW"]),
    ("diff @/结果 @/结果 --xlsx @/旧.xlsx", 2, &["旧.xlsx", "已经有了", "--force"]),
    ("diff @/结果 @/结果 --xlsx @/结果/reports/x.xlsx --force", 2, &["在运行文件夹"]),
    ("evaluate @/结果 --truth @/没有", 2, &["rows.csv", "--truth"]),
    ("evaluate @/结果", 2, &["--truth"]),
    ("evaluate @/空 --truth @/p/truth/2018-06", 2, &["/空", "不是 bidui 的运行文件夹"]),
    ("diagnose @/空", 2, &["/空", "不是 bidui 的运行文件夹"]),
    ("diagnose @/结果 --sample @/2018-06/dibao.xlsx", 2, &["dibao.xlsx", "请用"]),
    ("practice --out @/结果", 2, &["在运行文件夹", "请写到别的文件夹"]),
    ("practice --out @/文件", 2, &["/文件/", "没有动"]),
    ("practice --out @/p --households 50", 2, &["已经有了", "--force"]),
    ("practice --out @/q --households 0", 2, &["--households", "至少为 1"]),
    ("practice --out @/q --households 很多", 2, &["--households", "数字"]),
    ("practice --out @/q --divisions @/没有", 2, &["/没有/", "--divisions"]),
    ("practice --out @/q --partial 保险", 2, &["--partial", "insurance"]),
    ("purge @/没有 --older-than 1d", 2, &["/没有", "什么也没有删", "请写运行文件夹"]),
    ("purge @/结果 @/没有 --older-than 1d --as-of 2090-01-01 --yes", 2, &["/没有", "什么也没有删"]),
    ("purge @/文件 --older-than 1d", 2, &["/文件", "什么也没有删"]),
    ("purge @/结果 --older-than 半年", 2, &["半年", "180d"]),
    ("purge @/结果 --older-than -5", 2, &["-5"]),
    ("purge @/结果", 2, &["少写了", "--older-than"]),
    ("purge @/结果 --older-than 1d --as-of 2090-01-01 --yes --receipt @/旧.csv", 2, &["旧.csv", "什么也没有删", "--receipt"]),
    ("purge @/结果 --older-than 1d --as-of 2090-01-01 --yes --receipt @/结果/r.csv", 2, &["在运行文件夹", "什么也没有删"]),
    ("purge @/别家 @/有别的 @/2018-06 --older-than 1d --as-of 2090-01-01 --yes", 0, &["不是 bidui 的运行文件夹", "什么也没有删"]),
];

#[cfg(unix)]
const LINKS: &[Mistake] = &[
    ("run @/管钥.toml --input @/2018-06 --out @/x", 2, &["/管", "不是普通文件", "请检查"]),
    ("run pipelines/village-lists.toml --input @/管道 --out @/x", 2, &["stages/links.parquet", "不是普通文件"]),
    ("explain @/管道 --person 甲", 2, &["stages/links.parquet", "不是普通文件"]),
    ("export @/管道 links", 2, &["stages/links.parquet", "不是普通文件"]),
    ("run pipelines/monthly.toml --input @/2018-06 --decisions @/管.xlsx --out @/x", 2, &["管.xlsx", "不是普通文件"]),
    ("run pipelines/monthly.toml --input @/管.xlsx --period 2018-06 --out @/x", 2, &["管.xlsx", "不是普通文件"]),
    ("receive @/管 @/结果/reports", 2, &["/管", "不是"]),
    ("receive @/台账.db @/管.xlsx --out @/回执", 2, &["管.xlsx", "不是普通文件"]),
    ("export @/结果 findings --out @/链 --force", 2, &["是一个链接", "旧.csv", "请直接写明"]),
    ("export @/结果 findings --out @/结果链/x.csv", 2, &["在运行文件夹", "请写到别的文件夹"]),
    ("purge @/结果链 --older-than 1d --as-of 2090-01-01 --yes", 0, &["是链接", "什么也没有删"]),
    ("purge @/结果链/ --older-than 1d --as-of 2090-01-01 --yes", 0, &["是链接", "什么也没有删"]),
];

#[test]
fn every_mistake_has_its_code_says_what_to_do_and_harms_nothing() {
    let desk = Desk::new();
    let before = desk.files();
    let mut wrong = Vec::new();
    let mut check = |(line, expected, words): &Mistake| {
        let (code, told) = desk.bidui(line);
        let mut say = |what: String| wrong.push(format!("bidui {line}\n  {what}\n  {}", told.replace('\n', "\n  ")));
        if code != *expected {
            say(format!("exit code {code}, not {expected}"));
        }
        if let Some(word) = words.iter().find(|word| !told.contains(**word)) {
            say(format!("does not say “{word}”"));
        }
        if let Some(english) = ENGLISH.iter().find(|english| told.contains(**english)) {
            say(format!("says “{english}”"));
        }
        let after = desk.files();
        for (path, bytes) in &before {
            if after.get(path) != Some(bytes) {
                say(format!("{} is not as it was", path.display()));
            }
        }
    };
    let litter = ["旧.xlsx.lock", "空.lock", "零.db.lock", "文件.lock"];
    let mistakes = RUN.iter().chain(LEDGER).chain(OTHERS);
    mistakes.clone().for_each(&mut check);
    #[cfg(unix)]
    LINKS.iter().for_each(&mut check);
    assert!(mistakes.count() >= 50);
    assert!(!litter.iter().any(|name| desk.at(name).exists()), "a lock beside what is no ledger");
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n\n"));
}

#[test]
fn whoever_holds_a_folder_or_the_ledger_is_named_by_every_command_alike() {
    let desk = Desk::new();
    let before = desk.files();
    let hold = |name: &str| {
        let file = File::options().read(true).write(true).create(true).truncate(false).open(desk.at(name)).expect("a lock");
        file.try_lock().expect("free");
        file
    };
    let (ledger, _run) = (hold("台账.db.lock"), hold("结果/.lock"));
    for line in [
        "run pipelines/monthly.toml --input @/2018-06 --out @/结果",
        "run pipelines/monthly.toml --input @/2018-06 --out @/x --ledger @/台账.db",
        "receive @/台账.db @/结果/reports --out @/回执",
        "purge --ledger @/台账.db --older-than 1d --yes",
        "purge @/结果 --older-than 1d --as-of 2090-01-01 --yes --receipt @/r.csv",
    ] {
        let (code, told) = desk.bidui(line);
        assert!(code == 6 && told.contains("占用"), "bidui {line}: {code} {told}");
    }
    let after = desk.files();
    assert!(before.iter().all(|(path, bytes)| after.get(path) == Some(bytes)));
    // Another program has the ledger open for writing.
    drop(ledger);
    let other = rusqlite::Connection::open(desk.at("台账.db")).expect("opens");
    other.execute_batch("BEGIN IMMEDIATE").expect("held");
    for line in ["receive @/台账.db @/结果/reports --out @/回执", "purge --ledger @/台账.db --older-than 1d --yes"] {
        let (code, told) = desk.bidui(line);
        assert!(code == 6 && told.contains("占用") && told.contains("没有改动"), "bidui {line}: {code} {told}");
    }
}

/// What the system does not allow ends with a sentence, and with nothing half-made.
#[cfg(target_os = "linux")]
#[test]
fn limits_of_the_system_are_told() {
    let desk = Desk::new();
    let before = desk.files();
    let within = |limit: &str, line: &str| {
        let desk = desk.folder.path().to_str().expect("a plain path");
        let arguments = line.split(' ').map(|word| word.replace('@', desk));
        let mut command = Command::new("sh");
        command.args(["-c", &format!("ulimit {limit} && exec \"$0\" \"$@\""), env!("CARGO_BIN_EXE_bidui")]);
        let output = command.args(arguments).current_dir(root("")).output().expect("the program starts");
        let told = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        (output.status.code(), told)
    };
    for line in [
        "export @/结果 people --out @/导出/人.csv",
        "run pipelines/monthly.toml --input @/2018-06 --out @/x",
        "run pipelines/monthly.toml --input @/2018-06 --out @/x --ledger @/小.db",
    ] {
        let (code, told) = within("-f 2", line);
        assert!(code == Some(2) && told.contains("大小") && told.contains('请'), "bidui {line}: {code:?} {told}");
    }
    assert!(!desk.at("导出/人.csv").exists() && !desk.at("x/run.json").exists());
    // Too little memory is the system's fault and no file's.
    for (limit, enough) in [("-v 200000", false), ("-v 900000", true)] {
        let (code, told) = within(limit, "run pipelines/monthly.toml --input @/2018-06 --out @/x");
        // What is enough depends on how many threads there are.
        assert!(enough || code == Some(2) && told.contains("ulimit -v"), "{limit}: {code:?} {told}");
        assert!(!told.contains("另存为"), "{limit}: {told}");
    }
    // The superuser may start as many as he likes.
    if !is_superuser() {
        let (code, told) = within("-u 1", "run pipelines/monthly.toml --input @/2018-06 --out @/x");
        assert!(code == Some(2) && told.contains("ulimit -u"), "{code:?} {told}");
    }
    let after = desk.files();
    assert!(before.iter().all(|(path, bytes)| after.get(path) == Some(bytes)));
}

/// A key that others can read is told; a ledger that was read-only for a while opens again.
#[cfg(unix)]
#[test]
fn rights_are_told_and_mended() {
    use std::os::unix::fs::PermissionsExt as _;
    let desk = Desk::new();
    let set = |name: &str, mode: u32| fs::set_permissions(desk.at(name), fs::Permissions::from_mode(mode)).expect("set");
    let text = fs::read_to_string(desk.at("没有钥.toml")).expect("a pipeline");
    let text = text.replace("没有.key", desk.at("我的.key").to_str().expect("plain"));
    fs::write(desk.at("有钥.toml"), text).expect("written");
    for (mode, told) in [(0o666, true), (0o640, true), (0o600, false)] {
        set("我的.key", mode);
        let (code, said) = desk.bidui("check @/有钥.toml");
        assert!(code == 0 && said.contains("别人也能读") == told, "{mode:o}: {said}");
    }
    set("台账.db", 0o400);
    let line = "run pipelines/village-lists.toml --input @/结果 --out @/x --ledger @/台账.db";
    let (code, told) = desk.bidui(line);
    // The superuser writes where nobody may.
    assert!(code == 0 || code == 2 && told.contains("只读"), "{code} {told}");
    set("台账.db", 0o600);
    let (code, told) = desk.bidui(line);
    assert_eq!(code, 0, "{told}");
}

/// With another key every id is another: nothing in the ledger would be known again.
#[test]
fn a_ledger_is_not_gone_on_with_another_key() {
    let desk = Desk::new();
    let text = fs::read_to_string(desk.at("没有钥.toml")).expect("a pipeline");
    let text = text.replace("没有.key", desk.at("我的.key").to_str().expect("plain"));
    fs::write(desk.at("有钥.toml"), text).expect("written");
    let line = "run pipelines/monthly.toml --input @/2018-06 --out @/x --ledger @/钥.db";
    assert_eq!(desk.bidui(line).0, 0);
    let ledger = fs::read(desk.at("钥.db")).expect("a ledger");
    let (code, told) = desk.bidui("run @/有钥.toml --input @/2018-06 --out @/y --ledger @/钥.db");
    assert!(code == 2 && told.contains("另一个密钥") && told.contains("没有改动"), "{code} {told}");
    assert!(fs::read(desk.at("钥.db")).expect("there") == ledger && !desk.at("y/run.json").exists());
    assert_eq!(desk.bidui(line).0, 0);
    // A ledger of the version before does not say with which key it was made; that none of it comes back does.
    let july = line.replace("@/x", "@/z").replace("--out", "--period 2018-07 --out");
    let connection = rusqlite::Connection::open(desk.at("钥.db")).expect("opens");
    connection.execute_batch("DROP TABLE key_mark; PRAGMA user_version = 2;").expect("as version 2 was");
    drop(connection);
    let ledger = fs::read(desk.at("钥.db")).expect("a ledger");
    let (code, told) = desk.bidui(&july.replace("pipelines/monthly.toml", "@/有钥.toml"));
    assert!(code == 2 && told.contains("另一个密钥") && told.contains("没有改动"), "{code} {told}");
    assert!(fs::read(desk.at("钥.db")).expect("there") == ledger && !desk.at("z/run.json").exists());
    assert_eq!(desk.bidui(&july).0, 0);
    let (code, told) = desk.bidui("run @/有钥.toml --input @/2018-06 --period 2018-07 --out @/y --previous @/x");
    assert!(code == 2 && told.contains("练习密钥") && !desk.at("y/run.json").exists(), "{code} {told}");
    assert_eq!(desk.bidui("run @/有钥.toml --input @/2018-06 --out @/y").0, 0);
    assert!(desk.bidui("diff @/x @/y").1.contains("密钥不同"));
}

/// Where there are rights.
#[cfg(unix)]
#[test]
fn missing_rights_are_told_and_nothing_is_begun() {
    use std::os::unix::fs::PermissionsExt as _;
    let desk = Desk::new();
    let set = |name: &str, mode: u32| fs::set_permissions(desk.at(name), fs::Permissions::from_mode(mode)).expect("set");
    fs::create_dir(desk.at("锁着")).expect("a folder");
    fs::copy(desk.at("台账.db"), desk.at("锁着/台账.db")).expect("copied");
    fs::copy(desk.at("台账.db"), desk.at("不让读.db")).expect("copied");
    set("不让读.db", 0o000);
    set("锁着", 0o500);
    if is_superuser() {
        fs::copy(env!("CARGO_BIN_EXE_bidui"), desk.at("bidui")).expect("copied");
        let copied = Command::new("cp").arg("-r").args([root("pipelines"), root("reports")]).arg(desk.folder.path()).status();
        assert!(copied.expect("cp starts").success());
        let given = Command::new("chown").args(["-R", &format!("{NOBODY}:{NOBODY}")]).arg(desk.folder.path()).status();
        assert!(given.expect("chown starts").success());
    }
    for (line, word) in [
        ("export @/结果 findings --out @/锁着/x.csv", "没有权限"),
        ("diff @/结果 @/结果 --xlsx @/锁着/x.xlsx", "没有权限"),
        ("practice --out @/锁着/p", "没有权限"),
        ("run pipelines/monthly.toml --input @/2018-06 --out @/锁着/x", "没有权限"),
        ("run pipelines/monthly.toml --input @/2018-06 --out @/x --ledger @/锁着/台账.db", "没有权限"),
        ("receive @/台账.db @/结果/reports --out @/锁着", "没有权限"),
        ("receive @/不让读.db @/结果/reports --out @/回执", "读不了：没有权限"),
        ("run pipelines/monthly.toml --input @/2018-06 --out @/x --ledger @/不让读.db", "读不了：没有权限"),
    ] {
        let (code, told) = desk.bound(line);
        assert!(code == 2 && told.contains(word) && told.contains("请"), "bidui {line}: {code} {told}");
        let english = ENGLISH.iter().find(|english| told.contains(**english));
        assert!(english.is_none(), "bidui {line}: says {english:?}: {told}");
    }
    set("锁着", 0o700);
}
