//! A condition over two rows, asked: SQL's three values, null does not fire.

use std::borrow::Cow;

use super::store::{Column, Forms};
use crate::config::tables::{Condition, Operand, Operation, Side, Value};
use crate::model::similarity;

/// What an operand is for a pair.
#[derive(Clone, PartialEq)]
enum Datum<'a> {
    Null,
    Bool(bool),
    Number(f64),
    Text(Cow<'a, str>),
}

/// Whether the condition is true. `field` gives a side's column and value, `None` for null.
pub(super) fn holds<'a>(condition: &'a Condition, field: &dyn Fn(Side, usize) -> Option<(&'a Column, u32)>) -> bool {
    ask(condition, field) == Datum::Bool(true)
}

fn ask<'a>(condition: &'a Condition, field: &dyn Fn(Side, usize) -> Option<(&'a Column, u32)>) -> Datum<'a> {
    match condition {
        Condition::Leaf(Operand::Field(side, at)) => match field(*side, *at) {
            None => Datum::Null,
            Some((column, value)) => match &column.forms {
                Forms::Numbers(numbers) => Datum::Number(numbers[value as usize]),
                Forms::Days(days) => Datum::Number(f64::from(days[value as usize].0)),
                _ => Datum::Text(Cow::Borrowed(column.text(value))),
            },
        },
        Condition::Leaf(Operand::Constant(value)) => match value {
            Value::Null => Datum::Null,
            Value::Bool(truth) => Datum::Bool(*truth),
            Value::Number(number) => Datum::Number(*number),
            Value::Text(text) => Datum::Text(Cow::Borrowed(text)),
        },
        Condition::Apply(operation, operands) => {
            let given = |at: usize| operands.get(at).map_or(Datum::Null, |operand| ask(operand, field));
            apply(*operation, given(0), || given(1))
        }
    }
}

fn apply<'a>(operation: Operation, one: Datum<'a>, other: impl FnOnce() -> Datum<'a>) -> Datum<'a> {
    use Datum::{Bool, Null, Number, Text};
    match (operation, one) {
        // False and true decide whatever stands beside them.
        (Operation::And, Bool(false)) => Bool(false),
        (Operation::Or, Bool(true)) => Bool(true),
        (Operation::And, one) => match (one, other()) {
            (_, Bool(false)) => Bool(false),
            (Bool(true), Bool(true)) => Bool(true),
            _ => Null,
        },
        (Operation::Or, one) => match (one, other()) {
            (_, Bool(true)) => Bool(true),
            (Bool(false), Bool(false)) => Bool(false),
            _ => Null,
        },
        (Operation::IsNull, one) => Bool(one == Null),
        (Operation::IsNotNull, one) => Bool(one != Null),
        (Operation::Coalesce, Null) => other(),
        (Operation::Coalesce, one) => one,
        (_, Null) => Null,
        (Operation::Not, Bool(truth)) => Bool(!truth),
        (Operation::Abs, Number(number)) => Number(number.abs()),
        (Operation::Length, Text(text)) => Number(count(text.chars().count())),
        (Operation::Lower, Text(text)) => Text(text.to_lowercase().into()),
        (Operation::Upper, Text(text)) => Text(text.to_uppercase().into()),
        (operation, one) => match (one, other()) {
            (Number(a), Number(b)) => numbers(operation, a, b),
            (Bool(a), Bool(b)) => ordered(operation, &a, &b),
            (Text(text), Number(length)) => Text(cut(operation, &text, length).into()),
            (Text(a), Text(b)) => texts(operation, &a, &b),
            _ => Null,
        },
    }
}

fn numbers<'a>(operation: Operation, a: f64, b: f64) -> Datum<'a> {
    match operation {
        Operation::Add => Datum::Number(a + b),
        Operation::Subtract => Datum::Number(a - b),
        Operation::Multiply => Datum::Number(a * b),
        Operation::Divide if b == 0.0 => Datum::Null,
        Operation::Divide => Datum::Number(a / b),
        _ => ordered(operation, &a, &b),
    }
}

fn texts<'a>(operation: Operation, a: &str, b: &str) -> Datum<'a> {
    match operation {
        Operation::Levenshtein => Datum::Number(count(strsim::levenshtein(a, b))),
        Operation::JaroWinkler => {
            let symbols = |text: &str| text.chars().collect::<Vec<char>>();
            Datum::Number(similarity::jaro_winkler(&symbols(a), &symbols(b)))
        }
        _ => ordered(operation, a, b),
    }
}

fn ordered<'a, T: PartialOrd + ?Sized>(operation: Operation, a: &T, b: &T) -> Datum<'a> {
    Datum::Bool(match operation {
        Operation::Equal => a == b,
        Operation::NotEqual => a != b,
        Operation::Less => a < b,
        Operation::LessOrEqual => a <= b,
        Operation::Greater => a > b,
        Operation::GreaterOrEqual => a >= b,
        _ => return Datum::Null,
    })
}

/// The first or the last characters.
fn cut(operation: Operation, text: &str, length: f64) -> String {
    let total = text.chars().count();
    // Steps of one, so that no float is cut to an integer.
    let length = (0..total).take_while(|at| count(*at) < length).count();
    match operation {
        Operation::Left => text.chars().take(length).collect(),
        _ => text.chars().skip(total - length).collect(),
    }
}

fn count(value: usize) -> f64 {
    f64::from(u32::try_from(value).unwrap_or(u32::MAX))
}
