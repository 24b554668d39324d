//! Which rules a cell of the list names: by id or by title, several with any separator, or all.

use std::collections::BTreeMap;

use crate::config::error::closest;
use crate::config::policy::Policy;
use crate::model::personal::Personal;

/// Words for every rule.
pub(super) const EVERY: [&str; 4] = ["全部", "所有", "全部规则", "所有规则"];

/// What stands in the rule column, one entry per rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Named {
    Rule(String),
    Every,
    /// As written, and what was probably meant.
    Unknown(Personal, Option<String>),
}

/// Rules by id and by title.
pub(super) struct RuleNames {
    /// Name without white space and its rules, longest first.
    names: Vec<(Vec<char>, Vec<String>)>,
    /// As policy files write them, for "did you mean".
    written: Vec<String>,
}

impl RuleNames {
    pub(super) fn new(policy: &Policy) -> Self {
        let mut names: BTreeMap<Vec<char>, Vec<String>> = BTreeMap::new();
        let mut written = Vec::new();
        for rule in &policy.rules {
            for name in [&rule.card.id, &rule.card.title] {
                names.entry(bare(name)).or_default().push(rule.card.id.clone());
                written.push(name.clone());
            }
        }
        let mut names: Vec<(Vec<char>, Vec<String>)> = names.into_iter().collect();
        names.sort_by_key(|(name, _)| std::cmp::Reverse(name.len()));
        Self { names, written }
    }

    /// The rules that a cell names, one after another with any separator. Titles may hold separators and blanks themselves, so the
    /// longest name that fits is taken first.
    pub(super) fn of(&self, text: &str) -> Vec<Named> {
        let text: Vec<char> = text.chars().map(narrow).collect();
        let mut named: Vec<Named> = Vec::new();
        let mut at = 0;
        while at < text.len() {
            if is_separator(text[at]) {
                at += 1;
                continue;
            }
            let rest = &text[at..];
            let every = || EVERY.iter().rev().find_map(|word| prefix(rest, &bare(word)));
            let (used, found) = match (self.longest_name(rest), every()) {
                (Some((used, rules)), _) => (used, rules.iter().cloned().map(Named::Rule).collect()),
                (None, Some(used)) => (used, vec![Named::Every]),
                (None, None) => {
                    let (used, word, near) = self.unknown(rest);
                    (used, vec![Named::Unknown(word.into(), near)])
                }
            };
            at += used;
            for one in found {
                if !named.contains(&one) {
                    named.push(one);
                }
            }
        }
        named
    }
}

impl RuleNames {
    /// The longest name that the text begins with, and how much of the text it takes.
    fn longest_name(&self, text: &[char]) -> Option<(usize, &[String])> {
        self.names.iter().find_map(|(name, rules)| Some((prefix(text, name)?, rules.as_slice())))
    }

    /// A title with a slip, separators and all; else one word. With what was probably meant.
    fn unknown(&self, text: &[char]) -> (usize, String, Option<String>) {
        let until = |ends: fn(char) -> bool| text.iter().position(|c| ends(*c)).unwrap_or(text.len());
        let guess = |used: usize| {
            let word: String = text[..used].iter().collect();
            let near = closest(&word, self.written.iter().map(String::as_str)).map(str::to_owned);
            (used, word, near)
        };
        let long = until(|c| matches!(c, ';' | '\n' | '|'));
        let another = (1..long).any(|at| is_separator(text[at - 1]) && self.longest_name(&text[at..]).is_some());
        let whole = guess(long);
        if whole.2.is_some() && !another { whole } else { guess(until(is_separator)) }
    }
}

fn is_separator(c: char) -> bool {
    c.is_whitespace() || matches!(c, '、' | ',' | ';' | '/' | '|' | '。' | '+' | '和' | '及')
}

/// Full-width signs as their narrow kin; capitals as small letters.
fn narrow(c: char) -> char {
    match c {
        '！'..='～' => char::from_u32(c as u32 - 0xFEE0).unwrap_or(c).to_ascii_lowercase(),
        '“' | '”' | '「' | '」' | '《' | '》' => '"',
        c => c.to_ascii_lowercase(),
    }
}

fn bare(name: &str) -> Vec<char> {
    name.chars().map(narrow).filter(|c| !c.is_whitespace() && *c != '"').collect()
}

/// How much of `text` spells `name`, white space and quotes aside, provided that it ends there or at a separator.
fn prefix(text: &[char], name: &[char]) -> Option<usize> {
    let mut wanted = name.iter().peekable();
    for (at, c) in text.iter().enumerate() {
        if *c == '"' {
            continue;
        }
        match wanted.peek() {
            None => return is_separator(*c).then_some(at),
            Some(next) if *next == c => {
                wanted.next();
            }
            Some(_) if c.is_whitespace() && at > 0 => {}
            Some(_) => return None,
        }
    }
    wanted.peek().is_none().then_some(text.len())
}
