//! From the model as written to the model as used: names become positions, defaults are filled in, mistakes are collected.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::super::document::{Document, Spanned};
use super::super::error::Problems;
use super::super::parse::{inner_span, parse};
use super::super::registry::fold_header;
use super::written::{Written, WrittenBlock, WrittenComparison, WrittenField, WrittenLevel};
use super::{
    Atom, Clean, Comparison, Field, Fit, IdTest, KeyForm, KeyPart, Kind, Level, Rule, TablesModel, Task, Test, When, clean,
    condition,
};

/// Share of matches that agree on some level, where the model says nothing.
const AGREEING: f64 = 0.95;
/// Each level is a quarter as frequent as the one before it, where the model says nothing.
const RATIO: f64 = 0.25;
/// Share of strangers that agree on some level, where the model says nothing.
const BY_CHANCE: f64 = 0.01;
/// A pattern of levels is one machine word of four bits each.
const COMPARISONS: usize = 16;
const LEVELS: usize = 13;

pub(super) fn resolve(document: &Document) -> Result<TablesModel, Problems> {
    let mut problems = Problems::default();
    let Some(written) = parse::<Written>(document, &mut problems) else {
        return Err(problems.into_whole(None::<()>).err().unwrap_or_default());
    };
    let fields = fields(document, &written.fields, &mut problems);
    let mut resolver = Resolver { document, fields: &fields, problems };
    let thresholds = *written.thresholds.get_ref();
    if !(thresholds.review <= thresholds.confirm && thresholds.margin >= 0.0) {
        resolver.add(&written.thresholds.span(), "[thresholds] 应满足 review ≤ confirm 且 margin ≥ 0", "");
    }
    let fit = written.fit.as_ref().map_or_else(Fit::default, |fit| *fit.get_ref());
    let bad_prior = fit.prior.is_some_and(|prior| !(prior > 0.0 && prior < 1.0));
    if let Some(span) = written.fit.as_ref().map(Spanned::span)
        && (bad_prior || fit.strength.is_nan() || fit.strength <= 0.0 || fit.random_pairs == 0 || fit.pairs_per_rule == 0)
    {
        resolver.add(&span, "[fit] 应满足 0 < prior < 1、strength > 0、random_pairs ≥ 1、pairs_per_rule ≥ 1", "");
    }
    let task = *written.tables.task.get_ref();
    let sides = match (&written.tables.left, &written.tables.right) {
        (Some(left), Some(right)) if task == Task::Link => Some((left.get_ref().clone(), right.get_ref().clone())),
        (None, None) => None,
        (Some(one), _) | (_, Some(one)) => {
            resolver.add(&one.span(), "left 和 right 要一起写，且只用于 task = \"link\"", "不写时，按文件名次序取前后两个表");
            None
        }
    };
    let truth = written.tables.truth.as_ref().and_then(|name| resolver.field(name));
    let record = written.tables.record.as_ref().and_then(|name| resolver.field(name));
    let rules: Vec<Rule> = written.blocks.iter().filter_map(|block| resolver.rule(block)).collect();
    let comparisons: Vec<Comparison> =
        written.comparisons.iter().filter_map(|comparison| resolver.comparison(comparison)).collect();
    let mut names = BTreeSet::new();
    for comparison in &written.comparisons {
        if !names.insert(comparison.name.get_ref()) {
            resolver.add(&comparison.name.span(), &format!("比较项“{}”写了两次", comparison.name.get_ref()), "改一个名字");
        }
    }
    if let Some(extra) = written.comparisons.get(COMPARISONS) {
        resolver.add(&extra.name.span(), &format!("比较项最多 {COMPARISONS} 个"), "把相关的列并成一项，如 on = [\"姓\", \"名\"]");
    }
    let uses_truth = truth.filter(|truth| {
        rules.iter().flat_map(|rule| &rule.parts).any(|part| part.left == *truth || part.right == *truth)
            || comparisons.iter().any(|comparison| comparison.on.contains(truth))
    });
    if uses_truth.is_some()
        && let Some(name) = &written.tables.truth
    {
        resolver.add(&name.span(), "真值列不能用来分块或比较", "真值只用于评估");
    }
    let problems = resolver.problems;
    problems.into_result(TablesModel {
        name: written.name,
        task,
        sides,
        truth,
        record,
        key: written.tables.key,
        saved: written.tables.model,
        fields,
        rules,
        comparisons,
        thresholds,
        limits: written.limits,
        intake: written.intake,
        fit,
    })
}

