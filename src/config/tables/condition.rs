//! A condition of a level as SQL over `l.<field>` and `r.<field>`: a small, checked part of it, evaluated here and nowhere else.
//!
//! Takes the text and the fields there are; gives a typed tree, or the place and reason of the first mistake. Three-valued as SQL is:
//! null in, null out, and a level whose condition is null does not fire. Where one table is deduplicated, which record is `l` is arbitrary (but always the
//! same): write conditions that do not care.

use std::collections::BTreeMap;

use sqlparser::ast::{
    BinaryOperator, Expr, FunctionArg, FunctionArgExpr, FunctionArguments, Spanned, UnaryOperator, Value as Literal,
};

use super::Kind;
use crate::config::error::closest;
use crate::config::policy::expression::{ExpressionProblem, offset_of, parsed};

/// Which record of a pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// `l`
    Left,
    /// `r`
    Right,
}

/// A constant.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// NULL
    Null,
    /// TRUE, FALSE
    Bool(bool),
    /// `3`, `0.5`; a date is its days since 1970-01-01.
    Number(f64),
    /// `'a'`
    Text(String),
}

/// What is done with operands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is the SQL operator or function of its name")]
pub enum Operation {
    And,
    Or,
    Not,
    IsNull,
    IsNotNull,
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Add,
    Subtract,
    Multiply,
    Divide,
    Abs,
    Length,
    Lower,
    Upper,
    Left,
    Right,
    Coalesce,
    Levenshtein,
    JaroWinkler,
}

/// A leaf of a condition.
#[derive(Clone, Debug, PartialEq)]
pub enum Operand {
    /// A field of one record, by position within the comparison's fields.
    Field(Side, usize),
    /// A constant.
    Constant(Value),
}

/// A condition, checked.
#[derive(Clone, Debug, PartialEq)]
pub enum Condition {
    /// A leaf.
    Leaf(Operand),
    /// An operation on others.
    Apply(Operation, Vec<Condition>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Type {
    Bool,
    Number,
    Text,
    /// NULL: fits everywhere.
    Any,
}

impl Type {
    fn plain(self) -> &'static str {
        match self {
            Self::Bool => "是或否",
            Self::Number => "数",
            Self::Text => "文字",
            Self::Any => "空",
        }
    }

    fn fits(self, wanted: Self) -> bool {
        self == wanted || self == Self::Any || wanted == Self::Any
    }
}

/// Functions: name, operation, operands, result. `Any` for coalesce, whose operands are alike.
const FUNCTIONS: [(&str, Operation, &[Type], Type); 9] = [
    ("abs", Operation::Abs, &[Type::Number], Type::Number),
    ("length", Operation::Length, &[Type::Text], Type::Number),
    ("lower", Operation::Lower, &[Type::Text], Type::Text),
    ("upper", Operation::Upper, &[Type::Text], Type::Text),
    ("left", Operation::Left, &[Type::Text, Type::Number], Type::Text),
    ("right", Operation::Right, &[Type::Text, Type::Number], Type::Text),
    ("levenshtein", Operation::Levenshtein, &[Type::Text, Type::Text], Type::Number),
    ("jaro_winkler", Operation::JaroWinkler, &[Type::Text, Type::Text], Type::Number),
    ("coalesce", Operation::Coalesce, &[Type::Any, Type::Any], Type::Any),
];

const ALLOWED: &str = "可用：l.字段、r.字段、=、<>、<、<=、>、>=、+、-、*、/、AND、OR、NOT、IS NULL，以及 abs、length、lower、upper、left、right、\
                       levenshtein、jaro_winkler、coalesce";

/// Reads a condition. `fields` are all fields by name with kind and position; `on` gets the positions it mentions, in order of mention,
/// behind those it holds already.
pub(super) fn read(
    text: &str,
    fields: &BTreeMap<&str, (Kind, usize)>,
    on: &mut Vec<usize>,
) -> Result<Condition, ExpressionProblem> {
    let whole = |message: String| ExpressionProblem { offset: 0, length: text.len(), message, hint: ALLOWED.to_owned() };
    let tree = parsed(text)?;
    let mut reader = Reader { text, fields, on };
    let (condition, found) = reader.read(&tree)?;
    if !found.fits(Type::Bool) {
        return Err(whole(format!("条件的结果是{}，应是“是或否”", found.plain())));
    }
    Ok(condition)
}

struct Reader<'a> {
    text: &'a str,
    fields: &'a BTreeMap<&'a str, (Kind, usize)>,
    on: &'a mut Vec<usize>,
}

type Read = Result<(Condition, Type), ExpressionProblem>;

