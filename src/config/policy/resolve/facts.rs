//! Facts: sources, members, expressions, in an order in which each follows those it rests on.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::Resolver;
use crate::config::document::{Document, Spanned};
use crate::config::parse::inner_span;
use crate::config::policy::expression::{Expression, Vocabulary};
use crate::config::policy::written::{WrittenFact, WrittenFacts, WrittenSource};
use crate::config::policy::{Fact, Origin, Pairs, Reach, Source, Take, ValueType};
use crate::model::finding::Scope;
use crate::model::registry::{Grain, RegistryId};

impl Resolver<'_> {
    /// Facts in an order in which each follows those it rests on.
    pub(super) fn all_facts(&mut self, files: Vec<(WrittenFacts, &Document)>) -> Vec<Fact> {
        let mut waiting: BTreeMap<String, (Scope, Range<usize>, WrittenFact, &Document)> = BTreeMap::new();
        for (written, file) in files {
            for (scope, facts) in [(Scope::Person, written.person), (Scope::Household, written.household)] {
                for (name, fact) in facts {
                    let span = fact.span();
                    if waiting.contains_key(&name) {
                        self.problem(file, span.clone(), format!("事实 {name} 写了两次"), "人和户的事实也不能同名");
                    }
                    waiting.insert(name, (scope, span, fact.into_inner(), file));
                }
            }
        }
        let names: BTreeSet<String> = waiting.keys().cloned().collect();
        let mut ordered = Vec::new();
        loop {
            // A fact is ready when every known name that its text mentions is resolved.
            let ready: Vec<String> = waiting
                .iter()
                .filter(|(name, (_, _, fact, _))| {
                    mentions(fact)
                        .iter()
                        .all(|word| *word != name.as_str() && (!names.contains(*word) || !waiting.contains_key(*word)))
                })
                .map(|(name, _)| name.clone())
                .collect();
            if ready.is_empty() {
                break;
            }
            for name in ready {
                let Some((scope, span, fact, file)) = waiting.remove(&name) else { continue };
                let Some(fact) = self.fact(name.clone(), scope, span.clone(), &fact, file) else {
                    // Whatever rests on it cannot be judged.
                    self.problems.suspect(name);
                    self.out_of_scope(file, span);
                    continue;
                };
                self.fact_types.insert(fact.name.clone(), fact.value_type);
                self.facts.insert(fact.name.clone(), fact.clone());
                ordered.push(fact);
            }
        }
        for name in waiting.keys() {
            self.problems.suspect(name);
        }
        for (name, (_, span, _, file)) in waiting {
            self.problem(file, span, format!("事实 {name} 绕了一圈又用到自己"), "拆开互相引用的事实");
        }
        ordered
    }

    fn fact(&mut self, name: String, scope: Scope, span: Range<usize>, written: &WrittenFact, file: &Document) -> Option<Fact> {
        let ways =
            usize::from(!written.from.is_empty()) + usize::from(written.members.is_some()) + usize::from(written.is.is_some());
        if ways != 1 {
            if ways > 1 || !self.is_suspect(&name) {
                let hint = "从名册取写 from，由户内成员汇总写 members，由别的事实算出写 is";
                self.problem(file, span, format!("事实 {name} 要有且只有 from、members、is 之一"), hint);
            }
            return None;
        }
        let (origin, found, money) = if let Some(text) = &written.is {
            let expression = self.expression(text, file, scope, None)?;
            let found = expression.value_type;
            if !expression.is_typed && !self.problems.is_empty() {
                // Of a type that follows from what is suspect.
                return None;
            }
            (Origin::Derived(Box::new(expression)), found, written.money)
        } else if let Some(member) = &written.members {
            let members = self.members(scope, member, written, file)?;
            if let Some(codes) = self.fact_codes.get(member.get_ref()).cloned() {
                self.fact_codes.insert(name.clone(), codes);
            }
            members
        } else {
            let mut sources = Vec::new();
            let (mut found, mut is_sound) = (None, true);
            for source in &written.from {
                let Some((source, kind)) = self.source(scope, source, file) else {
                    is_sound = false;
                    continue;
                };
                if found.is_some_and(|found| found != kind) {
                    self.problem(file, span.clone(), format!("事实 {name} 的几个来源类型不同"), "");
                }
                found = Some(kind);
                if let Some(codes) = source.field.as_ref().and_then(|field| self.record_codes.get(field)) {
                    self.fact_codes.entry(name.clone()).or_default().extend(codes.iter().cloned());
                }
                sources.push(source);
            }
            if !is_sound {
                return None;
            }
            let money = sources.iter().any(|source| source.field.as_ref().is_some_and(|f| self.record_money.contains(f)));
            (Origin::Sources { sources, combine: written.combine }, found?, money)
        };
        let title = written.title.clone();
        Some(Fact { name, title, scope, value_type: found, money, optional: written.optional, origin })
    }

    fn members(
        &mut self,
        scope: Scope,
        member: &Spanned<String>,
        written: &WrittenFact,
        file: &Document,
    ) -> Option<(Origin, ValueType, bool)> {
        let person_fact = |this: &Self, name: &str| {
            this.facts.get(name).filter(|fact| fact.scope == Scope::Person).map(|fact| (fact.value_type, fact.money))
        };
        let known = person_fact(self, member.get_ref());
        let (Some((found, money)), Scope::Household) = (known, scope) else {
            let message = format!("members 要写一个人的事实，且只用于户：{}", member.get_ref());
            let persons: Vec<String> =
                self.facts.values().filter(|fact| fact.scope == Scope::Person).map(|fact| fact.name.clone()).collect();
            self.unknown(
                file,
                member,
                message,
                persons.iter().map(String::as_str),
                "户的事实写在 [household.…] 下，members 写 [person.…] 的名字",
            );
            return None;
        };
        if let Some(among) = &written.among
            && person_fact(self, among.get_ref()).is_none_or(|(kind, _)| kind != ValueType::Bool)
        {
            let message = format!("{} 不是人的是否类事实", among.get_ref());
            let persons: Vec<String> = self.facts.keys().cloned().collect();
            self.unknown(file, among, message, persons.iter().map(String::as_str), "写 [person.…] 里结果是“是或否”的事实");
        }
        let take = written.take.unwrap_or(Take::First);
        let found = match (take, found) {
            (Take::Any | Take::All, ValueType::Bool) => ValueType::Bool,
            (Take::Count, ValueType::Bool) | (Take::Sum | Take::Min | Take::Max, ValueType::Int) => ValueType::Int,
            (Take::First, found) => found,
            _ => {
                self.problem(file, member.span(), "这种事实不能这样汇总", "是否用 any、all、count；数用 sum、min、max");
                return None;
            }
        };
        let origin = Origin::Members {
            fact: member.get_ref().clone(),
            take,
            among: written.among.as_ref().map(|among| among.get_ref().clone()),
        };
        Some((origin, found, money && take != Take::Count))
    }

    pub(super) fn source(
        &mut self,
        scope: Scope,
        written: &Spanned<WrittenSource>,
        file: &Document,
    ) -> Option<(Source, ValueType)> {
        let span = written.span();
        let written = written.get_ref();
        let id = written.registry.get_ref();
        let mut grain = None;
        // A dictionary without registries (unit tests of fields) cannot vouch for ids.
        if !self.dictionary.registries.is_empty() {
            let Some(definition) = self.dictionary.registry(id) else {
                self.no_registry(&written.registry, file);
                return None;
            };
            grain = Some(definition.grain);
            if let Some(field) = &written.field
                && !definition.fields.iter().any(|used| used.field == *field.get_ref())
            {
                let fields: Vec<&str> = definition.fields.iter().map(|used| used.field.as_str()).collect();
                let (message, all) =
                    (format!("登记表 {id} 没有字段 {}", field.get_ref()), format!("它有：{}", fields.join("、")));
                self.unknown(file, field, message, fields, &all);
                return None;
            }
        }
        let known = written.field.as_ref().map(|field| (field, self.record_columns.get(field.get_ref()).copied()));
        if let Some((field, None)) = known {
            let columns: Vec<String> = self.record_columns.keys().cloned().collect();
            let message = format!("没有字段 {}", field.get_ref());
            self.unknown(file, field, message, columns.iter().map(String::as_str), "见 pipelines/registries/fields*.toml");
            return None;
        }
        let field_type = known.and_then(|(_, found)| found);
        let reach = self.reach(written, &span, file)?;
        if scope == Scope::Person
            && grain.is_some_and(Grain::is_household)
            && !matches!(reach, Reach::Sharing(_))
            && written.take != Take::Supplied
            && (written.take == Take::Exists || !matches!(reach, Reach::Through(_)))
        {
            let hint = "写 through = \"dibao\" 把户的金额带到户内成员；有没有某个人，只能看人员名册";
            self.problem(file, span.clone(), format!("{id} 一行是一户，不能当作某个人在册"), hint);
        }
        let found = match (written.take, field_type) {
            (Take::Exists | Take::Supplied | Take::Keyed, _)
            | (Take::Blank, Some(_))
            | (Take::Any | Take::All, Some(ValueType::Bool)) => ValueType::Bool,
            (Take::Count, _)
            | (Take::Distinct | Take::MostAlike, Some(_))
            | (Take::Min | Take::Max | Take::Sum | Take::SumPerHousehold, Some(ValueType::Int))
            | (Take::Age, Some(ValueType::Date)) => ValueType::Int,
            (Take::First, Some(found)) | (Take::Min | Take::Max, Some(found @ ValueType::Date)) => found,
            _ => {
                self.problem(file, span, "take 与字段类型不合，或缺少 field", "");
                return None;
            }
        };
        let filter = match &written.filter {
            None => None,
            Some(text) => Some(self.filter(id, text, file)?),
        };
        let registry = RegistryId::from(id.as_str());
        let field = written.field.as_ref().map(|field| field.get_ref().clone());
        let stranger = match &written.stranger {
            None => None,
            Some(column) => Some(self.column_of(&written.registry, column, file)?),
        };
        Some((Source { registry, field, filter, take: written.take, reach, stranger }, found))
    }

    /// Which rows a source speaks of.
    fn reach(&mut self, written: &WrittenSource, span: &Range<usize>, file: &Document) -> Option<Reach> {
        let mut ways = Vec::new();
        if let Some(through) = &written.through {
            ways.push(Reach::Through(RegistryId::from(through.get_ref().as_str())));
        }
        if written.registry_household {
            ways.push(Reach::RegistryHousehold);
        }
        if written.whole {
            ways.push(Reach::Whole);
        }
        if written.by_village {
            ways.push(Reach::Village);
        }
        if let Some(column) = &written.sharing {
            ways.push(Reach::Sharing(self.column_of(&written.registry, column, file)?));
        }
        if let Some(column) = &written.named_by {
            ways.push(Reach::NamedBy(self.column_of(&written.registry, column, file)?));
        }
        if let Some(pairs) = &written.beside {
            let pairs = pairs.get_ref();
            let number = self.column_of(&pairs.registry, &pairs.number, file)?;
            let filter = match &pairs.filter {
                None => None,
                Some(text) => Some(self.filter(pairs.registry.get_ref(), text, file)?),
            };
            ways.push(Reach::Beside(Box::new(Pairs {
                registry: RegistryId::from(pairs.registry.get_ref().as_str()),
                number,
                filter,
            })));
        }
        if ways.len() > 1 {
            let hint = "through、registry_household、by_village、whole、sharing、named_by、beside 只能写一个";
            self.problem(file, span.clone(), "一个来源只能有一种取行的办法", hint);
        }
        Some(ways.pop().unwrap_or(Reach::Own))
    }

    /// A text column that a registry has.
    fn column_of(&mut self, registry: &Spanned<String>, column: &Spanned<String>, file: &Document) -> Option<String> {
        let Some(definition) = self.dictionary.registry(registry.get_ref()) else {
            self.no_registry(registry, file);
            return None;
        };
        let text = self.record_columns.get(column.get_ref()) == Some(&ValueType::Text);
        if !text || !definition.fields.iter().any(|used| used.field == *column.get_ref()) {
            let fields = definition.fields.iter().map(|used| used.field.as_str());
            let message = format!("登记表 {} 没有文字或号码字段 {}", registry.get_ref(), column.get_ref());
            self.unknown(file, column, message, fields, "");
            return None;
        }
        Some(column.get_ref().clone())
    }

    pub(super) fn no_registry(&mut self, registry: &Spanned<String>, file: &Document) {
        let known = self.dictionary.registries.iter().map(|known| known.id.as_str());
        self.unknown(file, registry, format!("没有登记表 {}", registry.get_ref()), known, "见 pipelines/registries");
    }

    /// A condition over a registry's own record columns.
    pub(super) fn filter(&mut self, registry: &str, text: &Spanned<String>, file: &Document) -> Option<Expression> {
        let own = self.dictionary.registry(registry).map(|definition| self.dictionary.record_columns(definition));
        let is_own = |name: &str| own.as_ref().is_none_or(|own| own.iter().any(|(_, column)| column.name() == name));
        let columns = self.record_columns.iter().filter(|(name, _)| is_own(name));
        let columns = columns.map(|(name, found)| (name.clone(), *found)).collect();
        let codes = self.record_codes.clone();
        self.parse(text, file, &columns, &codes, Some(ValueType::Bool), &|_| false)
    }

    /// An expression over facts; a household's may not mention a person's.
    pub(super) fn expression(
        &mut self,
        text: &Spanned<String>,
        file: &Document,
        scope: Scope,
        expected: Option<ValueType>,
    ) -> Option<Expression> {
        let columns: BTreeMap<String, ValueType> = self
            .facts
            .values()
            .filter(|fact| scope == Scope::Person || fact.scope == Scope::Household)
            .map(|fact| (fact.name.clone(), fact.value_type))
            .collect();
        let codes = self.fact_codes.clone();
        let persons: BTreeSet<String> =
            self.facts.values().filter(|fact| !columns.contains_key(&fact.name)).map(|fact| fact.name.clone()).collect();
        let mentioned = RefCell::new(BTreeSet::new());
        let apart = |name: &str| {
            let is_apart = persons.contains(name);
            if is_apart {
                mentioned.borrow_mut().insert(name.to_owned());
            }
            is_apart
        };
        let parsed = self.parse(text, file, &columns, &codes, expected, &apart);
        let mentioned = mentioned.into_inner();
        let parsed = parsed.filter(|_| mentioned.is_empty());
        self.out_of_scope.extend(mentioned);
        parsed
    }

    /// Tells that facts of persons were mentioned where none can be, once for all of them, at `span`.
    pub(super) fn out_of_scope(&mut self, file: &Document, span: Range<usize>) {
        let names = std::mem::take(&mut self.out_of_scope);
        if !names.is_empty() {
            let names = names.into_iter().collect::<Vec<_>>().join("、");
            let hint = "按人核的写 scope = \"person\"（事实写在 [person.…] 下）；要按户核，先用 members 把它们汇成户的事实";
            self.problem(file, span, format!("这里按户或按地方核，却用了人的事实：{names}"), hint);
        }
    }

    fn parse(
        &mut self,
        text: &Spanned<String>,
        file: &Document,
        columns: &BTreeMap<String, ValueType>,
        codes: &BTreeMap<String, BTreeSet<String>>,
        expected: Option<ValueType>,
        apart: &dyn Fn(&str) -> bool,
    ) -> Option<Expression> {
        let suspect = |name: &str| apart(name) || self.is_suspect(name);
        let parameters = &self.parameter_types;
        let vocabulary = Vocabulary { columns, codes, parameters, tables: &self.tables, suspect: &suspect };
        match Expression::parse(text.get_ref(), vocabulary, expected) {
            Ok(expression) => Some(expression),
            Err(problems) => {
                for problem in problems {
                    let span = inner_span(&file.text, &text.span(), text.get_ref(), problem.offset, problem.length);
                    self.problem(file, span, problem.message, problem.hint);
                }
                None
            }
        }
    }
}

/// Every word of a fact that could name another fact.
fn mentions(fact: &WrittenFact) -> Vec<&str> {
    let words = [&fact.is, &fact.members, &fact.among].into_iter().flatten();
    words
        .flat_map(|text| text.get_ref().split(|c: char| !(c.is_alphanumeric() || c == '_')))
        .filter(|word| !word.is_empty())
        .collect()
}