fn fields(document: &Document, written: &[WrittenField], problems: &mut Problems) -> Vec<Field> {
    let mut fields: Vec<Field> = Vec::new();
    let mut taken: BTreeMap<String, String> = BTreeMap::new();
    for field in written {
        let name = field.name.get_ref();
        if fields.iter().any(|known| known.name == *name) {
            problems.add(document, field.name.span(), format!("字段“{name}”写了两次"), "改一个名字");
        }
        if ["registry", "file", "sheet", "row", "part"].contains(&name.as_str()) {
            problems.add(document, field.name.span(), format!("“{name}”是输出里行来源的列名"), "改一个名字");
        }
        if field.columns.is_empty() == field.from.is_empty() {
            let hint = "columns 是表头的写法；from 是上面已有的字段";
            problems.add_with_hint(
                document,
                field.name.span(),
                format!("字段“{name}”要写 columns 或 from，二者之一"),
                "这里",
                hint,
            );
        }
        let mut aliases = Vec::new();
        for alias in &field.columns {
            let folded = fold_header(alias.get_ref());
            if let Some(other) = taken.insert(folded.clone(), name.clone()) {
                let text = format!("表头“{}”已是字段“{other}”的写法", alias.get_ref());
                problems.add(document, alias.span(), text, "删去");
            }
            aliases.push(folded);
        }
        let mut from = Vec::new();
        for source in &field.from {
            match fields.iter().position(|known| known.name == *source.get_ref()) {
                Some(position) => from.push(position),
                None => problems.add_unknown(
                    document,
                    source.span(),
                    "字段（须写在前面）",
                    source.get_ref(),
                    fields.iter().map(|known| known.name.as_str()),
                ),
            }
        }
        let kind = field.kind.unwrap_or(Kind::Text);
        let clean = match &field.clean {
            Some(steps) => steps.iter().filter_map(|step| clean::read(document, step, problems)).collect(),
            None if kind == Kind::Text && from.is_empty() => vec![Clean::Nfkc, Clean::Lower, Clean::Squeeze],
            None => Vec::new(),
        };
        fields.push(Field {
            name: name.clone(),
            kind,
            aliases,
            from,
            join: field.join.clone().unwrap_or_else(|| " ".to_owned()),
            clean,
            missing: field.missing.clone(),
        });
    }
    fields
}

struct Resolver<'a> {
    document: &'a Document,
    fields: &'a [Field],
    problems: Problems,
}