impl Reader<'_> {
    fn problem(&self, at: &Expr, message: String, hint: &str) -> ExpressionProblem {
        let start = offset_of(self.text, at.span().start);
        let end = offset_of(self.text, at.span().end).max(start);
        ExpressionProblem { offset: start, length: end - start, message, hint: hint.to_owned() }
    }

    fn want(&mut self, expression: &Expr, wanted: Type) -> Result<Condition, ExpressionProblem> {
        let (condition, found) = self.read(expression)?;
        if found.fits(wanted) {
            return Ok(condition);
        }
        Err(self.problem(expression, format!("“{expression}”是{}，这里要{}", found.plain(), wanted.plain()), ""))
    }

    fn read(&mut self, expression: &Expr) -> Read {
        match expression {
            Expr::CompoundIdentifier(parts) => {
                let names: Vec<&str> = parts.iter().map(|part| part.value.as_str()).collect();
                match names.as_slice() {
                    ["l", field] => self.field(expression, Side::Left, field),
                    ["r", field] => self.field(expression, Side::Right, field),
                    _ => Err(self.problem(expression, format!("不认识“{expression}”"), "左边的记录写 l.字段，右边的写 r.字段")),
                }
            }
            Expr::Nested(inner) => self.read(inner),
            Expr::Value(value) => {
                let (value, found) = match &value.value {
                    Literal::Null => (Value::Null, Type::Any),
                    Literal::Boolean(truth) => (Value::Bool(*truth), Type::Bool),
                    Literal::SingleQuotedString(text) => (Value::Text(text.clone()), Type::Text),
                    Literal::Number(number, _) => match number.parse() {
                        Ok(number) => (Value::Number(number), Type::Number),
                        Err(_) => return Err(self.problem(expression, format!("“{number}”不是数"), "")),
                    },
                    other => return Err(self.problem(expression, format!("条件里不能用“{other}”"), ALLOWED)),
                };
                Ok((Condition::Leaf(Operand::Constant(value)), found))
            }
            Expr::UnaryOp { op: UnaryOperator::Not, expr } => {
                Ok((Condition::Apply(Operation::Not, vec![self.want(expr, Type::Bool)?]), Type::Bool))
            }
            Expr::UnaryOp { op: UnaryOperator::Minus, expr } => {
                let zero = Condition::Leaf(Operand::Constant(Value::Number(0.0)));
                Ok((Condition::Apply(Operation::Subtract, vec![zero, self.want(expr, Type::Number)?]), Type::Number))
            }
            Expr::IsNull(inner) => Ok((Condition::Apply(Operation::IsNull, vec![self.read(inner)?.0]), Type::Bool)),
            Expr::IsNotNull(inner) => Ok((Condition::Apply(Operation::IsNotNull, vec![self.read(inner)?.0]), Type::Bool)),
            Expr::BinaryOp { left, op, right } => self.binary(expression, left, op, right),
            Expr::Function(function) => self.call(expression, &function.name.to_string(), &function.args),
            other => Err(self.problem(other, format!("条件里不能用“{other}”这种写法"), ALLOWED)),
        }
    }

    fn field(&mut self, at: &Expr, side: Side, name: &str) -> Read {
        let Some(&(kind, field)) = self.fields.get(name) else {
            let hint = closest(name, self.fields.keys().copied()).map(|near| format!("是不是“{near}”？")).unwrap_or_default();
            return Err(self.problem(at, format!("没有字段 {name}"), &hint));
        };
        let position = self.on.iter().position(|known| *known == field).unwrap_or_else(|| {
            self.on.push(field);
            self.on.len() - 1
        });
        let found = if matches!(kind, Kind::Number | Kind::Date) { Type::Number } else { Type::Text };
        Ok((Condition::Leaf(Operand::Field(side, position)), found))
    }

    fn binary(&mut self, whole: &Expr, left: &Expr, operator: &BinaryOperator, right: &Expr) -> Read {
        let (operation, wanted, gives) = match operator {
            BinaryOperator::And => (Operation::And, Some(Type::Bool), Type::Bool),
            BinaryOperator::Or => (Operation::Or, Some(Type::Bool), Type::Bool),
            BinaryOperator::Eq => (Operation::Equal, None, Type::Bool),
            BinaryOperator::NotEq => (Operation::NotEqual, None, Type::Bool),
            BinaryOperator::Lt => (Operation::Less, None, Type::Bool),
            BinaryOperator::LtEq => (Operation::LessOrEqual, None, Type::Bool),
            BinaryOperator::Gt => (Operation::Greater, None, Type::Bool),
            BinaryOperator::GtEq => (Operation::GreaterOrEqual, None, Type::Bool),
            BinaryOperator::Plus => (Operation::Add, Some(Type::Number), Type::Number),
            BinaryOperator::Minus => (Operation::Subtract, Some(Type::Number), Type::Number),
            BinaryOperator::Multiply => (Operation::Multiply, Some(Type::Number), Type::Number),
            BinaryOperator::Divide => (Operation::Divide, Some(Type::Number), Type::Number),
            other => return Err(self.problem(whole, format!("条件里不能用运算符 {other}"), ALLOWED)),
        };
        let operands = if let Some(wanted) = wanted {
            vec![self.want(left, wanted)?, self.want(right, wanted)?]
        } else {
            let (one, found) = self.read(left)?;
            vec![one, self.want(right, found)?]
        };
        Ok((Condition::Apply(operation, operands), gives))
    }

    fn call(&mut self, whole: &Expr, name: &str, arguments: &FunctionArguments) -> Read {
        let folded = name.to_lowercase();
        let Some((_, operation, wanted, gives)) = FUNCTIONS.iter().find(|(known, ..)| *known == folded) else {
            return Err(self.problem(whole, format!("条件里不能用函数 {name}"), ALLOWED));
        };
        let mut arguments_given = Vec::new();
        if let FunctionArguments::List(list) = arguments {
            for argument in &list.args {
                if let FunctionArg::Unnamed(FunctionArgExpr::Expr(expression)) = argument {
                    arguments_given.push(expression);
                }
            }
        }
        if arguments_given.len() != wanted.len() {
            return Err(self.problem(whole, format!("{name} 要 {} 个参数，现有 {} 个", wanted.len(), arguments_given.len()), ""));
        }
        let (mut operands, mut common) = (Vec::new(), *gives);
        for (expression, wanted) in arguments_given.into_iter().zip(*wanted) {
            if *operation == Operation::Coalesce {
                let (operand, found) = self.read(expression)?;
                if !found.fits(common) {
                    return Err(self.problem(expression, "coalesce 的各项应是同一类".to_owned(), ""));
                }
                common = if common == Type::Any { found } else { common };
                operands.push(operand);
            } else {
                operands.push(self.want(expression, *wanted)?);
            }
        }
        Ok((Condition::Apply(*operation, operands), common))
    }
}
