//! Conditions and amounts: a small, checked part of SQL.
//!
//! Takes the text of an expression, the types of the columns it may mention and the parameters there are; gives an
//! [`Expression`] whose every construct is on the allow-list, or the place and reason of the first mistake. Numbers
//! other than 0 and 1 are refused: they belong into `parameters.toml`, with a date and a clause.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;

use sqlparser::ast::{
    BinaryOperator, CaseWhen, Expr, FunctionArg, FunctionArgExpr, FunctionArguments, Ident, Spanned, UnaryOperator, Value,
    visit_expressions, visit_expressions_mut,
};
use sqlparser::dialect::GenericDialect;
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::{Location, Token};

use super::{ParameterValue, ValueType, WordList};
use crate::config::error::closest;

/// A checked expression.
#[derive(Clone, Debug, PartialEq)]
pub struct Expression {
    /// As written.
    pub text: String,
    /// Columns (facts, or record columns in a row filter) it mentions, each once, sorted.
    pub columns: Vec<String>,
    /// Parameters it mentions, without `$`, each once, sorted.
    pub parameters: Vec<String>,
    /// What it yields.
    pub value_type: ValueType,
    /// Whether that follows from what it mentions, and not only from what is wanted.
    pub is_typed: bool,
    tree: Expr,
}

/// A mistake in an expression: byte offset and length within its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExpressionProblem {
    /// Byte offset into the text.
    pub offset: usize,
    /// Bytes to underline; 0 when only the place is known.
    pub length: usize,
    /// What is wrong.
    pub message: String,
    /// What to do, empty when obvious.
    pub hint: String,
}

/// What an expression may mention.
#[derive(Clone, Copy)]
pub(crate) struct Vocabulary<'a> {
    /// Column → type.
    pub(crate) columns: &'a BTreeMap<String, ValueType>,
    /// Column, or `$parameter` for a reading → the only texts it can hold.
    pub(crate) codes: &'a BTreeMap<String, BTreeSet<String>>,
    /// Parameter → type.
    pub(crate) parameters: &'a BTreeMap<String, ValueType>,
    /// Tables of words: `category IN ($premium_accepted)`.
    pub(crate) tables: &'a BTreeSet<String>,
    /// Names that are not known because of a mistake that is told elsewhere: of any type.
    pub(crate) suspect: &'a dyn Fn(&str) -> bool,
}

impl Expression {
    /// Parses and checks `text`; `expected` is the type it must yield, where that is fixed. Every mistake is told; those that follow from
    /// another are not.
    pub(crate) fn parse(
        text: &str,
        vocabulary: Vocabulary<'_>,
        expected: Option<ValueType>,
    ) -> Result<Self, Vec<ExpressionProblem>> {
        let tree = parsed(text).map_err(|problem| vec![problem])?;
        let mut check = Check { text, vocabulary, columns: BTreeSet::new(), parameters: BTreeSet::new(), problems: Vec::new() };
        let found = check.type_of(&tree);
        if let (Some(found), Some(expected)) = (found, expected)
            && found != expected
            && check.problems.is_empty()
        {
            check.problems.push(ExpressionProblem {
                offset: 0,
                length: text.len(),
                message: format!("结果是{}，这里要{}", found.plain(), expected.plain()),
                hint: "条件要能回答“是”或“否”，金额用分".to_owned(),
            });
        }
        if !check.problems.is_empty() {
            return Err(check.problems);
        }
        Ok(Self {
            text: text.to_owned(),
            columns: check.columns.into_iter().collect(),
            parameters: check.parameters.into_iter().collect(),
            value_type: found.or(expected).unwrap_or(ValueType::Bool),
            is_typed: found.is_some(),
            tree,
        })
    }

    /// The expression as SQL with every parameter replaced by its value; the name of the first parameter that has
    /// none for the period otherwise.
    pub fn bind(&self, values: &BTreeMap<String, ParameterValue>) -> Result<String, String> {
        let mut tree = self.tree.clone();
        let flow = visit_expressions_mut(&mut tree, |expression| {
            if let Expr::InList { expr, list, negated } = expression
                && let Some(name) = table_of(list)
            {
                match values.get(&name) {
                    Some(ParameterValue::List(words)) => *expression = in_table(expr, words, *negated),
                    _ => return ControlFlow::Break(name),
                }
            } else if let Expr::Value(value) = expression
                && let Value::Placeholder(name) = &value.value
            {
                let name = name.trim_start_matches('$').to_owned();
                match values.get(&name) {
                    Some(ParameterValue::Int(number)) => value.value = Value::Number(number.to_string(), false),
                    Some(ParameterValue::Text(text)) => value.value = Value::SingleQuotedString(text.clone()),
                    // Days are integers in the frame.
                    Some(ParameterValue::Date(day)) => value.value = Value::Number(day.0.to_string(), false),
                    // Its list is taken out whole.
                    Some(ParameterValue::List(_)) => {}
                    None => return ControlFlow::Break(name),
                }
            }
            ControlFlow::Continue(())
        });
        match flow {
            ControlFlow::Break(name) => Err(name),
            ControlFlow::Continue(()) => Ok(tree.to_string()),
        }
    }

