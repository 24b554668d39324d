//! What a cell of free text means for one finding.
//!
//! A cell is cut at punctuation into clauses; a clause counts only if it can be cut, without rest, into wordings the county knows,
//! fillers, dates and the person's own name. Everything else is handed back as it is, and a cell of nothing but fillers too.
//! Total over any text; cost: clause length times the longest wording.

use std::collections::BTreeSet;

use crate::config::returns::{Phrase, Phrases, fold_phrase};
use crate::model::finding::Kind;
use crate::model::personal::Personal;
use crate::model::standing::{Opinion, Verdict};

/// Whom and what the text is about.
#[derive(Clone, Copy, Debug)]
pub(super) struct About<'a> {
    pub(super) kind: Kind,
    pub(super) rule: &'a str,
    /// Name of the person.
    pub(super) name: &'a Personal,
}

/// What was understood.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Sense {
    /// Verdicts in so many words.
    pub(super) explicit: BTreeSet<Verdict>,
    /// Verdicts that follow.
    pub(super) implied: BTreeSet<Verdict>,
    /// In order of appearance.
    pub(super) opinions: Vec<Opinion>,
    pub(super) reasons: Vec<String>,
    pub(super) realities: Vec<String>,
    pub(super) suggestion: bool,
    /// What to ask back.
    pub(super) asks: Vec<String>,
    /// Clauses that were not understood, as written.
    pub(super) rest: Vec<Personal>,
}

impl Sense {
    /// Whether any wording was known.
    pub(super) fn says_something(&self) -> bool {
        let Self { explicit, implied, opinions, reasons, realities, suggestion, asks, rest: _ } = self;
        *suggestion
            || !(explicit.is_empty()
                && implied.is_empty()
                && opinions.is_empty()
                && reasons.is_empty()
                && realities.is_empty()
                && asks.is_empty())
    }

    fn add(&mut self, phrase: &Phrase) {
        self.explicit.extend(phrase.verdict);
        self.implied.extend(phrase.implies);
        self.opinions.extend(phrase.opinion);
        self.reasons.extend(phrase.reason.clone());
        self.realities.extend(phrase.reality.clone());
        self.asks.extend(phrase.ask.clone());
        self.suggestion |= phrase.suggestion;
    }
}

/// Reads a cell; `short` allows answers that count only where nothing else stands in it (`是`, `√`).
pub(super) fn understand(text: &str, about: About<'_>, short: bool, phrases: &Phrases) -> Sense {
    let mut sense = Sense::default();
    let whole = fold_phrase(text);
    let bare = whole.trim_matches(|character: char| is_mark(character));
    if bare.is_empty() && whole.is_empty() {
        return sense;
    }
    for form in [whole.as_str(), bare] {
        if let Some(phrase) = phrases.meaning(form, about.kind, about.rule)
            && (short || !phrase.alone)
        {
            sense.add(phrase);
            return sense;
        }
    }
    let name = fold_phrase(about.name.expose());
    let mut idle = Vec::new();
    for clause in text.split(is_mark) {
        let folded: Vec<char> = fold_phrase(clause).chars().collect();
        if folded.is_empty() {
            continue;
        }
        match cut(&folded, &name, about, phrases) {
            Some(pieces) if pieces.iter().all(|piece| matches!(piece, Piece::Nothing)) => idle.push(clause.trim().into()),
            Some(pieces) => {
                for piece in pieces {
                    match piece {
                        Piece::Says(phrase) => sense.add(phrase),
                        Piece::Other(words) => sense.asks.push(format!("“{words}”说明不了这条疑点是否属实：请在核查结果写明")),
                        Piece::Nothing => {}
                    }
                }
            }
            None => sense.rest.push(clause.trim().into()),
        }
    }
    // `经核实，属实`: the first clause changes nothing; alone it would say nothing.
    if !sense.says_something() {
        sense.rest.append(&mut idle);
    }
    if !sense.says_something() && sense.rest.is_empty() {
        sense.rest.push(text.trim().into());
    }
    sense
}

/// What stands between clauses.
fn is_mark(character: char) -> bool {
    matches!(
        character,
        '，' | ','
            | '。'
            | '；'
            | ';'
            | '、'
            | '!'
            | '！'
            | ':'
            | '：'
            | '\n'
            | '\r'
            | '('
            | ')'
            | '（'
            | '）'
            | '/'
            | '\\'
            | '|'
            | '“'
            | '”'
            | '"'
            | '…'
    )
}

/// A piece of a clause.
enum Piece<'p> {
    Says(&'p Phrase),
    /// Known, but not of such findings.
    Other(String),
    Nothing,
}