impl Resolver<'_> {
    fn add(&mut self, span: &std::ops::Range<usize>, message: &str, hint: &str) {
        self.problems.add_with_hint(self.document, span.clone(), message, "这里", hint);
    }

    fn field(&mut self, name: &Spanned<String>) -> Option<usize> {
        self.named(name.get_ref(), name.span())
    }

    fn named(&mut self, name: &str, span: std::ops::Range<usize>) -> Option<usize> {
        let found = self.fields.iter().position(|field| field.name == name);
        if found.is_none() {
            let known = self.fields.iter().map(|field| field.name.as_str());
            self.problems.add_unknown(self.document, span, "字段", name, known);
        }
        found
    }

    fn rule(&mut self, block: &WrittenBlock) -> Option<Rule> {
        let written = block.on.get_ref();
        if written.is_empty() {
            self.add(&block.on.span(), "分块规则至少要有一个字段", "");
        }
        let parts: Vec<Option<KeyPart>> = written.iter().map(|part| self.part(part)).collect();
        let name = written.iter().map(|part| part.get_ref().as_str()).collect::<Vec<_>>().join(", ");
        Some(Rule { name, parts: parts.into_iter().collect::<Option<_>>()? })
    }

    /// `surname`, `given_name=surname`, `sound(name)`.
    fn part(&mut self, part: &Spanned<String>) -> Option<KeyPart> {
        let text = part.get_ref().trim();
        if let Some((left, right)) = text.split_once('=') {
            let (left, right) = (self.named(left.trim(), part.span()), self.named(right.trim(), part.span()));
            return Some(KeyPart { left: left?, right: right?, form: KeyForm::Value });
        }
        let (form, name) = match text.strip_suffix(')').and_then(|call| call.split_once('(')) {
            None => (KeyForm::Value, text),
            Some(("sound", name)) => (KeyForm::Sound, name.trim()),
            Some(("repairs", name)) => (KeyForm::Repairs, name.trim()),
            Some(("each", name)) => (KeyForm::Each, name.trim()),
            Some((word, _)) => {
                self.problems.add_unknown(self.document, part.span(), "取键方式", word, ["sound", "repairs", "each"]);
                return None;
            }
        };
        let field = self.named(name, part.span())?;
        let wanted = match form {
            KeyForm::Value => None,
            KeyForm::Sound => Some((Kind::Name, "name")),
            KeyForm::Repairs => Some((Kind::IdNumber, "id_number")),
            KeyForm::Each => Some((Kind::List, "list")),
        };
        if let Some((kind, word)) = wanted
            && self.fields[field].kind != kind
        {
            self.add(&part.span(), &format!("“{text}”要求字段“{name}”的 kind = \"{word}\""), "");
            return None;
        }
        Some(KeyPart { left: field, right: field, form })
    }

    fn comparison(&mut self, written: &WrittenComparison) -> Option<Comparison> {
        let names = written.on.get_ref();
        if names.is_empty() {
            self.add(&written.on.span(), "比较项至少要有一个字段", "");
        }
        let on: Vec<Option<usize>> = names.iter().map(|name| self.field(name)).collect();
        let mut on: Vec<usize> = on.into_iter().collect::<Option<_>>()?;
        let declared = on.len();
        let term_frequency: Vec<usize> = written
            .term_frequency
            .iter()
            .filter_map(|name| {
                let found = names.iter().position(|known| known.get_ref() == name.get_ref());
                if found.is_none() {
                    let known = names.iter().map(|name| name.get_ref().as_str());
                    self.problems.add_unknown(self.document, name.span(), "字段（须在 on 里）", name.get_ref(), known);
                }
                found
            })
            .collect();
        let rows = written.levels.get_ref();
        if rows.is_empty() || rows.len() > LEVELS {
            self.add(&written.levels.span(), &format!("级别要有 1 到 {LEVELS} 个（“其余”不用写）"), "");
        }
        let mut levels: Vec<Level> = Vec::new();
        for (at, row) in rows.iter().enumerate() {
            let Some((when, plain)) = self.when(row, names, declared, &mut on) else { continue };
            let name = row.name.clone().unwrap_or(plain);
            if levels.iter().any(|level| level.name == name) || name == "else" {
                self.add(&written.levels.span(), &format!("级别“{name}”重名"), "用 name = \"…\" 另起名");
            }
            let factor = self.share(row.term_frequency.as_ref(), "term_frequency", true);
            let exact = |position: &usize| {
                matches!(&when, When::All(atoms) if atoms.iter().any(|atom| {
                    matches!(atom.test, Test::Exact | Test::Folded) && (atom.left, atom.right) == (*position, *position)
                }))
            };
            let term_frequency =
                term_frequency.iter().map(|position| factor.unwrap_or(if exact(position) { 1.0 } else { 0.0 })).collect();
            let (m, u) = prior(at, rows.len());
            let m = self.share(row.m.as_ref(), "m", false).unwrap_or(m);
            let u = self.share(row.u.as_ref(), "u", false).unwrap_or(u);
            levels.push(Level { name, when, m, u, term_frequency });
        }
        let rest = |sum: f64| (1.0 - sum).max(0.001);
        let otherwise = (rest(levels.iter().map(|level| level.m).sum()), rest(levels.iter().map(|level| level.u).sum()));
        Some(Comparison { name: written.name.get_ref().clone(), on, declared, levels, otherwise, term_frequency })
    }

    fn share(&mut self, written: Option<&Spanned<f64>>, what: &str, zero: bool) -> Option<f64> {
        let written = written?;
        let value = *written.get_ref();
        if !(value <= 1.0 && (value > 0.0 || zero && value == 0.0)) {
            self.add(&written.span(), &format!("{what} 应在 0 与 1 之间，现为 {value}"), "");
        }
        Some(value)
    }

    /// What must hold, and its name where none is written.
    fn when(
        &mut self,
        row: &WrittenLevel,
        names: &[Spanned<String>],
        declared: usize,
        on: &mut Vec<usize>,
    ) -> Option<(When, String)> {
        match (&row.test, &row.all, &row.sql) {
            (Some(test), None, None) => {
                let atoms =
                    self.atoms(test, row.of.as_ref(), row.at_least.as_ref(), row.at_most.as_ref(), names, declared, on)?;
                let plain = plain(test.get_ref(), row.of.as_ref(), row.at_least.as_ref(), row.at_most.as_ref());
                Some((When::All(atoms), plain))
            }
            (None, Some(all), None) => {
                let (mut atoms, mut words) = (Vec::new(), Vec::new());
                for part in all.get_ref() {
                    let (of, at_least, at_most) = (part.of.as_ref(), part.at_least.as_ref(), part.at_most.as_ref());
                    atoms.extend(self.atoms(&part.test, of, at_least, at_most, names, declared, on)?);
                    words.push(plain(part.test.get_ref(), of, at_least, at_most));
                }
                if atoms.is_empty() {
                    self.add(&all.span(), "all 里至少要有一个条件", "");
                }
                Some((When::All(atoms), words.join(", ")))
            }
            (None, None, Some(sql)) => {
                let known: BTreeMap<&str, (Kind, usize)> =
                    self.fields.iter().enumerate().map(|(at, field)| (field.name.as_str(), (field.kind, at))).collect();
                match condition::read(sql.get_ref(), &known, on) {
                    Ok(condition) => Some((When::Sql(condition), sql.get_ref().clone())),
                    Err(problem) => {
                        let span = inner_span(&self.document.text, &sql.span(), sql.get_ref(), problem.offset, problem.length);
                        self.add(&span, &problem.message, &problem.hint);
                        None
                    }
                }
            }
            _ => {
                let span = names.first().map_or(0..0, Spanned::span);
                let span = row.test.as_ref().map_or(span, Spanned::span);
                self.add(&span, "每个级别要有 test、all、sql 之一，且只有一个", "");
                None
            }
        }
    }

    #[expect(clippy::too_many_arguments, reason = "the parts of one line of the model")]
    fn atoms(
        &mut self,
        test: &Spanned<String>,
        of: Option<&Spanned<String>>,
        at_least: Option<&Spanned<f64>>,
        at_most: Option<&Spanned<f64>>,
        names: &[Spanned<String>],
        declared: usize,
        on: &[usize],
    ) -> Option<Vec<Atom>> {
        let word = test.get_ref().as_str();
        if word == "swapped" {
            if declared != 2 {
                self.add(&test.span(), "swapped 用于恰好两个字段的比较项", "如 on = [\"given_name\", \"surname\"]");
                return None;
            }
            let inner = match at_least {
                Some(least) => Test::JaroWinkler(*least.get_ref()),
                None => Test::Exact,
            };
            return Some(vec![Atom { test: inner, left: 0, right: 1 }, Atom { test: inner, left: 1, right: 0 }]);
        }
        let resolved = self.test(test, at_least, at_most)?;
        let positions: Vec<usize> = match of {
            None => (0..declared).collect(),
            Some(of) => {
                let Some(position) = names.iter().position(|name| name.get_ref() == of.get_ref()) else {
                    let known = names.iter().map(|name| name.get_ref().as_str());
                    self.problems.add_unknown(self.document, of.span(), "字段（须在 on 里）", of.get_ref(), known);
                    return None;
                };
                vec![position]
            }
        };
        for &position in &positions {
            let field = &self.fields[on[position]];
            if let Some((kind, word)) = wanted_kind(resolved)
                && field.kind != kind
            {
                let message = format!("{} 要求字段“{}”的 kind = \"{word}\"", test.get_ref(), field.name);
                self.add(&test.span(), &message, "");
                return None;
            }
        }
        Some(positions.into_iter().map(|position| Atom { test: resolved, left: position, right: position }).collect())
    }

    fn test(&mut self, test: &Spanned<String>, at_least: Option<&Spanned<f64>>, at_most: Option<&Spanned<f64>>) -> Option<Test> {
        let (least, most) = (at_least.map(|value| *value.get_ref()), at_most.map(|value| *value.get_ref()));
        let word = test.get_ref().as_str();
        let fixed = FIXED.iter().find(|(known, _)| *known == word).map(|(_, test)| *test);
        let whole = |value: f64| (value.fract() == 0.0 && (0.0..=100_000.0).contains(&value)).then_some(value);
        let found = match (word, least, most) {
            (_, None, None) if fixed.is_some() => fixed,
            ("damerau_levenshtein", None, Some(most)) => {
                whole(most).filter(|most| (1.0..=8.0).contains(most)).map(|most| Test::DamerauLevenshtein(small(most)))
            }
            ("jaro_winkler", Some(least), None) => (least > 0.0 && least <= 1.0).then_some(Test::JaroWinkler(least)),
            ("prefix", Some(least), None) => {
                whole(least).filter(|least| *least >= 1.0).map(|least| Test::Prefix(usize::from(small(least))))
            }
            ("overlap", least, None) => {
                whole(least.unwrap_or(1.0)).filter(|least| *least >= 1.0).map(|least| Test::Overlap(usize::from(small(least))))
            }
            ("within", None, Some(most)) => (most >= 0.0).then_some(Test::Within(most)),
            ("within_days", None, Some(most)) => whole(most).map(|most| Test::WithinDays(days(most))),
            _ => None,
        };
        if found.is_none() {
            let known = FIXED.iter().map(|(name, _)| *name).chain(PARAMETERS.iter().map(|(name, _)| *name)).chain(["swapped"]);
            match PARAMETERS.iter().find(|(name, _)| *name == word) {
                Some((name, hint)) => self.add(&test.span(), &format!("{name} 的写法不对"), hint),
                None if fixed.is_some() => self.add(&test.span(), &format!("{word} 不带 at_least、at_most"), ""),
                None => self.problems.add_unknown(self.document, test.span(), "比较", word, known.collect::<Vec<_>>()),
            }
        }
        found
    }
}

