//! What a row answers about one finding.
//!
//! A verdict in so many words wins; without one, what is done or why not may imply it: chosen in the column for it, or told in words that
//! are understood to the last. No verdict, no answer. Words that were not understood beside a verdict are kept with the answer; they never
//! turn it round, because a cell that also denies or doubts is not believed.

use std::collections::BTreeSet;

use super::Cells;
use super::matching::Sighting;
use super::meaning::{About, Sense, own_part, understand};
use crate::config::returns::{Phrases, fold_phrase};
use crate::model::date::Month;
use crate::model::personal::Personal;
use crate::model::standing::{Answer, Opinion, Verdict};

/// What a row says about one finding.
#[derive(Clone)]
pub(super) enum Reading {
    /// Nothing was filled in that answers.
    Empty { reason: String, quote: Personal },
    /// Something was filled in, and it does not say what is meant.
    Unclear { reason: String, quote: Personal },
    /// An answer with a verdict.
    Answer(Box<Content>),
}

/// An answer without where it stood, and what a reader of the receipt should know of it.
#[derive(Clone)]
pub(super) struct Content {
    pub(super) answer: Answer,
    pub(super) reason: String,
    pub(super) quote: Personal,
}

/// A cell with a heading, its part for the finding, and what that means.
struct Cell<'a> {
    heading: &'a str,
    text: &'a str,
    sense: Sense,
}

impl Cell<'_> {
    fn is_filled(&self) -> bool {
        !self.text.trim().is_empty()
    }

    /// Whether all of it was understood.
    fn is_clear(&self) -> bool {
        self.sense.rest.is_empty()
    }

    /// What was not.
    fn unread(&self) -> String {
        self.sense.rest.iter().map(Personal::expose).collect::<Vec<_>>().join("，")
    }
}

/// Reads the row as an answer to `sighting`, which is finding `place.0` of the row's `place.1`.
pub(super) fn read(cells: &Cells, sighting: &Sighting, place: (usize, usize), phrases: &Phrases) -> Reading {
    let about = About { kind: sighting.kind, rule: &sighting.rule, name: &cells.name };
    let part = |text: &Personal| own_part(text.expose(), place.0, place.1).to_owned();
    let (verdict_text, opinion_text, reason_text) = (part(&cells.verdict), part(&cells.opinion), part(&cells.reason));
    let make = |heading, text, short| Cell { heading, text, sense: understand(text, about, short, phrases) };
    let verdict = make("核查结果", &verdict_text, true);
    let opinion = make("处理意见", &opinion_text, false);
    let reason = make("未纳入原因", &reason_text, false);
    let free_texts: Vec<(&str, String)> = cells.free.iter().map(|(heading, text)| (heading.as_str(), part(text))).collect();
    let free: Vec<Cell<'_>> = free_texts.iter().map(|(heading, text)| make(heading, text, false)).collect();
    // A column that somebody added may hold anything; only words that are understood count as an answer.
    let extra = cells.extra.iter().map(|(heading, text)| make(heading, text.expose(), false));
    let extra: Vec<Cell<'_>> = extra.filter(|cell| cell.sense.says_something()).collect();

    let answering: Vec<&Cell<'_>> =
        [&verdict, &opinion, &reason].into_iter().chain(&free).chain(&extra).filter(|cell| cell.is_filled()).collect();
    if answering.is_empty() && cells.corrected.expose().trim().is_empty() {
        return misplaced(cells, about, phrases).unwrap_or_else(|| empty(cells));
    }
    if !cells.corrected.expose().trim().is_empty() && cells.corrected_number.is_none() {
        return unclear("更正后身份证号不是有效的 18 位号码（校验不符，或被表格软件改成了数字）", cells.corrected.expose());
    }
    let found = match decide([&verdict, &opinion, &reason], &answering, cells.corrected_number.is_some(), phrases) {
        Ok(found) => found,
        Err((reason, quote)) => return unclear(&reason, &quote),
    };
    let opinions = first_said(&answering, &opinion, |cell| &cell.sense.opinions);
    let chosen = match opinions.iter().collect::<BTreeSet<_>>().len() {
        0 => cells.corrected_number.is_some().then_some(Opinion::Correct),
        1 => opinions.first().copied(),
        _ if opinions.iter().all(|opinion| opinion.claims_done()) => opinions.first().copied(),
        _ => {
            let named: Vec<&str> = opinions.iter().map(|opinion| opinion.plain()).collect();
            return unclear(&format!("处理意见不止一种（{}），请写明哪一种", named.join("、")), "");
        }
    };
    if found == Verdict::Unfounded
        && let Some(opinion @ (Opinion::ToInclude | Opinion::Stop | Opinion::Recover)) = chosen
    {
        return unclear(&format!("核查结果是不属实，处理意见却是{}，前后不一致", opinion.plain()), "");
    }
    let suggestion = answering.iter().any(|cell| cell.sense.suggestion);
    let number = cells.corrected_number.clone().or_else(|| cells.suggested_number.clone().filter(|_| suggestion));
    let mut notes = Vec::new();
    if suggestion && number.is_none() {
        notes.push("说建议号码正确，但表上没有完整的建议号码，请补填更正后身份证号");
    }
    let checked_on = cells.checked_on.filter(|day| is_likely(*day, cells.list));
    let unread_date = !cells.checked.expose().trim().is_empty() && checked_on.is_none();
    if unread_date {
        notes.push("核查时间没有看懂，其余已接收");
    }
    let why = if reason.is_filled() && !reason.is_clear() {
        reason.text.trim().to_owned()
    } else {
        first_said(&answering, &reason, |cell| &cell.sense.reasons).first().cloned().unwrap_or_default()
    };
    let checkers = if cells.checkers.expose().trim().is_empty() { &cells.signatures } else { &cells.checkers };
    let answer = Answer {
        finding_id: String::new(),
        list: cells.list.unwrap_or(Month(0)),
        verdict: Some(found),
        reality: reality(&answering, &reason, cells).into(),
        reason: why.into(),
        opinion: chosen,
        method: cells.method.expose().trim().into(),
        checkers: checkers.expose().trim().into(),
        checked_on,
        corrected_number: number.unwrap_or_default(),
        file: Personal::default(),
        sheet: Personal::default(),
        row: 0,
    };
    let quote = if unread_date { cells.checked.expose().trim().into() } else { Personal::default() };
    Reading::Answer(Box::new(Content { answer, reason: notes.join("；"), quote }))
}

