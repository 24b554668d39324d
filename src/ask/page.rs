//! An explanation as one HTML page: no script, nothing from outside, prints on A4; numbers masked and births as ages as at the terminal: every
//! text passes [`escape`], whatever the row says passes [`Row`] too.

use std::fmt::{self, Write};

use crate::ask::explain::Explanation;
use crate::ask::told::{counted, folded};
use crate::model::finding::Finding;
use crate::model::link::WeightPart;
use crate::model::masking::{Audience, Row, mask_text};
use crate::model::personal::Expose;
use crate::model::picture::{Judged, PersonPicture, Place, SourceRow, Verdict};
use crate::model::text::steers;
use crate::run::picture::joined;
use crate::store::ours::PAGE_GENERATOR;

const STYLE: &str = include_str!("page.css");
/// Bits that fill half of a bar's track.
const FULL: f32 = 20.0;

/// The page.
#[must_use]
pub(crate) fn html(explanation: &Explanation) -> String {
    let mut page = String::new();
    // Writing to a String cannot fail.
    let _ = write(explanation, &mut page);
    page
}

fn write(explanation: &Explanation, page: &mut String) -> fmt::Result {
    let title = escape(explanation.title.expose());
    write!(
        page,
        "<!DOCTYPE html>\n<html lang=\"zh-CN\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
         {PAGE_GENERATOR}\n<title>{title}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<header><h1>{title}</h1><p>{}　号码已脱敏，仅供核查，不得外传</p></header>\n",
        escape(&explanation.period)
    )?;
    if let Some(tables) = &explanation.tables {
        // Lines as they are, bars under bars.
        writeln!(page, "<pre>{}</pre>", escape(tables.expose()).replace("<br>", "\n"))?;
    }
    if !explanation.namesakes.is_empty() {
        write!(page, "<p>{} 人同名，请用人员编号再问：</p><ul>", explanation.namesakes.len())?;
        for line in &explanation.namesakes {
            write!(page, "<li>{}</li>", escape(line.expose()))?;
        }
        page.push_str("</ul>");
    }
    let beside = explanation.beside();
    if let Some(finding) = &explanation.finding {
        write_finding(explanation, finding, &beside, page)?;
    }
    if let Some(household) = &explanation.household {
        let place = format!("{}{}{}", household.town, household.village, household.group);
        writeln!(
            page,
            "<section><h2>户 {} <small>户主 {}，{}，{} 人</small></h2>",
            escape(household.code.expose().unwrap_or_default()),
            escape(household.head.expose()),
            escape(&place),
            explanation.persons.len()
        )?;
        for finding in household.findings.iter().filter(|finding| explanation.finding.as_ref() != Some(finding)) {
            write_finding(explanation, finding, &beside, page)?;
        }
        write_rules(&household.rules, &household.findings, &beside, page)?;
        page.push_str("</section>\n");
    }
    for person in &explanation.persons {
        write_person(explanation, person, &beside, page)?;
    }
    if let Some(why) = &explanation.without_rules {
        writeln!(page, "<p class=\"note\">{}</p>", escape(why))?;
    }
    page.push_str("</body>\n</html>\n");
    Ok(())
}