const FIXED: [(&str, Test); 13] = [
    ("exact", Test::Exact),
    ("folded", Test::Folded),
    ("same_sound", Test::SameSound),
    ("looks_alike", Test::LooksAlike),
    ("unknown_character", Test::UnknownCharacter),
    ("day_month_swapped", Test::DayMonthSwapped),
    ("one_digit", Test::OneDigit),
    ("id_equal", Test::Id(IdTest::Equal)),
    ("id_float", Test::Id(IdTest::Float)),
    ("id_one_digit", Test::Id(IdTest::OneDigit)),
    ("id_missing_or_doubled", Test::Id(IdTest::MissingOrDoubled)),
    ("id_birth_sequence", Test::Id(IdTest::BirthSequence)),
    ("id_conflict", Test::Id(IdTest::Conflict)),
];

const PARAMETERS: [(&str, &str); 6] = [
    ("damerau_levenshtein", "写 at_most = 1 到 8 的整数"),
    ("jaro_winkler", "写 at_least = 0 到 1 的数，如 0.92"),
    ("prefix", "写 at_least = 字数，如 3"),
    ("overlap", "写 at_least = 共有的个数，不写为 1"),
    ("within", "写 at_most = 相差不超过多少"),
    ("within_days", "写 at_most = 相差不超过多少天（整数）"),
];

