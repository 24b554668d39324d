use super::*;
use crate::config::policy::tests::{dictionary, shipped};

fn page() -> Reference {
    Reference::new(&shipped(), &dictionary())
}

fn of<'a>(facts: &'a [FactEntry], name: &str) -> &'a FactEntry {
    facts.iter().find(|fact| fact.name == name).unwrap_or_else(|| panic!("no fact {name}"))
}

#[test]
fn every_fact_says_where_it_comes_from() {
    let page = page();
    for fact in page.person.iter().chain(&page.household) {
        let ways = usize::from(!fact.from.is_empty()) + usize::from(fact.members.is_some()) + usize::from(fact.is.is_some());
        assert_eq!(ways, 1, "{fact:?}");
    }
    let amount = of(&page.household, "dibao_amount_fen");
    assert_eq!((amount.r#type, amount.unit, amount.combine), ("int", "fen", "first"));
    assert_eq!(amount.from.iter().map(|source| source.registry.as_str()).collect::<Vec<_>>(), ["dibao", "dibao_payment"]);
    assert!(amount.rules.contains(&"living.floor_below".to_owned()), "{:?}", amount.rules);
    let status = of(&page.household, "household_status");
    assert!(status.values.contains(&"未脱贫".to_owned()), "a member's codes are its own: {:?}", status.values);
    assert_eq!(of(&page.person, "age").unit, "years");
    assert_eq!(of(&page.person, "covered").is.as_deref(), Some("in_dibao OR in_tekun"));
}

#[test]
fn a_where_finds_its_columns_under_the_registry() {
    let page = page();
    // Every column that a shipped filter names is listed under its registry.
    for fact in &shipped().facts {
        let Origin::Sources { sources, .. } = &fact.origin else { continue };
        for source in sources {
            let registry = page.registries.iter().find(|entry| entry.id == source.registry.as_str()).expect("the registry");
            for column in source.filter.iter().flat_map(|filter| &filter.columns).chain(&source.field) {
                assert!(registry.columns.iter().any(|known| known.name == *column), "{}: {}.{column}", fact.name, registry.id);
            }
        }
    }
}

#[test]
fn parameters_and_readings_tell_values_clauses_and_choices() {
    let page = page();
    let parameter = |name: &str| page.parameters.iter().find(|entry| entry.name == name).expect("the parameter");
    assert_eq!(parameter("tekun_month").values, [("2018-06".to_owned(), "74100（741.00 元）".to_owned())]);
    assert_eq!(
        parameter("living_subsidy_least_month").derived.as_deref(),
        Some("dibao_line_year × living_subsidy_least_share ÷ 12")
    );
    assert!(page.parameters.iter().all(|entry| !entry.name.ends_with("_reading")), "readings have their own table");
    let two_none = page.readings.iter().find(|entry| entry.name == "two_none_reading").expect("the reading");
    assert_eq!((two_none.chosen.as_str(), two_none.alternatives.len()), ("column_else_computed", 3));
}

#[test]
fn the_page_is_whole_tables_of_markdown() {
    let text = page().to_string();
    assert_eq!(text, page().to_string());
    let mut width = 0;
    for line in text.lines() {
        if line.starts_with('|') {
            let bars = line.replace("\\|", "").matches('|').count();
            assert!(width == 0 || bars == width, "a cell more or less than its header: {line}");
            width = bars;
        } else {
            width = 0;
        }
    }
    assert!(text.contains("## 地方的指标 unit") && text.contains("### `poverty` "));
}