fn write_person(explanation: &Explanation, person: &PersonPicture, beside: &Row, page: &mut String) -> fmt::Result {
    let audience = Audience::Village;
    let facts: Vec<String> = [
        audience.number(person.number.expose()),
        beside.text(&person.relation),
        person.sex.clone(),
        person.birth.map(|birth| audience.birth(birth, explanation.as_of)).unwrap_or_default(),
        beside.text(&format!("{}{}{}", person.town, person.village, person.group)),
        person.person_id.clone(),
    ]
    .into_iter()
    .filter(|text| !text.is_empty())
    .map(|text| escape(&text))
    .collect();
    writeln!(page, "<section><h2>{} <small>{}</small></h2>", escape(person.name.expose()), facts.join("，"))?;
    for finding in person.findings.iter().filter(|finding| explanation.finding.as_ref() != Some(finding)) {
        write_finding(explanation, finding, beside, page)?;
    }
    page.push_str("<h3>各名册怎样登记，怎样对上</h3>\n<table><thead><tr><th>名册</th><th>出处</th><th>姓名</th><th>号码</th><th>住址</th><th>内容</th><th>怎样对上</th></tr></thead><tbody>\n");
    for row in &person.rows {
        write_row(row, beside, page)?;
    }
    page.push_str("</tbody></table>\n");
    for proposed in &person.proposed {
        writeln!(page, "<p class=\"note\">{}</p>", escape(&beside.text(proposed.expose())))?;
    }
    for doubt in &person.doubts {
        write!(
            page,
            "<div class=\"doubt\"><b>待核对</b>　{} 可能是同一人：权重 {:.1} 比特，概率 {:.4}（{}）",
            escape(&place_text(&doubt.place)),
            doubt.weight,
            doubt.probability,
            escape(&doubt.reason)
        )?;
        write_bars(&doubt.parts, page)?;
        page.push_str("</div>\n");
    }
    write_rules(&person.rules, &person.findings, beside, page)?;
    page.push_str("</section>\n");
    Ok(())
}

fn write_row(row: &SourceRow, beside: &Row, page: &mut String) -> fmt::Result {
    let mut content: Vec<String> = Vec::new();
    if let Some(raw) = &row.number_raw {
        content.push(format!("原写号码={}", Audience::Village.number(raw.expose())));
    }
    if !row.household_code.is_empty() {
        content.push(format!("户号={}", beside.text(row.household_code.expose())));
    }
    content.extend(row.cells.iter().map(|cell| beside.said(&cell.header, cell.value.expose())));
    let state = if row.number_state == "valid" { String::new() } else { format!("（{}）", row.number_state) };
    write!(
        page,
        "<tr><td>{}</td><td>{}</td><td>{}</td><td class=\"number\">{}{}</td><td>{}</td><td>{}</td><td>{}",
        escape(&row.place.title),
        escape(&origin(&row.place)),
        escape(row.name.expose()),
        escape(&Audience::Village.number(row.number.expose())),
        escape(&state),
        escape(&beside.text(row.address.expose())),
        escape(&content.join("，")),
        escape(&joined(row))
    )?;
    write_bars(&row.parts, page)?;
    page.push_str("</td></tr>\n");
    Ok(())
}

fn origin(place: &Place) -> String {
    let sheet = if place.sheet.is_empty() { String::new() } else { format!("，{}", place.sheet.expose()) };
    format!("{}{sheet} 第{}行", place.file.expose(), place.line)
}

fn place_text(place: &Place) -> String {
    format!("{}（{}）", place.title, origin(place))
}

/// Bars to the right speak for the same person, to the left against.
fn write_bars(parts: &[WeightPart], page: &mut String) -> fmt::Result {
    if parts.is_empty() {
        return Ok(());
    }
    page.push_str("<table class=\"bars\"><tbody>\n");
    for part in parts {
        let width = (part.weight.abs() / FULL).min(1.0) * 50.0;
        let (side, left) = if part.weight < 0.0 { ("against", 50.0 - width) } else { ("for", 50.0) };
        writeln!(
            page,
            "<tr><td>{}</td><td>{}</td><td class=\"bits\">{:+.2}</td><td class=\"track\"><i class=\"{side}\" style=\"left:{left:.1}%;width:{width:.1}%\"></i></td></tr>",
            escape(&part.comparison),
            escape(&part.level),
            part.weight
        )?;
    }
    page.push_str("</tbody></table>\n");
    Ok(())
}