    /// The parts that must all hold, left to right: `a AND (b OR c) AND d` are three.
    #[must_use]
    pub fn conjuncts(&self) -> Vec<Self> {
        let mut parts = Vec::new();
        split(&self.tree, &mut parts);
        parts
            .into_iter()
            .map(|part| {
                let (mut columns, mut parameters) = (BTreeSet::new(), BTreeSet::new());
                let _: ControlFlow<()> = visit_expressions(part, |expression| {
                    match expression {
                        Expr::Identifier(name) => {
                            columns.insert(name.value.clone());
                        }
                        Expr::Value(value) => {
                            if let Value::Placeholder(name) = &value.value {
                                parameters.insert(name.trim_start_matches('$').to_owned());
                            }
                        }
                        _ => {}
                    }
                    ControlFlow::Continue(())
                });
                Self {
                    text: part.to_string(),
                    columns: columns.into_iter().collect(),
                    parameters: parameters.into_iter().collect(),
                    value_type: self.value_type,
                    is_typed: self.is_typed,
                    tree: part.clone(),
                }
            })
            .collect()
    }

    /// Whether it is a fact by itself, or one denied.
    #[must_use]
    pub fn is_plain_fact(&self) -> bool {
        let inner = match bare(&self.tree) {
            Expr::UnaryOp { op: UnaryOperator::Not, expr } => bare(expr),
            other => other,
        };
        matches!(inner, Expr::Identifier(_))
    }

    /// The condition in words: columns as `column` calls them, parameters as `parameter` gives their value.
    #[must_use]
    pub fn in_words(&self, column: &dyn Fn(&str) -> String, parameter: &dyn Fn(&str) -> String) -> String {
        let mut tree = self.tree.clone();
        let _: ControlFlow<()> = visit_expressions_mut(&mut tree, |expression| {
            let words = match expression {
                Expr::Identifier(name) => Some(column(&name.value)),
                Expr::Value(value) => match &value.value {
                    Value::Placeholder(name) => Some(parameter(name.trim_start_matches('$'))),
                    Value::SingleQuotedString(text) => Some(text.clone()),
                    Value::Boolean(yes) => Some(if *yes { "是" } else { "否" }.to_owned()),
                    _ => None,
                },
                // What stands for an empty cell is no part of what is asked.
                Expr::Function(function) => match &function.args {
                    FunctionArguments::List(list) => match list.args.first() {
                        Some(FunctionArg::Unnamed(FunctionArgExpr::Expr(first))) => Some(first.to_string()),
                        _ => None,
                    },
                    _ => None,
                },
                _ => None,
            };
            if let Some(words) = words {
                *expression = Expr::Identifier(Ident::new(words));
            }
            ControlFlow::Continue(())
        });
        let mut text = tree.to_string();
        for (sql, words) in [
            (" IS NOT NULL", "已填"),
            (" IS NULL", "未填"),
            (" NOT IN (", "不属于（"),
            (" IN (", "属于（"),
            (" AND ", "，且"),
            (" OR ", "，或"),
            ("NOT ", "不是"),
            (" <> ", "≠"),
            (" <= ", "≤"),
            (" >= ", "≥"),
            (" < ", "＜"),
            (" > ", "＞"),
            (" = ", "＝"),
            (", ", "、"),
            ("(", "（"),
            (")", "）"),
        ] {
            text = text.replace(sql, words);
        }
        text
    }
}

/// The table that an `IN ($table)` names.
fn table_of(list: &[Expr]) -> Option<String> {
    match list {
        [Expr::Value(value)] => match &value.value {
            Value::Placeholder(name) => Some(name.trim_start_matches('$').to_owned()),
            _ => None,
        },
        _ => None,
    }
}

