//! `bidui explain`.

use super::args::ExplainArgs;
use super::{Failure, ui, write_file};
use crate::ask::explain::Question;
use crate::store::output_file::NewFile;

pub(super) fn explain(arguments: &ExplainArgs) -> Result<u8, Failure> {
    let question = match (&arguments.person, &arguments.household, &arguments.finding) {
        (Some(person), ..) => Question::Person(person.clone()),
        (_, Some(code), _) => Question::Household(code.clone()),
        (_, _, Some(finding)) => Question::Finding(finding.clone()),
        // clap asks for one of the three.
        _ => return Err(Failure::usage("请用 --person、--household 或 --finding 说明要查什么")),
    };
    let page = arguments
        .html
        .as_deref()
        .map(|path| NewFile::create(path, arguments.force)?.sparing(&[&arguments.run]))
        .transpose()
        .map_err(Failure::usage)?;
    let explanation =
        crate::ask::explain::explain(&arguments.run, &question, arguments.pipeline.as_deref()).map_err(Failure::usage)?;
    match (&arguments.html, page) {
        (Some(path), Some(page)) => {
            explanation.without_rules.iter().for_each(|why| ui::note(&format!("注意  {why}")));
            ui::result(&write_file(page, path, crate::ask::page::page(&explanation).as_bytes())?);
        }
        _ => ui::result(&explanation.to_string()),
    }
    Ok(0)
}
