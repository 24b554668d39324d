//! What the program says, word for word: the help of every command, and the mistakes that are made most. Whoever changes a sentence sees here
//! where it is read (tests/golden/said_*.snap). `$` the command, `→` its exit code, then what is on standard output, and after `!` what is on
//! standard error. `@` stands for the desk (mistakes.rs says what lies on it), `VERSION` for the program's.

use std::fs::{self, File};
use std::process::Command;

use crate::mistakes::Desk;
use crate::support::golden::same_as_golden;
use crate::support::{copy, program, root, text};

/// In the order of `bidui --help`.
const COMMANDS: [&str; 13] =
    ["run", "check", "key", "receive", "practice", "evaluate", "explain", "export", "diff", "purge", "diagnose", "facts", "help"];

/// What goes wrong most, as it is typed.
const MISTAKES: [&str; 34] = [
    // Typed wrongly.
    "rnu pipelines/monthly.toml",
    "run pipelines/monthly.toml --input @/2018-06 --uot @/x",
    "run pipelines/monthly.toml --input @/2018-06",
    "run pipelines/monthly.toml --input @/2018-06 --out @/x --period 2018-13",
    "run pipelines/monthly.toml --input @/导出 --out @/x",
    "run pipelines/monthly.toml --input @/2018-06 --out @/x --town 土坪",
    "run pipelines/monthly.toml --input @/2018-06 --out @/x --accept-partial dibo",
    // Not there, or something else.
    "run pipelines/month.toml --input @/2018-06 --out @/x",
    "run pipelines/monthly.toml --input @/没有 --out @/x",
    "run pipelines/monthly.toml --input @/空 --period 2018-06 --out @/x",
    "run @/2018-06/dibao.xlsx --input @/2018-06 --out @/x",
    // Files that cannot be read: encrypted, cut, empty, of bad bytes, no register.
    "check pipelines/monthly.toml --input fixtures/invalid/inputs/加密.xlsx fixtures/invalid/inputs/截断.xlsx \
     fixtures/invalid/inputs/空文件.xlsx fixtures/invalid/inputs/坏字节.csv fixtures/invalid/inputs/会议.csv",
    // Folders.
    "run pipelines/monthly.toml --input @/2018-06 --out @/有别的",
    "run pipelines/monthly.toml --input @/2018-06 --out @/文件",
    "run pipelines/monthly.toml --input @/2018-06 --out @/占用",
    // Ledgers.
    "run pipelines/monthly.toml --input @/2018-06 --out @/x --ledger @/旧.xlsx",
    "run pipelines/monthly.toml --input @/2018-06 --out @/x --ledger @/烂.db",
    "run @/有钥.toml --input @/2018-06 --out @/x --ledger @/台账.db",
    "receive @/没有.db @/结果/reports",
    "receive @/台账.db @/2018-06/dibao.xlsx --out @/回执",
    // Definitions.
    "check @/错项.toml",
    "check @/错两次.toml",
    "check @/没有钥.toml",
    "check @/政策/pipelines/monthly.toml",
    "check fixtures/invalid/tables/unknown-field.toml",
    // Questions about a run.
    "explain @/结果 --person 查无此人",
    "explain @/结果 --finding F000",
    "explain @/结果",
    "export @/结果 finding",
    "export @/结果 findings --out @/旧.csv",
    "export @/2018-06 findings",
    "diff @/结果 @/破",
    "evaluate @/结果 --truth @/没有",
    "purge @/结果",
];

/// A command with all that it says; `known` are paths and what stands for them.
fn transcript(mut command: Command, line: &str, known: &[(&str, &str)]) -> String {
    let output = command.output().expect("the program starts");
    let said = |bytes: &[u8], mark: &str| {
        let text = known.iter().fold(String::from_utf8_lossy(bytes).into_owned(), |text, (path, name)| text.replace(path, name));
        let text = text.replace("bidui.exe", "bidui");
        text.lines().fold(String::new(), |all, line| all + format!("{mark}{}", uncounted(line)).trim_end() + "\n")
    };
    let code = output.status.code().map_or_else(|| "killed".to_owned(), |code| code.to_string());
    let command = format!("$ bidui {line}");
    format!("{}\n→ {code}\n{}{}\n", command.trim_end(), said(&output.stdout, ""), said(&output.stderr, "! "))
}

/// How many registries and rules are shipped is no sentence.
fn uncounted(line: &str) -> String {
    let counts = line.contains("个名册，") && line.contains("条规则，");
    line.chars().map(|c| if counts && c.is_ascii_digit() { '#' } else { c }).collect()
}

#[test]
fn help_is_as_it_was() {
    let known = [(env!("CARGO_PKG_VERSION"), "VERSION")];
    let ask = |line: &str| {
        let mut command = program();
        command.args(line.split(' ').filter(|word| !word.is_empty()));
        transcript(command, line, &known)
    };
    let help = COMMANDS.map(|command| ask(&format!("{command} --help"))).concat();
    let all = ["", "--version", "--help"].map(ask).concat() + &help;
    for command in COMMANDS {
        assert!(all.contains(&format!("\n  {command} ")), "bidui --help does not list {command}");
    }
    same_as_golden("said_help", &all);
}

#[test]
fn mistakes_are_answered_as_they_were() {
    let desk = Desk::new();
    let pipeline = fs::read_to_string(desk.at("没有钥.toml")).expect("a pipeline");
    fs::write(desk.at("有钥.toml"), pipeline.replace("没有.key", "我的.key")).expect("written");
    #[cfg(unix)]
    fs::set_permissions(desk.at("我的.key"), std::os::unix::fs::PermissionsExt::from_mode(0o600)).expect("nobody else's");
    copy(&root("pipelines"), &desk.at("政策/pipelines"));
    copy(&root("reports"), &desk.at("政策/reports"));
    let mistake = root("fixtures/invalid/definitions/policy/unknown-fact.toml");
    fs::copy(mistake, desk.at("政策/pipelines/policy/zhengan-2018/ceshi.toml")).expect("in place");
    fs::create_dir(desk.at("占用")).expect("a folder");
    fs::write(desk.at("占用/.lock"), "进程 4711").expect("written");
    let lock = File::options().write(true).open(desk.at("占用/.lock")).expect("a lock");
    lock.lock().expect("locked");

    let (folder, checkout) = (desk.at(""), root(""));
    let known = [(text(&folder).trim_end_matches('/'), "@"), (text(&checkout), ""), (env!("CARGO_PKG_VERSION"), "VERSION")];
    let all: String = MISTAKES.iter().map(|line| transcript(desk.command(line), line, &known)).collect();
    same_as_golden("said_of_mistakes", &warned_once(&without_today(&all)));
}

/// A receipt is named after the day on which it was written.
fn without_today(text: &str) -> String {
    let mut parts = text.split("回执_");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |all, part| all + "回执_DAY" + &part.chars().skip("2018-06-30".len()).collect::<String>())
}

/// The lines about the practice key stand where they are said first.
fn warned_once(text: &str) -> String {
    let mut seen: Vec<&str> = Vec::new();
    let mut kept = Vec::new();
    for line in text.lines() {
        if line.starts_with("! ！！！") && seen.contains(&line) {
            kept.extend((kept.last() != Some(&"! ！！！…")).then_some("! ！！！…"));
        } else {
            seen.push(line);
            kept.push(line);
        }
    }
    kept.join("\n") + "\n"
}