fn unclear(reason: &str, quote: &str) -> Reading {
    Reading::Unclear { reason: reason.to_owned(), quote: quote.trim().chars().take(80).collect::<String>().into() }
}

/// An answer in so many words in a column that is for something else: nobody can tell that it was meant.
fn misplaced(cells: &Cells, about: About<'_>, phrases: &Phrases) -> Option<Reading> {
    let of = |heading: &str, text: &Personal| (heading.to_owned(), text.clone());
    let others = [
        of("核查方式", &cells.method),
        of("核查人", &cells.checkers),
        of("核查时间", &cells.checked),
        of("签字", &cells.signatures),
    ];
    let mut texts = cells.printed.iter().chain(&others).chain(&cells.kept);
    let (heading, text) = texts.find(|(_, text)| !understand(text.expose(), about, false, phrases).explicit.is_empty())?;
    Some(unclear(&format!("核查结果是空的，“{heading}”一列里却像是回复，请写到核查结果"), text.expose()))
}

/// Nothing that answers: said, if something else was filled in.
fn empty(cells: &Cells) -> Reading {
    let others: Vec<&str> = cells.extra.iter().chain(&cells.kept).map(|(heading, _)| heading.as_str()).collect();
    let mut filled: Vec<&str> = Vec::new();
    for (name, text) in
        [("核查方式", &cells.method), ("核查人", &cells.checkers), ("核查时间", &cells.checked), ("签字", &cells.signatures)]
    {
        if !text.expose().trim().is_empty() {
            filled.push(name);
        }
    }
    filled.extend(others);
    let reason = if filled.is_empty() { String::new() } else { format!("只填了{}，没有核查结果", filled.join("、")) };
    Reading::Empty { reason, quote: Personal::default() }
}

