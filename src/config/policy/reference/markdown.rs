//! The page as Markdown: one table per part, column titles in English for whoever copies them, words in Chinese for clerks.

use std::fmt::{self, Display, Formatter};

use super::{ColumnEntry, FactEntry, ReadingEntry, Reference, RegistryEntry, SourceEntry, TallyEntry};

const INTRODUCTION: &str = "\
本页由 `bidui facts` 按流程所用的定义生成；改了定义再运行一次，不要手改。

写一条规则，只用 SQL 的条件：

- `population`（对谁）、`test`（什么情形列出）、`exempt.when`（豁免）里写下面“人的事实”“户的事实”的名字（name）。人的规则两种都能用，户的规则只能用户的。
- 可用：`AND`、`OR`、`NOT`、`=`、`<>`、`<`、`<=`、`>`、`>=`、`IN`、`BETWEEN`、`IS NULL`、`COALESCE`、`CASE`、`+`、`-`、`*`、`/`。文字用单引号。
- 条件里除 0、1 外不写数字，不写日期：写进参数，用 `$名称`。另有 `$year`（年）、`$month`（yyyymm）、`$month_start`、`$month_end`（当月第一天、最后一天）、`$as_of`（截止日）。
- 金额一律是分（fen）：50 元是 5000。`basis points` 是万分比：10000 是 100%。
- 空值（null）是“无法判断”：不算通过，也不列出；不想这样，写 `COALESCE(事实, FALSE)`。
- 要用的事实还没有，就在 `facts.toml` 里加：`from` 从登记表读（`where` 里写“登记表”一节的列名），`members` 由户内成员合成，`is` 由别的事实算出。

take（怎样合成一个值）：`exists` 有没有行，`first` 第一个有值的，`min`、`max`、`sum`，`count` 行数，`any` 任一为是，`all` 全部为是，\
`distinct` 不同的值有几个，`sum_per_household` 每个登记户取最大再相加，`age` 到截止日的周岁。
reach（哪些行）：`own` 本人或户内成员的行，`registry_household` 连同该登记表里同一户的人，`through X` 从户主带到 X 里同户的人，`village` 所住村的行，
`sharing X` 连同这一栏与本人相同的行（同一账号），`named_by X` 在 X 一栏写着本人号码的行，`beside 表.X` 在那张表里与本人写在同一行的人（夫妻）的行。
";

impl Display for Reference {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        writeln!(f, "# 规则可以用的名字：{}\n\n{}\n\n{INTRODUCTION}", self.title, self.document)?;
        writeln!(
            f,
            "目录：人的事实 {} 个 · 户的事实 {} 个 · 地方的指标 {} 个 · 参数 {} 个 · 口径 {} 个 · 登记表 {} 个\n",
            self.person.len(),
            self.household.len(),
            self.unit.len(),
            self.parameters.len(),
            self.readings.len(),
            self.registries.len()
        )?;
        writeln!(f, "## 人的事实 person\n\n一人一行（facts_person.parquet）。\n")?;
        facts(f, &self.person)?;
        writeln!(f, "\n## 户的事实 household\n\n一户（扶贫户编号）一行（facts_household.parquet）。\n")?;
        facts(f, &self.household)?;
        writeln!(f, "\n## 地方的指标 unit\n\n县、乡镇、村没有自己的事实：写 `tally` 的规则按地方数人、数户或数登记表的行。\n")?;
        tallies(f, &self.unit)?;
        writeln!(
            f,
            "\n## 参数 parameters\n\n规则里写 `$name`。从注明的月份起执行，到下一个月份为止；第一个月份以前规则“不适用”。\n"
        )?;
        header(f, &["name", "title 名称", "unit 单位", "clause 条款", "values 起始月份与值"])?;
        for entry in &self.parameters {
            let values = match &entry.derived {
                Some(derived) => code(derived),
                None => entry.values.iter().map(|(from, value)| format!("{from} 起 {value}")).collect::<Vec<_>>().join("<br>"),
            };
            row(f, &[code(&entry.name), text(&entry.title), text(&entry.unit), text(&entry.clause), text(&values)])?;
        }
        writeln!(
            f,
            "\n## 口径 readings\n\n条文有几种读法的地方。规则里写 `$name = '读法'`，或写 `under = {{ name = [\"读法\"] }}`。\n"
        )?;
        header(f, &["name", "title 名称", "clause 条款", "chosen 选用", "alternatives 全部读法", "rules 受影响的规则"])?;
        self.readings.iter().try_for_each(|entry| reading(f, entry))?;
        writeln!(f, "\n## 登记表 registries\n\n`from` 的 `field` 和 `where` 可以用的列。")?;
        self.registries.iter().try_for_each(|entry| registry(f, entry))
    }
}