fn wanted_kind(test: Test) -> Option<(Kind, &'static str)> {
    match test {
        Test::Folded | Test::SameSound | Test::LooksAlike | Test::UnknownCharacter => Some((Kind::Name, "name")),
        Test::DayMonthSwapped | Test::OneDigit | Test::WithinDays(_) => Some((Kind::Date, "date")),
        Test::Within(_) => Some((Kind::Number, "number")),
        Test::Overlap(_) => Some((Kind::List, "list")),
        Test::Id(_) => Some((Kind::IdNumber, "id_number")),
        Test::Exact | Test::DamerauLevenshtein(_) | Test::JaroWinkler(_) | Test::Prefix(_) => None,
    }
}

/// m and u of the level at `at` of `count`, where the model does not say.
fn prior(at: usize, count: usize) -> (f64, f64) {
    let power = |at: usize| RATIO.powi(i32::try_from(at).unwrap_or(i32::MAX));
    let sum: f64 = (0..count).map(power).sum();
    (AGREEING * power(at) / sum, BY_CHANCE / f64::from(u32::try_from(count).unwrap_or(1).max(1)))
}

/// `jaro winkler ≥ 0.92 of surname`.
fn plain(test: &str, of: Option<&Spanned<String>>, least: Option<&Spanned<f64>>, most: Option<&Spanned<f64>>) -> String {
    let mut words = test.replace('_', " ");
    for (sign, bound) in [('≥', least), ('≤', most)] {
        if let Some(bound) = bound {
            // Writing to a String cannot fail.
            let _ = write!(words, " {sign} {}", bound.get_ref());
        }
    }
    if let Some(of) = of {
        let _ = write!(words, " of {}", of.get_ref());
    }
    words
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "whole and small, checked before")]
fn small(value: f64) -> u8 {
    value.min(255.0) as u8
}

#[expect(clippy::cast_possible_truncation, reason = "whole and at most 100000, checked before")]
fn days(value: f64) -> i32 {
    value as i32
}