/// The clause as pieces, as few as possible; `None` when something is left over.
fn cut<'p>(clause: &[char], name: &str, about: About<'_>, phrases: &'p Phrases) -> Option<Vec<Piece<'p>>> {
    // Cost and previous end of the best way to reach each place.
    let mut best: Vec<Option<(usize, usize)>> = vec![None; clause.len() + 1];
    best[0] = Some((0, 0));
    let longest = phrases.longest().max(name.chars().count());
    for start in 0..clause.len() {
        let Some((cost, _)) = best[start] else { continue };
        let dates = clause.iter().skip(start).take_while(|character| is_of_date(**character)).count();
        for length in 1..=longest.max(dates).min(clause.len() - start) {
            let word: String = clause[start..start + length].iter().collect();
            let price = if says(&word, about, phrases) {
                2
            } else if phrases.is_filler(&word) || (word == name && length > 1) || (length <= dates && is_plain(&word)) {
                3
            } else {
                continue;
            };
            let end = start + length;
            if best[end].is_none_or(|(known, _)| cost + price < known) {
                best[end] = Some((cost + price, start));
            }
        }
    }
    let mut pieces = Vec::new();
    let mut end = clause.len();
    while end > 0 {
        let (_, start) = best[end]?;
        let word: String = clause[start..end].iter().collect();
        pieces.push(match phrases.meaning(&word, about.kind, about.rule) {
            Some(phrase) if !phrase.alone => Piece::Says(phrase),
            None if phrases.knows(&word) && !phrases.is_filler(&word) => Piece::Other(word),
            _ => Piece::Nothing,
        });
        end = start;
    }
    pieces.reverse();
    Some(pieces)
}

/// Whether it is a wording that may stand among others.
fn says(word: &str, about: About<'_>, phrases: &Phrases) -> bool {
    match phrases.meaning(word, about.kind, about.rule) {
        Some(phrase) => !phrase.alone,
        None => phrases.knows(word) && !phrases.is_filler(word),
    }
}

fn is_of_date(character: char) -> bool {
    character.is_ascii_digit() || matches!(character, '年' | '月' | '日' | '号' | '.' | '-' | '~' | '—')
}

/// A date or its punctuation: with a digit, or marks alone.
fn is_plain(word: &str) -> bool {
    word.contains(|character: char| character.is_ascii_digit())
        || word.chars().all(|character| matches!(character, '.' | '-' | '~' | '—'))
}

/// The part of `text` that is about the finding at `at` of `count`, where the text numbers its answers (`1.属实；2.不属实`); the whole
/// text where it does not.
pub(super) fn own_part(text: &str, at: usize, count: usize) -> &str {
    if count < 2 {
        return text;
    }
    let mut starts: Vec<(usize, usize, usize)> = Vec::new();
    let mut before = None;
    for (place, character) in text.char_indices() {
        let circled = ('①'..='⑳').contains(&character);
        let fresh = circled
            || before.is_none_or(|before: char| is_mark(before) || before.is_whitespace() || matches!(before, '.' | '．'));
        if fresh
            && let Some(length) = marker(&text.get(place..).unwrap_or_default().chars().collect::<Vec<_>>(), starts.len() + 1)
        {
            let bytes: usize = text.get(place..).unwrap_or_default().chars().take(length).map(char::len_utf8).sum();
            starts.push((starts.len() + 1, place, place + bytes));
        }
        before = Some(character);
    }
    // Numbering that does not start the text, or does not reach every finding, is not trusted.
    if starts.len() != count || starts.first().is_none_or(|(_, place, _)| !text.get(..*place).unwrap_or("x").trim().is_empty()) {
        return text;
    }
    let Some((_, _, from)) = starts.get(at) else { return text };
    let to = starts.get(at + 1).map_or(text.len(), |(_, place, _)| *place);
    text.get(*from..to).unwrap_or(text)
}