/// Whether a text is one of the words, or holds one.
fn in_table(text: &Expr, table: &WordList, negated: bool) -> Expr {
    let literal = |word: String| Expr::value(Value::SingleQuotedString(word));
    if !table.part {
        let list = table.words.iter().cloned().map(literal).collect();
        return Expr::InList { expr: Box::new(text.clone()), list, negated };
    }
    let holds = |word: &String| Expr::Like {
        negated: false,
        any: false,
        expr: Box::new(text.clone()),
        pattern: Box::new(literal(format!("%{word}%"))),
        escape_char: None,
    };
    let any = table.words.iter().map(holds).reduce(|left, right| Expr::BinaryOp {
        left: Box::new(left),
        op: BinaryOperator::Or,
        right: Box::new(right),
    });
    let any = Expr::Nested(Box::new(any.unwrap_or_else(|| Expr::value(Value::Null))));
    if negated { Expr::UnaryOp { op: UnaryOperator::Not, expr: Box::new(any) } } else { any }
}

fn bare(tree: &Expr) -> &Expr {
    if let Expr::Nested(inner) = tree { bare(inner) } else { tree }
}

fn split<'e>(tree: &'e Expr, into: &mut Vec<&'e Expr>) {
    match bare(tree) {
        Expr::BinaryOp { left, op: BinaryOperator::And, right } => {
            split(left, into);
            split(right, into);
        }
        other => into.push(other),
    }
}

struct Check<'a> {
    text: &'a str,
    vocabulary: Vocabulary<'a>,
    columns: BTreeSet<String>,
    parameters: BTreeSet<String>,
    problems: Vec<ExpressionProblem>,
}

/// `None` is the type of NULL, and of what is not known because of a mistake: it fits everywhere.
type Found = Option<ValueType>;