fn facts(f: &mut Formatter<'_>, entries: &[FactEntry]) -> fmt::Result {
    header(f, &["name", "title 名称", "type 类型", "unit 单位", "source 取自", "values 取值", "rules 用到它的规则"])?;
    for entry in entries {
        let mut source = match (&entry.is, &entry.members) {
            (Some(is), _) => code(is),
            (_, Some(members)) => {
                let among = members.among.as_ref().map_or_else(String::new, |among| format!("，只算 {} 的成员", code(among)));
                format!("户内成员的 {}：{}{among}", code(&members.fact), members.take)
            }
            _ => entry.from.iter().map(origin).collect::<Vec<_>>().join("<br>"),
        };
        match entry.combine {
            "first" => source.push_str("<br>（取第一个有值的）"),
            "any" => source.push_str("<br>（任一为是即为是）"),
            _ => {}
        }
        if entry.optional {
            source.push_str("<br>（缺这些表时为空，规则照常评估）");
        }
        row(
            f,
            &[
                code(&entry.name),
                text(&entry.title),
                entry.r#type.to_owned(),
                entry.unit.to_owned(),
                source,
                text(&entry.values.join("、")),
                text(&entry.rules.join("<br>")),
            ],
        )?;
    }
    Ok(())
}

/// `` `dibao`.`covered` 低保人员名册·是否保障对象：exists，where `…` ``
fn origin(source: &SourceEntry) -> String {
    let field = source.field.as_ref().map_or_else(String::new, |field| format!(".{}", code(field)));
    let title = source.field_title.as_ref().map_or_else(String::new, |title| format!("·{title}"));
    let reach = if source.reach == "own" { String::new() } else { format!("，{}", source.reach) };
    let stranger = source.stranger.as_ref().map_or_else(String::new, |column| format!("，stranger {column}"));
    let filter = source.r#where.as_ref().map_or_else(String::new, |filter| format!("，where {}", code(filter)));
    let told = text(&format!("{}{title}", source.registry_title));
    format!("{}{field} {told}：{}{reach}{stranger}{filter}", code(&source.registry), source.take)
}

fn tallies(f: &mut Formatter<'_>, entries: &[TallyEntry]) -> fmt::Result {
    header(f, &["rule", "title 名称", "unit 地方", "count 数什么", "among 其中", "goal 目标", "by 期限"])?;
    let optional = |name: &Option<String>| name.as_deref().map_or_else(String::new, code);
    let parameter = |name: &Option<String>| name.as_ref().map(|name| code(&format!("${name}")));
    for entry in entries {
        let count = entry.rows.as_ref().map_or_else(|| optional(&entry.count), origin);
        let least = parameter(&entry.least).map(|name| format!("至少 {name}"));
        let share = parameter(&entry.share).map(|name| format!("占 {name}"));
        let unit = match entry.unit {
            "county" => "county 全县",
            "town" => "town 每个乡镇",
            _ => "village 每个村",
        };
        row(
            f,
            &[
                code(&entry.rule),
                text(&entry.title),
                unit.to_owned(),
                count,
                optional(&entry.among),
                least.or(share).unwrap_or_default(),
                parameter(&entry.by).unwrap_or_default(),
            ],
        )?;
    }
    Ok(())
}

fn reading(f: &mut Formatter<'_>, entry: &ReadingEntry) -> fmt::Result {
    let all = entry.alternatives.iter().map(|(choice, meaning)| format!("{}：{}", code(choice), text(meaning)));
    row(
        f,
        &[
            code(&entry.name),
            text(&entry.title),
            text(&entry.clause),
            code(&entry.chosen),
            all.collect::<Vec<_>>().join("<br>"),
            entry.rules.join("<br>"),
        ],
    )
}

fn registry(f: &mut Formatter<'_>, entry: &RegistryEntry) -> fmt::Result {
    writeln!(f, "\n### `{}` {}\n\n{}；{}。\n", entry.id, entry.title, entry.department, grain(entry.grain))?;
    header(f, &["column", "title 名称", "type 类型", "unit 单位", "values 取值"])?;
    for ColumnEntry { name, title, r#type, unit, values } in &entry.columns {
        row(f, &[code(name), text(title), (*r#type).to_owned(), (*unit).to_owned(), text(&values.join("、"))])?;
    }
    Ok(())
}

fn grain(grain: &str) -> &str {
    match grain {
        "person" => "一人一行",
        "person+kind" => "一人一项一行",
        "person+month" => "一人一月一行",
        "household+month" => "一户一月一行，姓名和号码是户主的",
        _ => "一次（一件）一行",
    }
}

fn header(f: &mut Formatter<'_>, titles: &[&str]) -> fmt::Result {
    writeln!(f, "| {} |", titles.join(" | "))?;
    writeln!(f, "|{}", "---|".repeat(titles.len()))
}

fn row(f: &mut Formatter<'_>, cells: &[String]) -> fmt::Result {
    writeln!(f, "| {} |", cells.join(" | "))
}

/// A bar would end the cell.
fn text(text: &str) -> String {
    text.replace('|', "\\|")
}

fn code(code: &str) -> String {
    format!("`{}`", text(code))
}
