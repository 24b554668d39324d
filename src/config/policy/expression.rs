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
#[derive(Clone, Copy, Debug)]
pub struct Vocabulary<'a> {
    /// Column → type.
    pub columns: &'a BTreeMap<String, ValueType>,
    /// Column, or `$parameter` for a reading → the only texts it can hold.
    pub codes: &'a BTreeMap<String, BTreeSet<String>>,
    /// Parameter → type.
    pub parameters: &'a BTreeMap<String, ValueType>,
    /// Tables of words: `category IN ($premium_accepted)`.
    pub tables: &'a BTreeSet<String>,
}

impl Expression {
    /// Parses and checks `text`; `expected` is the type it must yield, where that is fixed.
    pub fn parse(text: &str, vocabulary: Vocabulary<'_>, expected: Option<ValueType>) -> Result<Self, ExpressionProblem> {
        let whole =
            |message: String, hint: &str| ExpressionProblem { offset: 0, length: text.len(), message, hint: hint.to_owned() };
        let tree = parsed(text)?;
        let mut check = Check { text, vocabulary, columns: BTreeSet::new(), parameters: BTreeSet::new() };
        let found = check.type_of(&tree)?;
        let value_type = match (found, expected) {
            (Some(found), Some(expected)) if found != expected => {
                return Err(whole(
                    format!("结果是{}，这里要{}", found.plain(), expected.plain()),
                    "条件要能回答“是”或“否”，金额用分",
                ));
            }
            (found, expected) => found.or(expected).unwrap_or(ValueType::Bool),
        };
        Ok(Self {
            text: text.to_owned(),
            columns: check.columns.into_iter().collect(),
            parameters: check.parameters.into_iter().collect(),
            value_type,
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
}

/// `None` is the type of NULL: it fits everywhere.
type Found = Result<Option<ValueType>, ExpressionProblem>;

impl Check<'_> {
    fn problem(&self, at: &Expr, message: String, hint: &str) -> ExpressionProblem {
        let span = at.span();
        let start = offset_of(self.text, span.start);
        let end = offset_of(self.text, span.end).max(start);
        ExpressionProblem { offset: start, length: end - start, message, hint: hint.to_owned() }
    }

    fn want(&mut self, expression: &Expr, wanted: ValueType) -> Result<(), ExpressionProblem> {
        match self.type_of(expression)? {
            Some(found) if found != wanted => {
                Err(self.problem(expression, format!("“{expression}”是{}，这里要{}", found.plain(), wanted.plain()), ""))
            }
            _ => Ok(()),
        }
    }

    fn same(&mut self, expressions: &[&Expr]) -> Found {
        let mut common: Option<ValueType> = None;
        for expression in expressions {
            if let Some(found) = self.type_of(expression)? {
                if let Some(common) = common
                    && common != found
                {
                    let message = format!("“{expression}”是{}，与前面的{}不能比较或并列", found.plain(), common.plain());
                    return Err(self.problem(expression, message, ""));
                }
                common = Some(found);
            }
        }
        Ok(common)
    }

    /// A text compared with a code field or a reading must be one of its values: a misspelt one would silently never match.
    fn check_codes(&self, column: &Expr, literals: &[&Expr]) -> Result<(), ExpressionProblem> {
        let name = match column {
            Expr::Identifier(column) => column.value.as_str(),
            Expr::Value(value) => match &value.value {
                Value::Placeholder(name) => name.as_str(),
                _ => return Ok(()),
            },
            _ => return Ok(()),
        };
        let Some(codes) = self.vocabulary.codes.get(name) else { return Ok(()) };
        for literal in literals {
            if let Expr::Value(value) = literal
                && let Value::SingleQuotedString(text) = &value.value
                && !codes.contains(text)
            {
                let known = codes.iter().map(String::as_str).collect::<Vec<_>>().join("、");
                return Err(self.problem(literal, format!("“{name}”没有“{text}”这个取值"), &format!("取值有：{known}")));
            }
        }
        Ok(())
    }

    fn type_of(&mut self, expression: &Expr) -> Found {
        match expression {
            Expr::Identifier(name) => {
                if let Some(found) = self.vocabulary.columns.get(&name.value) {
                    self.columns.insert(name.value.clone());
                    return Ok(Some(*found));
                }
                let near = closest(&name.value, self.vocabulary.columns.keys().map(String::as_str));
                let hint = near.map(|near| format!("是不是“{near}”？")).unwrap_or_default();
                Err(self.problem(expression, format!("没有名为 {} 的事实或字段", name.value), &hint))
            }
            Expr::Value(value) => self.type_of_value(expression, &value.value),
            Expr::Nested(inner) => self.type_of(inner),
            Expr::UnaryOp { op: UnaryOperator::Not, expr } => {
                self.want(expr, ValueType::Bool)?;
                Ok(Some(ValueType::Bool))
            }
            Expr::IsNull(inner) | Expr::IsNotNull(inner) => {
                self.type_of(inner)?;
                Ok(Some(ValueType::Bool))
            }
            Expr::InList { expr, list, .. } if table_of(list).is_some_and(|name| self.vocabulary.tables.contains(&name)) => {
                self.want(expr, ValueType::Text)?;
                self.parameters.extend(table_of(list));
                Ok(Some(ValueType::Bool))
            }
            Expr::InList { expr, list, .. } => {
                let parts: Vec<&Expr> = std::iter::once(expr.as_ref()).chain(list).collect();
                self.same(&parts)?;
                self.check_codes(expr, &list.iter().collect::<Vec<_>>())?;
                Ok(Some(ValueType::Bool))
            }
            Expr::Between { expr, low, high, .. } => {
                self.same(&[expr, low, high])?;
                Ok(Some(ValueType::Bool))
            }
            Expr::BinaryOp { left, op, right } => self.type_of_binary(expression, left, op, right),
            Expr::Case { operand, conditions, else_result, .. } => {
                let mut results: Vec<&Expr> = Vec::new();
                for CaseWhen { condition, result } in conditions {
                    match operand {
                        Some(operand) => {
                            self.same(&[operand, condition])?;
                            self.check_codes(operand, &[condition])?;
                        }
                        None => self.want(condition, ValueType::Bool)?,
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
            Expr::Function(function) => Err(self.problem(
                expression,
                format!("条件里不能用函数 {}", function.name),
                "可用：COALESCE、CASE、IN、BETWEEN、IS NULL、AND、OR、NOT、+、-、*、/",
            )),
            // polars reads IS TRUE as `= TRUE`, which is null for null and not what SQL says.
            Expr::IsTrue(_) | Expr::IsNotTrue(_) | Expr::IsFalse(_) | Expr::IsNotFalse(_) => {
                Err(self.problem(expression, "不能用 IS TRUE、IS FALSE".to_owned(), "写 COALESCE(…, FALSE) 或 COALESCE(…, TRUE)"))
            }
            other => Err(self.problem(
                other,
                format!("条件里不能用“{other}”这种写法"),
                "可用：COALESCE、CASE、IN、BETWEEN、IS NULL、AND、OR、NOT、+、-、*、/",
            )),
        }
    }

    fn type_of_value(&mut self, expression: &Expr, value: &Value) -> Found {
        match value {
            Value::Null => Ok(None),
            Value::Boolean(_) => Ok(Some(ValueType::Bool)),
            Value::SingleQuotedString(_) => Ok(Some(ValueType::Text)),
            Value::Number(number, _) if number == "0" || number == "1" => Ok(Some(ValueType::Int)),
            Value::Number(number, _) => Err(self.problem(
                expression,
                format!("规则里不写数字 {number}"),
                "写进 parameters.toml（数值、单位、起始月份、条款），这里用 $名称",
            )),
            Value::Placeholder(name) => {
                let name = name.trim_start_matches('$');
                if let Some(found) = self.vocabulary.parameters.get(name) {
                    self.parameters.insert(name.to_owned());
                    return Ok(Some(*found));
                }
                let near = closest(name, self.vocabulary.parameters.keys().map(String::as_str));
                let hint = near.map(|near| format!("是不是“${near}”？")).unwrap_or_default();
                Err(self.problem(expression, format!("parameters.toml 里没有 {name}"), &hint))
            }
            other => Err(self.problem(expression, format!("条件里不能用“{other}”这种写法"), "文字用单引号")),
        }
    }

    fn type_of_binary(&mut self, whole: &Expr, left: &Expr, op: &BinaryOperator, right: &Expr) -> Found {
        match op {
            BinaryOperator::And | BinaryOperator::Or => {
                self.want(left, ValueType::Bool)?;
                self.want(right, ValueType::Bool)?;
                Ok(Some(ValueType::Bool))
            }
            BinaryOperator::Eq
            | BinaryOperator::NotEq
            | BinaryOperator::Lt
            | BinaryOperator::LtEq
            | BinaryOperator::Gt
            | BinaryOperator::GtEq => {
                self.same(&[left, right])?;
                self.check_codes(left, &[right])?;
                self.check_codes(right, &[left])?;
                Ok(Some(ValueType::Bool))
            }
            // Days between two days.
            BinaryOperator::Minus if self.type_of(left)? == Some(ValueType::Date) => {
                self.want(right, ValueType::Date)?;
                Ok(Some(ValueType::Int))
            }
            // Division is exact within an expression; an amount is rounded down once, at the end.
            BinaryOperator::Plus | BinaryOperator::Minus | BinaryOperator::Multiply | BinaryOperator::Divide => {
                self.want(left, ValueType::Int)?;
                self.want(right, ValueType::Int)?;
                Ok(Some(ValueType::Int))
            }
            other => Err(self.problem(whole, format!("条件里不能用运算符 {other}"), "")),
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
    Err(ExpressionProblem {
        offset: offset_of(text, rest.span.start),
        length: rest.token.to_string().len(),
        message: format!("条件在“{}”之前已经完整", rest.token),
        hint: "一处只写一个条件，用 AND、OR 连接".to_owned(),
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