fn write_finding(explanation: &Explanation, finding: &Finding, beside: &Row, page: &mut String) -> fmt::Result {
    let title = explanation.titles.get(&finding.rule).map_or(finding.rule.as_str(), String::as_str);
    writeln!(
        page,
        "<article class=\"finding\"><h3>疑点 {} <small>{}，条款 {}，{}</small></h3><p>{}</p>\n<table><thead><tr><th>名册</th><th>出处</th><th>栏目</th><th>内容</th></tr></thead><tbody>",
        escape(&finding.finding_id),
        escape(title),
        escape(finding.ground()),
        finding.confidence.plain(),
        escape(&beside.text(finding.sentence.expose()))
    )?;
    for cell in &finding.evidence {
        let place = match (cell.file.expose(), cell.row) {
            (Some(file), Some(row)) => {
                let sheet = cell.sheet.expose().filter(|sheet| !sheet.is_empty());
                let sheet = sheet.map(|sheet| format!("，{sheet}")).unwrap_or_default();
                format!("{file}{sheet} 第{row}行")
            }
            _ => String::new(),
        };
        let (label, shown) = beside.labelled(&cell.column, cell.value.expose());
        writeln!(
            page,
            "<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
            escape(explanation.registries.get(cell.registry.as_str()).map_or(cell.registry.as_str(), String::as_str)),
            escape(&place),
            escape(label),
            escape(&shown)
        )?;
    }
    page.push_str("</tbody></table></article>\n");
    Ok(())
}

fn write_rules(rules: &[Judged], findings: &[Finding], beside: &Row, page: &mut String) -> fmt::Result {
    if rules.is_empty() {
        return Ok(());
    }
    writeln!(
        page,
        "<h3>规则 <small>{}</small></h3>\n<table class=\"rules\"><thead><tr><th>结论</th><th>规则</th><th>条款</th><th>理由</th></tr></thead><tbody>",
        counted(rules)
    )?;
    for verdict in [Verdict::Fires, Verdict::NotYet, Verdict::Unknown, Verdict::Exempt, Verdict::Passes] {
        for judged in rules.iter().filter(|judged| judged.verdict == verdict && !judged.absent) {
            let held = verdict == Verdict::Fires && !findings.iter().any(|finding| finding.rule == judged.rule.id);
            let (said, why) = if held {
                ("暂缓", format!("{}。先核对是否同一人，或本乡镇数据不全", judged.why.expose()))
            } else {
                (verdict.plain(), judged.why.expose().to_owned())
            };
            writeln!(
                page,
                "<tr class=\"{}\"><td>{said}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
                class(verdict),
                escape(&judged.rule.title),
                escape(judged.rule.ground()),
                escape(&beside.text(&why))
            )?;
        }
    }
    for (verdict, reasons) in folded(rules) {
        for (why, titles) in reasons {
            writeln!(
                page,
                "<tr class=\"{}\"><td>{}</td><td colspan=\"2\">{}</td><td>{}</td></tr>",
                class(verdict),
                verdict.plain(),
                escape(&titles.join("、")),
                escape(&beside.text(why))
            )?;
        }
    }
    page.push_str("</tbody></table>\n");
    Ok(())
}

fn class(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Fires => "fires",
        Verdict::NotYet | Verdict::Unknown => "open",
        Verdict::Exempt | Verdict::Passes => "passes",
        Verdict::NotApplicable | Verdict::NotEvaluated => "outside",
    }
}

/// Text as it may stand in HTML, in attributes too; a number in it is masked.
fn escape(text: &str) -> String {
    let text = mask_text(text);
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            '\n' => safe.push_str("<br>"),
            c if steers(c) => safe.push('\u{fffd}'),
            c => safe.push(c),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_cell_says_is_never_markup() {
        let explanation = Explanation { title: "<script>alert('x')</script>&\"".into(), ..Explanation::default() };
        let page = html(&explanation);
        assert!(
            !page.contains("<script") && page.contains("&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;&amp;&quot;"),
            "{page}"
        );
    }
}