impl Check<'_> {
    /// Notes a mistake.
    fn problem(&mut self, at: &Expr, message: String, hint: &str) {
        let span = at.span();
        let start = offset_of(self.text, span.start);
        let end = offset_of(self.text, span.end).max(start);
        self.problems.push(ExpressionProblem { offset: start, length: end - start, message, hint: hint.to_owned() });
    }

    fn want(&mut self, expression: &Expr, wanted: ValueType) {
        if let Some(found) = self.type_of(expression).filter(|found| *found != wanted) {
            self.problem(expression, format!("“{expression}”是{}，这里要{}", found.plain(), wanted.plain()), "");
        }
    }

    fn same(&mut self, expressions: &[&Expr]) -> Found {
        let mut common: Found = None;
        for expression in expressions {
            let found = self.type_of(expression);
            if let (Some(found), Some(common)) = (found, common)
                && common != found
            {
                let message = format!("“{expression}”是{}，与前面的{}不能比较或并列", found.plain(), common.plain());
                self.problem(expression, message, "");
            }
            common = common.or(found);
        }
        common
    }

    /// A text compared with a code field or a reading must be one of its values: a misspelt one would silently never match.
    fn check_codes(&mut self, column: &Expr, literals: &[&Expr]) {
        let name = match column {
            Expr::Identifier(column) => column.value.as_str(),
            Expr::Value(value) => match &value.value {
                Value::Placeholder(name) => name.as_str(),
                _ => return,
            },
            _ => return,
        };
        let Some(codes) = self.vocabulary.codes.get(name) else { return };
        for literal in literals {
            if let Expr::Value(value) = literal
                && let Value::SingleQuotedString(text) = &value.value
                && !codes.contains(text)
                && !(self.vocabulary.suspect)(text)
            {
                let near = closest(text, codes.iter().map(String::as_str)).map(|near| format!("是不是“{near}”？"));
                let known = codes.iter().map(String::as_str).collect::<Vec<_>>().join("、");
                let hint = format!("{}取值有：{known}", near.unwrap_or_default());
                self.problem(literal, format!("“{name}”没有“{text}”这个取值"), &hint);
            }
        }
    }

    fn type_of(&mut self, expression: &Expr) -> Found {
        const ALLOWED: &str = "可用：COALESCE、CASE、IN、BETWEEN、IS NULL、AND、OR、NOT、+、-、*、/";
        match expression {
            Expr::Identifier(name) => self.type_of_name(expression, &name.value),
            Expr::Value(value) => self.type_of_value(expression, &value.value),
            Expr::Nested(inner) => self.type_of(inner),
            Expr::UnaryOp { op: UnaryOperator::Not, expr } => {
                self.want(expr, ValueType::Bool);
                Some(ValueType::Bool)
            }
            Expr::IsNull(inner) | Expr::IsNotNull(inner) => {
                self.type_of(inner);
                Some(ValueType::Bool)
            }
            Expr::InList { expr, list, .. } if table_of(list).is_some_and(|name| self.vocabulary.tables.contains(&name)) => {
                self.want(expr, ValueType::Text);
                self.parameters.extend(table_of(list));
                Some(ValueType::Bool)
            }
            Expr::InList { expr, list, .. } => {
                let parts: Vec<&Expr> = std::iter::once(expr.as_ref()).chain(list).collect();
                self.same(&parts);
                self.check_codes(expr, &list.iter().collect::<Vec<_>>());
                Some(ValueType::Bool)
            }
            Expr::Between { expr, low, high, .. } => {
                self.same(&[expr, low, high]);
                Some(ValueType::Bool)
            }
            Expr::BinaryOp { left, op, right } => self.type_of_binary(expression, left, op, right),
            Expr::Case { operand, conditions, else_result, .. } => {
                let mut results: Vec<&Expr> = Vec::new();
                for CaseWhen { condition, result } in conditions {
                    match operand {
                        Some(operand) => {
                            self.same(&[operand, condition]);
                            self.check_codes(operand, &[condition]);
                        }
                        None => self.want(condition, ValueType::Bool),
                    }
                    results.push(result);
                }
                results.extend(else_result.as_deref());
                self.same(&results)
            }
            Expr::Function(function) if function.name.to_string().eq_ignore_ascii_case("coalesce") => {
                let mut parts = Vec::new();
                if let FunctionArguments::List(list) = &function.args {
                    for argument in &list.args {
                        if let FunctionArg::Unnamed(FunctionArgExpr::Expr(part)) = argument {
                            parts.push(part);
                        }
                    }
                }
                self.same(&parts)
            }
            Expr::Function(function) => {
                self.problem(expression, format!("条件里不能用函数 {}", function.name), ALLOWED);
                None
            }
            // polars reads IS TRUE as `= TRUE`, which is null for null and not what SQL says.
            Expr::IsTrue(_) | Expr::IsNotTrue(_) | Expr::IsFalse(_) | Expr::IsNotFalse(_) => {
                let hint = "写 COALESCE(…, FALSE) 或 COALESCE(…, TRUE)";
                self.problem(expression, "不能用 IS TRUE、IS FALSE".to_owned(), hint);
                Some(ValueType::Bool)
            }
            other => {
                self.problem(other, format!("条件里不能用“{other}”这种写法"), ALLOWED);
                None
            }
        }
    }

    fn type_of_name(&mut self, at: &Expr, name: &str) -> Found {
        if let Some(found) = self.vocabulary.columns.get(name) {
            self.columns.insert(name.to_owned());
            return Some(*found);
        }
        if !(self.vocabulary.suspect)(name) {
            // What is not ASCII is hardly a name: a text without its quotes.
            let hint = if name.is_ascii() {
                let near = closest(name, self.vocabulary.columns.keys().map(String::as_str));
                near.map(|near| format!("是不是“{near}”？")).unwrap_or_default()
            } else {
                format!("是文字的话加英文单引号：'{name}'")
            };
            self.problem(at, format!("没有名为 {name} 的事实或字段"), &hint);
        }
        None
    }

    fn type_of_value(&mut self, expression: &Expr, value: &Value) -> Found {
        match value {
            Value::Null => None,
            Value::Boolean(_) => Some(ValueType::Bool),
            Value::SingleQuotedString(_) => Some(ValueType::Text),
            Value::Number(number, _) => {
                if number != "0" && number != "1" {
                    let hint = "写进 parameters.toml（数值、单位、起始月份、条款），这里用 $名称";
                    self.problem(expression, format!("规则里不写数字 {number}"), hint);
                }
                Some(ValueType::Int)
            }
            Value::Placeholder(name) => {
                let name = name.trim_start_matches('$');
                if let Some(found) = self.vocabulary.parameters.get(name) {
                    self.parameters.insert(name.to_owned());
                    return Some(*found);
                }
                if !(self.vocabulary.suspect)(name) {
                    let near = closest(name, self.vocabulary.parameters.keys().map(String::as_str));
                    let hint = near.map(|near| format!("是不是“${near}”？")).unwrap_or_default();
                    self.problem(expression, format!("parameters.toml 里没有 {name}"), &hint);
                }
                None
            }
            other => {
                self.problem(expression, format!("条件里不能用“{other}”这种写法"), "文字用单引号");
                None
            }
        }
    }

    fn type_of_binary(&mut self, whole: &Expr, left: &Expr, op: &BinaryOperator, right: &Expr) -> Found {
        match op {
            BinaryOperator::And | BinaryOperator::Or => {
                self.want(left, ValueType::Bool);
                self.want(right, ValueType::Bool);
                Some(ValueType::Bool)
            }
            BinaryOperator::Eq
            | BinaryOperator::NotEq
            | BinaryOperator::Lt
            | BinaryOperator::LtEq
            | BinaryOperator::Gt
            | BinaryOperator::GtEq => {
                self.same(&[left, right]);
                self.check_codes(left, &[right]);
                self.check_codes(right, &[left]);
                Some(ValueType::Bool)
            }
            // Division is exact within an expression; an amount is rounded down once, at the end.
            BinaryOperator::Plus | BinaryOperator::Minus | BinaryOperator::Multiply | BinaryOperator::Divide => {
                // Days between two days.
                let wanted = match (op, self.type_of(left)) {
                    (BinaryOperator::Minus, Some(ValueType::Date)) => ValueType::Date,
                    (_, None) => {
                        self.type_of(right);
                        return Some(ValueType::Int);
                    }
                    (_, Some(ValueType::Int)) => ValueType::Int,
                    (_, Some(found)) => {
                        let message = format!("“{left}”是{}，这里要{}", found.plain(), ValueType::Int.plain());
                        self.problem(left, message, "");
                        ValueType::Int
                    }
                };
                self.want(right, wanted);
                Some(ValueType::Int)
            }
            other => {
                self.problem(whole, format!("条件里不能用运算符 {other}"), "");
                None
            }
        }
    }
}