/// The verdict of a row; else why there is none, and the words.
fn decide(
    columns: [&Cell<'_>; 3],
    answering: &[&Cell<'_>],
    corrected: bool,
    phrases: &Phrases,
) -> Result<Verdict, (String, String)> {
    let [verdict, ..] = columns;
    let contradictory = |said: &BTreeSet<Verdict>| {
        let said: Vec<&str> = said.iter().map(|verdict| verdict.plain()).collect();
        let words: Vec<&str> = answering.iter().map(|cell| cell.text.trim()).collect();
        (format!("一行里说法不一：{}", said.join("、")), words.join("；"))
    };
    let explicit: BTreeSet<Verdict> = answering.iter().flat_map(|cell| cell.sense.explicit.iter().copied()).collect();
    if explicit.len() > 1 {
        return Err(contradictory(&explicit));
    }
    if let Some(found) = explicit.first() {
        let others = answering.iter().copied().find(|cell| !cell.sense.explicit.is_empty());
        let source = if verdict.sense.explicit.is_empty() { others.unwrap_or(verdict) } else { verdict };
        if source.sense.rest.iter().any(|rest| phrases.hedges(&fold_phrase(rest.expose()))) {
            return Err((format!("{}里有没看懂的话", source.heading), source.unread()));
        }
        if verdict.is_filled() && verdict.sense.explicit.is_empty() && !verdict.is_clear() {
            return Err(("核查结果没有看懂".to_owned(), verdict.unread()));
        }
        return Ok(*found);
    }
    let unread = answering.iter().find(|cell| !cell.is_clear());
    let implied: BTreeSet<Verdict> = answering.iter().flat_map(|cell| cell.sense.implied.iter().copied()).collect();
    // What was chosen in a column made for it stands, whatever story is told beside it.
    let chosen = columns.iter().any(|cell| cell.is_clear() && !cell.sense.implied.is_empty()) && verdict.is_clear();
    match (implied.first(), implied.len()) {
        (Some(found), 1) if chosen || unread.is_none() => return Ok(*found),
        (_, 2..) => return Err(contradictory(&implied)),
        _ => {}
    }
    if let Some(cell) = unread {
        return Err((format!("{}没有看懂，看不出是否属实", cell.heading), cell.unread()));
    }
    if let Some(ask) = answering.iter().find_map(|cell| cell.sense.asks.first()) {
        let words: Vec<&str> = answering.iter().map(|cell| cell.text.trim()).collect();
        return Err((ask.clone(), words.join("；")));
    }
    if corrected {
        return Ok(Verdict::Holds);
    }
    let words: Vec<&str> = answering.iter().map(|cell| cell.text.trim()).collect();
    Err(("没有写是否属实".to_owned(), words.join("；")))
}

/// What the column made for it says; else what other cells say, in their order.
fn first_said<'c, T>(answering: &[&'c Cell<'_>], own: &'c Cell<'_>, said: impl Fn(&'c Cell<'_>) -> &'c Vec<T>) -> &'c [T] {
    if !said(own).is_empty() {
        return said(own);
    }
    answering.iter().map(|cell| said(cell)).find(|list| !list.is_empty()).map_or(&[], Vec::as_slice)
}

/// What is the case, in the words of the row: 现实情况, then everything written elsewhere that the other parts of the answer do not hold.
fn reality(answering: &[&Cell<'_>], reason: &Cell<'_>, cells: &Cells) -> String {
    let mut parts: Vec<String> = Vec::new();
    let mut add = |text: String| {
        if !text.is_empty() && !parts.contains(&text) {
            parts.push(text);
        }
    };
    for cell in answering {
        let text = cell.text.trim();
        let of_rows = cells.free.iter().any(|(heading, _)| heading == cell.heading);
        cell.sense.realities.iter().for_each(|reality| add(reality.clone()));
        if cell.heading == "现实情况" {
            add(text.to_owned());
        } else if of_rows || cells.extra.iter().any(|(heading, _)| heading == cell.heading) || !cell.is_clear() {
            // An unread reason is kept as the reason.
            if !std::ptr::eq(*cell, reason) {
                add(format!("{}：{text}", cell.heading));
            }
        }
    }
    let understood: Vec<&str> = answering.iter().map(|cell| cell.heading).collect();
    for (heading, text) in cells.extra.iter().filter(|(heading, _)| !understood.contains(&heading.as_str())).chain(&cells.kept) {
        add(format!("{heading}：{}", text.expose().trim()));
    }
    parts.join("；")
}

/// Whether a list may have been checked on this day: not long before it was made, nor years after.
fn is_likely(day: crate::model::date::Day, list: Option<Month>) -> bool {
    let Some(list) = list else { return true };
    let made = list.first_day().0;
    (made - 200..=made + 1100).contains(&day.0)
}
