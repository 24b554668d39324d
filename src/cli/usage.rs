//! What is wrong with a command line, in Chinese; the parser says it in English only.

use clap::error::{ContextKind, ContextValue, Error, ErrorKind};

/// What was typed wrongly and what to type; `None` where the parser has something to show and nothing to complain of.
pub(super) fn plain(error: &Error) -> Option<String> {
    let of = |kind: ContextKind| match error.get(kind) {
        Some(ContextValue::String(text)) => text.clone(),
        Some(ContextValue::Strings(texts)) => texts.join("、"),
        Some(ContextValue::StyledStr(text)) => text.to_string(),
        Some(ContextValue::StyledStrs(texts)) => texts.iter().map(ToString::to_string).collect::<Vec<_>>().join("、"),
        Some(ContextValue::Number(number)) => number.to_string(),
        _ => String::new(),
    };
    let (argument, value) = (of(ContextKind::InvalidArg), of(ContextKind::InvalidValue));
    let argument = argument.split(" <").next().unwrap_or_default();
    let near = |kind: ContextKind| {
        let near = of(kind);
        if near.is_empty() { String::new() } else { format!("。是不是 {near}？") }
    };
    let told = match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => return None,
        ErrorKind::UnknownArgument => format!("没有“{argument}”这个选项，或者多写了这一项{}", near(ContextKind::SuggestedArg)),
        ErrorKind::InvalidSubcommand => {
            format!("没有“{}”这个命令{}", of(ContextKind::InvalidSubcommand), near(ContextKind::SuggestedSubcommand))
        }
        ErrorKind::MissingSubcommand => "没有写要做什么".to_owned(),
        ErrorKind::MissingRequiredArgument => format!("少写了 {}", of(ContextKind::InvalidArg)),
        ErrorKind::InvalidValue if value.is_empty() => format!("{argument} 后面少了内容"),
        ErrorKind::InvalidValue => {
            format!("{argument} 不能写成“{value}”，可以写：{}{}", of(ContextKind::ValidValue), near(ContextKind::SuggestedValue))
        }
        ErrorKind::ValueValidation => {
            let why = std::error::Error::source(error).map(ToString::to_string).filter(|why| !why.is_ascii());
            format!("{argument} 的“{value}”不对：{}", why.as_deref().unwrap_or("这里要写数字，在允许的范围内"))
        }
        ErrorKind::ArgumentConflict => format!("{argument} 不能和 {} 一起写，或者写了两次", of(ContextKind::PriorArg)),
        ErrorKind::TooFewValues | ErrorKind::WrongNumberOfValues | ErrorKind::NoEquals => format!("{argument} 后面的内容不全"),
        ErrorKind::TooManyValues => format!("{argument} 后面多写了“{value}”"),
        ErrorKind::InvalidUtf8 => "命令里有认不出的字符（路径的编码不对）".to_owned(),
        _ => "命令写得不对".to_owned(),
    };
    let usage = of(ContextKind::Usage);
    let usage = usage.trim().trim_start_matches("Usage: ");
    let usage = if usage.is_empty() { String::new() } else { format!("\n写法：{usage}") };
    Some(format!("{told}{usage}\nbidui --help 列出全部命令，bidui run --help 列出一个命令的写法"))
}