/// The one expression that a text is.
pub(in crate::config) fn parsed(text: &str) -> Result<Expr, ExpressionProblem> {
    let dialect = GenericDialect {};
    let misread = |error: ParserError| {
        let said = match error {
            ParserError::TokenizerError(said) | ParserError::ParserError(said) => said,
            ParserError::RecursionLimitExceeded => "too deep".to_owned(),
        };
        let offset = place_in(&said).map_or(text.len(), |place| offset_of(text, place));
        if let Some(wide) = wide_sign(text) {
            return wide;
        }
        let message = format!("条件写法有误，到这里读不下去（{said}）");
        let hint = "引号、括号要成对，AND、OR 和比较符号两边都要有内容".to_owned();
        ExpressionProblem { offset, length: 0, message, hint }
    };
    let mut parser = Parser::new(&dialect).try_with_sql(text).map_err(misread)?;
    let tree = parser.parse_expr().map_err(misread)?;
    let rest = parser.peek_token();
    if rest.token == Token::EOF {
        return Ok(tree);
    }
    if let Some(wide) = wide_sign(text) {
        return Err(wide);
    }
    Err(ExpressionProblem {
        offset: offset_of(text, rest.span.start),
        length: rest.token.to_string().len(),
        message: format!("条件在“{}”之前已经完整", rest.token),
        hint: "一处只写一个条件，用 AND、OR 连接".to_owned(),
    })
}

/// The first full-width sign outside of quotes, as a mistake.
fn wide_sign(text: &str) -> Option<ExpressionProblem> {
    let wide = |sign: char| matches!(sign, '“' | '”' | '‘' | '’' | '（' | '）' | '，' | '、' | '＝' | '＞' | '＜' | '；' | '。');
    let quoted = |offset: usize| text.get(..offset).is_some_and(|before| before.matches('\'').count() % 2 == 1);
    let (offset, sign) = text.char_indices().find(|(offset, sign)| wide(*sign) && !quoted(*offset))?;
    Some(ExpressionProblem {
        offset,
        length: sign.len_utf8(),
        message: format!("条件里的“{sign}”是中文（全角）符号"),
        hint: "条件里的引号、括号、逗号、等号用英文（半角）的".to_owned(),
    })
}

/// The place that the parser's message ends with: `… at Line: 1, Column: 8`.
fn place_in(said: &str) -> Option<Location> {
    let (line, column) = said.rsplit_once("Line: ")?.1.split_once(", Column: ")?;
    Some(Location { line: line.trim().parse().ok()?, column: column.trim().parse().ok()? })
}

/// Byte offset of a 1-based line and column (in characters); 0 for an unknown place.
pub(in crate::config) fn offset_of(text: &str, at: Location) -> usize {
    let (Ok(line), Ok(column)) = (usize::try_from(at.line), usize::try_from(at.column)) else { return 0 };
    if line == 0 || column == 0 {
        return 0;
    }
    let mut start = 0;
    for (number, content) in text.split_inclusive('\n').enumerate() {
        if number + 1 == line {
            return start + content.char_indices().nth(column - 1).map_or(content.len(), |(offset, _)| offset);
        }
        start += content.len();
    }
    text.len()
}

#[cfg(test)]
#[path = "expression_tests.rs"]
mod tests;