/// Characters that the mark for `number` takes at the start of `text`: `1.`, `1、`, `1）`, `①`, `（1）`.
fn marker(text: &[char], number: usize) -> Option<usize> {
    let circled = u32::try_from(number).ok().filter(|number| *number <= 20).and_then(|number| char::from_u32(0x245F + number));
    if circled.is_some() && text.first().copied() == circled {
        return Some(1);
    }
    let digits: Vec<char> = number.to_string().chars().collect();
    let opened = usize::from(text.first().is_some_and(|first| matches!(first, '(' | '（')));
    let rest = text.get(opened..)?;
    if !rest.starts_with(&digits) {
        return None;
    }
    let closing = rest.get(digits.len())?;
    let after = rest.get(digits.len() + 1);
    // `1.5` is an amount.
    let amount = *closing == '.' && after.is_some_and(char::is_ascii_digit);
    (matches!(closing, '.' | '．' | '、' | ')' | '）' | ':' | '：') && !amount).then(|| opened + digits.len() + 1)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::config::returns;

    static PHRASES: std::sync::LazyLock<Phrases> = std::sync::LazyLock::new(|| returns::shipped().phrases);

    fn sense(text: &str, kind: Kind) -> Sense {
        understand(text, About { kind, rule: "living.two_none_uncovered", name: &"张小明".into() }, true, &PHRASES)
    }

    #[test]
    fn sentences_are_cut_into_known_wordings() {
        let holds = BTreeSet::from([Verdict::Holds]);
        let unfounded = BTreeSet::from([Verdict::Unfounded]);
        for text in [
            "属实",
            "情况属实",
            "经核实，情况属实。",
            "属 实",
            "张小明情况属实",
            "２０１８年７月５日入户核实属实",
            "是",
            "√",
            "对",
            "属实！",
            "屬實",
            "属實",
            "情況屬實。",
            "經核實，屬實",
            "属实（已入户）",
            "屬實(已入戶)",
        ] {
            let sense = sense(text, Kind::Miss);
            assert_eq!((&sense.explicit, sense.rest.len()), (&holds, 0), "{text}: {sense:?}");
        }
        for text in ["不属实", "经查不属实", "否", "×", "与事实不符", "不是", "不屬實", "與事實不符"] {
            let sense = sense(text, Kind::Miss);
            assert_eq!((&sense.explicit, sense.rest.len()), (&unfounded, 0), "{text}: {sense:?}");
        }
        let sense = sense("情况属实已解决", Kind::Miss);
        assert_eq!((sense.explicit, sense.opinions), (holds, vec![Opinion::Included]));
    }

    #[test]
    fn what_is_done_and_why_not() {
        for (text, opinion) in [
            ("已办", Opinion::Included),
            ("已纳入", Opinion::Included),
            ("正在办理", Opinion::ToInclude),
            ("建议纳入", Opinion::ToInclude),
            ("家里有车", Opinion::NotEligible),
        ] {
            assert_eq!(sense(text, Kind::Miss).opinions, [opinion], "{text}");
        }
        for text in ["死了", "不在了", "人已去世", "张小明于2017年3月病故", "该老人去年去世了"] {
            let sense = sense(text, Kind::Miss);
            assert_eq!(sense.reasons, ["已死亡"], "{text}: {sense:?}");
            assert_eq!(sense.implied, BTreeSet::from([Verdict::Unfounded]), "{text}");
        }
        let paid = sense("人死了", Kind::Inel);
        assert!(
            paid.implied.is_empty() && !paid.asks.is_empty(),
            "a dead man who is paid may be what the finding says: {paid:?}"
        );
    }

    #[test]
    fn what_is_not_wholly_known_is_not_guessed() {
        for text in [
            "其父亲去世",
            "不属实吗",
            "属实不？",
            "没有死亡",
            "未死亡",
            "不能说不在了",
            "是否",
            "人在外面",
            "1",
            "本人",
            "已已已",
        ] {
            let sense = sense(text, Kind::Miss);
            assert!(sense.explicit.is_empty() && sense.implied.is_empty() && !sense.rest.is_empty(), "{text}: {sense:?}");
        }
        let moved = sense("人已搬走", Kind::Miss);
        assert!(moved.implied.is_empty() && moved.asks.len() == 1, "{moved:?}");
    }

    #[test]
    fn a_wording_may_mean_something_for_some_rules_only() {
        let of = |rule| understand("低保户", About { kind: Kind::Miss, rule, name: &Personal::default() }, true, &PHRASES);
        assert_eq!(of("living.two_none_uncovered").implied, BTreeSet::from([Verdict::Unfounded]));
        let aid = of("education.aid_missed");
        assert!(aid.implied.is_empty() && aid.explicit.is_empty(), "{aid:?}");
    }

    #[test]
    fn numbered_answers_go_to_their_findings() {
        for text in ["1.属实；2.不属实", "1、属实 2、不属实", "①属实②不属实", "（1）属实（2）不属实", "1．属实\n2．不属实"]
        {
            let parts = [own_part(text, 0, 2), own_part(text, 1, 2)];
            assert_eq!(
                parts.map(|part| part.trim_matches(|c: char| is_mark(c) || c.is_whitespace())),
                ["属实", "不属实"],
                "{text}"
            );
        }
        for text in ["属实", "1.属实", "2.5亩", "补贴1.5万，2.属实"] {
            assert_eq!(own_part(text, 1, 2), text);
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_and_nothing_is_lost(text in "\\PC{0,30}|[属实不已纳入办死了是否，。；1-9.、]{0,16}", short: bool) {
            for kind in Kind::ALL {
                let sense = understand(&text, About { kind, rule: "living.x", name: &"张三".into() }, short, &PHRASES);
                let meaningless = fold_phrase(&text).chars().all(is_mark);
                prop_assert!(meaningless || sense.says_something() || !sense.rest.is_empty());
                for count in 1..4 {
                    for at in 0..count {
                        prop_assert!(text.contains(own_part(&text, at, count)));
                    }
                }
            }
        }
    }
}
